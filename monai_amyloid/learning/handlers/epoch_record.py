"""An epoch of a training as data: a file for other programs, and a line for people."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from monai_amyloid.output import read_json_record, replace_file

FILE = "progress.json"
# Measures of the validation in the line of an epoch.
_SHOWN = {
    "loss": "loss {:.3f}",
    "macro_f1": "macro-F1 {:.3f}",
    "bapl2_recall": "BAPL 2 recall {:.2f}",
}


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """What is known of a training at the end of an epoch.

    Attributes:
        epoch: Number of the epoch, from 1.
        max_epochs: How many epochs the training may take; it may stop earlier.
        seconds: Time that the epoch took, with its validation.
        loss: Mean loss of the training in this epoch.
        validation: Measures of the validation by name; empty for an epoch without one.
        best_epoch: Epoch of the best validation so far; None before the first.
    """

    epoch: int
    max_epochs: int
    seconds: float
    loss: float
    validation: Mapping[str, float] = field(default_factory=dict)
    best_epoch: int | None = None

    def __str__(self) -> str:
        """One line for people."""
        measures = [
            form.format(self.validation[name])
            for name, form in _SHOWN.items()
            if name in self.validation
        ]
        if self.validation:
            best = f"(best so far: epoch {self.best_epoch})"
            measures = ["  validation:", *measures, best]
        epoch = f"epoch {self.epoch}/{self.max_epochs}  loss {self.loss:.3f}"
        return f"{epoch}{'  '.join(measures)}  {self.seconds:.0f} s"


def write_record(record: EpochRecord, run_dir: Path) -> None:
    """Replace the record in a run's folder by that of a later epoch."""
    replace_file(run_dir / FILE, (json.dumps(asdict(record)) + "\n").encode())


def read_record(run_dir: Path) -> EpochRecord | None:
    """Read the record of a run's latest epoch; None before the end of the first."""
    try:
        return EpochRecord(**read_json_record(run_dir / FILE))
    except TypeError:
        return None
