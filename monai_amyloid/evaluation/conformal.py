"""Sets of grades that hold the true one as often as promised.

Least ambiguous sets with a threshold for each grade ("class-conditional"): of scans like those
that it was set on, at least :data:`COVERAGE` of the BAPL 1, of the BAPL 2 and of the BAPL 3 have
their true grade in the set, whatever the model. One threshold for all grades promises less
to the rare one, and adaptive sets (APS) promise the same with larger sets:
``benchmarks/studies/prediction_sets.py`` prints all three.

References:
    Sadinle, Lei and Wasserman 2019, doi:10.1080/01621459.2017.1395341
    Angelopoulos and Bates 2021, arXiv:2107.07511
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_amyloid.cohort.datalist import GRADES

Array = NDArray[np.float64]
Sets = NDArray[np.bool_]

# Promised for each grade. Readers themselves agree on about as many scans.
COVERAGE = 0.9


def set_thresholds(
    probabilities: Array, truth: ArrayLike, coverage: float = COVERAGE
) -> tuple[float, float, float]:
    """The least probability at which each grade enters a set.

    Of the ``n`` scans of a grade, the ``ceil((n + 1) coverage)``-th highest probability of that
    grade: one more scan of it then exceeds it with at least that chance.

    Args:
        probabilities: Probabilities of scans that the network was not trained on, ``(N, 3)``.
        truth: True grade of each scan, 1, 2 or 3, ``(N,)``.
        coverage: Share of each grade's scans whose set must hold it.

    Returns:
        Thresholds for BAPL 1, 2, 3. A threshold is 0, so that the grade is in every set, where
        there are too few scans of that grade to promise the coverage (fewer than 9 for 90 %).
    """
    grades = np.asarray(truth, int)
    first, second, third = (
        _threshold(probabilities[grades == grade, grade - 1], coverage) for grade in GRADES
    )
    return first, second, third


def _threshold(chances: Array, coverage: float) -> float:
    # Less what rounding may add: (19 + 1) * 0.9 is 18 and no more.
    rank = math.ceil((len(chances) + 1) * coverage - 1e-9)
    return float(np.sort(chances)[-rank]) if rank <= len(chances) else 0.0


def prediction_sets(probabilities: Array, thresholds: tuple[float, float, float]) -> Sets:
    """Grades whose probability reaches their threshold.

    A set may be empty: no grade is as likely as it usually is in scans of that grade, and a person
    must read the scan. Filled with the most probable grade, sets of an accurate model would hold
    the truth more often than promised. The grades have an order: a set of 1 and 3 holds 2.

    Args:
        probabilities: Probabilities of the grades, ``(N, 3)``.
        thresholds: Thresholds for BAPL 1, 2, 3 from :func:`set_thresholds`.

    Returns:
        True where a grade is in the set of a scan, ``(N, 3)``.
    """
    sets = probabilities >= np.array(thresholds)
    sets[:, 1] |= sets[:, 0] & sets[:, 2]
    return np.asarray(sets)


def covered(sets: Sets, truth: ArrayLike) -> NDArray[np.bool_]:
    """Whether each set holds the true grade, ``(N,)``."""
    return np.asarray(sets[np.arange(len(sets)), np.asarray(truth, int) - 1])
