"""A Dask scheduler and its workers as processes on loopback, each of which can be killed."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_LONGEST_S = 300.0


class DaskProcesses:
    """A scheduler that always has the same address, and workers of one thread.

    Args:
        folder: Folder of what they print.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler = self.start_scheduler()

    @property
    def address(self) -> str:
        """Address of the scheduler."""
        return f"tcp://127.0.0.1:{self.port}"

    def start_scheduler(self) -> "subprocess.Popen[bytes]":
        """Start a scheduler, which takes the place of one that ended."""
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"]
        options += ["--dashboard-address", "127.0.0.1:0"]
        self.scheduler = self._start("distributed.cli.dask_scheduler", *options)
        until = time.monotonic() + _LONGEST_S
        while time.monotonic() < until:
            with socket.socket() as there:
                if there.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self.scheduler
            time.sleep(0.1)
        raise TimeoutError("no scheduler")

    def start_worker(self) -> None:
        """Start one worker more."""
        options = [self.address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny"]
        options += ["--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--memory-limit", "0"]
        options += ["--local-directory", str(self.folder), "--death-timeout", "60"]
        self.workers.append(self._start("distributed.cli.dask_worker", *options))

    def _start(self, module: str, *options: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "printed.txt").open("ab") as printed:
            return subprocess.Popen(
                [sys.executable, "-m", module, *options],
                stdout=printed,
                stderr=printed,
                env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": _path()},
            )

    def end(self) -> None:
        """End all of them."""
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()


def _path() -> str:
    """What this process can import, the workers can."""
    return os.pathsep.join([str(ROOT), *filter(None, sys.path)])


@contextmanager
def dask_processes(folder: Path, workers: int) -> Iterator[DaskProcesses]:
    """A scheduler and some workers, for as long as they are needed."""
    started = DaskProcesses(folder)
    try:
        for _ in range(workers):
            started.start_worker()
        yield started
    finally:
        started.end()
