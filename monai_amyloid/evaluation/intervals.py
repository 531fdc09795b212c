"""How sure a figure is: intervals for measures and for shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

if TYPE_CHECKING:
    pass

Array = NDArray[np.float64]

CONFIDENCE = 0.95
# Enough for the ends of a 95 % interval and for p-values down to 0.001.
RESAMPLES = 2000
# Resamples at a time: 10,000 scans then need 16 MB.
_BATCH = 200


@dataclass(frozen=True)
class Estimate:
    """A figure and its interval (:data:`CONFIDENCE`); NaN where it is not defined."""

    value: float
    low: float
    high: float


def wilson(share: float, count: int) -> Estimate:
    """Wilson's score interval of a share.

    Args:
        share: Observed share, 0 to 1.
        count: Number of independent observations: people, not sessions.

    References:
        Wilson 1927, doi:10.1080/01621459.1927.10502953
    """
    if count == 0:
        return Estimate(np.nan, np.nan, np.nan)
    z = float(ndtri((1 + CONFIDENCE) / 2))
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    spread = np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) * z / (1 + z**2 / count)
    # Rounding must not leave a bound on the wrong side of a share of 0 or 1.
    low, high = min(share, middle - spread), max(share, middle + spread)
    return Estimate(float(share), float(low), float(high))


def share_of(chosen: NDArray[np.bool_], participants: ArrayLike) -> Estimate:
    """Share of rows with Wilson's interval that counts each participant once.

    A person's sessions, or predictions in several repeats, add no independent observation: the
    interval is then wider than of as many strangers, on the safe side.

    Args:
        chosen: True for the rows that are counted, ``(N,)``.
        participants: Name of each row's participant, ``(N,)``.
    """
    share = float(chosen.mean()) if chosen.size else np.nan
    return wilson(share, len(np.unique(np.asarray(participants, str))))


def resample(
    participants: ArrayLike, measure: Callable[[Array], Mapping[str, Array]], seed: int = 0
) -> tuple[dict[str, float], dict[str, Array]]:
    """Measure, and measure again on participants drawn with replacement.

    Args:
        participants: Name of each row's participant, ``(N,)``; all rows of one go together.
        measure: Function from how often each row counts, ``(B, N)``, to values ``(B,)`` by name.
        seed: Seed of the bootstrap draws.

    Returns:
        The values of the rows as they are, and those of :data:`RESAMPLES` draws.

    References:
        Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    import pandas as pd

    codes, names = pd.factorize(np.asarray(participants))
    count = len(names)
    random = np.random.default_rng(seed)
    batches = []
    for _ in range(RESAMPLES // _BATCH):
        times = random.multinomial(count, np.full(count, 1 / count), size=_BATCH)
        batches.append(measure(times[:, codes].astype(float)))
    seen = measure(np.ones((1, len(codes))))
    values = {name: float(value[0]) for name, value in seen.items()}
    return values, {name: np.concatenate([batch[name] for batch in batches]) for name in values}


def percentile_interval(value: float, draws: Array) -> Estimate:
    """A value with the middle :data:`CONFIDENCE` of its draws; undefined draws are left out."""
    defined = draws[~np.isnan(draws)]
    if not defined.size:
        return Estimate(value, np.nan, np.nan)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Estimate(value, float(low), float(high))
