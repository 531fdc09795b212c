"""One line through a cohort, from no amyloid to much, learned without a grade.

A principal curve in the space of the features: where on it a scan most likely lies, and how sure
that is. It is fitted by expectation and maximisation, each scan standing wherever it may lie, in
proportion to the chance. Were each scan put at its nearest place instead, the curve would follow
whatever varies most among the many scans without amyloid, which is anatomy, and would order them
by that.

References:
    Hastie, Stuetzle 1989, principal curves, doi:10.1080/01621459.1989.10478797
    Tibshirani 1992, principal curves revisited, doi:10.1007/BF01889678
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Of a score's interval.
COVERAGE = 0.9
_PLACES = 61
_PIECES = 4  # of the curve's cubic spline
_STIFFNESS = 1.0  # against bends, in scans
_ROUNDS = 100
_SETTLED = 1e-4  # log likelihood a scan
# How far along the curve scans tell by how much scans differ at a place, and how many are at one:
# standard deviations of Gaussian weights, in places.
_REACH, _PRIOR_REACH = 20.0, 4.0
# A covariance of few scans is drawn to that of all, as by so many scans a coordinate.
_DRAWN = 2.0
_DIAGONAL = 0.02
_START = 0.08  # of the curve: how sure the first guess of a scan's place is


@dataclass(frozen=True)
class Continuum:
    """A curve through coordinates of scans.

    Attributes:
        places: Points of the curve ``(P, K)``, from least to most amyloid.
        whitening: Axes ``(P, K, K)`` at each place, scaled so that scans there have a standard
            deviation of one along each axis.
        density: Share of the cohort at each place ``(P,)``.
        about: Covariance of all scans about the curve ``(K, K)``.
    """

    places: Array
    whitening: Array
    density: Array
    about: Array

    def probabilities(self, coordinates: Array) -> Array:
        """Probability of each place of the curve for each scan.

        The place of a scan that is farther from the curve than others is less certain: its
        likelihood is flattened by as much (overdispersion).

        Args:
            coordinates: Coordinates of the scans, ``(N, K)``.

        Returns:
            Probability of each place for each scan, ``(N, P)``, summing to 1 over the places.
        """
        apart, spread = self._apart(coordinates)
        usual = max(len(self.about) - 1, 1)
        excess = (apart.min(axis=1, keepdims=True) / usual).clip(min=1)
        return _normalised((-apart / 2 - spread) / excess + self._share)

    def log_likelihood(self, coordinates: Array) -> Array:
        """Of each scan at each place with that place's share of the cohort, ``(N, P)``."""
        apart, spread = self._apart(coordinates)
        return np.asarray(-apart / 2 - spread + self._share)

    def _apart(self, coordinates: Array) -> tuple[Array, Array]:
        """Squared distances ``(N, P)`` and the logarithm of the spread at each place."""
        apart = np.empty((len(coordinates), len(self.places)))
        for place, (point, axes) in enumerate(zip(self.places, self.whitening, strict=True)):
            apart[:, place] = (((coordinates - point) @ axes) ** 2).sum(axis=1)
        diagonals = np.diagonal(self.whitening, axis1=1, axis2=2)
        constant = len(self.about) / 2 * np.log(2 * np.pi)
        return apart, np.asarray(constant - np.log(diagonals).sum(axis=1))

    @property
    def _share(self) -> Array:
        return np.asarray(np.log(self.density.clip(min=1e-12)))

    def score(self, coordinates: Array) -> Array:
        """Where scans lie on the curve, 0 to 100, ``(N,)``: the mean of their places."""
        return np.asarray(self.probabilities(coordinates) @ self.scale)

    def interval(self, coordinates: Array) -> Array:
        """Where scans lie with a chance of :data:`COVERAGE`, ``(N, 2)``, 0 to 100."""
        below = np.cumsum(self.probabilities(coordinates), axis=1)
        half = 50 / (len(self.places) - 1)  # a place stands for what is nearer to it than to others
        tail = (1 - COVERAGE) / 2
        ends = [
            np.interp(share, np.concatenate([[0.0], row]), np.append(self.scale - half, 100 + half))
            for row in below
            for share in (tail, 1 - tail)
        ]
        return np.clip(np.reshape(ends, (-1, 2)), 0, 100)

    @property
    def scale(self) -> Array:
        """The score of each place."""
        return np.linspace(0, 100, len(self.places))

    @property
    def axes(self) -> Array:
        """Axes ``(K, K)`` in which scans differ by one about the curve: ``coordinates @ axes``."""
        return _whitening(self.about)


