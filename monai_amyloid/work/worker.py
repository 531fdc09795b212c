"""A process that makes things, from both of its sides."""

import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic

from monai_amyloid.work.engine import Crash, Item, Made
from monai_amyloid.work.interrupts import ignore_interrupts, take_interrupts


@dataclass(frozen=True)
class Answer(Generic[Made]):
    """What a process sends back.

    Attributes:
        made: What it made of an item; None in its first answer, which says that it is ready.
        error: What its work raised, if anything.
    """

    made: Made | None = None
    error: Exception | None = None


class Worker(Generic[Item, Made]):
    """A process, as the one that starts it sees it.

    Args:
        make: What it does; loaded there, so that this process need not load what it needs. None
            where that is not known yet, see :meth:`employ`.
        alone: Whether there is no other while it lasts; it may then begin as a copy of this
            process, at once, where that is safe.
        prepare: Called there first, to load what the work will need; what it raises is left to
            the work.

    Attributes:
        pipe: Pipe that has something to receive once the process answers or ends.
        place: Position of the item that it works on; None before the first.
    """

    def __init__(
        self,
        make: Callable[[Item], Made] | None = None,
        *,
        alone: bool = False,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        forked = alone and _can_be_copied()
        # Started afresh, where it is not copied: safe beside threads and CUDA.
        context: Any = get_context("fork" if forked else "spawn")
        self.pipe, theirs = context.Pipe()
        self.place: int | None = None
        # A copy would hold the other end too, and never see that it was closed.
        other = self.pipe if forked else None
        self._process = context.Process(target=_serve, args=(theirs, other, prepare))
        self._process.start()
        theirs.close()
        if make is not None:
            self.employ(make)

    def employ(self, make: Callable[[Item], Made]) -> None:
        """Tell it what it does, where that was not known when it began."""
        self._send(make)

    def give(self, place: int, item: Item) -> None:
        """Give it an item to work on."""
        self.place = place
        self._send(item)

    def _send(self, content: object) -> None:
        # One that has ended is told by what is received of it.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.pipe.send(content)

    def receive(self) -> Answer[Made] | Crash:
        """Receive its answer, or how it ended without one."""
        content = self.receive_pickled()
        if isinstance(content, Crash):
            return content
        answer: Answer[Made] = pickle.loads(content)  # noqa: S301 (from our own process)
        return answer

    def receive_pickled(self) -> bytes | Crash:
        """Receive its answer to send it on, or how it ended without one."""
        try:
            return bytes(self.pipe.recv_bytes())
        except (EOFError, OSError):
            self.pipe.close()
            self._process.join()
            return Crash(self._process.exitcode or 0)

    def interrupt(self) -> None:
        """Break off what it does; it leaves nothing half-written, if it still can."""
        self.pipe.close()
        if not self._process.is_alive() or self._process.pid is None:
            return
        if os.name == "nt":
            self._process.terminate()
        else:
            os.kill(self._process.pid, signal.SIGINT)

    def end(self, until: float) -> None:
        """Wait for its end.

        Args:
            until: Time of :func:`time.monotonic` at which it is killed.
        """
        self._process.join(max(0.0, until - time.monotonic()))
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _can_be_copied() -> bool:
    """Whether a copy of this process works as it does: it is of this thread alone.

    What waits there for another thread, or for what that one had locked, waits for ever. Threads
    of numpy's own are started anew in a copy, those of torch and CUDA are not. macOS does not let
    a copy use its libraries.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    return "torch" not in sys.modules or len([*Path("/proc/self/task").iterdir()]) == 1


def _serve(
    pipe: Connection, other: Connection | None, prepare: Callable[[], object] | None
) -> None:
    """Load what is to be done, then make something of each item that comes."""
    if other is not None:
        other.close()
    _end_with_parent()
    # The pipe breaks when the other side has nothing more to do, or is no longer there.
    with suppress(EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        try:
            take_interrupts(of_parent=True)
            if prepare is not None:
                with suppress(Exception):
                    prepare()
            _answer_all(pipe)
        finally:
            ignore_interrupts()


def _answer_all(pipe: Connection) -> None:
    make: Callable[[Any], Any] | None = None
    while True:
        content = pipe.recv_bytes()
        try:
            received, made = pickle.loads(content), None  # noqa: S301 (from our own parent)
            if make is None:
                make = received
            else:
                made = make(received)
            answer = pickle.dumps(Answer(made))
        except Exception as error:
            answer = _failure(error)
        pipe.send_bytes(answer)


def _failure(error: Exception) -> bytes:
    """An answer that holds an error, or its words where it cannot be sent itself."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        answer = pickle.dumps(Answer(error=error))
        pickle.loads(answer)  # noqa: S301 (what was just made)
    except Exception:
        return pickle.dumps(Answer(error=RuntimeError(f"{type(error).__name__}: {error}")))
    return answer


def _end_with_parent() -> None:
    """End this process when the one that started it does, even killed: it would wait for ever."""
    parent = parent_process()
    if parent is None:
        return

    def wait_and_end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_and_end, daemon=True).start()
