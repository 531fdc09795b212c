"""How far two measures of the same scans agree, and a measure with somebody's calls.

References:
    Bland and Altman 1986, doi:10.1016/S0140-6736(86)90837-8
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_amyloid.evaluation.intervals import Estimate, percentile_interval, resample, share_of
from monai_amyloid.evaluation.metrics import positive_auc

Array = NDArray[np.float64]

# Of normal differences this many standard deviations on either side hold 95 %.
_LIMITS = 1.96


@dataclass(frozen=True)
class Agreement:
    """Two measures of the same N scans; every figure has a 95 % interval over people.

    Attributes:
        scans: Number of scans.
        people: Number of people.
        bias: Mean of this program's measure less the other.
        spread: Standard deviation of the differences.
        lower: Lower limit of agreement: bias less 1.96 standard deviations.
        upper: Upper limit of agreement.
        correlation: Pearson's correlation.
        slope: Slope of this program's measure on the other, by least squares.
    """

    scans: int
    people: int
    bias: Estimate
    spread: Estimate
    lower: Estimate
    upper: Estimate
    correlation: Estimate
    slope: Estimate


def agreement(own: ArrayLike, other: ArrayLike, participants: ArrayLike) -> Agreement:
    """Compare two measures in the same unit.

    Args:
        own: This program's, ``(N,)``.
        other: The other's, ``(N,)``.
        participants: Name of each scan's person, ``(N,)``.
    """
    one, two = np.asarray(own, float), np.asarray(other, float)

    def figures(weights: Array) -> dict[str, Array]:
        count = weights.sum(axis=1)

        def mean(values: Array) -> Array:
            return np.asarray(weights @ values / count)

        bias = mean(one - two)
        # Of N, as the means are, then of N - 1.
        variance = (mean((one - two) ** 2) - bias**2) * count / np.maximum(count - 1, 1)
        spread = np.sqrt(np.maximum(variance, 0))
        together = mean(one * two) - mean(one) * mean(two)
        of_one = np.maximum(mean(one**2) - mean(one) ** 2, 0)
        of_two = np.maximum(mean(two**2) - mean(two) ** 2, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                "bias": bias,
                "spread": spread,
                "lower": bias - _LIMITS * spread,
                "upper": bias + _LIMITS * spread,
                "correlation": together / np.sqrt(of_one * of_two),
                "slope": together / of_two,
            }

    values, draws = resample(participants, figures)
    found = {name: percentile_interval(values[name], draws[name]) for name in values}
    return Agreement(len(one), len(np.unique(np.asarray(participants, str))), **found)


@dataclass(frozen=True)
class Calls:
    """How a measure agrees with calls of positive and negative.

    Attributes:
        scans: Number of scans.
        positives: How many of them are called positive.
        auc: Area under the ROC curve; NaN where all calls are alike.
        sensitivity: Share of the positive scans that this program calls positive.
        specificity: Share of the negative scans that this program calls negative.
        agreement: Share of scans with the same call.
    """

    scans: int
    positives: int
    auc: Estimate
    sensitivity: Estimate
    specificity: Estimate
    agreement: Estimate


def against_calls(
    score: ArrayLike, called: ArrayLike, truth: ArrayLike, participants: ArrayLike
) -> Calls:
    """Compare a score and the call made of it with somebody's calls.

    Args:
        score: The higher the more likely positive, ``(N,)``.
        called: True where this program calls positive, ``(N,)``.
        truth: True where the other does, ``(N,)``.
        participants: Name of each scan's person, ``(N,)``.
    """
    chances, own = np.asarray(score, float), np.asarray(called, bool)
    other, people = np.asarray(truth, bool), np.asarray(participants, str)
    # The area is that of grades 2 and 3 against 1.
    grades = np.where(other, 2, 1)

    def area(weights: Array) -> dict[str, Array]:
        return {"auc": positive_auc(grades, chances, weights)}

    values, draws = resample(people, area)
    return Calls(
        len(own),
        int(other.sum()),
        percentile_interval(values["auc"], draws["auc"]),
        share_of(own[other], people[other]),
        share_of(~own[~other], people[~other]),
        share_of(own == other, people),
    )


def kappa(one: ArrayLike, other: ArrayLike) -> float:
    """Cohen's kappa of two calls, ``(N,)`` each; NaN where chance alone agrees always."""
    first, second = np.asarray(one, bool), np.asarray(other, bool)
    observed = float((first == second).mean())
    expected = float(first.mean() * second.mean() + (1 - first.mean()) * (1 - second.mean()))
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")
