"""Neck and shoulders below the head, for scans whose field of view reaches them."""

import numpy as np
from numpy.typing import NDArray

# Where the anatomies end, and the shoulders begin and are widest: template millimetres.
_NECK_END_MM = -138.0
_SHOULDERS_MM = (-150.0, -200.0)
_NECK_HALF_MM = (58.0, 62.0)
_CHEST_HALF_MM = (215.0, 110.0)
_AIRWAY_MM = (0.0, 0.0, 9.0)  # x, y, radius
_MIDDLE_Y_MM = -32.0


def with_body(
    volume: NDArray[np.float32], affine: NDArray[np.float64], tissue: float, lowest_mm: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Extend a head downward by neck and shoulders, as far as a scan needs it.

    Args:
        volume: Volume of the upright head, ``(X, Y, Z)``, 2 mm.
        affine: Voxel index of ``volume`` to millimetres, ``(4, 4)``.
        tissue: Value of soft tissue.
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
    radius = np.hypot(x[:, None, None] / half_x, (y[None, :, None] - _MIDDLE_Y_MM) / half_y)
    # A border of one voxel, so that the outline is not a staircase.
    inside = np.clip((1 - radius) * np.minimum(half_x, half_y) / step + 0.5, 0, 1)
    airway = np.hypot(x[:, None] - _AIRWAY_MM[0], y[None] - _AIRWAY_MM[1]) < _AIRWAY_MM[2]
    inside[airway] = 0
    longer = affine.copy()
    longer[2, 3] -= missing * step
    body = (inside * tissue).astype(np.float32)
    return np.concatenate([body, volume], axis=2), longer
