"""Where amyloid is called positive: BAPL 2 or 3 against 1, at a chosen sensitivity."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

# To miss few is what matters before treatment is discussed; of some hundred positive scans,
# 0.95 is a share that can still be measured.
SENSITIVITY = 0.95


def positive_threshold(
    positive: ArrayLike, truth: ArrayLike, sensitivity: float = SENSITIVITY
) -> float:
    """The highest probability of BAPL 2 or 3 that finds enough of them.

    Args:
        positive: Probability of BAPL 2 or 3 of scans that the network was not trained on, ``(N,)``.
        truth: True grade of each scan, 1, 2 or 3, ``(N,)``; at least one scan is 2 or 3.
        sensitivity: Share of the positive scans at or above the threshold.
    """
    chances = np.sort(np.asarray(positive, float)[np.asarray(truth) >= 2])
    # Less what rounding may add to a whole number.
    found = math.ceil(len(chances) * sensitivity - 1e-9)
    return float(chances[len(chances) - found])
