"""Work over processes that one crash does not end."""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def each_in_a_pool(
    make: Callable[[Item], Made],
    items: Sequence[Item],
    workers: int,
) -> Iterator[tuple[int, Made | None]]:
    """Make something of each item in processes that last.

    A process can end without a word: a decoder that crashes, memory that runs out. What was
    being made then is tried again, each in a process of its own, so that it is known which item
    it was; the rest goes on.

    Args:
        make: A function that another process can import.
        items: Arguments that can be sent to it.
        workers: Processes.

    Yields:
        Place of an item and what was made, None where its process ended; in the order in which
        they are finished.
    """
    waiting = deque(enumerate(items))
    while waiting:
        suspects: list[tuple[int, Item]] = []
        with _pool(workers) as pool:
            running: dict[Future[Made], tuple[int, Item]] = {}
            try:
                while waiting or running:
                    # So many at once and no more: whoever runs when a process ends is a suspect.
                    while waiting and len(running) < workers:
                        place, item = waiting[0]
                        running[pool.submit(make, item)] = (place, item)
                        waiting.popleft()
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        place, _ = running[future]
                        made = future.result()
                        del running[future]
                        yield place, made
            except BrokenProcessPool:
                suspects = list(running.values())
        for place, item in suspects:
            with _pool(1) as alone:
                try:
                    yield place, alone.submit(make, item).result()
                except BrokenProcessPool:
                    yield place, None


def _pool(workers: int) -> ProcessPoolExecutor:
    # Started afresh, not forked: the same on Linux, macOS and Windows, and safe beside CUDA.
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_end_with_parent
    )


def _end_with_parent() -> None:
    """End this process when the one that started it does, even killed: it would wait for ever."""
    parent = parent_process()
    if parent is None:
        return

    def wait_and_end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_and_end, daemon=True).start()
