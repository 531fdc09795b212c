"""The labelled cases that a scan is most like."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.quantities.centiloid import florbetaben_line
from monai_amyloid.brain.rows import read_rows
from monai_amyloid.brain.template import DATA, READ_REGIONS

# What a reader compares: the four regions, left and right.
COMPARED = tuple(f"{region}_{side}" for region in READ_REGIONS for side in ("left", "right"))
_COUNT = 8


def nearest_cases(
    regions: Mapping[str, float], tracer: str, count: int = _COUNT
) -> tuple[dict[str, float], ...]:
    """Find the cases whose regional SUVR is most alike.

    The cases are the simulated florbetaben scans of ``standard-603`` with their simulated reader's
    grade (``scripts/development/measure_cases.py``); no patient is among them.

    Args:
        regions: SUVR over the whole cerebellum, from
            :func:`~monai_amyloid.brain.quantities.suvr.regional_suvr`.
        tracer: BIDS label of the tracer; SUVR of other tracers is converted to florbetaben's scale.
        count: Number of cases to return.

    Returns:
        ``bapl``, ``centiloid`` and ``distance`` of each, nearest first; the distance is the root
        of the mean squared difference of SUVR over the read regions of both sides.
    """
    slope, intercept = florbetaben_line(tracer)
    own = slope * np.array([regions[name] for name in COMPARED]) + intercept
    bapl, centiloid, suvr = cases()
    apart = np.sqrt(((suvr - own) ** 2).mean(axis=1))
    nearest = np.argsort(apart, kind="stable")[:count]
    return tuple(
        {
            "bapl": int(bapl[place]),
            "centiloid": float(centiloid[place]),
            "distance": float(apart[place]),
        }
        for place in nearest
    )


@cache
def cases() -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """BAPL ``(N,)``, Centiloid ``(N,)`` and SUVR of :data:`COMPARED` ``(N, 8)`` of the cases."""
    rows = read_rows(DATA / "labelled_cases.tsv")
    return (
        np.array([int(row["bapl"]) for row in rows]),
        np.array([float(row["centiloid"]) for row in rows]),
        np.array([[float(row[name]) for name in COMPARED] for row in rows]),
    )
