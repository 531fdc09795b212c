"""What each site's camera makes of a region's uptake: a shift and a scale, with people kept.

A ComBat (Johnson 2007, Fortin 2018): each site has a location and a scale in each region, estimated
with the covariates of the people in the model, so that what people differ by is not taken for the
camera. Three things differ from the usual one. The scale acts on all of the signal, as scatter and
blur do, not on what covariates leave over, so that a scan is corrected by its site alone: its own
grade need not be known and cannot leak into its numbers. People are random effects, as in the
longitudinal ComBat (Beer 2020), so that those who were scanned at several sites count most. And
regions lend each other nothing: their errors are of the same people's amyloid and do not average
out; ``benchmarks.studies.harmonization`` measures both.

References:
    Johnson et al. 2007, doi:10.1093/biostatistics/kxj037
    Fortin et al. 2018, doi:10.1016/j.neuroimage.2017.11.024
    Beer et al. 2020, doi:10.1016/j.neuroimage.2020.117129
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.intp]

# How far the scale of a camera is expected from 1, one standard deviation: simulated cameras of
# five kinds lie at 0.87 to 1.07 of one another. Few scans then cannot turn people into a scale.
SCALE_SPREAD = 0.1
# Share of the variance between scans of alike people that a second scan would not repeat, where
# nobody was scanned twice; a test-retest of Centiloid is within 3 of a spread of 20 to 40.
_UNREPEATED = 0.05
# Changes of the estimates, in standard deviations between scans, that end their improvement.
_STILL, _MOST_ROUNDS = 1e-6, 5000


@dataclass(frozen=True)
class SiteLines:
    """What each site reads, ``value = shift + scale * true``, by site and region.

    Attributes:
        shift: Value that a site reads where the others together read 0, ``(S, R)``, in the unit of
            the values.
        scale: Change that a site reads for a true change of 1, ``(S, R)``.
        error: Standard error of a site's mean against that of all sites, of people alike,
            ``(S, R)``, in the unit of the values.
    """

    shift: Array
    scale: Array
    error: Array

    def harmonized(self, values: Array, sites: Places) -> Array:
        """The values as all sites together read them, ``(N, R)``.

        Args:
            values: One row a scan and one column a region, ``(N, R)``.
            sites: Number of the site of each scan, ``(N,)``.
        """
        return np.asarray((values - self.shift[sites]) / self.scale[sites])


def fit_site_lines(values: Array, sites: Places, people: Places, covariates: Array) -> SiteLines:
    """Estimate the lines of all sites by maximum likelihood (EM), the scales with a prior.

    A scan of person ``i`` at site ``s`` is ``shift_s + scale_s * true_i + error``, and ``true_i``
    is normal around what the covariates of the person predict. Over the scans at hand the shifts
    average 0 and the scales 1.

    Args:
        values: One row a scan and one column a region, ``(N, R)``, finite.
        sites: Number of the site of each scan from 0, ``(N,)``; each site has two scans or more.
        people: Number of the person of each scan from 0, ``(N,)``.
        covariates: What is known of the person, ``(N, K)``, without a constant; the first scan's
            row counts for all scans of a person. K may be 0.
    """
    middle, spread = values.mean(axis=0), values.std(axis=0)
    state = _Estimates((values - middle) / spread, sites, people, covariates)
    for _ in range(_MOST_ROUNDS):
        before = state.shift.copy(), state.scale.copy()
        state.improve()
        change = max(np.abs(state.shift - before[0]).max(), np.abs(state.scale - before[1]).max())
        if change < _STILL:
            break
    shift = middle + spread * state.shift - state.scale * middle
    return SiteLines(shift, state.scale, spread * state.errors())


class _Estimates:
    """The estimates on the way to the most likely ones, of values of mean 0 and SD 1.

    Args:
        values: Standardised values, ``(N, R)``.
        sites: Number of the site of each scan, ``(N,)``.
        people: Number of the person of each scan, ``(N,)``.
        covariates: Covariates of each scan's person, ``(N, K)``.
    """

    def __init__(self, values: Array, sites: Places, people: Places, covariates: Array) -> None:
        self.values, self.sites, self.people = values, sites, people
        self.shares = np.bincount(sites) / len(sites)
        self.shift = np.zeros((len(self.shares), values.shape[1]))
        self.scale = np.ones_like(self.shift)
        first = np.unique(people, return_index=True)[1]
        self.known = np.column_stack([np.ones(len(first)), covariates[first]])
        self.repeated = len(first) < len(people)
        self.effects = np.linalg.lstsq(self.known[people], values, rcond=None)[0]
        left = np.square(values - (self.known @ self.effects)[people]).mean(axis=0)
        self.between, self.noise = (1 - _UNREPEATED) * left, _UNREPEATED * left

    def improve(self) -> None:
        """One round: what people truly have, then what sites and covariates make of it."""
        scale, shift = self.scale[self.sites], self.shift[self.sites]
        precision = 1 / self.between + self._by_person(scale**2 / self.noise)
        pull = (self.known @ self.effects) / self.between
        true = (pull + self._by_person(scale * (self.values - shift) / self.noise)) / precision
        self._draw_lines(true[self.people], 1 / precision[self.people])
        if self.repeated:
            read = self.scale[self.sites] * true[self.people] + self.shift[self.sites]
            unsure = self.scale[self.sites] ** 2 / precision[self.people]
            self.noise = (np.square(self.values - read) + unsure).mean(axis=0)
        self.effects = np.linalg.lstsq(self.known, true, rcond=None)[0]
        left = np.square(true - self.known @ self.effects) + 1 / precision
        self.between = left.mean(axis=0)
        self._average_to_one()

    def _draw_lines(self, true: Array, variance: Array) -> None:
        """The line of each site through its scans, ``true`` being known but for ``variance``."""
        prior = self.noise / SCALE_SPREAD**2
        for site in range(len(self.shares)):
            here = self.sites == site
            mean, read = true[here].mean(axis=0), self.values[here].mean(axis=0)
            along = (true[here] - mean) * (self.values[here] - read)
            length = np.square(true[here] - mean) + variance[here]
            self.scale[site] = (along.sum(axis=0) + prior) / (length.sum(axis=0) + prior)
            self.shift[site] = read - self.scale[site] * mean

    def _average_to_one(self) -> None:
        """Let all sites together read what is true: else its unit and origin would be free."""
        scale, shift = self.shares @ self.scale, self.shares @ self.shift
        self.scale /= scale
        self.shift -= self.scale * shift
        self.effects *= scale
        self.effects[0] += shift
        self.between *= scale**2

    def errors(self) -> Array:
        """Standard error of each site's mean against all sites', by generalised least squares."""
        at_site = (self.sites[:, None] == np.arange(len(self.shares))).astype(float)
        design = np.column_stack([at_site, self.known[self.people][:, 1:]])
        contrasts = np.zeros((len(self.shares), design.shape[1]))
        contrasts[:, : len(self.shares)] = np.eye(len(self.shares)) - self.shares
        count = self._by_person(np.ones((len(self.people), 1)))
        summed = self._by_person(design)
        found = np.empty_like(self.shift)
        for region, (between, noise) in enumerate(zip(self.between, self.noise, strict=True)):
            # Inverse of a person's covariance, between + noise * 1: Woodbury.
            shared = between / (noise * (noise + count * between))
            information = design.T @ design / noise - (summed * shared).T @ summed
            covariance = contrasts @ np.linalg.pinv(information) @ contrasts.T
            found[:, region] = np.sqrt(np.maximum(np.diag(covariance), 0))
        return found

    def _by_person(self, each: Array) -> Array:
        """Sums over the scans of each person."""
        total = np.zeros((len(self.known), each.shape[1]))
        np.add.at(total, self.people, each)
        return total
