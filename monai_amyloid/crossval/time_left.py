"""How long several trainings still take."""

import threading


class TimeLeft:
    """From the seconds of the epochs that were seen.

    Args:
        trainings: How many there are in all.
        at_once: How many run at the same time.
    """

    def __init__(self, trainings: int, at_once: int) -> None:
        self.trainings = trainings
        self.at_once = at_once
        self.epochs = 0
        self.done: dict[str, float] = {}
        self.seconds: list[float] = []
        self.lock = threading.Lock()

    def epoch(self, name: str, epoch: int, epochs: int, seconds: float) -> str:
        """Count an epoch of a training, and say what is left.

        Args:
            name: Name of the training.
            epoch: Number of the epoch, from 1.
            epochs: How many it may take; it may stop earlier.
            seconds: Seconds that the epoch took.
        """
        with self.lock:
            self.epochs = epochs
            self.done[name] = epoch / epochs
            self.seconds.append(seconds)
            mean = sum(self.seconds) / len(self.seconds)
            trainings = self.trainings - sum(self.done.values())
            minutes = trainings * epochs * mean / min(self.at_once, self.trainings) / 60
        return f"at most {minutes:.0f} min left" if minutes >= 1 else "less than 1 min left"

    def skip(self, name: str) -> None:
        """Count a training as complete."""
        with self.lock:
            self.done[name] = 1.0
