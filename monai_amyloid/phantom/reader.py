"""How a trained physician grades a florbetaben scan, with a reader's own uncertainty."""

from collections.abc import Mapping

import numpy as np

from monai_amyloid.brain.template import READ_REGIONS, regions
from monai_amyloid.phantom.uptake import Disease

# Cuts of the regional cortical tracer uptake (RCTU) on a scale where 0 is a typical negative
# and 1 a typical positive scan, and the reader's noise for a region and for a whole scan. They
# give a binary reader-reader kappa of 0.82, near the published 0.78 to 0.89.
RCTU_CUTS = (0.30, 0.68)
REGION_NOISE = 0.08
SCAN_NOISE = 0.056


def evidence(disease: Disease) -> dict[str, float]:
    """True uptake of each read region in the hemisphere that shows more of it.

    Returns:
        By read region: 0 at a typical negative, 1 at a typical positive scan.
    """
    table = regions().table.assign(excess=disease.excess)
    side = table[table.read_region != "n/a"].groupby(["read_region", "hemisphere"]).excess.mean()
    return {name: float(side[name].max()) for name in READ_REGIONS}


def regional_uptake_grades(
    seen: Mapping[str, float], random: np.random.Generator | None
) -> dict[str, int]:
    """Grade each region 1 (none), 2 (moderate) or 3 (pronounced), as one reader would.

    Args:
        seen: Uptake by read region, from :func:`evidence`.
        random: The reader's noise; None for a reader without any.
    """
    scan = 0.0 if random is None else random.normal(0, SCAN_NOISE)
    grades = {}
    for name, uptake in seen.items():
        noise = 0.0 if random is None else random.normal(0, REGION_NOISE)
        grades[name] = 1 + int(np.searchsorted(RCTU_CUTS, uptake + scan + noise))
    return grades


def plaque_load(grades: Mapping[str, int]) -> int:
    """Brain amyloid plaque load: 1 if no region shows uptake, 3 if any is pronounced."""
    return max(grades.values())
