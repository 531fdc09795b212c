"""Whatever asks a program to end, Ctrl-C or the system, it ends in order.

Ctrl-C (SIGINT) reaches every process of a terminal; SIGTERM is what a shutdown, a container or a
queue sends, SIGHUP a terminal that is closed. Each process takes them when it can answer them.
Windows knows Ctrl-C alone.
"""

import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
# Files of the functions that are called when an object is put away.
_PUT_AWAY = ("weakref.py", "_weakrefset.py")
_SOON_S = 0.01


class Interrupted(KeyboardInterrupt):
    """A program was asked to end; whatever takes a :class:`KeyboardInterrupt` takes this.

    Args:
        number: Number of the signal.

    Attributes:
        exit_status: Exit status as shells have it: 128 and the number of the signal.
        name: Name of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.name = signal.Signals(number).name
        self.exit_status = 128 + number


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
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def take_interrupts(*, again_after_s: float = math.inf, of_parent: bool = False) -> None:
    """Take the first interrupt as an :class:`Interrupted`.

    What it ends is then not interrupted once more while it removes what is half-written.

    Args:
        again_after_s: Seconds after which another interrupt is taken too.
        of_parent: Whether the process that started this one ends it by SIGINT, so that it counts
            although a shell may have turned it off for what runs in the background.
    """
    handler = _handler(again_after_s)
    for number in _SIGNALS:
        ignored = signal.getsignal(number) is signal.SIG_IGN
        if not ignored or (of_parent and number == signal.SIGINT):
            signal.signal(number, handler)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def ignore_interrupts() -> None:
    """Take no more of them: what is left to do is to end, which takes no time."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _is_unheard(frame: FrameType | None) -> bool:
    """Whether Python prints what is raised here and goes on: where an object is put away."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__del__" or code.co_filename.endswith(_PUT_AWAY):
            return True
        if code.co_name == "cb" and "importlib._bootstrap" in code.co_filename:
            return True
        frame = frame.f_back
    return False


def _send_here(number: int) -> None:
    """Send this process a signal; on Windows ``os.kill`` would end it on the spot."""
    if sys.platform == "win32":
        signal.raise_signal(number)
    else:
        os.kill(os.getpid(), number)


def _handler(again_after_s: float) -> Callable[[int, FrameType | None], None]:
    latest = -math.inf

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal latest
        if _is_unheard(frame):
            again = threading.Timer(_SOON_S, _send_here, (number,))
            again.daemon = True
            again.start()
            return
        now = time.monotonic()
        if now - latest >= again_after_s or latest == -math.inf:
            latest = now
            raise Interrupted(number)

    return interrupt
