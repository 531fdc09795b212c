"""What is shown of a scan: the brain with a rim, and no face."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask

# SUVR over the cerebellum shown as black where many scans share one inverse grey scale.
DARKEST_SUVR = 2.2
# Around the brain, 6 mm: as far as a wrong registration shows, and no face can be made of it.
_RIM_VOXELS = 3
# The distance to the edge of the field of view hardly bends over so many voxels.
_COARSE = 4
Box = tuple[slice, slice, slice]


@cache
def shown_mask() -> NDArray[np.bool_]:
    """Brain and rim within :func:`shown_box`."""
    grown = ndimage.binary_dilation(brain_mask(), iterations=_RIM_VOXELS)[shown_box()]
    grown.flags.writeable = False
    return np.asarray(grown)


def without_face(volume: NDArray[np.float32]) -> NDArray[np.float32]:
    """A volume of the template's grid ``(91, 109, 91)``, 0 outside the brain and its rim."""
    cut = np.zeros_like(volume)
    cut[shown_box()] = np.where(shown_mask(), volume[shown_box()], np.float32(0))
    return cut


@cache
def brain_in(
    first: tuple[int, int, int], end: tuple[int, int, int], shape: tuple[int, int, int]
) -> NDArray[np.bool_]:
    """Brain and rim in a part of the template's grid that is sampled otherwise.

    Args:
        first: First voxel of the part.
        end: Voxel behind its last.
        shape: Voxels ``(X, Y, Z)`` that the part is divided into.
    """
    box = tuple(map(slice, first, end))
    whole = without_face(np.ones(brain_mask().shape, np.float32))[box] > 0
    places = (
        ((np.arange(count) + 0.5) * size / count).astype(int)
        for count, size in zip(shape, whole.shape, strict=True)
    )
    return np.asarray(whole[np.ix_(*places)])


@cache
def _fading() -> NDArray[np.float32]:
    """1 in the brain, 0 outside :func:`shown_mask`, and smooth between: a hard edge distracts."""
    soft = ndimage.gaussian_filter(shown_mask().astype(np.float32), 1.0, mode="nearest")
    return np.asarray(np.clip(2 * soft - 1, 0, 1) * shown_mask(), np.float32)


@cache
def shown_box() -> Box:
    """The part of the template's grid that is shown."""
    x, y, z = (
        slice(max(edge.start - _RIM_VOXELS, 0), min(edge.stop + _RIM_VOXELS, size))
        for edge, size in zip(
            ndimage.find_objects(brain_mask().astype(np.uint8))[0], brain_mask().shape, strict=True
        )
    )
    return x, y, z


@cache
def first_mm() -> tuple[float, float, float]:
    """Where the first voxel of the box lies in the template, mm."""
    x, y, z = (
        float(TEMPLATE_AFFINE[axis, axis] * edge.start + TEMPLATE_AFFINE[axis, 3])
        for axis, edge in enumerate(shown_box())
    )
    return x, y, z


def shown_uptake(volume: NDArray[np.float32]) -> NDArray[np.float32]:
    """A volume within :func:`shown_box`, fading to 0 in the rim around the brain.

    Args:
        volume: Uptake on the template's grid ``(91, 109, 91)``.
    """
    return np.asarray(volume[shown_box()] * _fading(), np.float32)


def grey(volume: NDArray[np.float32], black: float = DARKEST_SUVR) -> NDArray[np.uint8]:
    """A volume within :func:`shown_box`: 255 is no uptake and all that is not shown, 0 the most.

    Args:
        volume: Uptake on the template's grid ``(91, 109, 91)``.
        black: What is shown as black, in the volume's unit.
    """
    uptake = np.clip(volume[shown_box()] * np.float32(255 / black), 0, 255)
    return np.asarray(255 - (uptake * _fading()).round().astype(np.uint8))


def unseen(brain: BrainPet) -> NDArray[np.bool_]:
    """What lies outside the field of view within :func:`shown_box`: there the template goes on."""
    size = shown_mask().shape
    # Beyond the last voxel, so that every voxel lies between two of the points.
    axes = [
        2 * np.arange(0, length + _COARSE, _COARSE, dtype=np.float32) + np.float32(first)
        for length, first in zip(size, first_mm(), strict=True)
    ]
    points = np.stack(np.meshgrid(*axes, indexing="ij"))
    to_voxel = np.linalg.inv(brain.source.affine)
    places = brain.registration.to_scan(points)
    voxels = np.tensordot(to_voxel[:3, :3], places, axes=1) + to_voxel[:3, 3].reshape(3, 1, 1, 1)
    last = np.array(brain.source.data.shape).reshape(3, 1, 1, 1) - 1
    margin = np.minimum(voxels + 0.5, last + 0.5 - voxels).min(axis=0)  # voxels to the nearest edge
    if margin.min() >= 0:
        return np.zeros(size, bool)
    grid = np.meshgrid(*(np.arange(length) / _COARSE for length in size), indexing="ij")
    fine = ndimage.map_coordinates(margin.astype(np.float32), grid, order=1)
    outside = np.asarray(fine < 0)
    return outside if (outside & shown_mask()).any() else np.zeros(size, bool)
