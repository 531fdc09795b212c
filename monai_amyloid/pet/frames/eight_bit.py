"""Volumes that a program exported with 8 bits a voxel: usable while their scale is linear."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.pet.image import StudyRefused

# Of the voxels above half the maximum, this part may be the maximum itself. An image scaled to
# its own maximum has a handful there; a display window that was set too low has all the white
# matter there, and its uptake is gone.
MOST_CLIPPED = 0.05
_TYPES = ("uint8", "int8")


def check_eight_bit(
    data: NDArray[np.float32], provenance: Mapping[str, Any], source: str
) -> list[str]:
    """Accept an 8-bit volume with a warning: SUVR needs no more than a linear scale.

    Args:
        data: The volume.
        provenance: ``stored_bits`` or ``stored_type`` say how the source stored it.
        source: File or folder, for the message.

    Returns:
        One sentence for an 8-bit volume, else nothing.

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
            f"{source}: {clipped / bright:.0%} of the bright voxels of this 8-bit export are at "
            "its top: the uptake above was cut off; needed a scale that holds the whole range, or "
            "the original series"
        )
    steps = len(np.unique(data))
    return [
        f"an 8-bit export with {steps} values: SUVR is right if the scale is linear and starts "
        "at no uptake, which the file cannot prove"
    ]
