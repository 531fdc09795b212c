"""Where amyloid leads, apart from how much of it there is.

Beside the curve of the continuum, scans of one stage differ by where their amyloid is: more in one
lobe than is usual at that stage, or on one side. Groups of these differences are the subtypes. The
sides are not distinguished, so that left and right of one kind fall together.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.exploring.groups.clusters import Clusters, gaussian_mixture

Array = NDArray[np.float64]

PATTERNS = (*READ_REGIONS, "one side")
# Regions whose uptake on each side is looked at.
SIDED = tuple(f"{region}_{side}" for region in READ_REGIONS for side in ("left", "right"))
_FEWEST = 40  # scans with amyloid, of whom subtypes can be sought


@dataclass(frozen=True)
class Patterns:
    """Subtypes of the scans that show amyloid.

    Attributes:
        deviations: SUVR above what is usual at the scan's stage, in standard deviations of scans of
            similar stage: of each read region (mean of both sides), then the difference between the
            sides, ``(N, 5)`` by :data:`PATTERNS`.
        subtypes: Groups of the scans that show amyloid, -1 for all other scans; None where too few
            show amyloid.
    """

    deviations: Array
    subtypes: Clusters | None


def find_patterns(
    suvr: pd.DataFrame, score: Array, shows_amyloid: NDArray[np.bool_], seed: int = 0
) -> Patterns:
    """Measure by how much regions lead, and group the scans by that.

    Args:
        suvr: Columns :data:`SIDED`, one row a scan.
        score: Score of each scan on the continuum, 0 to 100, ``(N,)``.
        shows_amyloid: True for scans that are beyond the mark of early amyloid, ``(N,)``.
        seed: Seed of the grouping.
    """
    left, right = (
        suvr[[f"{region}_{side}" for region in READ_REGIONS]].to_numpy(float)
        for side in ("left", "right")
    )
    both = (left + right) / 2
    # What all regions share is the stage, which the curve tells already.
    led = both - both.mean(axis=1, keepdims=True)
    sides = (left - right).mean(axis=1)
    deviations = np.column_stack([_unusual(led, score), np.abs(_unusual(sides[:, None], score))])
    subtypes = None
    if shows_amyloid.sum() >= _FEWEST:
        # Four regions that sum to nothing are three numbers.
        axes = np.column_stack([deviations[:, :3], deviations[:, 4]])
        found = gaussian_mixture(axes[shows_amyloid], deviations[shows_amyloid, 4], seed)
        labels = np.full(len(score), -1, np.int64)
        labels[shows_amyloid] = found.labels
        subtypes = Clusters("subtypes", labels, found.number, found.numbers, found.stability)
    return Patterns(deviations, subtypes)


def _unusual(values: Array, score: Array) -> Array:
    """Values less what is usual at a score, by their spread at that score."""
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import SplineTransformer

    place = score[:, None] / 100
    spline = make_pipeline(SplineTransformer(4, degree=2), Ridge(1e-2))

    def at_place(each: Array) -> Array:
        return np.asarray(spline.fit(place, each).predict(place)).reshape(each.shape)

    rest = values - at_place(values)
    # Of a normal spread the mean absolute value is 0.8 standard deviations.
    usual = at_place(np.abs(rest)) / 0.8
    return np.asarray(rest / usual.clip(min=0.2 * np.abs(rest).mean(axis=0)))
