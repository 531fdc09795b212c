"""Sets of grades that hold the true one as often as promised, and say where there is doubt.

A set grows from the most probable grade to its neighbours, the more probable one first, and is
never without the former nor with a gap. How far it grows is learned for each grade
("class-conditional"): of scans like those that it was learned on, at least :data:`COVERAGE` of
the BAPL 1, of the BAPL 2 and of the BAPL 3 have their true grade in the set, whatever the model.
An accurate model keeps that promise with single grades alone; so a set also holds every grade that
has :data:`~monai_amyloid.findings.bounds.MOST_LEFT_OUT` or more. Where readers differ about a scan
it counts for each grade as far as they gave it.

References:
    Romano, Sesia and Candes 2020, arXiv:2006.02544 (sets that grow by probability)
    Lu et al. 2022, doi:10.1007/978-3-031-16452-1_52 (grades in order)
    Angelopoulos and Bates 2021, arXiv:2107.07511
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.findings.bounds import MOST_LEFT_OUT

Array = NDArray[np.float64]
Sets = NDArray[np.bool_]

# Promised for each grade. Readers themselves agree on about as many scans.
COVERAGE = 0.9
# Of a grade that nothing promises: every set grows to it.
ALWAYS = 1.0
# From the most probable grade on, in which order grades join: from the second one, to the more
# probable neighbour first.
_ORDERS = np.array([[0, 1, 2], [1, 0, 2], [1, 2, 0], [2, 1, 0]])


def shares_of(truth: ArrayLike) -> Array:
    """Each grade's share of the labels of a scan that has one label, ``(N, 3)``.

    Args:
        truth: Grade of each scan, 1, 2 or 3, ``(N,)``.
    """
    return np.asarray(np.eye(3)[np.asarray(truth, int) - 1])


def mass_before(probabilities: Array) -> Array:
    """Probability of the grades that join a set before each grade does, ``(N, 3)``.

    0 for the most probable grade; of equally probable ones the lowest comes first.

    Args:
        probabilities: Probabilities of the grades, ``(N, 3)``.
    """
    order = _growth(probabilities)
    ordered = np.take_along_axis(probabilities, order, axis=1)
    before = np.cumsum(ordered, axis=1) - ordered
    result = np.empty_like(before)
    np.put_along_axis(result, order, before, axis=1)
    return np.clip(result, 0, 1)


def _growth(probabilities: Array) -> NDArray[np.int64]:
    top = probabilities.argmax(axis=1)
    upward = (top == 2) | ((top == 1) & (probabilities[:, 2] > probabilities[:, 0]))
    return np.asarray(_ORDERS[top + upward])


def set_thresholds(
    probabilities: Array, shares: Array, coverage: float = COVERAGE
) -> tuple[float, float, float]:
    """The most probability that may lie before each grade for it to be in a set.

    Of the scans of a grade, each as far as it is one, ``coverage`` of all and of one more must
    have the grade in their set.

    Args:
        probabilities: Probabilities of scans that the network was not trained on, ``(N, 3)``.
        shares: Each grade's share of the labels of a scan, ``(N, 3)``; see :func:`shares_of`.
        coverage: Share of each grade's scans whose set must hold it.

    Returns:
        Thresholds for BAPL 1, 2, 3; :data:`ALWAYS`, so that the grade is in every set, where
        there are too few scans of that grade to promise the coverage (fewer than 9 for 90 %).
    """
    before = mass_before(probabilities)
    first, second, third = (
        _threshold(before[:, grade - 1], shares[:, grade - 1], coverage) for grade in GRADES
    )
    return first, second, third


def _threshold(before: Array, share: Array, coverage: float) -> float:
    order = np.argsort(before, kind="stable")
    held = np.cumsum(share[order])
    needed = (held[-1] + 1) * coverage if len(held) else 1.0
    # Less what rounding may add: (19 + 1) * 0.9 is 18 and no more.
    reached = np.flatnonzero(held >= needed - 1e-9)
    return float(before[order][reached[0]]) if len(reached) else ALWAYS


def prediction_sets(probabilities: Array, thresholds: tuple[float, float, float]) -> Sets:
    """Grades from the most probable one to the last that reaches its threshold or is probable.

    Args:
        probabilities: Probabilities of the grades, ``(N, 3)``.
        thresholds: Thresholds for BAPL 1, 2, 3 from :func:`set_thresholds`.

    Returns:
        True where a grade is in the set of a scan, ``(N, 3)``: the most probable grade always, and
        no gap.
    """
    before = mass_before(probabilities)
    joins = (before <= np.array(thresholds) + 1e-12) | (probabilities >= MOST_LEFT_OUT)
    last = np.where(joins, before, 0).max(axis=1, keepdims=True)
    return np.asarray(before <= last)


def covered(sets: Sets, truth: ArrayLike) -> NDArray[np.bool_]:
    """Whether each set holds the true grade, ``(N,)``."""
    return np.asarray(sets[np.arange(len(sets)), np.asarray(truth, int) - 1])
