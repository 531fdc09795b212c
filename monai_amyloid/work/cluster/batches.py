"""How many items go to a worker together: so many that sending them costs nothing beside making."""

# Sending a batch and its report takes some milliseconds of the scheduler: a thousandth of this.
SECONDS = 2.0
_MOST = 1000  # a report stays small


class BatchSizes:
    """Batches that take about :data:`SECONDS`, by what items took so far; one at first.

    Attributes:
        seconds: Seconds of an item, of late; None before any is made.
    """

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._largest = 1

    def note(self, seconds: list[float]) -> None:
        """Learn from the items of a batch."""
        if not seconds:
            return
        mean = sum(seconds) / len(seconds)
        self.seconds = mean if self.seconds is None else (self.seconds + mean) / 2
        self._largest = max(self._largest, min(2 * len(seconds), _MOST))

    def next(self, waiting: int, places: int) -> int:
        """Size of the next batch, at least 1.

        Args:
            waiting: Items that are left, 1 or more.
            places: Threads of all workers; each gets a share of what is left, so that all end
                together.
        """
        if self.seconds is None:
            return 1
        fitting = int(SECONDS / self.seconds) if self.seconds > SECONDS / _MOST else _MOST
        return max(1, min(fitting, self._largest, waiting // (2 * max(places, 1))))
