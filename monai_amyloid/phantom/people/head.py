"""One person's head: the typical head of the template, deformed, and made of one anatomy."""

from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.template import regions
from monai_amyloid.phantom.people.anatomy import (
    TISSUES,
    WARP_AFFINE,
    WARP_SHAPE,
    Anatomy,
    load_anatomy,
)
from monai_amyloid.phantom.people.deformation import (
    Field,
    Points,
    flow,
    grid_points,
    interpolate,
    jacobian,
    moved,
    refined,
    scaled,
    smooth_noise,
)
from monai_amyloid.phantom.people.morphology import TYPICAL_THINNING, Morphology
from monai_amyloid.phantom.people.typical import openings, template_to_anatomy

_VARIATION_SIGMA_MM = 18.0
_BORDER_SIGMA_MM = 5.0
_DEEP = ("putamen", "caudate", "thalamus", "hippocampus", "brainstem", "cerebellum")


@dataclass(frozen=True)
class Head:
    """A head in its own millimetres, upright and centred as the template is.

    Its tissue is there at once, for readers see no more; its shape is made when it is asked for.

    Attributes:
        morphology: Settings that the head was made with.
        anatomy: Anatomy that the head is made from.
        fractions: Tissue of the anatomy after thinning and infarct, as ``Anatomy.fractions``.
    """

    morphology: Morphology
    anatomy: Anatomy
    fractions: NDArray[np.float32]

    @cached_property
    def displacement(self) -> Field:
        """Displacement from the template to the head before scaling, ``(3, *WARP_SHAPE)`` mm."""
        return flow(self._velocity)

    @cached_property
    def origin(self) -> Field:
        """Displacement from the head to the anatomy, ``(3, *WARP_SHAPE)`` mm."""
        points = grid_points(WARP_SHAPE, WARP_AFFINE)
        factors = tuple(1 / factor for factor in self.morphology.scale)
        in_template = moved(flow(-self._velocity), scaled(points, factors))
        return moved(template_to_anatomy(self.morphology.anatomy), in_template) - points

    @cached_property
    def _velocity(self) -> Field:
        return _velocity(self.morphology)

    @property
    def jacobian(self) -> NDArray[np.float32]:
        """Growth of volume from the template to the head, ``WARP_SHAPE``."""
        return jacobian(self.displacement) * np.float32(np.prod(self.morphology.scale))

    def from_template(self, points: Points) -> Points:
        """Where points ``(3, ...)`` of the template lie in the head, mm."""
        return scaled(moved(self.displacement, points), self.morphology.scale)

    def to_anatomy(self, points: Points) -> Points:
        """Where points ``(3, ...)`` of the head come from in the anatomy, mm."""
        return moved(self.origin, points)

    def voxel_origins(self) -> Points:
        """Where the voxels of the anatomy's own grid, placed in the head, come from in it, mm."""
        return refined(self.origin) + _voxels(self.morphology.anatomy)


def shape_head(morphology: Morphology) -> Head:
    """Make the head of one person."""
    anatomy = load_anatomy(morphology.anatomy)
    random = np.random.default_rng([morphology.seed, 1])
    return Head(morphology, anatomy, _worn(anatomy, morphology, random))


def unworn(head: Head) -> Head:
    """The same head with a cortex of the usual thickness."""
    return shape_head(replace(head.morphology, thinning=TYPICAL_THINNING))


def _velocity(morphology: Morphology) -> Field:
    """Velocity of the flow from the template to the head, before scaling."""
    widths = (
        morphology.lateral_ventricles_mm,
        morphology.third_ventricle_mm,
        morphology.sylvian_fissure_mm,
    )
    velocity = np.zeros((3, *WARP_SHAPE), np.float32)
    for width, opening in zip(widths, openings(), strict=True):
        velocity += np.float32(width) * opening
    if morphology.variation_mm:
        random = np.random.default_rng([morphology.seed, 0])
        noise = [smooth_noise(_VARIATION_SIGMA_MM, random) for _ in range(3)]
        velocity += np.float32(morphology.variation_mm) * np.stack(noise)
    return velocity


def _worn(
    anatomy: Anatomy, morphology: Morphology, random: np.random.Generator
) -> NDArray[np.float32]:
    """Tissue after thinning of the cortex and an infarct: what is lost becomes fluid."""
    fractions = anatomy.fractions.copy()
    grey, white, csf = (fractions[TISSUES.index(name)] for name in ("grey", "white", "csf"))
    lost = grey * (np.float32(morphology.thinning) * _cortex(morphology.anatomy))
    grey -= lost
    csf += lost
    if morphology.infarct_mm is not None:
        gone = _infarct(anatomy, morphology.infarct_mm, random)
        for tissue in (grey, white):
            lost = tissue * gone
            tissue -= lost
            csf += lost
    return fractions


def _infarct(
    anatomy: Anatomy, infarct_mm: tuple[float, float, float, float], random: np.random.Generator
) -> NDArray[np.float32]:
    """Share of each voxel that an infarct has taken, with an uneven border."""
    *centre, radius = infarct_mm
    points = grid_points(anatomy.labels.shape, anatomy.affine)
    distance = np.linalg.norm(points - np.array(centre, np.float32).reshape(3, 1, 1, 1), axis=0)
    border = interpolate(smooth_noise(_BORDER_SIGMA_MM, random)[None], WARP_AFFINE, points)[0]
    return np.asarray(np.clip((radius - distance - 3 * border) / 2 + 0.5, 0, 1), np.float32)


@cache
def _voxels(name: str) -> Points:
    anatomy = load_anatomy(name)
    return grid_points(anatomy.labels.shape, anatomy.affine)


@cache
def _cortex(name: str) -> NDArray[np.float32]:
    """1 in voxels whose region is cerebral cortex, ``(X, Y, Z)``."""
    table = regions().table
    deep = table["label"][table.region.isin(_DEEP)]
    return (~np.isin(load_anatomy(name).labels, deep)).astype(np.float32)
