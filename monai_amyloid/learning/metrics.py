"""How well grades are told, from confusion matrices.

A matrix counts ``[..., true, predicted]`` over the three grades; leading axes hold
resamples, so that an interval costs one pass. A measure that is undefined, such as the
recall of a grade that nobody has, is NaN, and left out of means.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from monai_amyloid.learning.datalist import GRADES

Array = NDArray[np.float64]

# Of a percentile interval, and the number of resamples, customary in reports of readers.
CONFIDENCE = 0.95
RESAMPLES = 1000


def confusion(truth: ArrayLike, predicted: ArrayLike) -> Array:
    """Count grades.

    Args:
        truth: Grades 1, 2, 3, ``(N,)``.
        predicted: Grades 1, 2, 3, ``(N,)``.

    Returns:
        Counts ``(3, 3)``, rows true, columns predicted.
    """
    cells = _cells(truth, predicted)
    return np.bincount(cells, minlength=9).reshape(3, 3).astype(float)


def _cells(truth: ArrayLike, predicted: ArrayLike) -> NDArray[np.int64]:
    return np.asarray((np.asarray(truth, int) - 1) * 3 + np.asarray(predicted, int) - 1)


def _ratio(numerator: Array, denominator: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def _mean_of_defined(values: Array) -> Array:
    defined = ~np.isnan(values)
    return _ratio(np.where(defined, values, 0).sum(-1), defined.sum(-1).astype(float))


def recall(matrix: Array) -> Array:
    """Part of each grade's scans that is told right, ``(..., 3)``."""
    return _ratio(np.diagonal(matrix, axis1=-2, axis2=-1), matrix.sum(-1))


def precision(matrix: Array) -> Array:
    """Part of the scans told to be of a grade that are of it, ``(..., 3)``."""
    return _ratio(np.diagonal(matrix, axis1=-2, axis2=-1), matrix.sum(-2))


def f1(matrix: Array) -> Array:
    """Harmonic mean of precision and recall of each grade, ``(..., 3)``."""
    return _ratio(2 * np.diagonal(matrix, axis1=-2, axis2=-1), matrix.sum(-1) + matrix.sum(-2))


def macro_f1(matrix: Array) -> Array:
    """Mean F1 of the grades, ``(...)``."""
    return _mean_of_defined(f1(matrix))


def accuracy(matrix: Array) -> Array:
    """Part of all scans that is told right, ``(...)``."""
    return _ratio(np.trace(matrix, axis1=-2, axis2=-1), matrix.sum((-2, -1)))


def balanced_accuracy(matrix: Array) -> Array:
    """Mean recall of the grades, ``(...)``."""
    return _mean_of_defined(recall(matrix))


def quadratic_kappa(matrix: Array) -> Array:
    """Cohen's kappa with quadratic weights, ``(...)``: 1 exact, 0 as by chance.

    References:
        Cohen 1968, doi:10.1037/h0026256
    """
    grades = np.arange(matrix.shape[-1])
    cost = (grades[:, None] - grades) ** 2.0
    total = matrix.sum((-2, -1))
    seen = (cost * matrix).sum((-2, -1))
    chance = (cost * matrix.sum(-1)[..., :, None] * matrix.sum(-2)[..., None, :]).sum((-2, -1))
    return 1 - _ratio(seen * total, chance)


def bapl2_recall(matrix: Array) -> Array:
    """Recall of BAPL 2, ``(...)``."""
    return recall(matrix)[..., 1]


def bapl2_f1(matrix: Array) -> Array:
    """F1 of BAPL 2, ``(...)``."""
    return f1(matrix)[..., 1]


MEASURES: dict[str, Callable[[Array], Array]] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "macro_f1": macro_f1,
    "bapl2_recall": bapl2_recall,
    "bapl2_f1": bapl2_f1,
    "quadratic_kappa": quadratic_kappa,
}


def positive_auc(truth: ArrayLike, positive: ArrayLike) -> float:
    """Area under the curve of BAPL 2 and 3 against 1.

    Args:
        truth: Grades 1, 2, 3, ``(N,)``.
        positive: Score that grows with amyloid, ``(N,)``.

    Returns:
        0.5 by chance, NaN where only one side is there.
    """
    from sklearn.metrics import roc_auc_score

    is_positive = np.asarray(truth) >= 2
    if is_positive.all() or not is_positive.any():
        return float("nan")
    return float(roc_auc_score(is_positive, positive))


@dataclass(frozen=True)
class Estimate:
    """A measure and its percentile interval (:data:`CONFIDENCE`)."""

    value: float
    low: float
    high: float


def measure_all(
    participants: ArrayLike, truth: ArrayLike, predicted: ArrayLike, seed: int = 0
) -> dict[str, Estimate]:
    """Every measure of :data:`MEASURES`, with a bootstrap interval over participants.

    Participants are drawn with all their sessions, for a person's scans are not
    independent.

    Args:
        participants: Name of each row's participant, ``(N,)``.
        truth: Grades 1, 2, 3, ``(N,)``.
        predicted: Grades 1, 2, 3, ``(N,)``.
        seed: Of the resamples.

    References:
        Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    matrix = confusion(truth, predicted)
    resampled = _resampled(participants, truth, predicted, seed)
    tail = (1 - CONFIDENCE) / 2
    estimates = {}
    for name, measure in MEASURES.items():
        values = measure(resampled)
        values = values[~np.isnan(values)]
        low, high = np.quantile(values, [tail, 1 - tail]) if values.size else (np.nan, np.nan)
        estimates[name] = Estimate(float(measure(matrix)), float(low), float(high))
    return estimates


def _resampled(participants: ArrayLike, truth: ArrayLike, predicted: ArrayLike, seed: int) -> Array:
    codes, names = pd.factorize(np.asarray(participants))
    count = len(names)
    per_participant = np.zeros((count, 9))
    np.add.at(per_participant, (codes, _cells(truth, predicted)), 1)
    random = np.random.default_rng(seed)
    times = random.multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    return np.asarray((times @ per_participant).reshape(RESAMPLES, len(GRADES), len(GRADES)))
