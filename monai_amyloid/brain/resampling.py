"""Lay a scan on the template grid."""

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
    axes = [
        TEMPLATE_AFFINE[axis, 3] + TEMPLATE_AFFINE[axis, axis] * np.arange(count)
        for axis, count in enumerate(TEMPLATE_SHAPE)
    ]
    points = np.stack(np.meshgrid(*axes, indexing="ij")) + registration.warp.on_grid(*axes)
    to_voxel = np.linalg.inv(image.affine) @ registration.matrix
    voxels = np.tensordot(to_voxel[:3, :3], points, axes=1) + to_voxel[:3, 3].reshape(3, 1, 1, 1)
    laid = ndimage.map_coordinates(data, voxels, order=1, mode="nearest", output=np.float32)
    last = np.array(data.shape).reshape(3, 1, 1, 1) - 1
    outside = ((voxels < -0.5) | (voxels > last + 0.5)).any(axis=0)
    laid[outside] = np.tensordot(registration.weights, tissue_uptake()[:, outside], axes=1)
    return np.asarray(laid)
