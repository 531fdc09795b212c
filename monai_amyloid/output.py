"""Files that are written whole or not at all, where no link leads elsewhere."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.cells import write_cells
from monai_amyloid.errors import RunError, UserError

if TYPE_CHECKING:
    import pandas as pd

_LONGEST_WRITE_S = 3600.0
# Windows' errors where a file is open: access denied, sharing violation. For how long that may be
# a program that looks into every new file, and how often it is tried meanwhile.
_OPEN_ELSEWHERE = (5, 32)
_LONGEST_READ_S, _BETWEEN_TRIES_S = 5.0, 0.05
# The end of a half-written file's name: the process that writes it, and what nobody foresees.
_PARTIAL = re.compile(r"\.(\d+)(?:\.[0-9a-f]+)?\.partial")

# What the umask leaves of it: as of any file of a program. A key is for its owner alone.
SHARED, OWN = 0o666, 0o600
_LONGEST = 100  # letters of a name; a file system allows 255 bytes


def check_writable(folder: str | Path) -> None:
    """Prove that a folder can be made and written, before long work starts; leaves no trace.

    Raises:
        RunError: If it cannot.
    """
    target = Path(folder).resolve()
    # On Windows even a drive may not be there.
    place = next((each for each in (target, *target.parents) if each.exists()), None)
    if place is None:
        raise RunError(f"{folder}: there is no {target.anchor}; choose another output folder")
    try:
        _new_file(place, ".writable", SHARED).unlink()
    except OSError as error:
        raise RunError(
            f"{folder}: cannot write here ({error.strerror}); choose another output folder"
        ) from error


def writable_folder(folder: Path) -> Path:
    """Make a folder that can be written into.

    Raises:
        UserError: If it is a link.
        RunError: If it cannot be made or written to.
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
    partial = new_partial(path.parent, path.name, mode)
    try:
        yield partial
        _put_in_place(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _put_in_place(partial: Path, path: Path) -> None:
    """Give a whole file its name; wait while a program that reads the one before has it open.

    Windows replaces no file that is open: a virus scanner lets it go at once, Excel does not.
    """
    until = time.monotonic() + _LONGEST_READ_S
    while True:
        try:
            partial.replace(path)
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _OPEN_ELSEWHERE:
                raise
            if time.monotonic() > until:
                reason = "another program, such as Excel, has it open; close it there"
                raise PermissionError(error.errno, reason, str(path)) from error
            time.sleep(_BETWEEN_TRIES_S)
        else:
            return


def new_partial(folder: Path, name: str, mode: int = SHARED) -> Path:
    """Make an empty file that lasts no longer than this process, see :func:`remove_partials`.

    Args:
        folder: Folder of the file, which is there.
        name: What the file is or becomes.
        mode: Who may read and write it on POSIX, less what the umask takes.
    """
    return _new_file(folder, f".{name[:_LONGEST]}.{os.getpid()}", mode)


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


def as_bytes(text: str, encoding: str = "utf-8") -> bytes:
    """Encode a text; a name whose bytes are no text, as from another system, stands escaped.

    In JSON the escape is JSON's own, and gives the name back.

    Args:
        text: Text that may hold names of files.
        encoding: ``"utf-8"``, or ``"utf-8-sig"`` with a byte order mark, for Excel.
    """
    return text.encode(encoding, "backslashreplace")


def write_table(table: pd.DataFrame, path: Path, mode: int = SHARED) -> None:
    """Write a BIDS table: tab-separated, ``n/a`` for unknown, the same bytes on every system."""
    text = write_cells(table).to_csv(
        sep="\t", index=False, na_rep="n/a", float_format="%.6g", lineterminator="\n"
    )
    replace_file(path, text.encode(), mode)


def write_csv(table: pd.DataFrame, path: Path, float_format: str) -> None:
    """Write a table for people, with a byte order mark so that Excel reads Korean."""
    replace_file(path, csv_text(table, float_format).encode("utf-8-sig"))


def csv_text(table: pd.DataFrame, float_format: str, *, header: bool = True) -> str:
    """A table for people as text, or a part of one.

    Args:
        table: Rows to write.
        float_format: How numbers are written, such as ``"%.4g"``.
        header: Whether the names of the columns come first.
    """
    return str(
        write_cells(table).to_csv(
            index=False, header=header, float_format=float_format, lineterminator="\r\n"
        )
    )


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
        owner = _PARTIAL.search(partial.name)
        # On Windows a file that is written cannot be removed; elsewhere its process is looked for.
        with suppress(OSError):
            if shared and time.time() - partial.stat().st_mtime < _LONGEST_WRITE_S:
                continue
            if owner is not None and (os.name == "nt" or not _runs(int(owner[1]))):
                partial.unlink()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's
        return True
    return True
