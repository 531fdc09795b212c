"""What a training left for export."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from monai_amyloid.bundle.untrusted.weights import read_weights
from monai_amyloid.cells import read_cells
from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.errors import RunError, UserError, one_line
from monai_amyloid.evaluation.deciding.decision import Decision, fit_decision
from monai_amyloid.evaluation.deciding.decision_file import decision_of
from monai_amyloid.evaluation.held_out import PROBABILITIES, find_predictions, fingerprint
from monai_amyloid.evaluation.metrics import measure_all
from monai_amyloid.strict_json import read_object


@dataclass(frozen=True)
class TrainedRun:
    """A trained fold.

    Attributes:
        folder: Folder of the fold.
        settings: The values trained with, by their name at the top of the config.
        state: The weights, as trained.
        predictions: Predictions of all predicted folds of its cross-validation, with their
            ``fold``; of this fold only where there is no other.
    """

    folder: Path
    settings: dict[str, Any]
    state: dict[str, torch.Tensor]
    predictions: pd.DataFrame

    @property
    def weights(self) -> Path:
        """The file of the weights."""
        return self.folder / "model.pt"

    @property
    def began_elsewhere(self) -> bool:
        """Whether the training began from other weights than random ones."""
        return (self.folder / "pretrained.tsv").is_file()

    def calibration(self) -> tuple[Decision, dict[str, Any]]:
        """The decision that was evaluated, or what the held-out scans teach where none was.

        Returns:
            The numbers, and what they were learned from.

        Raises:
            UserError: If a grade was never held out.
        """
        truth = self.predictions["bapl"].to_numpy(int)
        missing = sorted({*GRADES} - {*truth.tolist()})
        if missing:
            folds, predicted = self.settings.get("folds"), self.predictions["fold"].nunique()
            more = "train on a cohort that has it"
            if not isinstance(folds, int) or predicted < folds:
                more = "predict the other folds too"
            raise UserError(
                f"{self.folder}: among {len(truth)} held-out scans none is BAPL "
                f"{' or '.join(map(str, missing))}, needed each grade to calibrate with; {more}"
            )
        evaluated = self.folder.parent / "calibration.json"
        if evaluated.is_file():
            content = evaluated.read_bytes()
            described = read_object(content)
            if described.get("predictions_sha256") == fingerprint(self.predictions):
                return decision_of(content, evaluated), described
        chances = self.predictions[PROBABILITIES].to_numpy(float)
        folds = sorted({int(fold) for fold in self.predictions["fold"]})
        learned_from = {
            "model": "network",
            "learned_from": "grades",
            "predictions_sha256": fingerprint(self.predictions),
            "scans": len(truth),
            "folds": folds,
        }
        return fit_decision(chances, truth), learned_from

    def measured(self) -> pd.DataFrame:
        """The network and its baselines on held-out scans, one row a model, with intervals.

        Of the whole cross-validation where that was evaluated, else of the fold; empty where
        neither was.
        """
        for folder in (self.folder.parent, self.folder):
            if (table := folder / "evaluation.tsv").is_file():
                return pd.read_csv(table, sep="\t")
        return pd.DataFrame()

    def measured_alone(self) -> dict[str, float]:
        """This very network on the scans that it never saw, with 95 % intervals."""
        own = self.predictions[self.predictions["fold"] == int(self.settings.get("fold", 0))]
        chances = own[PROBABILITIES].to_numpy(float)
        truth = own["bapl"].to_numpy(int)
        found = measure_all(own["participant_id"], truth, chances, pd.Series(0, own.index))
        row: dict[str, float] = {"n": len(own)}
        for name, estimate in found.estimates.items():
            row |= {name: estimate.value}
            row |= {f"{name}_low": estimate.low, f"{name}_high": estimate.high}
        return row


def read_run(folder: Path) -> TrainedRun:
    """Read what training and evaluating left.

    Args:
        folder: Folder of a fold, or of a cross-validation, whose first fold is taken.

    Raises:
        UserError: If a file is missing, or a weight or a prediction is infinite or no number.
        RunError: If one is not what training wrote.
    """
    if not (folder / "model.pt").is_file() and (folder / "fold0" / "model.pt").is_file():
        folder = folder / "fold0"
    steps = {
        "model.pt": "training",
        "settings.json": "training",
        "predictions.tsv": "evaluating",
    }
    for name, step in steps.items():
        if not (folder / name).is_file():
            raise UserError(
                f"no {folder / name}: needed the folder of a fold that was trained and predicted; "
                f"run `python -m monai.bundle run {step}` first, or `monai-amyloid crossval`"
            )
    written = folder / "settings.json"
    try:
        settings = read_object(written.read_bytes())
    except (OSError, ValueError) as error:
        raise RunError(
            f"{written}: cut off or changed ({one_line(error)}); copy the run again, or train "
            "it again"
        ) from error
    state = read_weights((folder / "model.pt").read_bytes(), folder / "model.pt")
    predictions = _predictions(folder)
    chances = predictions[PROBABILITIES].apply(pd.to_numeric, errors="coerce")
    if not np.isfinite(chances.to_numpy(float)).all():
        raise UserError(
            f"{folder}: held-out predictions are not finite numbers; train and predict again"
        )
    return TrainedRun(folder, settings, state, predictions)


def _predictions(fold: Path) -> pd.DataFrame:
    """Held-out predictions of a fold and, in a cross-validation, of the others beside it."""
    tables = [fold / "predictions.tsv"]
    if fold.name.startswith("fold"):
        beside = [path for repeat, path in find_predictions(fold.parent) if repeat == 0]
        tables = sorted({*tables, *beside})
    read = (read_cells(pd.read_csv(table, sep="\t")) for table in tables)
    return pd.concat(read, ignore_index=True)
