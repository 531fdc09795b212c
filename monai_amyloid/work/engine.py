"""What an engine promises: something is made of each of many items, wherever that happens."""

import signal
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Crash:
    """The process that worked on an item ended without a word.

    A decoder crashed on the item's files, or the system ended the process because the memory was
    full. Neither can be caught where it happens.

    Attributes:
        exit_code: Exit code as in :attr:`multiprocessing.Process.exitcode`: an exit status, or the
            number of the signal that ended the process, negative; None where a machine of a
            cluster was lost with it.
    """

    exit_code: int | None

    def __str__(self) -> str:
        """How the process ended, such as ``signal SIGSEGV`` or ``exit status 3``."""
        if self.exit_code is None:
            return "its worker was lost"
        if self.exit_code >= 0:
            # Windows ends a process that crashes with a number that is known in hexadecimal.
            shown = f"{self.exit_code:#x}" if self.exit_code >= 2**31 else str(self.exit_code)
            return f"exit status {shown}"
        try:
            return f"signal {signal.Signals(-self.exit_code).name}"
        except ValueError:
            return f"signal {-self.exit_code}"


class Engine(Protocol):
    """Somewhere to make things: processes of this machine, or the machines of a cluster.

    The house has two, :class:`~monai_amyloid.work.local_engine.LocalEngine` and
    :class:`~monai_amyloid.work.cluster.engine.ClusterEngine`. Another one needs this one method
    to stand in their place.
    """

    def each(
        self, make: Callable[[Item], Made], items: Sequence[Item]
    ) -> Generator[tuple[int, Made | Crash], None, None]:
        """Make something of each item.

        An item that crashes does not take the others with it. Whoever stops listening, by an
        exception, an interrupt or :meth:`Generator.close`, ends what is running.

        Args:
            make: A function that another process can import, or a :class:`functools.partial`
                of one. It puts its files in place whole, so that it can be ended at any moment.
            items: What it is called with, one at a time; each can be pickled.

        Yields:
            Position of an item in ``items`` and what was made of it, in the order in which they
            are finished.

        Raises:
            Exception: What ``make`` raises, with the traceback of the other process as a note.
            UserError: If no process can be started.
        """
        ...
