"""The epochs of a training that runs in another process."""

from pathlib import Path

from monai_amyloid.learning.handlers.epoch_record import FILE, EpochRecord, read_record


class EpochWatch:
    """Looks for epochs that are completed from now on, not in an earlier run.

    Args:
        run_dir: Folder of the training, which has not begun.
    """

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self._seen = self._written()

    def look(self) -> EpochRecord | None:
        """Give the latest epoch, if it was completed after the last look."""
        written = self._written()
        # Read once alone: Windows does not let a file be replaced that somebody reads.
        if written == self._seen:
            return None
        self._seen = written
        return read_record(self.run_dir)

    def _written(self) -> int | None:
        """Time of the latest record, ns; None without any."""
        try:
            return (self.run_dir / FILE).stat().st_mtime_ns
        except FileNotFoundError:
            return None
