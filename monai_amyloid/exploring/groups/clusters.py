"""Groups of scans: how many there are, how sure that is, and whether resamples agree."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Phrase, phrase

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

_MOST = 8  # groups that are tried
_RESAMPLES = 20
_SHARE = 0.8  # of the participants in a resample
_LARGEST_RESAMPLE = 2000  # of more scans the answer is no other, and takes minutes
# Of density clusters: a group of fewer scans is none.
_SMALLEST = (10, 0.02)


@dataclass(frozen=True)
class Clusters:
    """Groups of a cohort's scans.

    Attributes:
        method: Method of grouping, ``gaussian_mixture`` or ``hdbscan``.
        labels: Group of each scan from 0, ``(N,)``; -1 for scans that are in no group.
        number: Number of groups.
        numbers: Number of groups in each resample of the cohort.
        stability: Adjusted Rand index between the groups of each resample and the groups of all
            scans, on the scans of the resample.
    """

    method: str
    labels: Labels
    number: int
    numbers: tuple[int, ...]
    stability: tuple[float, ...]

    @property
    def number_text(self) -> Phrase:
        """The number, and how often resamples found which."""
        found = sorted(set(self.numbers), key=self.numbers.count, reverse=True)
        often = tuple(
            phrase(
                "clusters_often",
                "{number:d} in {times:d} of {resamples:d}",
                number=number,
                times=self.numbers.count(number),
                resamples=len(self.numbers),
            )
            for number in found
        )
        return phrase(
            "clusters_number", "{number:d} (resampled: {often})", number=self.number, often=often
        )


def gaussian_mixture(coordinates: Array, order: Array, seed: int = 0) -> Clusters:
    """Gaussian groups, as many as the Bayesian information criterion asks for.

    Args:
        coordinates: Coordinates of the scans, ``(N, K)``.
        order: Quantity of each scan, ``(N,)``; groups are numbered by its mean.
        seed: Seed of the starting values and the resamples.

    References:
        Schwarz 1978, doi:10.1214/aos/1176344136
    """
    return _resampled("gaussian_mixture", _mixture, coordinates, order, seed)


def density_clusters(coordinates: Array, order: Array, seed: int = 0) -> Clusters:
    """Groups that stand apart from one another, of any shape; scans between them are in none.

    Args:
        coordinates: Coordinates of the scans, ``(N, K)``.
        order: Quantity of each scan, ``(N,)``; groups are numbered by its mean.
        seed: Seed of the resamples.

    References:
        Campello, Moulavi, Sander 2013, doi:10.1007/978-3-642-37456-2_14
    """
    return _resampled("hdbscan", _dense, coordinates, order, seed)


def _mixture(coordinates: Array, seed: int) -> Labels:
    """Groups of the number whose criterion is best."""
    from sklearn.mixture import GaussianMixture

    models = [
        GaussianMixture(number, reg_covar=1e-3, random_state=seed).fit(coordinates)
        for number in range(1, _MOST + 1)
        if len(coordinates) >= 10 * number
    ]
    best = min(models, key=lambda model: model.bic(coordinates))
    return np.asarray(best.predict(coordinates), np.int64)


def _dense(coordinates: Array, seed: int) -> Labels:
    from sklearn.cluster import HDBSCAN

    least = max(_SMALLEST[0], round(_SMALLEST[1] * len(coordinates)))
    found = HDBSCAN(min_cluster_size=least, copy=True).fit_predict(coordinates)
    return np.asarray(found, np.int64)


def _resampled(
    method: str,
    group: Callable[[Array, int], Labels],
    coordinates: Array,
    order: Array,
    seed: int,
) -> Clusters:
    from sklearn.metrics import adjusted_rand_score

    labels = numbered(group(coordinates, seed), order)
    random = np.random.default_rng(seed)
    size = min(round(_SHARE * len(coordinates)), _LARGEST_RESAMPLE)
    numbers, stability = [], []
    for _ in range(_RESAMPLES):
        chosen = random.choice(len(coordinates), size, replace=False)
        again = group(coordinates[chosen], seed)
        numbers.append(_count(again))
        stability.append(float(adjusted_rand_score(labels[chosen], again)))
    return Clusters(method, labels, _count(labels), tuple(numbers), tuple(stability))


def _count(labels: Labels) -> int:
    return len({*labels.tolist()} - {-1})


def numbered(labels: Labels, order: Array) -> Labels:
    """The same groups, numbered from 0 by the mean of ``order``; -1 stays."""
    groups = sorted({*labels.tolist()} - {-1}, key=lambda group: order[labels == group].mean())
    again = np.full(len(labels), -1, np.int64)
    for number, group in enumerate(groups):
        again[labels == group] = number
    return again
