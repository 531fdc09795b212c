"""How far each region lies from what negatives show there."""

from collections.abc import Mapping
from functools import cache

import pandas as pd

from monai_amyloid.brain.template import DATA

# The cerebellum is what SUVR is over: it hardly varies, and its score would be large for nothing.
_REFERENCE = "cerebellum"


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
    norms, regions = negatives(), {k: v for k, v in regions.items() if k != _REFERENCE}
    if tracer not in norms.index.get_level_values("tracer"):
        return {}
    missing = [name for name in regions if (tracer, name) not in norms.index]
    if missing:
        raise ValueError(f"no negatives were measured of tracer {tracer!r}, region {missing[0]!r}")
    rows = norms.loc[[(tracer, name) for name in regions]]
    values = (pd.Series(dict(regions)).to_numpy() - rows["mean"]) / rows["sd"]
    return dict(zip(regions, values.to_list(), strict=True))


@cache
def negatives() -> pd.DataFrame:
    """``mean`` and ``sd`` of SUVR over the whole cerebellum, by ``tracer`` and ``region``."""
    return pd.read_csv(DATA / "negatives.tsv", sep="\t", index_col=["tracer", "region"])
