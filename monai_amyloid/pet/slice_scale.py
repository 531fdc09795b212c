"""A slice whose scale cannot be right: far brighter or darker than both of its neighbours."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.pet.dicom_header import named
from monai_amyloid.pet.image import StudyRefused

# Of a slice against the mean of its neighbours. A head changes by less from slice to slice: in
# real and simulated scans the extremes are 0.6 and 1.5 where the slices look alike.
LARGEST_JUMP = 2.0
# Slices that look less alike than this (cosine) may differ in brightness for good reasons.
_ALIKE = 0.9
# Voxels between those compared: the scale of a slice shows in a sixteenth of them.
_STRIDE = 4


def check_scales(slices: NDArray[np.float32], files: Sequence[Path]) -> None:
    """Refuse a volume in which one slice has another scale than its neighbours.

    Each slice of a PET series has its own Rescale Slope; a wrong one leaves the picture as it
    is and changes every number in it.

    Args:
        slices: Uptake ``(slice, row, column)``.
        files: Of each slice.

    Raises:
        StudyRefused: If a slice looks like the mean of its two neighbours (cosine above 0.9) but
            is more than twice as bright, or less than half, as a whole and in its usual voxel.
    """
    stride = _STRIDE if min(slices.shape[1:]) >= 16 * _STRIDE else 1
    flat = slices[:, ::stride, ::stride].reshape(len(slices), -1).astype(np.float64)
    middle, around = flat[1:-1], (flat[:-2] + flat[2:]) / 2
    with np.errstate(all="ignore"):  # empty slices divide by zero and are not compared
        ratio = (middle * around).sum(1) / (around**2).sum(1)
        alike = (middle * around).sum(1) / np.sqrt((middle**2).sum(1) * (around**2).sum(1))
    odd = (alike > _ALIKE) & ((ratio > LARGEST_JUMP) | (ratio < 1 / LARGEST_JUMP))
    for index in np.flatnonzero(odd):
        usual = _usual_ratio(middle[index], around[index])
        odd[index] = usual > LARGEST_JUMP or usual < 1 / LARGEST_JUMP
    # Beside a slice of a wrong scale its neighbours look odd too: the farthest is the wrong one.
    if odd.any():
        with np.errstate(all="ignore"):
            at = int(np.argmax(np.where(odd, np.abs(np.log(np.abs(ratio))), 0)))
        raise StudyRefused(
            f"{files[at + 1]}: the slice is {ratio[at]:.2g} times as bright as its neighbours, "
            f"which look like it; {named('RescaleSlope')} must be wrong; export the series again"
        )


def _usual_ratio(middle: NDArray[np.float64], around: NDArray[np.float64]) -> float:
    """Give the ratio of the usual voxel, among the brighter half.

    A wrong slope changes all voxels, the end of a very hot organ (the bladder) few of them.
    """
    both = (middle > 0) & (around > 0)
    if not both.any():
        return 1.0
    bright = both & (around >= np.median(around[both]))
    return float(np.median(middle[bright] / around[bright]))
