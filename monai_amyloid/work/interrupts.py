"""Ctrl-C reaches every process of a terminal: each takes it when it can answer it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Let an interrupt wait, here and in a process that is started meanwhile.

    The process inherits this until it calls :func:`take_interrupts`, so that nothing of it is
    interrupted, and nobody reads of it, before it can end in order. On Windows, which has no
    such thing, an interrupt comes at once.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # It is started with the first process, and lets interrupts through when it is.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def take_interrupts() -> None:
    """Take the first interrupt as a :class:`KeyboardInterrupt`, and no other.

    What it ends is then not interrupted once more while it removes what is half-written.
    """
    signal.signal(signal.SIGINT, _interrupt_once)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt
