"""A slice whose scale cannot be right: far brighter or darker than both of its neighbours."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.attributes import named

# Of a slice against the mean of its neighbours. A head changes by less from slice to slice: in
# real and simulated scans the extremes are 0.6 and 1.5 where the slices look alike.
LARGEST_JUMP = 2.0
# The first and the last slice have one neighbour, and there a head fades by any factor; brighter
# than it is a cut liver, 2.5 times in a real scan.
LARGEST_JUMP_AT_THE_END = 5.0
# Slices that look less alike than this (cosine) may differ in brightness for good reasons.
_ALIKE = 0.9
# Voxels between those compared: the scale of a slice shows in a sixteenth of them.
_STRIDE = 4


def check_scales(slices: NDArray[np.float32], files: Sequence[Path]) -> None:
    """Refuse a volume in which one slice has another scale than its neighbours.

    Each slice of a PET series has its own Rescale Slope; a wrong one leaves the picture as it
    is and changes every number in it.

    Args:
        slices: Uptake of each slice, ``(slice, row, column)``.
        files: File of each slice, in the order of ``slices``.

    Raises:
        StudyRefused: If a slice looks like the mean of its two neighbours (cosine above 0.9) but
            is more than twice as bright, or less than half, as a whole and in its usual voxel
            and is not between the two; at either end, like its one neighbour and more than five
            times.
    """
    stride = _STRIDE if min(slices.shape[1:]) >= 16 * _STRIDE else 1
    flat = slices[:, ::stride, ::stride].reshape(len(slices), -1).astype(np.float64)
    around = np.concatenate([flat[1:2], (flat[:-2] + flat[2:]) / 2, flat[-2:-1]])
    limit = np.full(len(flat), LARGEST_JUMP)
    limit[[0, -1]] = LARGEST_JUMP_AT_THE_END
    with np.errstate(all="ignore"):  # empty slices divide by zero and are not compared
        ratio = (flat * around).sum(1) / (around**2).sum(1)
        alike = (flat * around).sum(1) / np.sqrt((flat**2).sum(1) * (around**2).sum(1))
    least = np.where(limit == LARGEST_JUMP, 1 / limit, 0)
    odd = (alike > _ALIKE) & ((ratio > limit) | (ratio < least))
    # A head that fades above the vertex within a few thick slices is no wrong scale.
    level = flat.sum(1)
    fades = (np.minimum(level[:-2], level[2:]) <= level[1:-1]) & (
        level[1:-1] <= np.maximum(level[:-2], level[2:])
    )
    odd[1:-1] &= ~fades
    for index in np.flatnonzero(odd):
        usual = _usual_ratio(flat[index], around[index])
        odd[index] = usual > limit[index] or usual < least[index]
    if odd.any():
        suspects = _suspects(flat, np.flatnonzero(odd).tolist())
        raise StudyRefused(
            "dicom_slice_scale",
            "{files:or}: the slice is {ratios:or:.2g} times as bright as its neighbours, which "
            "look like it; {attribute} must be wrong; export the series again",
            files=tuple(files[index] for index in suspects),
            ratios=tuple(float(ratio[index]) for index in suspects),
            attribute=named("RescaleSlope"),
        )


def _suspects(flat: NDArray[np.float64], odd: list[int]) -> list[int]:
    """Find the slice of a wrong scale; its neighbours look odd beside it, so two at an end."""
    last = len(flat) - 1
    for end, inner in ((0, 1), (last, last - 1)):
        if end in odd:
            return sorted({end, *({inner} & set(odd))})

    def disagreement(index: int) -> float:
        return abs(float(np.log(_usual_ratio(flat[index - 1], flat[index + 1]))))

    # Without the wrong one, the slices around it agree.
    return [min(odd, key=disagreement)]


def _usual_ratio(one: NDArray[np.float64], around: NDArray[np.float64]) -> float:
    """Give the ratio of the usual voxel, among the brighter half.

    A wrong slope changes all voxels, the end of a very hot organ (the bladder) few of them.
    """
    both = (one > 0) & (around > 0)
    if not both.any():
        return 1.0
    bright = both & (around >= np.median(around[both]))
    return float(np.median(one[bright] / around[bright]))
