"""Which scans a scan is most like, and whether it is like any."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NEAREST = 8  # cases that are shown
_CLOSE = 10  # neighbours that density is measured by
# A scan that fewer than one in a hundred of the cohort's scans is as far from others as.
RARE = 0.01


@dataclass(frozen=True)
class Surroundings:
    """Distances of a cohort's scans.

    Attributes:
        nearest: Rows of the nearest scans of other participants, ``(N, M)``, nearest first.
        distances: Distances to the nearest scans, ``(N, M)``, in standard deviations about the
            continuum.
        loneliness: Mean distance to the nearest :data:`_CLOSE` scans, ``(N,)``.
    """

    nearest: NDArray[np.int64]
    distances: Array
    loneliness: Array

    @property
    def share_as_far(self) -> Array:
        """Share of the cohort that is at least as far from others, ``(N,)``."""
        return share_as_far(self.loneliness, self.loneliness)


def surroundings(axes: Array, participants: NDArray[np.str_]) -> Surroundings:
    """Find each scan's neighbours among the other participants.

    Args:
        axes: Whitened coordinates of the scans, ``(N, K)``.
        participants: Participant of each scan, ``(N,)``.
    """
    rows, distances = nearest_others(axes, participants, np.arange(len(axes)))
    return Surroundings(
        rows[:, :NEAREST], distances[:, :NEAREST], distances[:, :_CLOSE].mean(axis=1)
    )


def nearest_others(
    axes: Array, participants: NDArray[np.str_], among: NDArray[np.intp]
) -> tuple[NDArray[np.int64], Array]:
    """Rows of the scans of other participants that each scan is nearest to, and how near.

    Args:
        axes: Whitened coordinates of all scans, ``(N, K)``.
        participants: Participant of each scan, ``(N,)``.
        among: Rows of the scans that may be neighbours, ``(L,)``.

    Returns:
        Rows ``(N, M)``, nearest first, and distances.
    """
    from sklearn.neighbors import NearestNeighbors

    most = int(np.unique(participants, return_counts=True)[1].max())
    count = min(max(NEAREST, _CLOSE) + most, len(among))
    distances, found = NearestNeighbors(n_neighbors=count).fit(axes[among]).kneighbors(axes)
    rows = among[found]
    own = participants[rows] == participants[:, None]
    # Those of other participants first, in their order.
    order = np.argsort(own, axis=1, kind="stable")[:, : max(NEAREST, _CLOSE)]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(distances, order, axis=1)


def nearest(axes: Array, cohort: Array) -> tuple[NDArray[np.int64], Array, Array]:
    """Rows and distances of a cohort's scans that new scans are nearest to, and loneliness.

    Args:
        axes: Whitened coordinates of the new scans, ``(N, K)``.
        cohort: Whitened coordinates of the cohort's scans, ``(M, K)``.
    """
    from sklearn.neighbors import NearestNeighbors

    count = min(max(NEAREST, _CLOSE), len(cohort))
    distances, rows = NearestNeighbors(n_neighbors=count).fit(cohort).kneighbors(axes)
    return rows[:, :NEAREST], distances[:, :NEAREST], distances[:, :_CLOSE].mean(axis=1)


def share_as_far(loneliness: Array, cohort: Array) -> Array:
    """Share of a cohort's scans that are at least as far from others, ``(N,)``."""
    ordered = np.sort(cohort)
    return np.asarray(1 - np.searchsorted(ordered, loneliness, side="left") / len(ordered))
