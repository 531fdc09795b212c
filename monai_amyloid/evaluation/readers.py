"""How well grades are predicted that other readers would give to the same scans.

One reader's grade is partly chance: a model is measured against all whose readings are known, each
scan by how likely each grade is. What they disagree about no model can get right; the ceiling of
a simulated cohort says how much that is.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_amyloid.evaluation.intervals import Estimate, percentile_interval, resample
from monai_amyloid.evaluation.metrics import MEASURES, confusion

Array = NDArray[np.float64]

# So many readers are drawn, as for the ceiling.
READERS = 400
MEASURED = ("accuracy", "macro_f1", "bapl2_f1", "quadratic_kappa")


def against_readers(
    participants: ArrayLike, shares: Array, predicted: ArrayLike, seed: int = 0
) -> dict[str, Estimate]:
    """Measure predicted grades against readers who were not asked before.

    Args:
        participants: Name of each row's participant, ``(N,)``.
        shares: How likely a reader gives each grade to a scan, ``(N, 3)``.
        predicted: Predicted grade of each scan, 1, 2 or 3, ``(N,)``.
        seed: Seed of the readers and of the bootstrap draws.

    Returns:
        Means over :data:`READERS` drawn readers of each of :data:`MEASURED`, with intervals over
        participants.
    """
    answers = np.asarray(predicted, int)
    grades = drawn_grades(shares, READERS, np.random.default_rng(seed))
    matrices = np.stack([confusion(reader, answers) for reader in grades])
    answered = np.eye(3)[answers - 1]

    def of_all(times: Array) -> dict[str, Array]:
        expected = np.einsum("bn,ng,np->bgp", times, shares, answered)
        return {name: MEASURES[name](expected) for name in MEASURED}

    expected, draws = resample(participants, of_all, seed)
    found = {}
    for name in MEASURED:
        value = float(np.nanmean(MEASURES[name](matrices)))
        # Of the expected readers, whose scores are a little other than the mean of scores.
        spread = percentile_interval(expected[name], draws[name])
        shift = value - expected[name]
        found[name] = Estimate(value, spread.low + shift, spread.high + shift)
    return found


def drawn_grades(shares: Array, readers: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Grades that readers give, each scan for itself, ``(readers, N)``.

    Args:
        shares: How likely a reader gives each grade to a scan, ``(N, 3)``.
        readers: How many readers grade every scan.
        random: Source of randomness.
    """
    bounds = np.cumsum(shares, axis=1)[None]
    draws = random.random((readers, len(shares), 1)) * bounds[..., -1:]
    return np.asarray(1 + (draws > bounds[..., :2]).sum(axis=2))
