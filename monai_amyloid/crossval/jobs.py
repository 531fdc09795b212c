"""How many trainings a machine takes at once, and what of it each gets."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import TypeVar

import torch

from monai_amyloid.crossval.fold_process import StoppedError, environment

Item = TypeVar("Item")

# A training of either network with its default settings, and room: docs/cross_validation.md.
MEMORY_OF_A_JOB_GB = 4.0
# Seconds between looks at the keyboard, which some systems do not let interrupt a wait.
_TICK_S = 0.5


def cores() -> int:
    """Cores that this process may use, or the threads that OMP_NUM_THREADS allows it."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    if limit.isdigit():
        return max(1, int(limit))
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cuda_devices() -> list[str]:
    """Names of the CUDA devices that this process sees, as CUDA_VISIBLE_DEVICES spells them."""
    count = torch.cuda.device_count()
    named = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return named[:count] or [str(number) for number in range(count)]


def jobs_that_fit(devices: int, cores: int, memory_gb: float) -> int:
    """Trainings at once: one a CUDA device; without any, one a core as far as the memory goes.

    Processes of one thread each lose no time by waiting for one another, as threads of one do
    after every layer.
    """
    return devices or max(1, min(cores, int(memory_gb / MEMORY_OF_A_JOB_GB)))


def _memory_gb() -> float:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    except (AttributeError, OSError, ValueError):  # not told on Windows
        return MEMORY_OF_A_JOB_GB


class Jobs:
    """Places for trainings, each with its share of the cores and one CUDA device, if any.

    Args:
        trainings: How many there are to do.
        count: How many at once; None for as many as fit.
        threads: Threads of each; None for an equal share of the cores.
    """

    def __init__(
        self, trainings: int, count: int | None = None, threads: int | None = None
    ) -> None:
        devices = cuda_devices()
        fitting = jobs_that_fit(len(devices), cores(), _memory_gb())
        self.count = min(trainings, count or fitting)
        self.threads = threads or max(1, cores() // self.count)
        self.stop = threading.Event()
        self._free: SimpleQueue[str | None] = SimpleQueue()
        for number in range(self.count):
            self._free.put(devices[number % len(devices)] if devices else None)

    def __str__(self) -> str:
        """As a line of progress."""
        jobs = f"{self.count} jobs at once" if self.count > 1 else "one job at a time"
        return f"{jobs}, {self.threads} threads each" if self.threads > 1 else f"{jobs}, one thread"

    @contextmanager
    def place(self) -> Iterator[dict[str, str]]:
        """Environment of a process, whose device is no other's for the time."""
        device = self._free.get()
        try:
            yield environment(self.threads, device)
        finally:
            self._free.put(device)

    def run(self, do: Callable[[Item], None], items: Sequence[Item]) -> None:
        """Do all, so many at once, in order; an interrupt ends what is running."""

        def unless_stopped(item: Item) -> None:
            with suppress(StoppedError):
                if not self.stop.is_set():
                    do(item)

        with ThreadPoolExecutor(self.count) as pool:
            try:
                waiting = {pool.submit(unless_stopped, item) for item in items}
                while waiting:
                    done, waiting = wait(waiting, _TICK_S, FIRST_EXCEPTION)
                    for future in done:
                        future.result()
            except BaseException:
                self.stop.set()
                raise
