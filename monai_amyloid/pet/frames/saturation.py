"""Volumes that a program exported with 8 bits a voxel: usable while their scale is linear."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Finding, StudyRefused, warning

# Of the voxels above half the maximum, this part may be the maximum itself. An image scaled to
# its own maximum has a handful there; a display window that was set too low has all the white
# matter there, and its uptake is gone.
MOST_CLIPPED = 0.05
_TYPES = ("uint8", "int8")


def check_eight_bit(
    data: NDArray[np.float32], provenance: Mapping[str, Any], source: str
) -> list[Finding]:
    """Accept an 8-bit volume with a warning: SUVR needs no more than a linear scale.

    Args:
        data: Uptake ``(X, Y, Z)`` in any linear unit.
        provenance: Header of the volume; ``stored_bits`` or ``stored_type`` say how the source
            stored it.
        source: File or folder, for the message.

    Returns:
        One warning for an 8-bit volume, else none.

    Raises:
        StudyRefused: If its brightest voxels were cut off at the top of the scale.
    """
    if provenance.get("stored_bits", 16) > 8 and provenance.get("stored_type") not in _TYPES:
        return []
    top = float(data.max())
    bright = int(np.count_nonzero(data > top / 2))
    clipped = int(np.count_nonzero(data >= top))
    if bright and clipped / bright > MOST_CLIPPED:
        raise StudyRefused(
            "eight_bit_clipped",
            "{clipped:.0%} of the bright voxels of this 8-bit export are at its top: the uptake "
            "above was cut off; needed a scale that holds the whole range, or the original series",
            where=Path(source),
            clipped=clipped / bright,
        )
    return [
        warning(
            "eight_bit",
            "an 8-bit export with {count} values: SUVR is right if the scale is linear and starts "
            "at no uptake, which the file cannot prove",
            count=len(np.unique(data)),
        )
    ]
