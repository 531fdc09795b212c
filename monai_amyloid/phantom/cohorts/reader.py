"""How a trained physician grades a florbetaben scan, with a reader's own uncertainty.

A reader compares cortex with white matter, region by region. Where some of a region's cortex
is as bright as white matter, the region shows uptake; where a large confluent patch is, it is
pronounced (regional cortical tracer uptake, RCTU 1, 2, 3). Readers differ in what they call as
bright as white matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.template import READ_REGIONS, regions
from monai_amyloid.phantom.people.geometry.anatomy import load_anatomy
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
# half of it in medial cortex: the middle grade then has a latent Centiloid of 24 on average.
THRESHOLDS = {
    "lateral_temporal": 0.68,
    "frontal": 0.705,
    "posterior_cingulate_precuneus": 0.755,
    "parietal": 0.69,
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
    """What the cortex of a region shows.

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


@dataclass(frozen=True)
class Sides:
    """What one region shows in each hemisphere.

    Attributes:
        left: Evidence of the left hemisphere.
        right: Evidence of the right hemisphere.
    """

    left: Evidence
    right: Evidence

    @property
    def greater(self) -> Evidence:
        """Each measure from the side where there is more of it."""
        left, right = astuple(self.left), astuple(self.right)
        return Evidence(*map(max, left, right))


class Seen:
    """A scan without noise, as a reader looks at it: what is not asked for is not looked for.

    Args:
        head: Head of the person.
        uptake: Sharp tracer of the brain on the anatomy's grid ``(X, Y, Z)``.
    """

    def __init__(self, head: Head, uptake: NDArray[np.float32]) -> None:
        name = head.morphology.anatomy
        brain = _brain_box(name)
        seen = blur(uptake[brain], READING_FWHM_MM, np.full(3, 2.0))
        seen /= np.float32(seen[_deep_white(name)[brain]].mean())
        self._contrast = seen
        self._sides = _sides(name)
        self._found: dict[tuple[str, int], Evidence] = {}
        self._smaller = {
            name: tuple(_highest(seen[box][cortex], SMALLER_AREA) for box, cortex in sides)
            for name, sides in self._sides.items()
        }

    @property
    def evidence(self) -> dict[str, Sides]:
        """Evidence of both sides by read region."""
        return {name: Sides(self._look(name, 0), self._look(name, 1)) for name in READ_REGIONS}

    def plaque_load(self, thresholds: Mapping[str, float]) -> int:
        """Grade the scan, as :func:`plaque_load` does with all the evidence, and sooner."""
        bright = [
            (name, side)
            for name, limit in thresholds.items()
            for side in (0, 1)
            if self._smaller[name][side] > limit
        ]
        if not bright:
            return 1
        # The smaller area is at least as bright as the confluent one: only these can be.
        pronounced = (self._look(name, side).confluent > thresholds[name] for name, side in bright)
        return 3 if any(pronounced) else 2

    def _look(self, name: str, side: int) -> Evidence:
        if (name, side) not in self._found:
            box, cortex = self._sides[name][side]
            contrast = self._contrast[box]
            self._found[name, side] = Evidence(
                smaller_area=self._smaller[name][side],
                confluent=_confluent(contrast, cortex),
                mean=float(contrast[cortex].mean()),
            )
        return self._found[name, side]


def _highest(values: NDArray[np.float32], share: float) -> float:
    """The highest value that a share of them reaches."""
    return float(np.quantile(values, 1 - share))


def _confluent(contrast: NDArray[np.float32], cortex: NDArray[np.bool_]) -> float:
    """The highest contrast at which one patch is large: it shrinks as the contrast rises."""
    values = contrast[cortex]
    low, high = float(values.min()), _highest(values, CONFLUENT_AREA)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        pieces, _ = ndimage.label(cortex & (contrast > middle), structure=_TOUCHING)
        largest = np.bincount(pieces.ravel())[1:].max(initial=0)
        low, high = (middle, high) if largest >= CONFLUENT_AREA * values.size else (low, middle)
    return low


def draw_thresholds(random: np.random.Generator | None) -> dict[str, float]:
    """Draw the contrast from which one reader calls each region of one scan bright.

    Args:
        random: The reader's noise; None for a reader without any.
    """
    if random is None:
        return dict(THRESHOLDS)
    scan = random.normal(0, SCAN_NOISE)
    return {
        name: limit + scan + float(random.normal(0, REGION_NOISE))
        for name, limit in THRESHOLDS.items()
    }


def regional_uptake_grades(
    evidence: Mapping[str, Sides], thresholds: Mapping[str, float]
) -> dict[str, tuple[int, int]]:
    """Grade each region 1 (none), 2 (moderate) or 3 (pronounced), as one reader would.

    Args:
        evidence: Evidence by read region.
        thresholds: The reader's thresholds, from :func:`draw_thresholds`.

    Returns:
        RCTU of the left and of the right side, by read region.
    """
    grades = {}
    for name, sides in evidence.items():
        left, right = (
            1 + (side.smaller_area > thresholds[name]) + (side.confluent > thresholds[name])
            for side in (sides.left, sides.right)
        )
        grades[name] = (left, right)
    return grades


def plaque_load(grades: Mapping[str, tuple[int, int]]) -> int:
    """Brain amyloid plaque load: 1 if no region shows uptake, 3 if any is pronounced."""
    return max(max(sides) for sides in grades.values())


def middle_grade(grades: Sequence[int]) -> int:
    """The grade in the middle: the majority's, where there is one; the lower of two middles."""
    return sorted(grades)[(len(grades) - 1) // 2]


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