def fit_continuum(coordinates: Array, amount: Array) -> Continuum:
    """Fit a curve through a cohort.

    Args:
        coordinates: Coordinates of the scans, ``(N, K)``.
        amount: Quantity of each scan that grows with the disease, such as the SUVR of the cortex,
            ``(N,)``. It tells the beginning of the curve from its end, and the first curve is
            fitted to it.

    Raises:
        ValueError: If there are fewer scans than the curve and its spread need.
    """
    if len(coordinates) < 2 * coordinates.shape[1]:
        raise ValueError(
            f"found {len(coordinates)} scans for {coordinates.shape[1]} coordinates, needed twice "
            "as many"
        )
    first = _first_places(coordinates, amount)
    apart = (first[:, None] - np.linspace(0, 1, _PLACES)) / _START
    probabilities = _normalised(-(apart**2) / 2)
    before = -np.inf
    for _ in range(_ROUNDS):
        curve = _curve(coordinates, probabilities)
        likely = curve.log_likelihood(coordinates)
        probabilities = _normalised(likely)
        total = float(np.logaddexp.reduce(likely, axis=1).mean())
        if abs(total - before) < _SETTLED:
            break
        before = total
    return curve


def _normalised(log_likelihood: Array) -> Array:
    most = log_likelihood.max(axis=1, keepdims=True)
    likely = np.exp(log_likelihood - most)
    return np.asarray(likely / likely.sum(axis=1, keepdims=True))


def _first_places(coordinates: Array, amount: Array) -> Array:
    """Where scans lie along the direction in which the amount grows, 0 to 1."""
    from sklearn.linear_model import RidgeCV

    along = RidgeCV(alphas=np.logspace(-2, 3, 6)).fit(coordinates, amount).predict(coordinates)
    low, high = np.percentile(along, [0.5, 99.5])
    return np.asarray(((along - low) / max(high - low, 1e-12)).clip(0, 1))


def _curve(coordinates: Array, probabilities: Array) -> Continuum:
    """The most likely smooth curve, if scans lie at each place with a known chance."""
    from sklearn.preprocessing import SplineTransformer

    where = np.linspace(0, 1, _PLACES)[:, None]
    basis = SplineTransformer(_PIECES + 1, degree=3).fit_transform(where)
    bends = np.diff(np.eye(basis.shape[1]), 2, axis=0)
    scans = probabilities.sum(axis=0)
    normal = basis.T @ (scans[:, None] * basis) + _STIFFNESS * bends.T @ bends
    normal += 1e-6 * np.eye(len(normal))
    places = basis @ np.linalg.solve(normal, basis.T @ (probabilities.T @ coordinates))
    # A place's own scatter, of the scans that may lie there.
    scatter = np.stack(
        [
            (weight[:, None] * (coordinates - point)).T @ (coordinates - point)
            for point, weight in zip(places, probabilities.T, strict=True)
        ]
    )
    about = _floored(scatter.sum(axis=0) / len(coordinates))
    near = _weights(_REACH)
    count = near @ scans
    local = np.tensordot(near, scatter, 1) / (count[:, None, None] + 1e-9)
    drawn = _DRAWN * coordinates.shape[1]
    share = (drawn / (drawn + count))[:, None, None]
    axes = np.stack([_whitening(_floored(each)) for each in share * about + (1 - share) * local])
    density = _weights(_PRIOR_REACH) @ scans
    return Continuum(places, axes, density / density.sum(), about)


def _weights(reach: float) -> Array:
    """Weight of each place for each other place, ``(P, P)``."""
    places = np.arange(_PLACES)
    return np.asarray(np.exp(-(((places[:, None] - places) / reach) ** 2) / 2))


def _floored(covariance: Array) -> Array:
    """A covariance drawn a little to its diagonal, so that no direction is without spread."""
    diagonal = np.diag(np.diag(covariance) + 1e-9)
    return np.asarray((1 - _DIAGONAL) * covariance + _DIAGONAL * diagonal)


def _whitening(covariance: Array) -> Array:
    """Axes ``(K, K)`` in which what has a covariance has the covariance 1."""
    return np.asarray(np.linalg.cholesky(np.linalg.inv(covariance)), np.float64)
