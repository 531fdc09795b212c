"""Loading what lasts: nothing of it is garbage, so that nobody looks for any."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# Options of mallopt (malloc.h), and what they are set to: bytes that are kept at the end of the
# heap, that it grows by at least, and from which a block is a mapping of its own.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_KEPT = {_MMAP_THRESHOLD: 4 << 20, _TRIM_THRESHOLD: 512 << 20, _TOP_PAD: 16 << 20}


def keep_freed_memory() -> None:
    """Let what one scan used serve the next: a fifth of its time went into asking for pages anew.

    The process holds no more at its peak than before. Nothing happens but with glibc.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):  # another C library
        option = ctypes.CDLL(None).mallopt
        for name, size in _KEPT.items():
            option(name, size)


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
