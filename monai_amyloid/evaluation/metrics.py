"""How well grades are predicted, from confusion matrices and scores.

A matrix counts ``[..., true, predicted]`` over the three grades; leading axes hold
resamples, so that an interval costs one pass. A measure that is undefined, such as the
recall of a grade that nobody has, is NaN, and left out of means.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.evaluation.intervals import Estimate, percentile_interval, resample

Array = NDArray[np.float64]


def confusion(truth: ArrayLike, predicted: ArrayLike, weights: ArrayLike | None = None) -> Array:
    """Count grades.

    Args:
        truth: True grade of each scan, 1, 2 or 3, ``(N,)``.
        predicted: Predicted grade of each scan, 1, 2 or 3, ``(N,)``.
        weights: How often each scan counts, ``(..., N)``; once where None.

    Returns:
        Counts ``(..., 3, 3)``, rows true, columns predicted.
    """
    cells = (np.asarray(truth, int) - 1) * 3 + np.asarray(predicted, int) - 1
    times = np.ones(len(cells)) if weights is None else np.asarray(weights, float)
    counts = times @ np.eye(9)[cells]
    return np.asarray(counts.reshape(*counts.shape[:-1], 3, 3))


def _ratio(numerator: Array, denominator: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def _mean_of_defined(values: Array) -> Array:
    defined = ~np.isnan(values)
    return _ratio(np.where(defined, values, 0).sum(-1), defined.sum(-1).astype(float))


def recall(matrix: Array) -> Array:
    """Share of each grade's scans that is predicted right, ``(..., 3)``."""
    return _ratio(np.diagonal(matrix, axis1=-2, axis2=-1), matrix.sum(-1))


def precision(matrix: Array) -> Array:
    """Share of the scans predicted to have a grade that have it, ``(..., 3)``."""
    return _ratio(np.diagonal(matrix, axis1=-2, axis2=-1), matrix.sum(-2))


def f1(matrix: Array) -> Array:
    """Harmonic mean of precision and recall of each grade, ``(..., 3)``."""
    return _ratio(2 * np.diagonal(matrix, axis1=-2, axis2=-1), matrix.sum(-1) + matrix.sum(-2))


def macro_f1(matrix: Array) -> Array:
    """Mean F1 of the grades, ``(...)``."""
    return _mean_of_defined(f1(matrix))


def accuracy(matrix: Array) -> Array:
    """Share of all scans that is predicted right, ``(...)``."""
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


def _of_grade(measure: Callable[[Array], Array], grade: int, matrix: Array) -> Array:
    return measure(matrix)[..., grade - 1]


MEASURES: dict[str, Callable[[Array], Array]] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "macro_f1": macro_f1,
    "quadratic_kappa": quadratic_kappa,
    **{
        f"bapl{grade}_{name}": partial(_of_grade, measure, grade)
        for grade in GRADES
        for name, measure in (("precision", precision), ("recall", recall), ("f1", f1))
    },
}


def positive_auc(truth: ArrayLike, positive: ArrayLike, weights: ArrayLike | None = None) -> Array:
    """Area under the curve of BAPL 2 and 3 against 1.

    Args:
        truth: True grade of each scan, 1, 2 or 3, ``(N,)``.
        positive: Score that grows with amyloid, ``(N,)``.
        weights: How often each scan counts, ``(..., N)``; once where None.

    Returns:
        Area under the curve, ``(...)``: 0.5 by chance, NaN where all scans are on one side.

    References:
        Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747
    """
    score = np.asarray(positive, float)
    order = np.argsort(score, kind="stable")
    is_positive = np.asarray(truth)[order] >= 2
    times = np.ones(len(score)) if weights is None else np.asarray(weights, float)
    times = times[..., order]
    # Scans of one score are one step of the curve: a tie counts half.
    starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf) > 0)
    ill = np.add.reduceat(times * is_positive, starts, axis=-1)
    well = np.add.reduceat(times * ~is_positive, starts, axis=-1)
    lower = np.cumsum(well, axis=-1) - well / 2
    return _ratio((ill * lower).sum(-1), ill.sum(-1) * well.sum(-1))


def weighted_measures(
    truth: ArrayLike, probabilities: ArrayLike, repeats: ArrayLike, weights: Array
) -> dict[str, Array]:
    """Every measure of :data:`MEASURES` and ``auc_positive``, as the mean over the repeats.

    Args:
        truth: True grade of each scan, 1, 2 or 3, ``(N,)``.
        probabilities: Probabilities of the grades, ``(N, 3)``; the most probable grade is the
            predicted one.
        repeats: Repeat of the cross-validation that a row belongs to, ``(N,)``.
        weights: How often each row counts, ``(..., N)``.

    Returns:
        Value of each measure by its name, ``(...)``.
    """
    grade, chances, repeat = (np.asarray(each) for each in (truth, probabilities, repeats))
    each_repeat: dict[str, list[Array]] = {name: [] for name in (*MEASURES, "auc_positive")}
    for number in np.unique(repeat):
        rows = repeat == number
        times = weights[..., rows]
        matrix = confusion(grade[rows], chances[rows].argmax(-1) + 1, times)
        for name, measure in MEASURES.items():
            each_repeat[name].append(measure(matrix))
        area = positive_auc(grade[rows], 1 - chances[rows, 0], times)
        each_repeat["auc_positive"].append(area)
    return {name: _mean_of_defined(np.stack(values, -1)) for name, values in each_repeat.items()}


@dataclass(frozen=True)
class Measured:
    """Measures by name.

    Attributes:
        estimates: Measures with bootstrap intervals over participants, by name.
        draws: Measures of each bootstrap draw, by name; models that are measured with one seed
            share the draws.
    """

    estimates: dict[str, Estimate]
    draws: dict[str, Array]


def measure_all(
    participants: ArrayLike,
    truth: ArrayLike,
    probabilities: ArrayLike,
    repeats: ArrayLike,
    seed: int = 0,
) -> Measured:
    """:func:`weighted_measures` with bootstrap intervals over participants.

    A person's sessions, and their predictions in every repeat, are not independent: a
    participant is drawn with all of them. The interval is that of other participants from the
    same clinics and these trained networks; it does not
    include differences between trainings.

    Args:
        participants: Name of each row's participant, ``(N,)``.
        truth: True grade of each row, 1, 2 or 3, ``(N,)``.
        probabilities: Probabilities of the grades, ``(N, 3)``.
        repeats: Repeat of the cross-validation that a row belongs to, ``(N,)``.
        seed: Seed of the bootstrap draws.
    """
    measure = partial(weighted_measures, truth, probabilities, repeats)
    values, draws = resample(participants, measure, seed)
    return Measured(
        {name: percentile_interval(values[name], draws[name]) for name in values}, draws
    )
