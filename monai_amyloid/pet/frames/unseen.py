"""Voxels that are no number: what the scanner never saw, or a broken image."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.findings.finding import Finding, StudyRefused, warning

# Of the highest values: air and its noise are below, the head above.
_HEAD = 0.12
# Sulci and noise, closed before the head is filled.
_CLOSED_VOXELS = 2


def all_finite(data: NDArray[np.float32]) -> bool:
    """Whether no voxel is NaN or infinite."""
    # Both show in the sum, which takes a quarter of the time of both extremes.
    return math.isfinite(data.sum()) or bool(np.isfinite(data).all())


def without_unseen(
    data: NDArray[np.float32], affine: NDArray[np.float64], source: str
) -> tuple[NDArray[np.float32], NDArray[np.float64], list[Finding]]:
    """Take away what programs mark as never seen: NaN or infinite around the head.

    Programs that lay a scan on another grid, or cut the brain out, write NaN where they had
    nothing. Slices of nothing else at the ends are outside the field of view and are cut off;
    the rest is no uptake.

    Args:
        data: Uptake ``(X, Y, Z)`` in any linear unit.
        affine: Voxel index to RAS+ millimetres ``(4, 4)``.
        source: File or folder, for the message.

    Returns:
        The finite volume, its affine, and a warning if anything was taken away. A volume without
        any uptake comes back as it is.

    Raises:
        StudyRefused: If voxels within the head, or whole slices in its middle, are no number.
    """
    if all_finite(data):
        return data, affine, []
    finite = np.isfinite(data)
    count = int(data.size - np.count_nonzero(finite))
    inside = tuple(
        slice(*np.flatnonzero(finite.any(axis=tuple({0, 1, 2} - {axis})))[[0, -1]] + (0, 1))
        for axis in range(3)
        if finite.any()
    )
    if not inside:
        return data, affine, []
    data, finite = np.where(finite, data, 0)[inside], finite[inside]
    top = float(np.percentile(data[finite], 99.5))
    if not top > 0:
        return data, affine, []
    # A margin, for what is closed must not lean on the edge of the volume.
    head = np.pad(data > _HEAD * top, _CLOSED_VOXELS)
    head = ndimage.binary_closing(head, iterations=_CLOSED_VOXELS)
    head = ndimage.binary_fill_holes(head)[(slice(_CLOSED_VOXELS, -_CLOSED_VOXELS),) * 3]
    # A closing also bridges the edge of the head; only what lies deeper is broken.
    broken = ~finite & ndimage.binary_erosion(head, iterations=_CLOSED_VOXELS)
    gaps = any(not finite.any(axis=tuple({0, 1, 2} - {axis})).all() for axis in range(3))
    if broken.any() or gaps:
        raise StudyRefused(
            "voxels_not_finite_within",
            "voxels within the head are NaN or infinite, so the image is broken there ({count} of "
            "{voxels} voxels in all); needed the image before the program that wrote them",
            where=Path(source),
            count=count,
            voxels=finite.size,
        )
    start = np.array([part.start for part in inside])
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ start
    found = warning(
        "voxels_not_finite_around",
        "{count} voxels around the head are NaN or infinite; they were taken as outside the field "
        "of view, or as no uptake",
        count=count,
    )
    return np.ascontiguousarray(data), moved, [found]
