"""How often intervals of changes hold the true ones, as a cell of a table and as a figure."""

import numpy as np
from numpy.typing import ArrayLike

from benchmarks.figures import record
from monai_amyloid.evaluation.intervals import wilson
from monai_amyloid.following.change_errors import CHANGE_SHARE


def held(figure: str, holds: ArrayLike) -> str:
    """Record the share of intervals that hold, and write it with its 95 % interval.

    Args:
        figure: Name of the figure.
        holds: Whether each interval holds its change, ``(N,)``.
    """
    each = np.asarray(holds, bool)
    found = wilson(float(each.mean()), each.size)
    record(figure, found.value, low=found.low, high=found.high)
    kept = "" if found.low <= CHANGE_SHARE <= found.high else " (0.95 lies outside)"
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]{kept}"
