"""How likely a person has early amyloid, whatever the grade of the scan."""

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.exploring.continuum import Continuum

Array = NDArray[np.float64]

# Centiloid from which florbetaben shows early amyloid (Bullich et al. 2021,
# doi:10.1186/s13195-021-00807-6).
EARLY_CENTILOID = 13.5
# From the chance to lie beyond the mark on the continuum to that of such a load: a logistic
# regression on simulated people of ``clinic-pretraining-2400``, whose load is known
# (scripts/development/measure_early.py).
_SLOPE, _SHIFT = 1.26, -0.97
_LEAST_CHANCE = 1e-3
# BAPL 1 scans with this chance or more stand near the edge.
NEAR_EDGE = 0.1


def early_mark(score: Array, centiloid: Array) -> float:
    """The score at which Centiloid passes :data:`EARLY_CENTILOID` in a cohort.

    Centiloid is taken to grow with the score, and nothing else is taken of it.

    Args:
        score: Score of each scan on the continuum, 0 to 100, ``(N,)``.
        centiloid: Centiloid of the same scans, ``(N,)``.

    Returns:
        Score 0 to 100; NaN where the whole cohort is on one side of the mark.
    """
    from sklearn.isotonic import IsotonicRegression

    grows = IsotonicRegression(out_of_bounds="clip").fit(score, centiloid)
    fine = np.linspace(0, 100, 2001)
    beyond = grows.predict(fine) >= EARLY_CENTILOID
    if beyond.all() or not beyond.any():
        return float("nan")
    return float(fine[beyond.argmax()])


def chance_beyond(continuum: Continuum, coordinates: Array, mark: float) -> Array:
    """Chance that a scan's place on the continuum lies beyond a mark, ``(N,)``.

    Args:
        continuum: Continuum of the cohort.
        coordinates: Coordinates of the scans, ``(N, K)``.
        mark: Score where early amyloid begins; where it is NaN, every chance is NaN.
    """
    if not np.isfinite(mark):
        return np.full(len(coordinates), np.nan)
    half = 50 / (len(continuum.places) - 1)
    # A place stands for all that is nearer to it than to others: the mark may cut it.
    share = ((continuum.scale + half - mark) / (2 * half)).clip(0, 1)
    return np.asarray(continuum.probabilities(coordinates) @ share)


def early_amyloid_chance(beyond: Array) -> Array:
    """Chance that the amyloid load itself is :data:`EARLY_CENTILOID` or more, ``(N,)``.

    More people have little amyloid than some, so that of those who seem to lie just beyond the
    mark most do not: what an image shows of a load is also white matter, blood and noise.

    Args:
        beyond: Chance that the place on the continuum lies beyond the mark, ``(N,)``, from
            :func:`chance_beyond`.
    """
    seems = np.clip(beyond, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    return np.asarray(1 / (1 + np.exp(-(_SHIFT + _SLOPE * np.log(seems / (1 - seems))))))
