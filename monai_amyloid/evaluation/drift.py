"""Whether values that come one after the other are still like a reference: a sequential alarm.

Each new value gets its rank among the reference and all that came before it. As long as nothing
changed, these ranks are independent and uniform, whatever the values' distribution (a conformal
test of exchangeability). Bets on them grow where they are not: one sequence of bets begins with
each period, and the alarm is their sum.

References:
    Vovk, Testing randomness online, Stat. Sci. 2021, doi:10.1214/20-STS817 (the ranks and bets).
    Shin, Ramdas, Rinaldo, E-detectors, 2022, arXiv:2203.03532 (the sum, and its false alarms).
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtri

# What a bet is on: a shift of a normal value, in its standard deviations, or another spread.
_SHIFTS = (-1.5, -0.7, 0.7, 1.5)
_SPREADS = (2.0,)
_LEAST_RANK = 1e-9
_MOST = 1e100  # of a bet: more would be no number in the end


def log_bets(
    reference: Sequence[float], values: Sequence[float], ties: Sequence[float]
) -> NDArray[np.float64]:
    """Bet on each of some values that came after a reference, in order.

    Args:
        reference: Values of the reference, in any order.
        values: Values that came after it.
        ties: Numbers from 0 to 1, one a value, which know nothing of the values: they part those
            that are equal.

    Returns:
        Logarithms of the bets ``(values, bets)``; each bet is 1 on average while nothing changed.

    Raises:
        ValueError: If the reference is empty.
    """
    if not reference:
        raise ValueError("found no values in the reference, needed one or more")
    pool, ranks = sorted(reference), []
    for value, tie in zip(values, ties, strict=True):
        ranks.append(_rank(pool, value, tie))
        insort(pool, value)
    score = ndtri(np.clip(1 - np.array(ranks), _LEAST_RANK, 1 - _LEAST_RANK))
    shifted = [shift * score - shift**2 / 2 for shift in _SHIFTS]
    spread = [score**2 / 2 * (1 - 1 / each**2) - np.log(each) for each in _SPREADS]
    return np.array([*shifted, *spread]).reshape(len(_SHIFTS) + len(_SPREADS), -1).T


def evidence(bets: NDArray[np.float64], periods: Sequence[str]) -> NDArray[np.float64]:
    """What all sequences of bets say together after each value.

    While nothing changed, the average number of periods until it reaches a number is that number,
    or more.

    Args:
        bets: Logarithms from :func:`log_bets`.
        periods: Period of each value, in order.

    Returns:
        The sum ``(values,)`` of the sequences that begin with each period, averaged over the bets.
    """
    together, sums, before = np.zeros(bets.shape[1]), [], None
    for step, period in zip(np.exp(bets), periods, strict=True):
        together = np.minimum((together + (period != before)) * step, _MOST)
        before = period
        sums.append(together.mean())
    return np.array(sums)


def since(bets: NDArray[np.float64], periods: Sequence[str]) -> str:
    """The period since which values are most unlike those before.

    Args:
        bets: Logarithms from :func:`log_bets`, of one value or more.
        periods: Period of each value, in order.
    """
    later = np.cumsum(bets[::-1], axis=0)[::-1]  # of each value and all after it
    firsts = {period: place for place, period in reversed([*enumerate(periods)])}
    return max(firsts, key=lambda period: float(logsumexp(later[firsts[period]])))


def _rank(pool: Sequence[float], value: float, tie: float) -> float:
    """Share of a pool and the value itself that is larger, equal ones parted by chance."""
    larger = len(pool) - bisect_right(pool, value)
    equal = bisect_right(pool, value) - bisect_left(pool, value) + 1
    return (larger + tie * equal) / (len(pool) + 1)
