"""Centiloids that stand beside the plain one: over other references, and without thinning."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.quantities.atrophy import ADJUSTED, thinning_effect
from monai_amyloid.brain.quantities.references import over_references
from monai_amyloid.brain.quantities.uncertainty import RESCAN, beside_intervals
from monai_amyloid.findings.bounds import MOST_THINNING_EFFECT
from monai_amyloid.findings.finding import Finding, warning


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Centiloids of one scan beside the plain one, as a file holds them.

    Attributes:
        references: ``suvr``, ``centiloid`` and its 90 % ``interval`` by name of the reference.
        adjusted: ``centiloid`` and its 90 % ``interval`` as in a usual cortex; None of a tracer
            for which it was not learnt.
        rescan: Lowest and highest Centiloid that a second scan shows, by the same scanner, where
            nothing changed: 90 % of them.
        findings: A warning where the adjusted one and the plain one part.
    """

    references: Mapping[str, Mapping[str, Any]]
    adjusted: Mapping[str, Any] | None
    rescan: tuple[float, float]
    findings: tuple[Finding, ...]


def centiloids_beside(
    suvr: NDArray[np.float32], plain: float, spreads: Mapping[str, float], tracer: str
) -> Beside:
    """Measure the Centiloids beside the plain one.

    Args:
        suvr: SUVR over the whole cerebellum on the template grid, ``(91, 109, 91)``.
        plain: Centiloid of the scan.
        spreads: Spread of the errors, from
            :func:`~monai_amyloid.brain.quantities.uncertainty.suvr_spreads`.
        tracer: BIDS label of the tracer.
    """
    over = over_references(suvr, tracer)
    loads = {name: each.centiloid for name, each in over.items()}
    loads[RESCAN] = plain
    effect = thinning_effect(suvr, tracer)
    if effect is not None:
        loads[ADJUSTED] = plain + effect
    intervals = beside_intervals(loads, spreads, tracer)
    return Beside(
        references={
            name: {
                "suvr": each.suvr,
                "centiloid": each.centiloid,
                "interval": intervals[name],
            }
            for name, each in over.items()
        },
        adjusted=None
        if effect is None
        else {"centiloid": loads[ADJUSTED], "interval": intervals[ADJUSTED]},
        rescan=intervals[RESCAN],
        findings=()
        if effect is None
        or abs(effect) < MOST_THINNING_EFFECT
        or _holds(intervals[ADJUSTED], plain)
        else (_parted(plain, loads[ADJUSTED], intervals[ADJUSTED]),),
    )


def _holds(interval: tuple[float, float], value: float) -> bool:
    return interval[0] <= value <= interval[1]


def _parted(plain: float, adjusted: float, interval: tuple[float, float]) -> Finding:
    return warning(
        "thin_cortex",
        "the cortex seems to be thinner or thicker than usual: in a usual one the Centiloid of "
        "{plain:.0f} would be {adjusted:.0f} [{low:.0f}, {high:.0f}], as far as simulated scans "
        "show",
        plain=plain,
        adjusted=adjusted,
        low=interval[0],
        high=interval[1],
    )
