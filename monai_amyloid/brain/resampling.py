"""Lay a scan on the template grid."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.registration import Registration
from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE, tissue_uptake
from monai_amyloid.pet.image import PetImage


def resample(image: PetImage, registration: Registration) -> NDArray[np.float32]:
    """Resample a scan to the template grid, by one linear interpolation.

    Where the field of view ends, the template goes on as it was fitted to the rest: means over
    regions that are partly cut would be far off otherwise, and a network would see an edge.

    Returns:
        Uptake ``(91, 109, 91)`` in the scan's unit.
    """
    data = image.data
    # Voxels finer than the template's are averaged first, or their noise would alias.
    widths = TEMPLATE_AFFINE[0, 0] / image.zooms
    if widths.max() > 1.5:
        data = ndimage.gaussian_filter(data, np.where(widths > 1.5, widths / 2.355, 0))
    points = registration.to_scan(_grid())
    to_voxel = np.linalg.inv(image.affine)
    voxels = np.tensordot(to_voxel[:3, :3], points, axes=1) + to_voxel[:3, 3].reshape(3, 1, 1, 1)
    laid = ndimage.map_coordinates(data, voxels, order=1, mode="nearest", output=np.float32)
    last = np.array(data.shape).reshape(3, 1, 1, 1) - 1
    outside = ((voxels < -0.5) | (voxels > last + 0.5)).any(axis=0)
    laid[outside] = np.tensordot(registration.weights, tissue_uptake()[:, outside], axes=1)
    return np.asarray(laid)


@cache
def _grid() -> NDArray[np.float32]:
    """Template millimetres of every voxel of its grid, ``(3, 91, 109, 91)``."""
    index = np.indices(TEMPLATE_SHAPE, np.float32)
    first = TEMPLATE_AFFINE[:3, 3].reshape(3, 1, 1, 1)
    return np.asarray(index * TEMPLATE_AFFINE[0, 0] + first, np.float32)
