"""The processes of this machine as an engine."""

import atexit
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from multiprocessing.connection import wait
from typing import Any, Generic, cast

from monai_amyloid.errors import RunError
from monai_amyloid.work.engine import Crash, Item, Made
from monai_amyloid.work.interrupts import interrupts_held
from monai_amyloid.work.worker import Worker

# Processes that are interrupted get so long to take back what they have half-written.
_GRACE_S = 10.0
# The process that was begun before it was known what it does, until a crew takes it over.
_begun: list[Worker[Any, Any]] = []


def begin_early(prepare: Callable[[], object]) -> None:
    """Begin the first process while this one is still looking at what there is to do.

    Args:
        prepare: Called there, to load what the work will need; what it raises is left to the work.
    """
    with interrupts_held():
        _begun.append(Worker(alone=True, prepare=prepare))
    atexit.register(end_unneeded)


def end_unneeded() -> None:
    """End a process that :func:`begin_early` began and that there was no work for."""
    for worker in _begun:
        worker.interrupt()
        worker.end(time.monotonic())
    _begun.clear()


class LocalEngine:
    """Processes that last; what crashes in one ends neither the others nor this program.

    Args:
        workers: Number of processes; with 0 everything is made in this process, and what crashes
            there ends the program.
        least: Fewer items than this are made in one process, for each has to load what it needs.
    """

    def __init__(self, workers: int, least: int = 1) -> None:
        self.workers, self.least = workers, least

    def each(
        self, make: Callable[[Item], Made], items: Sequence[Item]
    ) -> Generator[tuple[int, Made | Crash], None, None]:
        """Do as :meth:`monai_amyloid.work.engine.Engine.each` promises.

        An item whose process ended is tried once more, at the end and alone: where several
        processes had filled the memory together, it then has all of it.
        """
        if self.workers == 0:
            for place, item in enumerate(items):
                yield place, make(item)
            return
        workers = self.workers if len(items) >= self.least else 1
        suspects: list[tuple[int, Item]] = []
        with closing(_tried_once(make, enumerate(items), workers)) as each:
            for place, made in each:
                if isinstance(made, Crash):
                    suspects.append((place, items[place]))
                else:
                    yield place, made
        yield from _tried_once(make, suspects, 1)


def _tried_once(
    make: Callable[[Item], Made], items: Iterable[tuple[int, Item]], workers: int
) -> Generator[tuple[int, Made | Crash], None, None]:
    """Make something of each item, or tell that it crashed; by its position."""
    waiting = deque(items)
    crew = _Crew(make, alone=workers == 1)
    try:
        for _ in range(min(workers, len(waiting))):
            crew.hire()
        while crew.at_work:
            for worker in crew.heard():
                place, answer = worker.place, worker.receive()
                if isinstance(answer, Crash):
                    crew.at_work.remove(worker)
                    if place is None:
                        raise RunError(
                            f"a process ended before it began to work ({answer}); where the "
                            "memory was full, take fewer --workers; the same command goes on"
                        )
                    if waiting:
                        crew.hire()
                    yield place, answer
                    continue
                if answer.error is not None:
                    raise answer.error
                # The next item first: whoever is told of this one may take a while.
                if waiting:
                    worker.give(*waiting.popleft())
                else:
                    crew.dismiss(worker)
                if place is not None:
                    yield place, cast(Made, answer.made)
    finally:
        crew.end()


class _Crew(Generic[Item, Made]):
    """Processes at work, and those that were sent home and have not ended yet.

    Args:
        make: What they do.
        alone: Whether there is never more than one at a time.

    Attributes:
        at_work: Workers that are still employed.
    """

    def __init__(self, make: Callable[[Item], Made], *, alone: bool) -> None:
        self.make, self.alone = make, alone
        self.at_work: list[Worker[Item, Made]] = []
        self._dismissed: list[Worker[Item, Made]] = []
        # Where an error keeps the caller from closing what waits here, the processes would wait
        # for work for ever, and this program, at its end, for them.
        atexit.register(self.end)

    def hire(self) -> None:
        """Start one more."""
        with interrupts_held():
            worker = _begun.pop() if _begun else Worker[Item, Made](alone=self.alone)
            self.at_work.append(worker)
            worker.employ(self.make)

    def heard(self) -> list[Worker[Item, Made]]:
        """Wait until some have answered, or ended; give those."""
        answered: set[Any] = set(wait([worker.pipe for worker in self.at_work]))
        return [worker for worker in self.at_work if worker.pipe in answered]

    def dismiss(self, worker: Worker[Item, Made]) -> None:
        """Send one home for which there is nothing left to do."""
        worker.pipe.close()
        self.at_work.remove(worker)
        self._dismissed.append(worker)

    def end(self) -> None:
        """Interrupt those at work, and wait for the end of all."""
        for worker in self.at_work:
            worker.interrupt()
        until = time.monotonic() + _GRACE_S
        for worker in [*self.at_work, *self._dismissed]:
            worker.end(until)
        atexit.unregister(self.end)
