"""Files that are written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from monai_amyloid.errors import UserError


def check_writable(folder: str | Path) -> None:
    """Prove that a folder can be made and written, before long work starts; leaves no trace.

    Raises:
        UserError: If it cannot.
    """
    place = Path(folder).resolve()
    while not place.exists():
        place = place.parent
    probe = place / f".writable-{os.getpid()}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(
            f"{folder}: cannot write here ({error.strerror}); choose another output folder"
        ) from error


def writable_folder(folder: Path) -> Path:
    """Make a folder that can be written into.

    Raises:
        UserError: If it cannot be made or written to.
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


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a BIDS table: tab-separated, ``n/a`` for unknown, the same bytes on every system."""
    text = table.to_csv(
        sep="\t", index=False, na_rep="n/a", float_format="%.6g", lineterminator="\n"
    )
    replace_file(path, text.encode())
