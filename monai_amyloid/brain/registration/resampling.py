"""Resample scans to the template grid, and results on that grid back to the scan."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.registration.register import Registration
from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE, tissue_uptake
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.widths import FWHM_PER_SIGMA

# The inverse of the deformation, whose waves are 50 mm and longer, is found at nodes this far
# apart in the scan and interpolated between them.
_NODES_MM = 8.0


def resample(image: PetImage, registration: Registration) -> NDArray[np.float32]:
    """Resample a scan to the template grid, by one linear interpolation.

    Outside the field of view, the fitted template fills the volume: means over regions that are
    partly cut would be far off otherwise, and a network would see an edge.

    Returns:
        Uptake ``(91, 109, 91)`` in the scan's unit.
    """
    data = image.data
    # Voxels finer than the template's are averaged first, or their noise would alias.
    widths = TEMPLATE_AFFINE[0, 0] / image.zooms
    if widths.max() > 1.5:
        data = ndimage.gaussian_filter(data, np.where(widths > 1.5, widths / FWHM_PER_SIGMA, 0))
    voxels = _voxels_of(image, registration)
    laid = ndimage.map_coordinates(data, voxels, order=1, mode="nearest", output=np.float32)
    outside = ~_inside(voxels, data.shape)
    laid[outside] = np.tensordot(registration.weights, tissue_uptake()[:, outside], axes=1)
    return np.asarray(laid)


def in_view(image: PetImage, registration: Registration) -> NDArray[np.bool_]:
    """Where the template grid ``(91, 109, 91)`` lies in a scan's field of view."""
    return _inside(_voxels_of(image, registration), image.data.shape)


def _voxels_of(image: PetImage, registration: Registration) -> NDArray[np.float64]:
    """Where in a scan each voxel of the template lies, ``(3, 91, 109, 91)`` in its voxels."""
    axes = [
        TEMPLATE_AFFINE[axis, 3] + TEMPLATE_AFFINE[axis, axis] * np.arange(count)
        for axis, count in enumerate(TEMPLATE_SHAPE)
    ]
    # In place: each of these holds 22 MB.
    points = np.stack(np.meshgrid(*axes, indexing="ij", copy=False))
    points += registration.warp.on_grid(*axes)
    to_voxel = np.linalg.inv(image.affine) @ registration.matrix
    laid: NDArray[np.float64] = np.tensordot(to_voxel[:3, :3], points, axes=1)
    laid += to_voxel[:3, 3].reshape(3, 1, 1, 1)
    return laid


def _inside(voxels: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    last = np.array(shape).reshape(3, 1, 1, 1) - 1
    return np.asarray(((voxels >= -0.5) & (voxels <= last + 0.5)).all(axis=0))


def lay_back(
    volume: NDArray[np.float32],
    registration: Registration,
    image: PetImage,
    *,
    nearest: bool = False,
) -> NDArray[np.float32]:
    """Resample a volume from the template grid to a scan's own, by one linear interpolation.

    Args:
        volume: Volume on the template grid, ``(91, 109, 91)``.
        registration: Registration of the template to the scan.
        image: Scan whose grid is used.
        nearest: Take the nearest voxel's value instead, as of labels.

    Returns:
        Volume on the grid of ``image.data``, 0 outside the template.
    """
    laid = np.zeros(image.data.shape, np.float32)
    steps = np.maximum(np.round(_NODES_MM / image.zooms), 1)
    reached = _reached(volume, registration, image, steps)
    first = np.array([part.start for part in reached]).reshape(3, 1, 1, 1)
    shape = laid[reached].shape
    if 0 in shape:
        return laid
    # One node beyond the last voxel, so that every voxel lies between two.
    counts = np.ceil((np.array(shape) - 1) / steps).astype(int) + 1
    grid = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"))
    nodes = first + grid * steps.reshape(3, 1, 1, 1)
    to_mm = image.affine
    points = np.tensordot(to_mm[:3, :3], nodes, axes=1) + to_mm[:3, 3].reshape(3, 1, 1, 1)
    to_index = np.linalg.inv(TEMPLATE_AFFINE)
    found = np.tensordot(to_index[:3, :3], registration.to_template(points), axes=1)
    found += to_index[:3, 3].reshape(3, 1, 1, 1)
    places = _between_nodes(found.astype(np.float32), steps, shape)
    laid[reached] = ndimage.map_coordinates(
        volume, places, order=0 if nearest else 1, mode="constant", output=np.float32
    )
    return laid


def _reached(
    volume: NDArray[np.float32],
    registration: Registration,
    image: PetImage,
    steps: NDArray[np.float64],
) -> tuple[slice, slice, slice]:
    """The box of a scan's voxels that can be other than 0, begun at one of the nodes."""
    filled = np.argwhere(volume)
    if not len(filled):
        return slice(0), slice(0), slice(0)
    # A voxel about what is filled, and as far as the waves together can move a point.
    moved = np.abs(registration.warp.coefficients).sum(axis=1) / TEMPLATE_AFFINE[0, 0] + 1
    ends = np.stack([filled.min(axis=0) - moved, filled.max(axis=0) + moved])
    corners = np.stack(np.meshgrid(*ends.T, indexing="ij")).reshape(3, -1)
    to_voxel = np.linalg.inv(image.affine) @ registration.matrix @ TEMPLATE_AFFINE
    voxels = to_voxel[:3, :3] @ corners + to_voxel[:3, 3:]
    low = np.maximum(np.floor(voxels.min(axis=1) / steps) * steps, 0).astype(int)
    high = np.minimum(np.ceil(voxels.max(axis=1)) + 1, image.data.shape).astype(int)
    x, y, z = (slice(start, max(end, start)) for start, end in zip(low, high, strict=True))
    return x, y, z


def _between_nodes(
    values: NDArray[np.float32], steps: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Interpolate ``(3, ...)`` at nodes ``steps`` voxels apart to every voxel, axis by axis."""
    for axis, (step, count) in enumerate(zip(steps, shape, strict=True), start=1):
        place = np.arange(count) / step
        below = np.minimum(place.astype(int), max(values.shape[axis] - 2, 0))
        above = np.minimum(below + 1, values.shape[axis] - 1)
        part = (
            (place - below).astype(np.float32).reshape([-1 if i == axis else 1 for i in range(4)])
        )
        low = values.take(below, axis)
        values = low + part * (values.take(above, axis) - low)
    return values
