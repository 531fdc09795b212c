"""Outlines of the template's brain, cortex and cerebellum, drawn once for every study."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from monai_amyloid.brain.template import brain_mask, voi
from monai_amyloid.pictures.cut_brain import shown_box
from monai_amyloid.pictures.orientation import upright

OUTLINED = ("brain", "cortex", "cerebellum")
COLOURS = {"brain": (0, 114, 255), "cortex": (255, 42, 0), "cerebellum": (0, 160, 60)}
# The brain's outline is what shows a wrong registration at once. In pixels of the picture.
_WIDTHS = {"brain": 2.2, "cortex": 1.3, "cerebellum": 1.6}
_SMOOTHING_VOXELS = 0.7


@cache
def soft_masks() -> NDArray[np.uint8]:
    """The masks of :data:`OUTLINED` with soft edges within ``shown_box``, ``(3, X, Y, Z)``.

    An outline is where one crosses half of 255.
    """
    masks = (brain_mask(), voi("cortex"), voi("whole_cerebellum"))
    soft = [
        ndimage.gaussian_filter(mask.astype(np.float32), _SMOOTHING_VOXELS)[shown_box()]
        for mask in masks
    ]
    found = np.asarray((255 * np.stack(soft)).round().astype(np.uint8))
    found.flags.writeable = False
    return found


@cache
def outline_layer(axis: int, index: int, scale: int) -> tuple[NDArray[np.uint8], ...]:
    """How far each pixel of a slice is covered by an outline, 0 to 255.

    Args:
        axis: Axis that the slice is cut across, 0 to 2.
        index: Index of the slice along ``axis`` within ``shown_box``.
        scale: Number of pixels along the edge of a voxel.

    Returns:
        One layer of :data:`OUTLINED` each, ``(rows, columns)``, head or front up.
    """
    layers = []
    for name, mask in zip(OUTLINED, soft_masks(), strict=True):
        plane = Image.fromarray(upright(mask, axis, index).astype(np.float32))
        size = (plane.width * scale, plane.height * scale)
        field = np.asarray(plane.resize(size, Image.Resampling.BICUBIC)) / 255 - 0.5
        steepness = np.maximum(np.hypot(*np.gradient(field)), 1e-3)
        # Half a pixel more or less than the line's half width: a smooth edge.
        cover = np.clip(_WIDTHS[name] / 2 + 0.5 - np.abs(field) / steepness, 0, 1)
        layers.append(np.asarray((255 * cover).astype(np.uint8)))
    return tuple(layers)
