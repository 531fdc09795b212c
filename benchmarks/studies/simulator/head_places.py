"""Places of the template that statistics of a head are measured in."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.template import (
    TEMPLATE_AFFINE,
    TEMPLATE_SHAPE,
    brain_mask,
    regions,
    tissue_uptake,
    voi,
)

Mask = NDArray[np.bool_]

ZOOM_MM = 2.0
SLICE_MM = 16.0
SLICE = round((SLICE_MM - TEMPLATE_AFFINE[2, 3]) / ZOOM_MM)
# The head between these heights has neither face nor neck, and is in every field of view.
HEIGHTS_MM = (0.0, 60.0)
# Deep white matter: where a typical head shows this share of the most at 8 mm resolution.
WHITE_SHARE = 0.85
SECTORS = 36  # around the head


@cache
def depth() -> NDArray[np.float64]:
    """Millimetres inside the template's brain, below 0 outside it, ``(91, 109, 91)``."""
    inside = ndimage.distance_transform_edt(brain_mask(), sampling=ZOOM_MM)
    return np.asarray(inside - ndimage.distance_transform_edt(~brain_mask(), sampling=ZOOM_MM))


@cache
def slice_depth() -> NDArray[np.float64]:
    """Millimetres inside the brain of the slice alone, below 0 outside it, ``(91, 109)``."""
    mask = brain_mask()[..., SLICE]
    inside = ndimage.distance_transform_edt(mask, sampling=ZOOM_MM)
    return np.asarray(inside - ndimage.distance_transform_edt(~mask, sampling=ZOOM_MM))


@cache
def height() -> NDArray[np.float64]:
    """Template millimetres above the anterior commissure, ``(1, 1, 91)``."""
    found = ZOOM_MM * np.arange(TEMPLATE_SHAPE[2]) + TEMPLATE_AFFINE[2, 3]
    return np.asarray(found).reshape(1, 1, -1)


@cache
def between_heights() -> Mask:
    """Slices without face, neck and edges of the field of view, ``(1, 1, 91)``."""
    return np.asarray((height() >= HEIGHTS_MM[0]) & (height() <= HEIGHTS_MM[1]))


@cache
def sector() -> NDArray[np.intp]:
    """Number of the sector of each pixel of the slice, around the middle of its brain."""
    x, y = np.indices(slice_depth().shape).astype(float)
    middle = np.argwhere(slice_depth() > 0).mean(axis=0)
    angle = np.arctan2(y - middle[1], x - middle[0]) / (2 * np.pi) % 1
    return np.minimum((angle * SECTORS).astype(np.intp), SECTORS - 1)


@cache
def deep_white() -> Mask:
    """White matter that no cortex reaches at the usual resolutions, ``(91, 109, 91)``."""
    white = tissue_uptake()[1]
    cerebrum = ~ndimage.binary_dilation(voi("whole_cerebellum") | voi("pons"), iterations=6)
    return np.asarray((white > WHITE_SHARE * white[cerebrum].max()) & cerebrum & brain_mask())


@cache
def in_region(name: str) -> Mask:
    """Both sides of a region of the template's table, ``(91, 109, 91)``."""
    table = regions().table
    return np.isin(regions().labels, table["label"][table.region == name])
