"""Whether probabilities agree with observed frequencies: temperature scaling and its error.

References:
    Guo et al. 2017, On calibration of modern neural networks, arXiv:1706.04599
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_amyloid.evaluation.intervals import wilson

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

# Of equal width, as in Guo et al. 2017, so that the figure compares with published ones.
BINS = 15
# A probability of 0 would make one mistake cost everything.
_SMALLEST = 1e-9
# Inverse temperatures that are tried: from nearly all grades alike to five times as sure, for a
# few scans that are all predicted right would teach certainty otherwise.
_INVERSE_RANGE = (0.02, 5.0)
_DRAWS = 1000


def temper(probabilities: ArrayLike, temperature: float) -> Array:
    """Soften (above 1) or sharpen (below 1) probabilities: ``softmax(log p / T)``.

    The most probable grade stays the most probable one.

    Args:
        probabilities: Probabilities of the grades, ``(N, 3)``.
        temperature: Temperature that divides the logarithms of the probabilities, above 0,
            dimensionless.
    """
    logarithm = np.log(np.clip(np.asarray(probabilities, float), _SMALLEST, 1)) / temperature
    powers = np.exp(logarithm - logarithm.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(probabilities: ArrayLike, shares: ArrayLike) -> float:
    """Find the temperature of maximum likelihood.

    The likelihood has one peak in ``1 / T``. Where every scan is predicted right,
    no finite sharpening is best, and the result is the end of the range that is searched.

    Args:
        probabilities: Probabilities of scans that the network was not trained on, ``(N, 3)``.
        shares: Each grade's share of the labels of a scan, ``(N, 3)``: 1 for the true grade where
            there is one label.
    """
    from scipy.optimize import minimize_scalar

    labels = np.asarray(shares, float)

    def loss(inverse: float) -> float:
        chances = np.clip(temper(probabilities, 1 / inverse), _SMALLEST, 1)
        return float(-(labels * np.log(chances)).sum(axis=1).mean())

    return float(1 / minimize_scalar(loss, bounds=_INVERSE_RANGE, method="bounded").x)


def log_loss(truth: ArrayLike, probabilities: Array) -> float:
    """Mean negative logarithm of the true grade's probability, nats."""
    chance = probabilities[np.arange(len(probabilities)), np.asarray(truth, int) - 1]
    return float(-np.log(np.clip(chance, _SMALLEST, 1)).mean())


def brier(truth: ArrayLike, probabilities: Array) -> float:
    """Mean squared distance to the truth, summed over the grades: 0 best, 2 worst.

    References:
        Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
    """
    certain = np.eye(3)[np.asarray(truth, int) - 1]
    return float(((probabilities - certain) ** 2).sum(axis=1).mean())


def _bins(confidence: Array) -> NDArray[np.int64]:
    return np.asarray(np.minimum((confidence * BINS).astype(int), BINS - 1))


def expected_calibration_error(truth: ArrayLike, probabilities: Array) -> float:
    """Mean distance of confidence and accuracy over :data:`BINS` bins of the predicted grade.

    Chance alone makes it greater than 0, the more so the fewer the scans:
    :func:`error_if_calibrated` estimates by how much.

    Args:
        truth: True grade of each scan, 1, 2 or 3, ``(N,)``.
        probabilities: Probabilities of the grades, ``(N, 3)``.
    """
    right = probabilities.argmax(axis=1) + 1 == np.asarray(truth)
    return float(_error(probabilities.max(axis=1), right[None].astype(float))[0])


def _error(confidence: Array, right: Array) -> Array:
    gap = (right - confidence) @ np.eye(BINS)[_bins(confidence)]
    return np.asarray(np.abs(gap).sum(axis=1) / len(confidence))


def error_if_calibrated(probabilities: Array, seed: int = 0) -> tuple[float, float]:
    """Estimate the calibration error that exactly true probabilities would have by chance.

    Args:
        probabilities: Probabilities of the grades, ``(N, 3)``.
        seed: Seed of the random draws.

    Returns:
        Mean, and the value that 95 % of the draws stay under.

    References:
        Broecker and Smith 2007, doi:10.1175/WAF993.1 (consistency resampling)
    """
    confidence = probabilities.max(axis=1)
    random = np.random.default_rng(seed)
    right = (random.random((_DRAWS, len(confidence))) < confidence).astype(float)
    errors = _error(confidence, right)
    return float(errors.mean()), float(np.quantile(errors, 0.95))


def reliability(truth: ArrayLike, probabilities: Array) -> pd.DataFrame:
    """Confidence beside accuracy, bin by bin.

    Args:
        truth: True grade of each scan, 1, 2 or 3, ``(N,)``.
        probabilities: Probabilities of the grades, ``(N, 3)``.

    Returns:
        ``bin_low bin_high n confidence accuracy accuracy_low accuracy_high`` of the bins that
        hold scans, with Wilson's intervals.
    """
    import pandas as pd

    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) + 1 == np.asarray(truth)
    place = _bins(confidence)
    rows = []
    for number in np.unique(place):
        inside = place == number
        share = wilson(float(right[inside].mean()), int(inside.sum()))
        rows.append(
            {
                "bin_low": number / BINS,
                "bin_high": (number + 1) / BINS,
                "n": int(inside.sum()),
                "confidence": float(confidence[inside].mean()),
                "accuracy": share.value,
                "accuracy_low": share.low,
                "accuracy_high": share.high,
            }
        )
    return pd.DataFrame(rows)
