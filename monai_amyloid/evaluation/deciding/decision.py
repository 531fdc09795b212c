"""From probabilities to predictions: calibrated, a set of grades, amyloid positive or not.

A few numbers, all learned from held-out predictions: a temperature, the thresholds of the sets,
the probability from which each grade may stand without a reader and the Centiloid that its scans
have, and the threshold of amyloid positivity.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_amyloid.brain.quality.measures import MEASURES
from monai_amyloid.evaluation.deciding.calibration import fit_temperature, temper
from monai_amyloid.evaluation.deciding.conformal import (
    ALWAYS,
    prediction_sets,
    set_thresholds,
    shares_of,
)
from monai_amyloid.evaluation.deciding.operating_point import positive_threshold
from monai_amyloid.evaluation.deciding.standing import least_probabilities
from monai_amyloid.evaluation.held_out import HeldOut
from monai_amyloid.findings.rules import FEATURES_APART, GATES, GRADES, GradedScan, doubts

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Of the scans that are told a grade, this share in the middle has a Centiloid that is usual, where
# there are enough of them to know.
USUAL_SHARE, _ENOUGH = 0.98, 20
# Of each measure of quality alone; several of them ask for a reader of a few scans in a hundred.
USUAL_QUALITY, _ENOUGH_FOR_QUALITY = 0.99, 100
# What a brain may show, and more: bounds of what is not known.
ANY_CENTILOID = (-1000.0, 1000.0)

Range = tuple[float, float]


@dataclass(frozen=True)
class Predictions:
    """Calibrated predictions of N scans.

    Attributes:
        probabilities: Calibrated probabilities of the grades, ``(N, 3)``.
        sets: True for each grade that may be the true one, ``(N, 3)``.
        needs_reader: True where a reader must look, by
            :func:`~monai_amyloid.findings.rules.doubts`, ``(N,)``.
        positive: True where BAPL 2 or 3 is called at the operating point, ``(N,)``.
    """

    probabilities: Array
    sets: Mask
    needs_reader: Mask
    positive: Mask


@dataclass(frozen=True)
class Decision:
    """Numbers of the decision, learned from held-out predictions.

    Attributes:
        temperature: Temperature that divides the logarithms of the probabilities, above 0,
            dimensionless.
        set_thresholds: Most probability that lies before BAPL 1, 2, 3 where the grade is in the
            set, from :func:`~monai_amyloid.evaluation.deciding.conformal.set_thresholds`.
        least_probable: Lowest calibrated probability at which BAPL 1, 2, 3 may stand without a
            reader, from :func:`~monai_amyloid.evaluation.deciding.standing.least_probabilities`.
        usual_centiloid: Lowest and highest Centiloid that is usual of scans that are told BAPL 1,
            2, 3.
        usual_quality: Bound of each measure of quality, by name, that nearly all scans keep to from
            which the numbers were learned; see :data:`~monai_amyloid.findings.rules.GATES`.
        positive_threshold: Lowest calibrated probability of BAPL 2 or 3 that is called positive.
    """

    temperature: float
    set_thresholds: tuple[float, float, float]
    least_probable: tuple[float, float, float]
    positive_threshold: float
    usual_centiloid: tuple[Range, Range, Range] = (ANY_CENTILOID,) * 3
    usual_quality: Mapping[str, float] = field(default_factory=dict)

    def apply(
        self, probabilities: ArrayLike, measurements: pd.DataFrame | None = None
    ) -> Predictions:
        """Predict from the uncalibrated probabilities of a network.

        Args:
            probabilities: Uncalibrated probabilities, ``(N, 3)``.
            measurements: Rows of a prepared cohort, N, with ``centiloid`` and the measures of
                quality that it has; None where nothing was measured.
        """
        calibrated = self.calibrate(probabilities)
        reader = [
            bool(doubts(self.graded_scan(of_scan, **measured)))
            for of_scan, measured in zip(
                calibrated, _measured(measurements, len(calibrated)), strict=True
            )
        ]
        return Predictions(
            calibrated,
            prediction_sets(calibrated, self.set_thresholds),
            np.array(reader, bool),
            1 - calibrated[:, 0] >= self.positive_threshold,
        )

    def calibrate(self, probabilities: ArrayLike) -> Array:
        """Calibrated probabilities ``(N, 3)`` of a network's own."""
        return temper(probabilities, self.temperature)

    def graded_scan(self, calibrated: Array, **measured: Any) -> GradedScan:
        """One scan as the rule for readers takes it.

        Args:
            calibrated: Calibrated probabilities, ``(3,)``.
            **measured: ``centiloid``, ``quality`` and ``grade_names`` of
                :class:`~monai_amyloid.findings.rules.GradedScan`, as far as they are known.
        """
        [inside] = prediction_sets(calibrated[None], self.set_thresholds)
        thresholds = zip(GRADES, self.set_thresholds, strict=True)
        return GradedScan(
            probabilities=tuple(calibrated.tolist()),
            prediction_set=tuple(grade for grade in GRADES if inside[grade - 1]),
            never_left_out=tuple(grade for grade, most in thresholds if most >= ALWAYS),
            least_probable=self.least_probable,
            usual_centiloid=self.usual_centiloid,
            usual_quality=self.usual_quality,
            **measured,
        )


