"""Whether there is room to take more."""

import shutil
import threading
from pathlib import Path

_MB = 1_000_000


class Room:
    """Room on the disk of the node's data.

    Args:
        data: Folder of the node's data.
        least_free_mb: Megabytes of room under which nothing is taken.

    Attributes:
        taking: Whether images are taken.
    """

    def __init__(self, data: Path, least_free_mb: int) -> None:
        self._data, self._least_free_mb = data, least_free_mb
        self._lock = threading.Lock()
        self.taking = True

    def free_mb(self) -> float:
        """Megabytes of room that there are."""
        return shutil.disk_usage(self._data).free / _MB

    def used_share(self) -> float:
        """Share of the disk that is used."""
        usage = shutil.disk_usage(self._data)
        return 1 - usage.free / usage.total

    def is_there(self) -> bool:
        """Whether there is enough; what is waiting stays at its source where there is not."""
        taking = self.free_mb() >= self._least_free_mb
        with self._lock:
            self.taking = taking
        return taking

    def is_full(self) -> None:
        """Keep that something could not be written."""
        with self._lock:
            self.taking = False
