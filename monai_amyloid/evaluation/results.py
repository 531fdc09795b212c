"""What an evaluation found: every model on the very same held-out scans."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.cohort.datalist import GRADES, CohortError
from monai_amyloid.evaluation.deciding.calibration import (
    brier,
    error_if_calibrated,
    expected_calibration_error,
    log_loss,
)
from monai_amyloid.evaluation.deciding.conformal import covered
from monai_amyloid.evaluation.deciding.decision import Decision, Predictions, cross_fit
from monai_amyloid.evaluation.held_out import HeldOut
from monai_amyloid.evaluation.intervals import Estimate, share_of
from monai_amyloid.evaluation.metrics import Measured, confusion, measure_all
from monai_amyloid.evaluation.readers import against_readers

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ModelResult:
    """One model on the held-out scans.

    Attributes:
        model: Name of the model.
        scans: Number of scans; a scan that several repeats held out counts once.
        probabilities: Uncalibrated probabilities for the rows of :class:`HeldOut`, ``(N, 3)``.
        measured: Measures of the predicted grades.
        confusion: Counts ``(3, 3)``, rows true, columns predicted, summed over the repeats.
        predictions: Calibrated probabilities and prediction sets; None where there is only one
            fold, so that no calibration can be learned.
        figures: Measures of the probabilities and the prediction sets, by name.
        by_readers: Measures of the predicted grades against other readers, where their readings
            are known.
    """

    model: str
    scans: int
    probabilities: Array
    measured: Measured
    confusion: Array
    predictions: Predictions | None
    figures: dict[str, Estimate]
    by_readers: dict[str, Estimate]

    @property
    def measures(self) -> dict[str, Estimate]:
        """Measures of the predicted grades, with 95 % intervals over participants."""
        return self.measured.estimates


@dataclass(frozen=True)
class Evaluation:
    """Every model on the very same scans.

    Attributes:
        held_out: Held-out scans that every model was measured on.
        results: Results of the network first, then of the model that joins it with SUVR, then of
            the baselines.
        comparisons: Paired tests, one row for each pair of models.
        ceiling: Table ``observer metric value low high`` of a simulated cohort, or None.
        folder: Folder that the tables are written to.

    Examples:
        >>> import monai_amyloid
        >>> found = monai_amyloid.evaluate("runs/mine", "prepared")
        >>> isinstance(found, monai_amyloid.Evaluation)
        True
        >>> macro_f1 = found.results[0].measures["macro_f1"]
        >>> macro_f1.low <= macro_f1.value <= macro_f1.high
        True
    """

    held_out: HeldOut
    results: tuple[ModelResult, ...]
    comparisons: pd.DataFrame
    ceiling: pd.DataFrame | None
    folder: Path

    @property
    def folds(self) -> tuple[int, ...]:
        """The folds that the scans were held out in."""
        return tuple(sorted({int(fold) for fold in self.held_out.rows["fold"]}))

    def best(self) -> dict[str, float]:
        """The highest ceiling of each metric; empty where there is none."""
        if self.ceiling is None:
            return {}
        return {
            str(name): float(v) for name, v in self.ceiling.groupby("metric")["value"].max().items()
        }


def model_result(
    name: str, held_out: HeldOut, probabilities: Array, decision: Decision | None = None
) -> ModelResult:
    """Measure a model.

    Args:
        name: Name of the model.
        held_out: Held-out scans that the model is measured on.
        probabilities: Uncalibrated probabilities for the rows of ``held_out``, ``(N, 3)``.
        decision: Calibration that belongs to the model; None to learn one from the other folds.
    """
    rows = held_out.rows
    truth = rows["bapl"].to_numpy(int)
    predictions = None
    if decision is not None:
        predictions = decision.apply(probabilities, rows)
    elif held_out.can_cross_fit:
        predictions = cross_fit(held_out, probabilities)
    return ModelResult(
        model=name,
        scans=held_out.scans,
        probabilities=probabilities,
        measured=measure_all(rows["participant_id"], truth, probabilities, rows["repeat"]),
        confusion=confusion(truth, probabilities.argmax(axis=1) + 1),
        predictions=predictions,
        figures=_figures(rows, probabilities, predictions),
        by_readers=against_readers(
            rows["participant_id"], held_out.shares, probabilities.argmax(axis=1) + 1
        )
        if held_out.has_readings
        else {},
    )


def _figures(
    rows: pd.DataFrame, own: Array, predictions: Predictions | None
) -> dict[str, Estimate]:
    truth = rows["bapl"].to_numpy(int)
    figures = {f"{name}_own": value for name, value in _calibration(rows, own).items()}
    if predictions is None:
        return figures
    figures |= _calibration(rows, predictions.probabilities)
    inside = covered(predictions.sets, truth)
    right = predictions.probabilities.argmax(axis=1) + 1 == truth
    everyone = np.ones(len(rows), bool)
    shares = {
        "coverage": (inside, everyone),
        **{f"bapl{grade}_coverage": (inside, truth == grade) for grade in GRADES},
        "needs_reader": (predictions.needs_reader, everyone),
        "accuracy_outside": (right, ~predictions.needs_reader),
        "accuracy_inside": (right, predictions.needs_reader),
        "sensitivity": (predictions.positive, truth >= 2),
        "specificity": (~predictions.positive, truth == 1),
    }
    people = rows["participant_id"].to_numpy()
    figures |= {name: share_of(seen[of], people[of]) for name, (seen, of) in shares.items()}
    return figures | {"set_size": _alone(float(predictions.sets.sum(axis=1).mean()))}


def _calibration(rows: pd.DataFrame, probabilities: Array) -> dict[str, Estimate]:
    """Means over the repeats."""
    each = []
    for _, one in rows.reset_index(drop=True).groupby("repeat"):
        truth, chances = one["bapl"].to_numpy(int), probabilities[one.index]
        error = expected_calibration_error(truth, chances)
        by_chance = error_if_calibrated(chances)
        each.append((error, *by_chance, brier(truth, chances), log_loss(truth, chances)))
    names = ("ece", "ece_if_calibrated", "ece_if_calibrated_high", "brier", "log_loss")
    return {name: _alone(float(v)) for name, v in zip(names, np.mean(each, axis=0), strict=True)}


def _alone(value: float) -> Estimate:
    return Estimate(value, np.nan, np.nan)


def read_ceiling(path: Path) -> pd.DataFrame:
    """Read the ``ceiling.tsv`` of a simulated cohort.

    Raises:
        CohortError: If it is missing or no such table.
    """
    if not path.is_file():
        raise CohortError(f"no {path}: write it with `monai-amyloid ceiling COHORT`")
    table = pd.read_csv(path, sep="\t", na_values="n/a")
    if not {"observer", "metric", "value", "low", "high"} <= {*table} or table.empty:
        raise CohortError(f"{path}: no table of a ceiling; write it with `monai-amyloid ceiling`")
    return table
