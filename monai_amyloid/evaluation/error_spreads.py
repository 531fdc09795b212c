"""The spread of an error, as a function of what is known of each measurement."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]

# Holds the coefficients back; chosen before any fit.
_RIDGE = 1e-3


def held_out_quantiles(
    known: Array, error: Array, folds: NDArray[np.intp], quantiles: Sequence[float]
) -> tuple[Array, Array]:
    """Quantiles of errors over spreads that were fitted to other folds.

    A fit is too sure of what it was made from: the quantiles of its own errors are too narrow.

    Args:
        known: What is known of each measurement, ``(N, P)``; the first column is 1.
        error: Error of each measurement, ``(N,)``.
        folds: Fold of each measurement, ``(N,)``; those of one person share one.
        quantiles: Quantiles that are asked for.

    Returns:
        The quantiles, and the errors over their spreads, ``(N,)``.
    """
    scaled = np.empty_like(error)
    for fold in np.unique(folds):
        here = folds == fold
        coefficients, _ = fitted_spread(known[~here], error[~here], quantiles)
        scaled[here] = error[here] / np.exp(known[here] @ coefficients)
    return np.quantile(scaled, quantiles), scaled


def fitted_spread(known: Array, error: Array, quantiles: Sequence[float]) -> tuple[Array, Array]:
    """Fit the logarithm of the spread of an error as a linear function.

    Args:
        known: What is known of each measurement, ``(N, P)``; the first column is 1.
        error: Error of each measurement, ``(N,)``.
        quantiles: Quantiles of the error over its spread that are asked for.

    Returns:
        Coefficients ``(P,)`` of the spread's logarithm, and the quantiles of the error over the
        spread.
    """

    def loss(coefficients: Array) -> tuple[float, Array]:
        spread = known @ coefficients
        squared = (error / np.exp(spread)) ** 2
        slope = known.T @ (1 - squared) / len(error)
        held = np.concatenate([[0.0], 2 * _RIDGE * coefficients[1:]])
        return float((spread + squared / 2).mean() + _RIDGE * (coefficients[1:] ** 2).sum()), (
            slope + held
        )

    start = np.concatenate([[np.log(error.std())], np.zeros(known.shape[1] - 1)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return found, np.quantile(error / np.exp(known @ found), quantiles)
