"""Neck and shoulders below the head, for scans whose field of view reaches them."""

import numpy as np
from numpy.typing import NDArray

# Where the shoulders begin and are widest, template millimetres, and half the widths of both.
_SHOULDERS_MM = (-150.0, -200.0)
_NECK_HALF_MM = (58.0, 62.0)
_CHEST_HALF_MM = (215.0, 110.0)
_MIDDLE_Y_MM = -32.0
_SKIN_MM = 4.0
# Muscle lies in bundles: these waves through the shoulders.
_BUNDLE_MM = (23.0, 19.0, 37.0)
# Among this many slices from below is one that shows the whole neck.
_NECK_SLICES = 16
# Inside this share of the neck's outline the neck goes on into the chest.
_CORE = 0.8


def with_body(
    volume: NDArray[np.float32], affine: NDArray[np.float64], lowest_mm: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Extend a head downward by neck and shoulders, as far as a scan needs it.

    The neck goes on as it is in the head's lowest slice, and what is around it is of the same
    tissue: its skin is as bright as the brightest, muscle varies as the neck does.

    Args:
        volume: Volume of the upright head, ``(X, Y, Z)``, 2 mm.
        affine: Voxel index of ``volume`` to millimetres, ``(4, 4)``.
        lowest_mm: Position of the lowest slice of the scan, mm.

    Returns:
        The longer volume and its affine; the head's own where nothing is missing.
    """
    step = affine[2, 2]
    missing = int(np.ceil((affine[2, 3] - lowest_mm) / step)) + 8
    if missing <= 8:
        return volume, affine
    x, y = (affine[i, 3] + affine[i, i] * np.arange(volume.shape[i]) for i in (0, 1))
    z = affine[2, 3] - step * np.arange(missing, 0, -1)
    grown = np.clip((_SHOULDERS_MM[0] - z) / (_SHOULDERS_MM[0] - _SHOULDERS_MM[1]), 0, 1)
    grown = grown**2 * (3 - 2 * grown)
    half_x, half_y = (
        neck + (chest - neck) * grown
        for neck, chest in zip(_NECK_HALF_MM, _CHEST_HALF_MM, strict=True)
    )
    x, y = x[:, None, None], y[None, :, None] - _MIDDLE_Y_MM
    # Millimetres below the skin, about.
    depth = (1 - np.hypot(x / half_x, y / half_y)) * np.minimum(half_x, half_y)
    # A small or tilted head ends above the grid's end.
    area = np.count_nonzero(volume[:, :, :_NECK_SLICES], axis=(0, 1))
    end = int(np.argmax(area > 0.9 * area.max()))
    volume = np.concatenate([np.repeat(volume[:, :, [end]], end, axis=2), volume[:, :, end:]], 2)
    neck = volume[:, :, :1]
    low, muscle, high, skin = np.quantile(neck[neck > 0], (0.25, 0.5, 0.75, 0.95))
    wide, long, high_up = _BUNDLE_MM
    waves = np.sin(x / wide) * np.sin(y / long) * np.cos(z / high_up)
    around = muscle + (high - low) * waves
    around += (skin - around) * np.clip((_SKIN_MM - depth) / step + 0.5, 0, 1)
    # A border of one voxel, so that the outline is not a staircase.
    around *= np.clip(depth / step + 0.5, 0, 1)
    core = np.hypot(x / _NECK_HALF_MM[0], y / _NECK_HALF_MM[1]) < _CORE
    body = np.where(core | (grown == 0), neck, around).astype(np.float32)
    longer = affine.copy()
    longer[2, 3] -= missing * step
    return np.concatenate([body, volume], axis=2), longer
