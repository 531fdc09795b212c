"""Slices whose scale cannot be right: slopes of other slices, or one unlike its neighbours."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Phrase, StudyRefused, phrase
from monai_amyloid.pet.dicom.attributes import named

# Of a slice against the mean of its neighbours. A head changes by less from slice to slice: in
# real and simulated scans the extremes are 0.6 and 1.5 where the slices look alike.
LARGEST_JUMP = 2.0
# The first and the last slice have one neighbour, and there a head fades by any factor; brighter
# than it is a cut liver, 2.5 times in a real scan.
LARGEST_JUMP_AT_THE_END = 5.0
# Slices that look less alike than this (cosine) may differ in brightness for good reasons.
_ALIKE = 0.9
# Where a head ends within a thick slice, the next ones show the background: good scans reach 0.38
# of their neighbours there. Beside a slice that is darker than this share of the usual one, only
# less than that is odd.
_BACKGROUND, _DARKEST_THERE = 0.45, 0.35
# Voxels between those compared: the scale of a slice shows in a sixteenth of them.
_STRIDE = 4

# Unevenness from slice to slice of the mean over that of the maximum. Right slopes leave the mean
# smooth and the maximum noisy; slopes of other slices shake both alike, and slopes that were lost
# leave the maximum smooth. In 60 simulated scans of six sites, whole and cut, with two beds,
# negative noise, few counts, along each axis, and in real scans: at most 0.31 where right, at
# least 0.65 where sorted, shifted, reversed, exchanged, mixed, or one for all.
_MOST_UNEVEN = 0.6
# Relative; less does not matter, and a maximum may be smooth there (cut off, or of a hot wire).
# Without added noise right slopes leave at most 0.013, others at least 0.027.
_LEAST_UNEVENNESS = 0.0115
# Farther apart than this, where shoulders begin, slices are uneven with right slopes, and more so
# with the fourth power of the distance as fourth differences do: 0.016 at 4.9 mm, 0.030 at 6.5.
_THICK_MM = 4.0
# Slices that were each stored to the same top are seen at any unevenness if they lost their slopes.
_ALL_ALIKE, _FEW_AT_THE_TOP = 1e-4, 2
# Slices darker than this against the usual one are the ends of what is seen.
_DARK = 0.2
_FEWEST = 8
# Slopes in another order are named when they leave this part of the unevenness.
_EXPLAINED = 0.5


def check_scales(
    slices: NDArray[np.float32],
    files: Sequence[Path],
    slopes: Sequence[float] = (),
    spacing_mm: float = 0.0,
) -> None:
    """Refuse a volume whose slices do not have the scales that belong to them.

    Each slice of a PET series has its own Rescale Slope; a wrong one leaves the picture as it
    is and changes every number in it.

    Args:
        slices: Uptake of each slice, ``(slice, row, column)``.
        files: File of each slice, in the order of ``slices``.
        slopes: Rescale Slope of each slice, to name what is wrong with them.
        spacing_mm: Distance of the slices; 0 for thin ones.

    Raises:
        StudyRefused: If the mean of the slices is about as uneven as their maximum; or if a slice
            looks like the mean of its two neighbours (cosine above 0.9) but is more than twice as
            bright, or less than half, as a whole and in its usual voxel and is not between
            the two; at either end, like its one neighbour and more than five times.
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
    low, high = np.minimum(level[:-2], level[2:]), np.maximum(level[:-2], level[2:])
    background = _BACKGROUND * (np.median(level[level > 0]) if (level > 0).any() else 0)
    dark = (level[1:-1] < low) & ((low > background) | (ratio[1:-1] < _DARKEST_THERE))
    odd[1:-1] &= (level[1:-1] > high) | dark
    for index in np.flatnonzero(odd):
        usual = _usual_ratio(flat[index], around[index])
        odd[index] = usual > limit[index] or usual < least[index]
    _check_profile(slices, ~odd, files, slopes, spacing_mm)
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


