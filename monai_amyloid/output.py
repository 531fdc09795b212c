"""Files that are written whole or not at all, where no link leads elsewhere."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from monai_amyloid.cells import write_cells
from monai_amyloid.errors import UserError

# What the umask leaves of it: as of any file of a program. A key is for its owner alone.
SHARED, OWN = 0o666, 0o600
_LONGEST = 100  # letters of a name; a file system allows 255 bytes


def check_writable(folder: str | Path) -> None:
    """Prove that a folder can be made and written, before long work starts; leaves no trace.

    Raises:
        UserError: If it cannot.
    """
    place = Path(folder).resolve()
    while not place.exists():
        place = place.parent
    try:
        _new_file(place, ".writable", SHARED).unlink()
    except OSError as error:
        raise UserError(
            f"{folder}: cannot write here ({error.strerror}); choose another output folder"
        ) from error


def writable_folder(folder: Path) -> Path:
    """Make a folder that can be written into.

    Raises:
        UserError: If it cannot be made or written to, or is a link.
    """
    refuse_link(folder)
    check_writable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def refuse_link(path: Path) -> None:
    """Refuse to write where a link leads: somebody else may have laid it.

    Args:
        path: File or folder that is to be written; the folders that it is in may be links.

    Raises:
        UserError: If it is a link.
    """
    if path.is_symlink():
        raise UserError(
            f"{path}: is a link, which is not followed; needed the place itself, such as "
            f"{path.resolve()}"
        )


@contextmanager
def replacing(path: Path, mode: int = SHARED) -> Iterator[Path]:
    """A place to write a file that takes the name ``path`` only when it is complete.

    A process that is killed while it writes leaves the previous file as it was.

    Args:
        path: The file to make or replace; its folder is made if missing. A link of this name is
            replaced, not followed.
        mode: Who may read and write it on POSIX, less what the umask takes.

    Yields:
        A path beside it, in the same file system, to write to: a new and empty file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _new_file(path.parent, f".{path.name[:_LONGEST]}.{os.getpid()}", mode)
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _new_file(folder: Path, name: str, mode: int) -> Path:
    """Make an empty file that was not there, whose name nobody could foresee."""
    path = folder / f"{name}.{secrets.token_hex(4)}.partial"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    os.close(os.open(path, flags, mode))
    return path


def replace_file(path: Path, content: bytes, mode: int = SHARED) -> None:
    """Write a file so that nobody ever sees half of it."""
    with replacing(path, mode) as partial:
        partial.write_bytes(content)


def write_table(table: pd.DataFrame, path: Path, mode: int = SHARED) -> None:
    """Write a BIDS table: tab-separated, ``n/a`` for unknown, the same bytes on every system."""
    text = write_cells(table).to_csv(
        sep="\t", index=False, na_rep="n/a", float_format="%.6g", lineterminator="\n"
    )
    replace_file(path, text.encode(), mode)


def write_csv(table: pd.DataFrame, path: Path, float_format: str) -> None:
    """Write a table for people, with a byte order mark so that Excel reads Korean."""
    text = write_cells(table).to_csv(index=False, float_format=float_format, lineterminator="\r\n")
    replace_file(path, text.encode("utf-8-sig"))
