"""The same scan over other reference regions, each with its own Centiloid line.

Where two references agree, the Centiloid rests on more than one region; where they part, one of
them is moved, cut, or has another uptake than usual. Which one is best, for one scan and for a
change, is measured in ``benchmarks.studies.references``.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.template import AMYLOID, deep_white_matter, tissue_uptake, voi
from monai_amyloid.pet.tracers import FLORBETABEN, TRACERS

Volume = NDArray[np.float32]
Mask = NDArray[np.bool_]

REGIONS = ("cerebellar_grey", "pons", "cerebellum_brainstem")
COMPOSITE = "cerebellum_and_white_matter"
REFERENCES = (*REGIONS, COMPOSITE)

# Slope and intercept from SUVR to Centiloid by tracer, in the order of REGIONS: from the tables of
# amypet 1.6.0, which calibrated the rows that GAAIN gives for each tracer. Its lines over the whole
# cerebellum differ by up to 1 % from those in monai_amyloid.pet.tracers.
_LINES = {
    FLORBETABEN: ((129.3, -155.4), (228.7, -164.6), (165.6, -157.6)),
    "18FAV45": ((150.8, -183.9), (250.8, -188.3), (193.0, -190.2)),
    "18FFMM": ((91.8, -117.4), (214.8, -134.1), (134.6, -122.6)),
    "11CPIB": ((78.9, -93.3), (134.1, -99.5), (100.2, -96.0)),
}
# Deep white matter over the whole cerebellum without what amyloid blurs into it, about that of
# simulated florbetaben scans: with it the composite's Centiloid was 2 too low, mean of 358 of them
# (benchmarks.studies.references). No such figure is known for other tracers.
_WHITE_RATIO = {FLORBETABEN: 1.72}
# Share of the white matter in the composite reference, the cerebellum has the rest.
WHITE_SHARE = 0.5


@dataclass(frozen=True)
class OverReference:
    """A scan over one reference.

    Attributes:
        suvr: Mean SUVR of the GAAIN cortex over the reference.
        centiloid: Centiloid by the reference's own line.
    """

    suvr: float
    centiloid: float


def over_references(volume: Volume, tracer: str) -> dict[str, OverReference]:
    """Measure a scan over each of :data:`REFERENCES` that has a line for the tracer.

    Args:
        volume: SUVR over the whole cerebellum on the template grid, ``(91, 109, 91)``.
        tracer: BIDS label of the tracer.

    Returns:
        SUVR and Centiloid by name of the reference, none for a tracer without lines. A reference
        without uptake is left out.
    """
    cortex = _mean(volume, voi("cortex"))
    found = {}
    for name, (slope, intercept) in zip(REGIONS, _LINES.get(tracer, ()), strict=False):
        reference = _mean(volume, voi(name))
        if reference > 0:
            suvr = cortex / reference
            found[name] = OverReference(suvr, slope * suvr + intercept)
    excess = white_over_cerebellum(volume)
    if tracer in _WHITE_RATIO and excess > 0:
        suvr = cortex / (excess / _WHITE_RATIO[tracer]) ** WHITE_SHARE
        line = TRACERS[tracer]
        load = line.centiloid_slope * suvr + line.centiloid_intercept
        found[COMPOSITE] = OverReference(suvr, load)
    return found


def white_over_cerebellum(volume: Volume, seen: Mask | None = None) -> float:
    """Uptake of the deep white matter over the whole cerebellum's, without blurred-in amyloid.

    Args:
        volume: Uptake on the template grid ``(91, 109, 91)``, any linear unit.
        seen: True where voxels count, ``(91, 109, 91)``; all do where None.
    """
    cortex, cerebellum, white = (
        _mean(volume, mask if seen is None else mask & seen)
        for mask in (voi("cortex"), voi("whole_cerebellum"), deep_white_matter())
    )
    return (white - _spilt() * (cortex - cerebellum)) / cerebellum


def _mean(volume: Volume, mask: Mask) -> float:
    return float(volume[mask].mean(dtype=np.float64))


@cache
def _spilt() -> float:
    """How much of what amyloid adds to the cortex is blurred into the white matter, 0 to 1."""
    amyloid = tissue_uptake()[AMYLOID]
    return float(amyloid[deep_white_matter()].mean() / amyloid[voi("cortex")].mean())
