"""One run at a time in an output folder: two would mix their studies, numbers and keys."""

import atexit
import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from monai_amyloid.errors import RunError
from monai_amyloid.output import replace_file, writable_folder

# Hidden, so that no list of studies, results or scans takes it for one.
_LOCK = ".lock"
# A process whose parent was killed may need a moment to end too.
_PATIENCE_S = 10.0
# What this process holds until it ends, by folder.
_HELD: dict[Path, ExitStack] = {}


@contextmanager
def alone_in(folder: Path, command: str, patience_s: float = 0.0) -> Iterator[None]:
    """Keep every other run from writing into a folder for as long as the ``with`` block lasts.

    The system's own lock ends with its process, however that ends.

    Args:
        folder: Folder to write into, made if missing.
        command: Name of the command that writes, which another run is shown.
        patience_s: Seconds to wait for another run to end.

    Raises:
        RunError: If another run is writing there, or the folder cannot be written.
    """
    with (
        _nothing_empty_left(folder),
        _held(writable_folder(folder) / _LOCK, folder, command, patience_s),
    ):
        yield


@contextmanager
def alone_beside(path: Path, command: str) -> Iterator[None]:
    """Keep every other run from writing one file, or a folder that is put in place as a whole.

    Args:
        path: File or folder to write; the folder that it is in is made if missing.
        command: Name of the command that writes, which another run is shown.

    Raises:
        RunError: As :func:`alone_in`.
    """
    with _held(writable_folder(path.parent) / f".{path.name}{_LOCK}", path, command):
        yield


def alone_until_end(folder: Path, command: str) -> None:
    """Keep every other process from writing into a folder until this one ends.

    Args:
        folder: Folder to write into, made if missing.
        command: Name of the command that writes.

    Raises:
        RunError: As :func:`alone_in`.
    """
    place = folder.resolve()
    if place not in _HELD:
        stack = ExitStack()
        stack.enter_context(alone_in(place, command, _PATIENCE_S))
        atexit.register(stack.close)
        _HELD[place] = stack


@contextmanager
def _nothing_empty_left(folder: Path) -> Iterator[None]:
    """Remove the folders that are made for a run that then writes nothing."""
    place = folder.absolute()
    made = [each for each in (place, *place.parents) if not each.exists()]
    try:
        yield
    finally:
        with suppress(OSError):  # the first that is not empty
            for each in made:
                each.rmdir()


@contextmanager
def _held(place: Path, target: Path, command: str, patience_s: float = 0.0) -> Iterator[None]:
    note = place.with_name(f"{place.name}.json")
    lock = _acquired(place, note, target, patience_s)
    try:
        with suppress(OSError):  # another run is then told less
            replace_file(note, json.dumps(_this_run(command)).encode())
        yield
    finally:
        # Before it is let go: whoever comes next makes its own.
        for file in (note, place):
            with suppress(OSError):  # Windows removes no file that is open; the lock does it
                file.unlink(missing_ok=True)
        lock.release()


def _acquired(place: Path, note: Path, target: Path, patience_s: float) -> BaseFileLock:
    """The system's lock or, on a share that has none, a file that stands for it."""
    reasons = []
    for kind, file in ((FileLock, place), (SoftFileLock, place.with_name(f"{place.name}.soft"))):
        lock = kind(file, timeout=patience_s)
        try:
            lock.acquire()
        except Timeout as error:
            raise RunError(
                f"{target}: {_holder(note)} is writing there; wait for it or end it, or choose "
                "another output"
            ) from error
        except (OSError, NotImplementedError) as error:
            reasons.append(str(error))
            continue
        return lock
    raise RunError(
        f"{target}: cannot be locked ({reasons[0]}), so that two runs could mix there; remove "
        f"{place.name} if it is another user's, or choose an output on another disk"
    )


def _this_run(command: str) -> dict[str, str | int]:
    """Who writes; not with what options, which may name a person."""
    return {
        "command": command,
        "host": socket.gethostname(),
        "process": os.getpid(),
        "since": datetime.now().astimezone().isoformat(" ", "minutes"),
    }


def _holder(note: Path) -> str:
    """Another run in words."""
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
        return (
            f"another run ({known['command']}, process {known['process']} on {known['host']}, "
            f"since {known['since']})"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return "another run"
