"""One person's head: the typical head of the template, deformed, and made of one anatomy."""

from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.phantom.people.brain import Worn, brain, lesions, wear
from monai_amyloid.phantom.people.geometry.anatomy import (
    TISSUES,
    WARP_AFFINE,
    WARP_SHAPE,
    Anatomy,
    load_anatomy,
)
from monai_amyloid.phantom.people.geometry.deformation import (
    Field,
    Points,
    flow,
    grid_points,
    jacobian,
    moved,
    refined,
    scaled,
    smooth_noise,
)
from monai_amyloid.phantom.people.geometry.morphology import TYPICAL_THINNING, Morphology
from monai_amyloid.phantom.people.geometry.spaces import gyral_weight, widening
from monai_amyloid.phantom.people.geometry.typical import template_to_anatomy

_VARIATION_SIGMA_MM = 18.0
_GYRAL_SIGMA_MM = 9.0
_UNEVENNESS_SIGMA_MM = 14.0


@dataclass(frozen=True)
class Head:
    """A head in its own millimetres, upright and centred as the template is.

    Its tissue is there at once, for readers see no more; its shape is made when it is asked for.

    Attributes:
        morphology: Settings that the head was made with.
        anatomy: Anatomy that the head is made from.
        worn: What thinning and infarct have left of the anatomy's brain.
    """

    morphology: Morphology
    anatomy: Anatomy
    worn: Worn

    @cached_property
    def fractions(self) -> NDArray[np.float32]:
        """Tissue of the anatomy after thinning and infarct, as ``Anatomy.fractions``."""
        fractions = self.anatomy.fractions.copy()
        index = brain(self.morphology.anatomy).index
        for name, share in (("grey", self.worn.grey), ("white", self.worn.white)):
            fractions[TISSUES.index(name)].reshape(-1)[index] = share
        fractions[TISSUES.index("csf")].reshape(-1)[index] += self.worn.fluid
        return fractions

    @cached_property
    def lesions(self) -> Field:
        """Share of the white matter that is in lesions, ``WARP_SHAPE``, in the anatomy."""
        return lesions(self.morphology)

    @cached_property
    def unevenness(self) -> Field:
        """How skin, muscle and marrow vary over the anatomy, of variance 1, ``WARP_SHAPE``."""
        random = np.random.default_rng([self.morphology.seed, 3])
        return smooth_noise(_UNEVENNESS_SIGMA_MM, random)

    @cached_property
    def displacement(self) -> Field:
        """Displacement from the template to the head before scaling, ``(3, *WARP_SHAPE)`` mm."""
        return flow(self.velocity)

    @cached_property
    def origin(self) -> Field:
        """Displacement from the head to the anatomy, ``(3, *WARP_SHAPE)`` mm."""
        points = grid_points(WARP_SHAPE, WARP_AFFINE)
        factors = tuple(1 / factor for factor in self.morphology.scale)
        in_template = moved(flow(-self.velocity), scaled(points, factors))
        return moved(template_to_anatomy(self.morphology.anatomy), in_template) - points

    @cached_property
    def velocity(self) -> Field:
        """Velocity of the flow from the template to the head, ``(3, *WARP_SHAPE)`` mm."""
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
    return Head(morphology, load_anatomy(morphology.anatomy), wear(morphology))


def unworn(head: Head) -> Head:
    """The same person's head, its cortex as thin as is usual and no thinner.

    Its shape, infarct and lesions stay. Fields that were made already are not made again.
    """
    morphology = replace(head.morphology, thinning=TYPICAL_THINNING, alzheimer=0.0)
    same = shape_head(morphology)
    kept = ("lesions", "unevenness", "displacement", "origin", "velocity")
    vars(same).update({name: vars(head)[name] for name in kept if name in vars(head)})
    return same


def _velocity(morphology: Morphology) -> Field:
    """Velocity of the flow from the template to the head, before scaling."""
    velocity = widening(morphology)
    for size_mm, sigma_mm, draw in (
        (morphology.variation_mm, _VARIATION_SIGMA_MM, 0),
        (morphology.gyral_mm, _GYRAL_SIGMA_MM, 4),
    ):
        if not size_mm:
            continue
        random = np.random.default_rng([morphology.seed, draw])
        noise = np.stack([smooth_noise(sigma_mm, random) for _ in range(3)])
        if draw:
            noise *= gyral_weight()
        velocity += np.float32(size_mm) * noise
    return velocity


@cache
def _voxels(name: str) -> Points:
    anatomy = load_anatomy(name)
    return grid_points(anatomy.labels.shape, anatomy.affine)
