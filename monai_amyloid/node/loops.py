"""Steps that are done again and again, each in a thread of its own, none of which stops another."""

import threading
from collections.abc import Callable

from monai_amyloid.node.operating.logs import Log
from monai_amyloid.node.queue.database import is_disk_full
from monai_amyloid.node.receiving.orthanc import OrthancAwayError
from monai_amyloid.node.receiving.room import Room

IDLE_S = 0.25
PAUSE_S = 5.0


class Loops:
    """Threads, and what goes wrong in them.

    Args:
        log: Log of the node.
        room: Room on the disk, which is told where a step found none.

    Attributes:
        stopping: Whether the threads are to end.
        troubles: What does not work now, by the name of the thread: kinds of errors.
    """

    def __init__(self, log: Log, room: Room) -> None:
        self._log, self._room = log, room
        self.stopping = threading.Event()
        self.troubles: dict[str, str] = {}
        self._threads: list[threading.Thread] = []

    def run(
        self,
        name: str,
        step: Callable[[], bool],
        idle_s: float = IDLE_S,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        """Do a step again and again; one that goes wrong is written down, and the next begins.

        Args:
            name: Name of the thread.
            step: What is done; it returns whether there is more to do at once.
            idle_s: Seconds to the next step where there is no more.
            ended: What is done at the end.
        """

        def loop() -> None:
            pause = idle_s
            while not self.stopping.wait(pause):
                try:
                    pause = 0.0 if step() else idle_s
                    self.well(name)
                except Exception as error:
                    pause = max(PAUSE_S, idle_s)
                    if is_disk_full(error):
                        self._room.is_full()
                    self.trouble(name, type(error).__name__, error)
            ended()

        thread = threading.Thread(target=loop, name=name)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        """End every thread after the step that it does."""
        self.stopping.set()
        for thread in self._threads:
            thread.join()

    def trouble(self, name: str, kind: str, error: BaseException | None = None) -> None:
        """Write a trouble down when it begins, not each time that it is met.

        Args:
            name: Name of the thread, or of what does not work.
            kind: Kind of the error.
            error: Error that was raised; None where none was.
        """
        if self.troubles.get(name) == kind:
            return
        self.troubles[name] = kind
        if error is None or isinstance(error, OrthancAwayError):
            self._log.warning("trouble", part=name, kind=kind)
        else:
            self._log.error("trouble", error, part=name)

    def well(self, name: str) -> None:
        """Write down that a trouble is over.

        Args:
            name: Name of the thread, or of what works again.
        """
        if self.troubles.pop(name, None) is not None:
            self._log.info("well_again", part=name)
