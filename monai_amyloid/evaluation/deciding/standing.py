"""From which probability on a grade may stand without a reader.

Of the scans that are told a grade without a reader, at most :data:`MOST_WRONG` may be expected to
be called otherwise: by the next reader, for readers themselves differ. The rule holds for each
told grade by itself; a rare grade would else pay for the others.

References:
    Angelopoulos et al. 2022, Conformal risk control, arXiv:2208.02814
    Geifman and El-Yaniv 2017, Selective classification, arXiv:1705.08500
"""

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.cohort.datalist import GRADES

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Readers disagree on about one scan in ten.
MOST_WRONG = 0.05
# A probability that no scan reaches: the grade is never told without a reader.
NEVER = 1.01


def least_probabilities(
    probabilities: Array, alone: Mask, shares: Array, most_wrong: float = MOST_WRONG
) -> tuple[float, float, float]:
    """The least probability at which each grade may stand without a reader.

    From the surest scan on, as many as keep the expected share of wrong ones within the bound,
    counting one more scan that is wrong: what is learned holds for the next scan, too. It ends
    where the bound is first broken, for the best of many chances would be too good.

    Args:
        probabilities: Calibrated probabilities of scans that the network was not trained on,
            ``(N, 3)``.
        alone: True where the set is the most probable grade alone, ``(N,)``.
        shares: Each grade's share of the labels of a scan, ``(N, 3)``; see
            :func:`~monai_amyloid.evaluation.deciding.conformal.shares_of`.
        most_wrong: Bound on the expected share of wrong ones.

    Returns:
        Probabilities of BAPL 1, 2, 3; :data:`NEVER` where no number of scans keeps the bound.
    """
    answered = probabilities.argmax(axis=1) + 1
    first, second, third = (
        _least(probabilities[of, grade - 1], 1 - shares[of, grade - 1], most_wrong)
        for grade in GRADES
        for of in [alone & (answered == grade)]
    )
    return first, second, third


def _least(chance: Array, wrong: Array, most_wrong: float) -> float:
    order = np.argsort(-chance, kind="stable")
    counted = np.arange(1, len(order) + 1)
    # Scans of one probability stand or fall together.
    last_of_its_kind = np.append(np.diff(chance[order]) != 0, True)[: len(order)]
    kept = (np.cumsum(wrong[order]) + 1 <= most_wrong * (counted + 1) + 1e-9)[last_of_its_kind]
    if not kept.any():
        return NEVER
    first = int(kept.argmax())
    broken = np.flatnonzero(~kept[first:])
    last = first + int(broken[0]) - 1 if len(broken) else len(kept) - 1
    return float(chance[order][last_of_its_kind][last])