def _measured(rows: pd.DataFrame | None, count: int) -> Iterator[dict[str, Any]]:
    """Centiloid and quality of each scan, as far as they were measured."""
    import pandas as pd

    if rows is None or "centiloid" not in rows:
        yield from ({} for _ in range(count))
        return
    names = [name for name in (*MEASURES, FEATURES_APART) if name in rows]
    numbers = rows[["centiloid", *names]].apply(pd.to_numeric, errors="coerce")
    for load, *values in numbers.to_numpy(float).tolist():
        quality = dict(zip(names, values, strict=True))
        yield {"centiloid": None if math.isnan(load) else load, "quality": quality}


def fit_decision(
    probabilities: Array,
    truth: ArrayLike,
    shares: Array | None = None,
    measurements: pd.DataFrame | None = None,
) -> Decision:
    """Learn the numbers of the decision.

    Args:
        probabilities: Uncalibrated probabilities of scans that the network was not trained on,
            ``(N, 3)``.
        truth: True grade of each scan, 1, 2 or 3, ``(N,)``; each grade at least once.
        shares: Each grade's share of the readings of a scan, ``(N, 3)``, where several readers
            graded it; None where the grade is all that is known.
        measurements: Rows of a prepared cohort, N, with ``centiloid`` and the measures of
            quality that it has; None where nothing was measured.
    """
    labels = shares_of(truth) if shares is None else np.asarray(shares, float)
    temperature = fit_temperature(probabilities, labels)
    calibrated = temper(probabilities, temperature)
    thresholds = set_thresholds(calibrated, labels)
    alone = prediction_sets(calibrated, thresholds).sum(axis=1) == 1
    return Decision(
        temperature,
        thresholds,
        least_probabilities(calibrated, alone, labels),
        positive_threshold(1 - calibrated[:, 0], truth),
        _usual_centiloid(
            calibrated.argmax(axis=1) + 1,
            None if measurements is None else measurements.get("centiloid"),
        ),
        {} if measurements is None else _usual_quality(measurements),
    )


def _usual_quality(rows: pd.DataFrame) -> dict[str, float]:
    """The bound of each measure that all but one scan in a hundred keep to."""
    import pandas as pd

    found = {}
    for name, is_least in GATES.items():
        known = pd.to_numeric(rows.get(name, pd.Series(dtype=float)), errors="coerce").dropna()
        if len(known) >= _ENOUGH_FOR_QUALITY:
            found[name] = float(known.quantile(1 - USUAL_QUALITY if is_least else USUAL_QUALITY))
    return found


def _usual_centiloid(answered: NDArray[np.int64], centiloid: ArrayLike | None) -> Any:
    """Central range of the Centiloid of the scans that are told each grade."""
    import pandas as pd

    if centiloid is None:
        return (ANY_CENTILOID,) * 3
    loads = pd.to_numeric(pd.Series(centiloid), errors="coerce").to_numpy(float)
    tails = np.array([(1 - USUAL_SHARE) / 2, (1 + USUAL_SHARE) / 2])
    ranges = []
    for grade in GRADES:
        known = loads[(answered == grade) & np.isfinite(loads)]
        enough = len(known) >= _ENOUGH
        low, high = np.quantile(known, tails) if enough else ANY_CENTILOID
        ranges.append((float(low), float(high)))
    return tuple(ranges)


def cross_fit(held_out: HeldOut, probabilities: Array) -> Predictions:
    """Predict each fold with the numbers learned from the other folds of the same repeat.

    Args:
        held_out: Held-out predictions with two folds or more in each repeat.
        probabilities: Uncalibrated probabilities of a model for the rows of ``held_out``, ``(N,
            3)``.
    """
    rows = held_out.rows
    truth, shares = rows["bapl"].to_numpy(int), held_out.shares
    count = len(truth)
    predictions = Predictions(
        np.zeros((count, 3)),
        np.zeros((count, 3), bool),
        np.zeros(count, bool),
        np.zeros(count, bool),
    )
    for repeat, fold, part in held_out.parts():
        others = held_out.other_parts(repeat, fold)
        decision = fit_decision(
            probabilities[others],
            truth[others],
            shares[others],
            rows[others],
        )
        found = decision.apply(probabilities[part], rows[part])
        for name, values in vars(found).items():
            getattr(predictions, name)[part] = values
    return predictions
