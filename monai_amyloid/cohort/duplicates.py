"""One image under two names: a leak that no split of names prevents."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from monai_amyloid.cohort.datalist import CohortError

if TYPE_CHECKING:
    import pandas as pd

# Read of an uncompressed file to tell it from others of its size.
_SAMPLE_BYTES = 4096


def check_duplicates(cohort: pd.DataFrame) -> None:
    """Prove that no two sessions are the same image.

    Costs one short read a file: a gzip file ends with the checksum and the length of what is in
    it (RFC 1952), whatever the compression; of others the middle is read. Only files that agree
    are read whole.

    Not caught: an image that was stored or normalised once more in another way (another header,
    one file compressed and the other not, a second registration), or noise added.

    Args:
        cohort: Table with ``participant_id``, ``session_id`` and ``path``.

    Raises:
        CohortError: Naming the first two sessions that are equal, of one participant or of two.
    """
    names = (cohort["participant_id"] + " " + cohort["session_id"]).tolist()
    paths = [Path(path) for path in cohort["path"]]
    for candidates in _alike(range(len(paths)), lambda index: _mark(paths[index])):
        for first, second, *_ in _alike(candidates, lambda index: _digest(paths[index])):
            raise CohortError(
                f"{names[first]} and {names[second]} are the same image ({paths[first]}, "
                f"{paths[second]}), so that one could be in training and test; remove one row from "
                "participants.tsv"
            )


def _alike(items: Iterable[int], key: Callable[[int], Hashable]) -> Iterator[Sequence[int]]:
    """Groups of two or more items that have the same key."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return (group for group in groups.values() if len(group) > 1)


def _is_gzip(file: IO[bytes]) -> bool:
    return file.read(2) == b"\x1f\x8b"


def _mark(path: Path) -> Hashable:
    """The same for equal images, and nearly always different for others."""
    with path.open("rb") as file:
        compressed = _is_gzip(file)
        size = file.seek(0, os.SEEK_END)
        if compressed:
            file.seek(-8, os.SEEK_END)  # CRC-32 and length of the content
            return "gzip", file.read()
        file.seek(max(0, size // 2 - _SAMPLE_BYTES // 2))
        return size, file.read(_SAMPLE_BYTES)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        compressed = _is_gzip(file)
        file.seek(0)
        content = gzip.GzipFile(fileobj=file) if compressed else file
        return hashlib.file_digest(content, "sha256").digest()
