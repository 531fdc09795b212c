"""How far each region lies from what negatives show there."""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from monai_amyloid.brain.rows import read_rows
from monai_amyloid.brain.template import DATA

# The cerebellum is what SUVR is over: it hardly varies, and its score would be large for nothing.
_REFERENCE = "cerebellum"


class Norm(NamedTuple):
    """Mean and standard deviation of negatives' SUVR over the whole cerebellum."""

    mean: float
    sd: float


def z_scores(regions: Mapping[str, float], tracer: str | None) -> dict[str, float]:
    """Standard deviations above the mean of negatives of the same tracer, by region.

    The negatives are simulated scans of BAPL 1 that went through this very pipeline
    (``scripts/development/measure_negatives.py``), not adjusted for age. Regions lean to the
    right: one negative in twenty lies above 2. No cut-off for patients follows from it.

    Args:
        regions: SUVR over the whole cerebellum, from
            :func:`~monai_amyloid.brain.quantities.suvr.regional_suvr`.
        tracer: BIDS label of the tracer, a key of :data:`~monai_amyloid.pet.tracers.TRACERS`.

    Returns:
        The z-score of each region but the cerebellum; empty for a tracer of which no negatives
        were measured.

    Raises:
        ValueError: If no negatives were measured of a region, for a tracer that has others.
    """
    norms, regions = negatives(tracer), {k: v for k, v in regions.items() if k != _REFERENCE}
    if not norms:
        return {}
    missing = [name for name in regions if name not in norms]
    if missing:
        raise ValueError(f"no negatives were measured of tracer {tracer!r}, region {missing[0]!r}")
    return {name: (suvr - norms[name].mean) / norms[name].sd for name, suvr in regions.items()}


@cache
def negatives(tracer: str | None) -> Mapping[str, Norm]:
    """What negatives of a tracer show, by region; nothing of a tracer that was not measured."""
    return {
        row["region"]: Norm(float(row["mean"]), float(row["sd"]))
        for row in read_rows(DATA / "negatives.tsv")
        if row["tracer"] == tracer
    }
