"""Temporary folders, which hold patients' headers: they vanish also where a program was killed.

A folder has a file that the process which uses it holds locked, and the system ends the lock with
the process, however that ends. A folder whose file nobody holds was left by a process that was
killed, and whoever comes next removes it.
"""

import errno
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX, _SUFFIX, _OWNER = "monai-amyloid-", ".tmp", ".owner"
# What file systems answer that have no locks, such as some over a network.
_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
_NAME = re.compile(rf"{re.escape(_PREFIX)}\w+{re.escape(_SUFFIX)}")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new empty folder for this user alone, which vanishes at the end of the ``with`` block.

    Yields:
        Path of the folder.
    """
    folder, owner = _made_and_locked()
    try:
        yield folder
    finally:
        if sys.platform == "win32":  # which deletes no file that is open
            os.close(owner)
        # A reader may still hold a file open there: what stays is swept.
        shutil.rmtree(folder, ignore_errors=True)
        if sys.platform != "win32":
            os.close(owner)


def sweep_temporary() -> None:
    """Remove the folders of processes that were killed; those that are in use stay.

    Only folders of this program and this user are touched, and no link is followed.
    """
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name):
                with suppress(OSError):
                    _remove_if_left(Path(entry.path))


def _made_and_locked() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, suffix=_SUFFIX)).resolve()
        # Another process that sweeps just now may take it for one that was left.
        with suppress(FileNotFoundError, BlockingIOError):
            return folder, _locked(folder, os.O_CREAT | os.O_EXCL)


def _remove_if_left(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
        return
    try:
        owner = _locked(folder, 0)
    except FileNotFoundError:
        folder.rmdir()  # killed before it had an owner; one that is not empty is not ours
        return
    try:
        if sys.platform == "win32":
            os.close(owner)
            (folder / _OWNER).unlink()  # refused where its process has it open
        shutil.rmtree(folder)
    finally:
        if sys.platform != "win32":
            os.close(owner)


def _locked(folder: Path, flags: int) -> int:
    """Open a folder's file and lock it for as long as the descriptor that this gives is open.

    Raises:
        BlockingIOError: If another process has it.
        FileNotFoundError: If it is not there, or no longer.
    """
    path = folder / _OWNER
    descriptor = os.open(path, flags | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600)
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_ino != path.lstat().st_ino:
                raise FileNotFoundError(path)
        except OSError as error:
            # Then nobody else can take it for one that was left.
            if not flags or error.errno not in _WITHOUT_LOCKS:
                os.close(descriptor)
                raise
    return descriptor