def _check_profile(
    slices: NDArray[np.float32],
    usual: NDArray[np.bool_],
    files: Sequence[Path],
    slopes: Sequence[float],
    spacing_mm: float,
) -> None:
    """Refuse slices whose means are about as uneven as their maxima, odd ones left out."""
    planes = slices.reshape(len(slices), -1)
    level = planes.sum(axis=1).astype(np.float64)  # pairwise, so in single precision
    uneven = _unevenness(level, level, usual)
    least = _LEAST_UNEVENNESS * max(1.0, spacing_mm / _THICK_MM) ** 4
    if not uneven or (uneven <= least and len(set(slopes)) > 1):
        return
    highest = planes.max(axis=1).astype(np.float64)
    noisy = _unevenness(highest, level, usual)
    misplaced = uneven > least and uneven > _MOST_UNEVEN * noisy
    if misplaced or (noisy < _ALL_ALIKE and _fill_their_range(planes, highest)):
        raise StudyRefused(
            "dicom_slice_scales_misplaced",
            "the brightness is uneven from slice to slice, by {uneven:.1%} in the mean and "
            "{noisy:.1%} in the brightest voxel, where the mean of a scan is smooth; {attribute} "
            "cannot be each slice's own (likely {fault}); needed each slice with the slope that "
            "the scanner gave it",
            where=files[0] if len(set(files)) == 1 else files[0].parent,
            uneven=uneven,
            noisy=noisy,
            attribute=named("RescaleSlope"),
            fault=_fault(level, np.asarray(slopes, np.float64), uneven, usual),
        )


def _fill_their_range(planes: NDArray[np.float32], highest: NDArray[np.float64]) -> bool:
    """Whether one or two voxels of a slice are its maximum; many are where a scan is cut off."""
    tops = [np.count_nonzero(plane >= top) for plane, top in zip(planes, highest, strict=True)]
    return float(np.percentile(tops, 90)) <= _FEW_AT_THE_TOP


def _unevenness(
    values: NDArray[np.float64], level: NDArray[np.float64], usual: NDArray[np.bool_]
) -> float:
    """Give the usual relative deviation of slices from a smooth curve through their neighbours.

    The fourth difference does not see how a head grows, fades and bends; its third quartile does
    not see the few slices where organs or beds end. 0 where too few slices hold anything.
    """
    if len(level) < _FEWEST + 4:
        return 0.0
    seen = _seen(level) & (values > 0) & usual
    logs = np.log(np.where(seen, values, 1.0))
    five = np.stack([logs[start : len(logs) - 4 + start] for start in range(5)])
    whole = np.stack([seen[start : len(seen) - 4 + start] for start in range(5)]).all(axis=0)
    if whole.sum() < _FEWEST:
        return 0.0
    deviation = np.array([1, -4, 6, -4, 1]) / 6 @ five[:, whole]
    return float(np.percentile(np.abs(deviation), 75))


def _seen(level: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which slices are not dark against the usual one of those that hold anything."""
    holds = level > _DARK * max(float(level.max()), 0.0)
    usual = float(np.median(level[holds])) if holds.any() else np.inf
    return np.asarray(level > _DARK * usual)


def _fault(
    level: NDArray[np.float64],
    slopes: NDArray[np.float64],
    uneven: float,
    usual: NDArray[np.bool_],
) -> Phrase:
    """Name what is wrong with the slopes, as far as they tell."""
    unknown = phrase("slopes_of_other_slices", "those of other slices")
    if len(slopes) != len(level) or not (slopes > 0).all():
        return unknown
    steps = np.diff(slopes)
    if not steps.any():
        return phrase("slopes_one_for_all", "one for all slices")
    if (steps >= 0).all() or (steps <= 0).all():
        return phrase("slopes_sorted", "sorted by size, not by slice")
    places = np.arange(len(slopes))
    pairs = np.minimum(places ^ 1, places[-1])
    others = (
        (np.roll(slopes, 1), phrase("slopes_shifted", "those of the slices beside them")),
        (np.roll(slopes, -1), phrase("slopes_shifted", "those of the slices beside them")),
        (slopes[::-1], phrase("slopes_reversed", "in reverse order")),
        (slopes[pairs], phrase("slopes_exchanged", "exchanged between neighbours")),
    )
    left = [
        _unevenness(level / slopes * other, level / slopes * other, usual) for other, _ in others
    ]
    best = int(np.argmin([each or np.inf for each in left]))
    return others[best][1] if 0 < left[best] < _EXPLAINED * uneven else unknown


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
