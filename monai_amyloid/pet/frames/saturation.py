"""Volumes whose brightest voxels were cut off at the top of their scale, or that have few steps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Finding, StudyRefused, warning

# Of the voxels above half the maximum of their slice, this part may share that maximum. An image
# scaled to its own maximum has a handful there, with 8 bits at most 0.001; a scale that was set
# too low has all the white matter there, and its uptake is gone.
MOST_CLIPPED = 0.05
# From here on it is said: more than chance, less than moves a mean by one percent.
_FEW_CLIPPED = 0.01
_TYPES = ("uint8", "int8")

# Slices from so many voxels on, along both edges, are looked at in every second one.
_WIDE_VOXELS = 96


def refuse_saturated(data: NDArray[np.float32], source: str) -> float:
    """Refuse a volume whose bright voxels were cut off at the top of the scale.

    How it was stored does not matter, nor whether its slices have a scale each: where uptake is
    cut off, many voxels of a slice have the same value, its highest.

    Args:
        data: Uptake ``(X, Y, Z)`` in any linear unit.
        source: File or folder, for the message.

    Returns:
        Share of the bright voxels that are at the top, 0 to 1.

    Raises:
        StudyRefused: If too many are.
    """
    bright = clipped = 0
    if min(data.shape[:2]) >= _WIDE_VOXELS:  # a fourth of the voxels shows what many share
        data = data[::2, ::2]
    tops = data.max(axis=(0, 1))
    # Slices of air have few values, and share the highest of them.
    least = float(np.median(tops[tops > 0])) / 2 if (tops > 0).any() else 0.0
    for plane, top in zip(np.moveaxis(data, 2, 0), tops, strict=True):
        if top > least:
            bright += int(np.count_nonzero(plane > top / 2))
            clipped += int(np.count_nonzero(plane >= top)) - 1
    share = clipped / bright if bright else 0.0
    if share > MOST_CLIPPED:
        raise StudyRefused(
            "saturated",
            "{clipped:.0%} of the bright voxels are at the top of the scale that they were stored "
            "with: the uptake above was cut off (saturated); needed a scale that holds the whole "
            "range, or the original series",
            where=Path(source),
            clipped=share,
        )
    return share


def check_saturation(
    data: NDArray[np.float32], provenance: Mapping[str, Any], source: str
) -> list[Finding]:
    """Warn of a scale that is nearly too small, or has few steps.

    Args:
        data: Uptake ``(X, Y, Z)`` in any linear unit.
        provenance: Header of the volume; ``stored_bits`` or ``stored_type`` say how the source
            stored it.
        source: File or folder, for the message.

    Returns:
        Warnings: of voxels at the top of the scale, and of 8 bits, for SUVR needs no more than a
        linear scale.

    Raises:
        StudyRefused: If its brightest voxels were cut off at the top of the scale.
    """
    found = []
    share = refuse_saturated(data, source)
    if share > _FEW_CLIPPED:
        found.append(
            warning(
                "partly_saturated",
                "{clipped:.1%} of the bright voxels are at the top of the scale that they were "
                "stored with, and may have been cut off (saturated)",
                clipped=share,
            )
        )
    if provenance.get("stored_bits", 16) <= 8 or provenance.get("stored_type") in _TYPES:
        found.append(
            warning(
                "eight_bit",
                "an 8-bit export with {count} values: SUVR is right if the scale is linear and "
                "starts at no uptake, which the file cannot prove",
                count=len(np.unique(data)),
            )
        )
    return found
