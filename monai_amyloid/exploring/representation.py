"""From features to coordinates that scanners do not decide.

A scanner's resolution and noise change every region a little, and each site in its own way. What
they change at one amount of amyloid is measured on the cohort and taken off, before the directions
in which scans differ are found.

References:
    Johnson, Li, Rabinovic 2007, ComBat, doi:10.1093/biostatistics/kxj037
    Fortin et al. 2018, harmonisation that keeps biology, doi:10.1016/j.neuroimage.2017.11.024
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.cohort.datalist import UNKNOWN

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

# Measured of each scan by its normalisation, without knowing the scanner.
ACQUISITION = ("fwhm_mm", "noise_cv")
# Of a site with fewer scans, its own effect would be that of a few people.
_FEWEST_OF_SITE = 10
_KEPT_SHARE = 0.99  # of the variance
_MOST_DIRECTIONS = 16


@dataclass(frozen=True, kw_only=True)
class Representation:
    """How features become coordinates.

    Attributes:
        names: Names of the D features.
        mean: Mean of each feature, ``(D,)``.
        scale: Standard deviation of each feature, ``(D,)``.
        usual_acquisition: Mean over the cohort of :data:`ACQUISITION`, ``(2,)``.
        of_acquisition: Change of the standardised features by one unit of each acquisition value,
            ``(2, D)``.
        of_site: Change of the standardised features at each site, ``(D,)`` by its name.
        axes: Principal directions of the features, ``(D, K)``.
    """

    names: tuple[str, ...]
    mean: Array
    scale: Array
    usual_acquisition: Array
    of_acquisition: Array
    of_site: Mapping[str, Array]
    axes: Array

    def coordinates(
        self, features: Array, acquisition: Array, sites: NDArray[np.str_] | None = None
    ) -> Array:
        """Coordinates ``(N, K)`` of features ``(N, D)``.

        Args:
            features: Features of the scans, ``(N, D)``.
            acquisition: Values of :data:`ACQUISITION` of the scans, ``(N, 2)``; NaN where unknown.
            sites: Site of each scan, ``(N,)``; a site that the cohort did not have changes nothing.
        """
        return np.asarray(self.harmonised(features, acquisition, sites) @ self.axes)

    def harmonised(
        self, features: Array, acquisition: Array, sites: NDArray[np.str_] | None = None
    ) -> Array:
        """Standardised features ``(N, D)`` less what scanners and sites change."""
        rest = (features - self.mean) / self.scale
        unusual = np.nan_to_num(acquisition - self.usual_acquisition)
        rest = rest - unusual @ self.of_acquisition
        if sites is not None:
            nothing = np.zeros(len(self.mean))
            rest = rest - np.stack([self.of_site.get(str(site), nothing) for site in sites])
        return np.asarray(rest)


def fit_representation(
    features: pd.DataFrame, acquisition: Array, sites: NDArray[np.str_], amount: Array
) -> Representation:
    """Find coordinates for a cohort.

    Args:
        features: Table with one row for each scan and one column for each feature.
        acquisition: Values of :data:`ACQUISITION` of the scans, ``(N, 2)``; NaN where unknown.
        sites: Site of each scan, ``(N,)``, ``n/a`` where unknown.
        amount: Amount of amyloid, such as the SUVR of the cortex, ``(N,)``; changes that follow it
            are not attributed to the scanner.
    """
    from sklearn.decomposition import PCA

    values = features.to_numpy(np.float64)
    mean, scale = values.mean(axis=0), values.std(axis=0).clip(min=1e-9)
    rest = (values - mean) / scale
    usual = _means(acquisition)
    unusual = np.nan_to_num(acquisition - usual)
    of_acquisition, of_site = _effects(rest, unusual, sites, amount)
    first = Representation(
        names=tuple(map(str, features.columns)),
        mean=mean,
        scale=scale,
        usual_acquisition=usual,
        of_acquisition=of_acquisition,
        of_site=of_site,
        axes=np.eye(len(mean)),
    )
    harmonised = first.harmonised(values, acquisition, sites)
    count = min(_MOST_DIRECTIONS, len(mean), len(values) - 1)
    # Of a network's thousand features a few directions are wanted.
    solver = "full" if len(mean) < 100 else "randomized"
    found = PCA(count, svd_solver=solver, random_state=0).fit(harmonised)
    enough = int(np.searchsorted(found.explained_variance_ratio_.cumsum(), _KEPT_SHARE)) + 1
    # Maps have two dimensions, whatever there is to show.
    axes = np.asarray(found.components_[: min(max(enough, 2), count)].T, np.float64)
    return replace(first, axes=axes)


def _means(acquisition: Array) -> Array:
    known = np.isfinite(acquisition)
    total = np.where(known, acquisition, 0).sum(axis=0)
    return np.asarray(total / known.sum(axis=0).clip(min=1))


def _effects(
    features: Array, unusual: Array, sites: NDArray[np.str_], amount: Array
) -> tuple[Array, dict[str, Array]]:
    """What acquisition and sites change at one amount of amyloid."""
    import pandas as pd
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import SplineTransformer

    counts = pd.Series(sites).value_counts()
    named = [
        str(site)
        for site, count in counts.sort_index().items()
        if count >= _FEWEST_OF_SITE and site != UNKNOWN
    ]
    at = np.stack([sites == site for site in named], axis=1) if len(named) > 1 else None
    share = np.zeros((len(sites), 0)) if at is None else at - at.mean(axis=0)
    stage = SplineTransformer(5, degree=3).fit_transform(amount[:, None])
    known = np.column_stack([unusual, share, stage])
    # Sites are held together a little, as acquisition tells much of what they change.
    found = Ridge(1.0).fit(known, features).coef_.T
    ends = unusual.shape[1], unusual.shape[1] + share.shape[1]
    if at is None:
        return np.asarray(found[: ends[0]]), {}
    of_site = found[ends[0] : ends[1]]
    usual = at.mean(axis=0) @ of_site
    return np.asarray(found[: ends[0]]), {
        site: np.asarray(effect - usual) for site, effect in zip(named, of_site, strict=True)
    }
