"""How the node is, as the page sees it: for its banner, ``/healthz`` and ``/metrics``."""

import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from monai_amyloid.node.operating.health import Health, health
from monai_amyloid.node.operating.standing import StandingReader, standing_file
from monai_amyloid.node.queue.queue import Queue
from monai_amyloid.node.receiving.room import Room
from monai_amyloid.node.settings import NodeSettings

_FRESH_S = 1.0


class NodeState:
    """How the node is; looked at once a second at most, however often it is asked.

    Args:
        settings: Config of the node.
        queue: Queue of the node's studies.
        monotonic: Clock that nobody sets, in seconds.
    """

    def __init__(
        self,
        settings: NodeSettings,
        queue: Queue,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue, self._monotonic = queue, monotonic
        self._reader = StandingReader(standing_file(settings.data, settings.name), monotonic)
        self._room = Room(settings.data, settings.retention.least_free_mb)
        self._lock = threading.Lock()
        self._at = float("-inf")
        self._troubles: tuple[str, ...] = ()
        self._health: Health | None = None

    def troubles(self) -> tuple[str, ...]:
        """Kinds of what does not work; none where all is well."""
        with self._lock:
            self._look()
            return self._troubles

    def health(self) -> Health | None:
        """How the node is in numbers; None where its database or its data do not answer."""
        with self._lock:
            self._look()
            return self._health

    def _look(self) -> None:
        if self._monotonic() - self._at < _FRESH_S:
            return
        standing = self._reader.read()
        try:
            full = not self._room.is_there()
            silent = {} if standing.running else {"node": "NotRunning"}
            troubles = {**standing.troubles, **silent}
            self._health = health(
                self._queue, self._room, troubles, standing.destinations, standing.drift
            )
        except (SQLAlchemyError, OSError):
            full, self._health = False, None
        found = {
            "database": self._health is None,
            "disk_full": full or "room" in standing.troubles,
            # A node that cannot write cannot say that it lives.
            "not_running": not standing.running and not full,
            "part": bool(standing.troubles.keys() - {"room"}),
            "destination": any(each.away for each in standing.destinations),
        }
        self._troubles = tuple(kind for kind, is_so in found.items() if is_so)
        self._at = self._monotonic()
