"""Loading what lasts: nothing of it is garbage, so that nobody looks for any."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting() -> Iterator[None]:
    """Load libraries, networks and templates without looking for garbage, then or ever after.

    A sixth of the time of PyTorch's import went into that, and a tenth of a second at any moment
    later.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
