"""Files that are written whole or not at all."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.errors import RunError

_LONGEST_WRITE_S = 3600.0


def check_writable(folder: str | Path) -> None:
    """Prove that a folder can be made and written, before long work starts; leaves no trace.

    Raises:
        RunError: If it cannot.
    """
    place = Path(folder).resolve()
    while not place.exists():
        place = place.parent
    probe = place / f".writable.{os.getpid()}.partial"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise RunError(
            f"{folder}: cannot write here ({error.strerror}); choose another output folder"
        ) from error


def writable_folder(folder: Path) -> Path:
    """Make a folder that can be written into.

    Raises:
        RunError: If it cannot be made or written to.
    """
    check_writable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place to write a file that takes the name ``path`` only when it is complete.

    A process that is killed while it writes leaves the previous file as it was.

    Args:
        path: The file to make or replace; its folder is made if missing.

    Yields:
        A path beside it, in the same file system, to write to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    with replacing(path) as partial:
        partial.write_bytes(content)


def as_bytes(text: str, encoding: str = "utf-8") -> bytes:
    """Encode a text; a name whose bytes are no text, as from another system, stands escaped.

    In JSON the escape is JSON's own, and gives the name back.

    Args:
        text: Text that may hold names of files.
        encoding: ``"utf-8"``, or ``"utf-8-sig"`` with a byte order mark, for Excel.
    """
    return text.encode(encoding, "backslashreplace")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a BIDS table: tab-separated, ``n/a`` for unknown, the same bytes on every system."""
    text = table.to_csv(
        sep="\t", index=False, na_rep="n/a", float_format="%.6g", lineterminator="\n"
    )
    replace_file(path, as_bytes(text))


def read_json_record(path: Path) -> dict[str, Any]:
    """Read a record that an earlier run wrote; an empty one where there is none that is whole.

    Args:
        path: JSON file, perhaps cut off, or of somebody else.
    """
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def read_array(path: Path) -> NDArray[Any] | None:
    """Read an array that an earlier run kept; None where there is none that is whole.

    Args:
        path: File of :func:`numpy.save`; nothing in it is run.
    """
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (OSError, ValueError, EOFError):
        return None


def remove_partials(folder: Path, *, shared: bool = False) -> None:
    """Remove what killed processes had half-written; see :func:`replacing`.

    Args:
        folder: Folder whose own files are looked at; it need not exist.
        shared: Whether other runs write there too, perhaps from another machine; then only what is
            older than an hour is removed.
    """
    for partial in folder.glob(".*.partial"):
        owner = partial.name.split(".")[-2]
        # On Windows a file that is written cannot be removed; elsewhere its process is looked for.
        with suppress(OSError):
            if shared and time.time() - partial.stat().st_mtime < _LONGEST_WRITE_S:
                continue
            if owner.isdigit() and (os.name == "nt" or not _runs(int(owner))):
                partial.unlink()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
