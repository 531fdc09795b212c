"""What is to be done, laid where every worker of a cluster finds it: beside the results.

A worker that cannot read it would not write its results where the command looks for them either,
so that this file is the proof of a shared disk, too.
"""

import os
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from monai_amyloid.checksum import sha256
from monai_amyloid.output import new_partial
from monai_amyloid.source import source_checksum


@dataclass(frozen=True)
class Job:
    """What a worker has to know of a run, besides the items.

    Attributes:
        path: File on the shared disk that holds the function, pickled.
        sha256: Checksum of the file, without which nothing of it is loaded.
        code: Checksum of the program, which has to be the same everywhere.
        patience_s: Seconds after which a file that is not seen is not there: a network's disk may
            show a new one late.
    """

    path: str
    sha256: str
    code: str
    patience_s: float = 10.0


class JobUnreadableError(Exception):
    """A worker cannot do a job; the message says why, in words that follow its name."""


@contextmanager
def laid_out(make: Callable[[Any], Any], folder: Path) -> Iterator[Job]:
    """Write a job into the folder of the results; it is removed at the end.

    Args:
        make: What is done with each item, as for :meth:`monai_amyloid.work.engine.Engine.each`.
        folder: Folder of the results, which is there.
    """
    content = pickle.dumps(partial(_in_folder, str(Path.cwd()), make))
    # Named as what is half-written: where this process is killed, the next run removes it.
    path = new_partial(folder.resolve(), "job")
    try:
        path.write_bytes(content)
        yield Job(str(path), sha256(content), source_checksum())
    finally:
        path.unlink(missing_ok=True)


def read(job: Job) -> Callable[[Any], Any]:
    """Read a job where it is to be done.

    Raises:
        JobUnreadableError: If the disk is not shared or the program is another one.
    """
    if source_checksum() != job.code:
        raise JobUnreadableError(
            "has another monai-amyloid than this machine; install the same on every machine"
        )
    until = time.monotonic() + job.patience_s
    while not _is_there(job):
        if time.monotonic() > until:
            raise JobUnreadableError(
                f"does not see {Path(job.path).parent} as this machine does; name an --output "
                "that lies on storage which every machine of the cluster shares, at the same path"
            )
        time.sleep(0.1)
    return partial(_load_and_make, job.path, job.sha256)


def _is_there(job: Job) -> bool:
    try:
        return sha256(Path(job.path).read_bytes()) == job.sha256
    except OSError:
        return False


_LOADED: dict[str, Callable[[Any], Any]] = {}


def _load_and_make(path: str, digest: str, item: Any) -> Any:
    """Make something of an item by a job that this process loads once."""
    if digest not in _LOADED:
        content = Path(path).read_bytes()
        if sha256(content) != digest:
            raise RuntimeError(f"{path}: was changed")
        _LOADED[digest] = pickle.loads(content)  # noqa: S301 (what the command wrote, by checksum)
    return _LOADED[digest](item)


def _in_folder(folder: str, make: Callable[[Any], Any], item: Any) -> Any:
    """Make something of an item in the folder of the command, to which its paths are relative."""
    if os.getcwd() != folder:  # noqa: PTH109 (a moment less than Path.cwd, for every item)
        os.chdir(folder)
    return make(item)
