"""A look at each of many things that lie on a disk or a network, several at a time."""

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from monai_amyloid.work.progress import Progress

Thing = TypeVar("Thing")
Seen = TypeVar("Seen")


def look_at_each(
    look: Callable[[Thing], Seen], things: Sequence[Thing], looking: Progress
) -> list[Seen]:
    """What a look at each thing shows, in their order.

    Args:
        look: Reads a little of one thing; mostly it waits for a disk or a network.
        things: Things to look at.
        looking: Shows how many were looked at.
    """
    looking.start(len(things))
    found = []
    with (
        warnings.catch_warnings(),
        ThreadPoolExecutor(min(16, 4 * (os.cpu_count() or 1))) as pool,
    ):
        warnings.simplefilter("ignore")  # pydicom's, of broken values, which it prints
        for each in pool.map(look, things):
            found.append(each)
            looking.advance()
    return found
