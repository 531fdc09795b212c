"""What runs on a worker of a cluster: batches of items, each made in a process beside it.

A decoder that crashes ends that process alone and not the worker, how it ended is known, and the
process can be interrupted, which a thread of a Dask worker cannot.
"""

import os
import pickle
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import current_process
from multiprocessing.connection import wait
from threading import Lock, Timer
from types import ModuleType
from typing import Any

from monai_amyloid.work.cluster.job import Job, JobUnreadableError, read
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.interrupts import interrupts_held
from monai_amyloid.work.worker import Worker

# A worker looks so often whether what it does is still asked for.
_TICK_S = 0.25
# A process that is interrupted gets so long to take back what it has half-written.
_GRACE_S = 10.0
# A process that waits so long for the next batch ends: the bundle in it takes half a gigabyte.
_IDLE_S = 60.0
_ENDING = ("closing", "closed", "failed")


@dataclass(frozen=True)
class Outcome:
    """What became of an item.

    Attributes:
        place: Position of the item among all.
        answer: What was made of it, or raised, as a pickled
            :class:`~monai_amyloid.work.worker.Answer`; or how its process ended.
        seconds: Seconds that it took.
    """

    place: int
    answer: bytes | Crash
    seconds: float


@dataclass(frozen=True)
class BatchReport:
    """What a worker sends back.

    Attributes:
        outcomes: Outcome of each item that was begun; the rest of a batch that took long is left
            to others.
        trouble: Why nothing could be done there; None where something was.
    """

    outcomes: Sequence[Outcome]
    trouble: str | None = None


def make_batch(job: Job, batch: bytes, longest_s: float) -> BatchReport:
    """Make something of each item of a batch.

    Args:
        job: What is made.
        batch: Pickled pairs of a position and an item.
        longest_s: Seconds after which no further item is begun.
    """
    outcomes: list[Outcome] = []
    until = time.monotonic() + longest_s
    stopped = _stopped()
    process: Worker[Any, Any] | None = None
    try:
        for place, item in pickle.loads(batch):  # noqa: S301 (of the command, as all that Dask sends)
            if outcomes and time.monotonic() > until:
                break
            process = process or _PROCESSES.take(job)
            begun = time.monotonic()
            process.give(place, item)
            answer = _answer(process, stopped)
            outcomes.append(Outcome(place, answer, time.monotonic() - begun))
            if isinstance(answer, Crash):
                _PROCESSES.forget(process)
                process = None
    except JobUnreadableError as error:
        return BatchReport(outcomes, f"the worker on {socket.gethostname()} {error}")
    except _StoppedError:
        return BatchReport(outcomes, "the batch is no longer asked for")
    finally:
        if process is not None:
            _PROCESSES.take_back(job, process)
    return BatchReport(outcomes)


class _StoppedError(Exception):
    """Nobody waits for a batch any more."""


def _answer(process: Worker[Any, Any], stopped: Callable[[], bool]) -> bytes | Crash:
    while not wait([process.pipe], _TICK_S):
        if stopped():
            process.interrupt()
            process.end(time.monotonic() + _GRACE_S)
            _PROCESSES.forget(process)
            raise _StoppedError
    return process.receive_pickled()


def _stopped() -> Callable[[], bool]:
    """Tells whether the command, or the scheduler, has let the running batch go."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def stopped() -> bool:
        task = worker.state.tasks.get(key)
        return worker.status.name in _ENDING or task is None or task.state == "cancelled"

    return stopped


class _Processes:
    """Processes that have loaded a job, busy or waiting for the next batch of it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._all: dict[Worker[Any, Any], Job] = {}
        self._idle: dict[Worker[Any, Any], float] = {}

    def take(self, job: Job) -> Worker[Any, Any]:
        """One that waits, or a new one.

        Raises:
            JobUnreadableError: If a new one cannot begin.
        """
        with self._lock:
            for process in self._idle:
                if self._all[process] == job:
                    del self._idle[process]
                    return process
        make = read(job)
        with self._lock, _able_to_start_processes(), interrupts_held():
            process = Worker(make)
            self._all[process] = job
        ready = process.receive()
        if isinstance(ready, Crash) or ready.error is not None:
            self.forget(process)
            raise JobUnreadableError(
                f"cannot start a process ({ready if isinstance(ready, Crash) else ready.error}); "
                "where its memory was full, ask for more"
            )
        return process

    def take_back(self, job: Job, process: Worker[Any, Any]) -> None:
        """Let one wait for the next batch, but not for ever."""
        with self._lock:
            if process in self._all:
                self._idle[process] = time.monotonic()
        timer = Timer(_IDLE_S + 1, self.dismiss, (job, _IDLE_S))
        timer.daemon = True
        timer.start()

    def forget(self, process: Worker[Any, Any]) -> None:
        """Count one out that has ended."""
        with self._lock:
            self._all.pop(process, None)

    def dismiss(self, job: Job, idle_s: float = 0.0) -> int:
        """End those of a job that wait since so long; how many are busy."""
        with self._lock:
            mine = [process for process, its in self._all.items() if its == job]
            since = time.monotonic() - idle_s
            done = [each for each in mine if self._idle.get(each, since + 1) <= since]
            for process in done:
                del self._all[process], self._idle[process]
                process.pipe.close()
        for process in done:
            process.end(time.monotonic() + _GRACE_S)
        return len(mine) - len(done)


_PROCESSES = _Processes()


async def end_job(job: Job) -> int:
    """End the processes that wait for more of a job, when there is no more; how many are busy.

    Dask calls it beside what runs; a busy process is interrupted by the thread that waits for it.
    """
    import asyncio

    return await asyncio.to_thread(_PROCESSES.dismiss, job)


@contextmanager
def _able_to_start_processes() -> Iterator[None]:
    """Let a process be started here, of one thread unless somebody chose another number.

    Dask's nanny makes its workers daemons, which :mod:`multiprocessing` lets start nothing, for
    what they start could outlive them; a :class:`Worker` ends with the process that started it.
    And what is started imports the main module of the one that starts it: here Dask's, of 60 MB,
    of which it needs nothing.
    """
    config: dict[str, Any] = getattr(current_process(), "_config", {})
    daemon, main = config.get("daemon"), sys.modules["__main__"]
    config["daemon"], sys.modules["__main__"] = False, ModuleType("__main__")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        yield
    finally:
        config["daemon"], sys.modules["__main__"] = daemon, main
