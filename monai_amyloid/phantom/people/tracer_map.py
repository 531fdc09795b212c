"""Tracer in every voxel of a head, before any scanner blurs it."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.phantom.people.anatomy import WARP_AFFINE, load_anatomy
from monai_amyloid.phantom.people.deformation import Field, Points, grid_points, interpolate
from monai_amyloid.phantom.people.head import Head
from monai_amyloid.phantom.people.uptake import TissueValues
from monai_amyloid.phantom.scanning.tomography import FWHM_PER_SIGMA

Volume = NDArray[np.float32]

# The group means show less in the cerebellar hemispheres than about the vermis, the nuclei and the
# peduncles: by these shares at the side, from the first of these distances to the second.
_LATERAL_GREY_LOSS = 0.27
_LATERAL_WHITE_LOSS = 0.13
_HEMISPHERE_MM = (14.0, 34.0)
# Both petrous bones as ellipsoids: |x|, y, z of the middle, half the axes, and what they lack.
_PETROUS_MM = ((36.0, -27.0, -44.0), (26.0, 16.0, 16.0))
_PETROUS_LOSS = 0.65


def tracer_map(head: Head, values: TissueValues, patches: Field) -> NDArray[np.float32]:
    """Tracer on the anatomy's grid ``(X, Y, Z)``: the head before it is deformed.

    Args:
        head: Head of the person.
        values: Uptake by tissue and label.
        patches: Factor of the amyloid inside the regions, ``WARP_SHAPE``.
    """
    grey, white, csf, ventricle, skull, soft = head.fractions
    labels = head.anatomy.labels
    uptake: Volume = values.white[labels]
    uptake *= white
    hemispheres = cerebellar_hemispheres(head.morphology.anatomy)
    flat = uptake.reshape(-1)
    flat[hemispheres.index] *= 1 - np.float32(_LATERAL_WHITE_LOSS) * hemispheres.share
    uptake += np.float32(values.csf) * csf + np.float32(values.ventricle) * ventricle
    outside = np.float32(values.skull) * skull
    outside += np.float32(values.scalp) * soft
    petrous = petrous_bone(head.morphology.anatomy)
    outside.reshape(-1)[petrous.index] *= 1 - np.float32(_PETROUS_LOSS) * petrous.share
    uptake += outside
    # Grey matter is a fifth of the voxels.
    inside = grey_voxels(head.morphology.anatomy)
    label = labels.take(inside.index)
    local = interpolate(patches[None], WARP_AFFINE, inside.points)[0]
    local *= values.amyloid[label]
    local += values.grey[label]
    local *= grey.take(inside.index)
    local *= 1 - np.float32(_LATERAL_GREY_LOSS) * inside.hemisphere
    flat[inside.index] += local
    return uptake


@dataclass(frozen=True)
class GreyVoxels:
    """Where an anatomy has grey matter.

    Attributes:
        index: Indices into the flattened volume, ``(N,)``.
        points: Positions of the voxels, ``(3, N)`` mm.
        hemisphere: Share of each voxel that belongs to a cerebellar hemisphere, 0 to 1, ``(N,)``.
    """

    index: NDArray[np.int64]
    points: Points
    hemisphere: NDArray[np.float32]


@dataclass(frozen=True)
class Part:
    """A part of a head, with a soft edge.

    Attributes:
        index: Indices into the flattened volume, ``(N,)``.
        share: Share of each voxel that belongs to the part, 0 to 1.
    """

    index: NDArray[np.int64]
    share: NDArray[np.float32]


@cache
def grey_voxels(name: str) -> GreyVoxels:
    """Find the voxels of an anatomy that hold any grey matter."""
    anatomy = load_anatomy(name)
    index = np.flatnonzero(anatomy.tissues["grey"] > 0)
    places = np.unravel_index(index, anatomy.labels.shape)
    corner = [
        place * anatomy.affine[axis, axis] + anatomy.affine[axis, 3]
        for axis, place in enumerate(places)
    ]
    side = np.zeros(anatomy.labels.size, np.float32)
    hemispheres = cerebellar_hemispheres(name)
    side[hemispheres.index] = hemispheres.share
    return GreyVoxels(index, np.stack(corner).astype(np.float32), side[index])


@cache
def cerebellar_hemispheres(name: str) -> Part:
    """The cerebellum beside its middle: 0 at the vermis, 1 at the side."""
    anatomy = load_anatomy(name)
    cerebellum = np.isin(anatomy.labels, TissueValues.labels_of("cerebellum"))
    x = anatomy.affine[0, 3] + anatomy.affine[0, 0] * np.arange(len(anatomy.labels))
    start, end = _HEMISPHERE_MM
    share = np.clip((np.abs(x) - start) / (end - start), 0, 1).reshape(-1, 1, 1) * cerebellum
    return _part(share)


@cache
def petrous_bone(name: str) -> Part:
    """Dense bone and air cells before the cerebellum, in which there is little of any tracer."""
    anatomy = load_anatomy(name)
    x, y, z = grid_points(anatomy.labels.shape, anatomy.affine)
    (across, along, up), (wide, long, high) = _PETROUS_MM
    distance = (
        ((np.abs(x) - across) / wide) ** 2 + ((y - along) / long) ** 2 + ((z - up) / high) ** 2
    )
    return _part(np.clip((1.15 - distance) / 0.3, 0, 1))


def _part(share: NDArray[np.floating]) -> Part:
    index = np.flatnonzero(share)
    return Part(index, share.reshape(-1)[index].astype(np.float32))


def blur(
    uptake: NDArray[np.float32], fwhm_mm: float, zooms: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Blur by a Gaussian point spread function, on voxels of ``zooms`` mm."""
    sigma = fwhm_mm / FWHM_PER_SIGMA / zooms
    return np.asarray(ndimage.gaussian_filter(uptake, sigma, mode="constant", truncate=4.0))
