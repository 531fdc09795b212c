"""The rule by which a user counts amyloid as cleared, and the chance that it holds."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from monai_amyloid.brain.quantities.marks import SURE
from monai_amyloid.errors import UserError
from monai_amyloid.findings.bounds import LEAST_CENTILOID, MOST_CENTILOID

Verdict = Literal["cleared", "not_cleared", "cannot_tell"]

_NUMBER = r"[+-]?\d{1,4}(?:\.\d{1,4})?"
_RULE = re.compile(rf"\s*({_NUMBER})\s*(?:,\s*({_NUMBER})\s*[xX\u00d7*]\s*2\s*)?")
_FORM = "needed a Centiloid such as 24.1, or two such as 11,25x2 (below 11 once, or below 25 twice)"


@dataclass(frozen=True)
class ClearingRule:
    """When amyloid counts as cleared.

    Attributes:
        below: Centiloid below which one scan counts as cleared.
        twice_below: Centiloid below which two scans in a row do; None where one scan decides.

    References:
        Treatment with donanemab ended at less than 11 Centiloid once, or 11 to less than 25 on
        two scans in a row: Sims et al. 2023, doi:10.1001/jama.2023.13239. Below 24.1 is what its
        trials call clearance: Mintun et al. 2021, doi:10.1056/NEJMoa2100708.
    """

    below: float
    twice_below: float | None = None

    def __str__(self) -> str:
        """The rule as :func:`parse_rule` reads it."""
        twice = "" if self.twice_below is None else f",{self.twice_below:g}x2"
        return f"{self.below:g}{twice}"


def parse_rule(text: str) -> ClearingRule:
    """Read the rule that a user types.

    Args:
        text: Rule such as ``24.1`` (below it on one scan), or ``11,25x2`` (below 11 on one scan,
            or below 25 on two scans in a row).

    Raises:
        UserError: If it is no such rule, or no scan could fulfil its second half alone.
    """
    found = _RULE.fullmatch(text[:100])
    if found is None:
        raise UserError(f"found {text[:100]!r}; {_FORM}")
    below, twice_below = float(found[1]), float(found[2]) if found[2] else None
    for mark in (below, *(() if twice_below is None else (twice_below,))):
        if not LEAST_CENTILOID < mark < MOST_CENTILOID:
            raise UserError(
                f"found a Centiloid of {mark:g} in {text!r}; needed one between "
                f"{LEAST_CENTILOID:g} and {MOST_CENTILOID:g}, which brains have"
            )
    if twice_below is not None and twice_below <= below:
        raise UserError(
            f"found {text!r}, where one scan below {below:g} already counts; needed a higher "
            f"Centiloid for two scans in a row, or {below:g} alone"
        )
    return ClearingRule(below, twice_below)


def chance(rule: ClearingRule, chance_below: Callable[[int, float], float], visits: int) -> float:
    """Give the chance that a rule holds at the last visit.

    The errors of the two last scans are taken as independent. What they share (the person, the
    tracer) would make both low or both high together; most of the error of a scan, its noise and
    its registration, is its own. Where the scan before lies well below or above the higher mark,
    as it mostly does, its chance is near 1 or 0 and the dependence does not count.

    Args:
        rule: Rule of the user.
        chance_below: Gives the chance that the true Centiloid of a visit is below a mark, by the
            visit's place from 0 and the mark.
        visits: Number of visits in a row that were measured, one or more.

    Returns:
        Chance, 0 to 1: of the last visit below the lower mark, or of the last and the one before
        below the higher mark.

    Raises:
        ValueError: If there is no visit.
    """
    if visits < 1:
        raise ValueError(f"found {visits} visits, needed one or more")
    last = visits - 1
    once = _share(chance_below(last, rule.below))
    if rule.twice_below is None or visits < 2:
        return once
    # A mark that is higher cannot have a lower chance, but chances that are drawn may.
    low = max(once, _share(chance_below(last, rule.twice_below)))
    return once + (low - once) * _share(chance_below(last - 1, rule.twice_below))


def verdict(holds: float) -> Verdict:
    """Decide on a chance.

    Args:
        holds: Chance that the rule holds, 0 to 1.

    Returns:
        ``cleared`` at 0.95 or more, ``not_cleared`` at 0.05 or less, else ``cannot_tell``.
    """
    if holds >= SURE:
        return "cleared"
    # As differences of floats: 0.05 is no less sure than 0.95.
    return "not_cleared" if holds <= round(1 - SURE, 12) else "cannot_tell"


def _share(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"found a chance of {value}, needed 0 to 1")
    return float(value)
