"""How a trained physician grades a florbetaben scan, with a reader's own uncertainty.

A reader compares cortex with white matter, region by region. Where some of a region's cortex
is as bright as white matter, the region shows uptake; where a large confluent patch is, it is
pronounced (regional cortical tracer uptake, RCTU 1, 2, 3). Readers differ in what they call as
bright as white matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.template import READ_REGIONS, regions
from monai_amyloid.phantom.people.anatomy import load_anatomy
from monai_amyloid.phantom.people.head import Head
from monai_amyloid.phantom.people.tracer_map import blur

# The smoothing at which brain PET is usually read.
READING_FWHM_MM = 6.0
# A smaller area: this share of the region's cortex. A large confluent one: this share of it in
# one piece.
SMALLER_AREA = 0.15
CONFLUENT_AREA = 0.40
# The contrast to white matter from which a region's cortex counts as bright. Readers learn how
# a negative scan looks: medial cortex, between two banks of white matter, is never as dark as
# lateral cortex. Set two fifths of the way from the usual negative scan to the usual positive one,
# so that the grades fall where the distributions of the latent Centiloid cross.
THRESHOLDS = {
    "lateral_temporal": 0.70,
    "frontal": 0.74,
    "posterior_cingulate_precuneus": 0.78,
    "parietal": 0.72,
}
# How the threshold varies between readings of a scan and between regions of a reading: the binary
# reader-reader kappa is then near the published 0.78 to 0.89 and dips at 10 to 40 Centiloid.
SCAN_NOISE = 0.022
REGION_NOISE = 0.033

_CORTEX_SHARE = 0.5  # of a voxel, to be judged as cortex
_DEEP_WHITE_SHARE = 0.95
_TOUCHING = np.ones((3, 3, 3), bool)
_HALVINGS = 5


@dataclass(frozen=True)
class Evidence:
    """What one region shows, in the hemisphere that shows more of it.

    Attributes:
        smaller_area: The highest contrast to white matter that :data:`SMALLER_AREA` of the
            region's cortex reaches.
        confluent: The highest contrast at which one patch still covers
            :data:`CONFLUENT_AREA` of it.
        mean: Mean contrast of the region's cortex: all that a regional average shows.
    """

    smaller_area: float
    confluent: float
    mean: float


def see(head: Head, uptake: NDArray[np.float32]) -> dict[str, Evidence]:
    """Look at a scan without noise, region by region.

    Args:
        head: Head of the person.
        uptake: Sharp tracer on the anatomy's grid ``(X, Y, Z)``.

    Returns:
        Evidence by read region.
    """
    brain = _brain_box(head.morphology.anatomy)
    seen = blur(uptake[brain], READING_FWHM_MM, np.full(3, 2.0))
    white = float(seen[_deep_white(head.morphology.anatomy)[brain]].mean())
    sides = _sides(head.morphology.anatomy)
    found = {}
    for name in READ_REGIONS:
        both = [_look(seen[box] / np.float32(white), cortex) for box, cortex in sides[name]]
        found[name] = Evidence(*(max(part) for part in zip(*both, strict=True)))
    return found


def _look(contrast: NDArray[np.float32], cortex: NDArray[np.bool_]) -> tuple[float, float, float]:
    values = contrast[cortex]
    smaller = float(np.quantile(values, 1 - SMALLER_AREA))
    # The largest patch shrinks as the threshold rises: found by halving.
    low, high = float(values.min()), float(np.quantile(values, 1 - CONFLUENT_AREA))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        pieces, _ = ndimage.label(cortex & (contrast > middle), structure=_TOUCHING)
        largest = np.bincount(pieces.ravel())[1:].max(initial=0)
        low, high = (middle, high) if largest >= CONFLUENT_AREA * values.size else (low, middle)
    return smaller, low, float(values.mean())


def regional_uptake_grades(
    seen: Mapping[str, Evidence], random: np.random.Generator | None
) -> dict[str, int]:
    """Grade each region 1 (none), 2 (moderate) or 3 (pronounced), as one reader would.

    Args:
        seen: Evidence by read region, from :func:`see`.
        random: The reader's noise; None for a reader without any.
    """
    scan = 0.0 if random is None else random.normal(0, SCAN_NOISE)
    grades = {}
    for name, evidence in seen.items():
        noise = 0.0 if random is None else random.normal(0, REGION_NOISE)
        threshold = THRESHOLDS[name] + scan + noise
        grades[name] = 1 + (evidence.smaller_area > threshold) + (evidence.confluent > threshold)
    return grades


def plaque_load(grades: Mapping[str, int]) -> int:
    """Brain amyloid plaque load: 1 if no region shows uptake, 3 if any is pronounced."""
    return max(grades.values())


@cache
def _brain_box(name: str) -> tuple[slice, ...]:
    """The box around the cerebrum, with room for the blur."""
    tissues = load_anatomy(name).tissues
    (box,) = ndimage.find_objects((tissues["grey"] + tissues["white"] > 0.5).astype(np.uint8))
    return tuple(slice(max(side.start - 4, 0), side.stop + 4) for side in box)


@cache
def _deep_white(name: str) -> NDArray[np.bool_]:
    """White matter that the blur leaves alone ``(X, Y, Z)``."""
    anatomy = load_anatomy(name)
    table = regions().table
    cerebrum = ~np.isin(
        anatomy.labels, table["label"][table.region.isin(["cerebellum", "brainstem"])]
    )
    core = (anatomy.tissues["white"] > _DEEP_WHITE_SHARE) & cerebrum
    return np.asarray(ndimage.binary_erosion(core, iterations=2))


@cache
def _sides(
    name: str,
) -> dict[str, list[tuple[tuple[slice, ...], NDArray[np.bool_]]]]:
    """Box and cortex inside it of each read region, left and right."""
    anatomy = load_anatomy(name)
    brain = _brain_box(name)
    table = regions().table
    cortex = anatomy.tissues["grey"] > _CORTEX_SHARE
    sides: dict[str, list[tuple[tuple[slice, ...], NDArray[np.bool_]]]] = {}
    for (region, _), rows in table[table.read_region != "n/a"].groupby(
        ["read_region", "hemisphere"]
    ):
        inside = cortex & np.isin(anatomy.labels, rows["label"])
        inside = inside[brain]
        (box,) = ndimage.find_objects(inside.astype(np.uint8))
        sides.setdefault(str(region), []).append((box, inside[box]))
    return sides
