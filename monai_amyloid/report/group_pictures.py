"""Pictures of mean scans: axial slices on the scale that florbetaben is read in."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from monai_amyloid.report.cut_brain import DARKEST_SUVR, shown_box, without_face
from monai_amyloid.report.slices import slice_index

_AXIAL_MM = (-30.0, -12.0, 6.0, 24.0, 40.0)


def group_picture(volume: NDArray[np.float32]) -> bytes:
    """Five axial slices side by side, front up, the patient's left on the left.

    Args:
        volume: SUVR ``(91, 109, 91)`` on the template's grid.

    Returns:
        A PNG of 8-bit grey, white where there is no uptake.
    """
    shown = without_face(volume)[shown_box()] / DARKEST_SUVR
    grey = np.asarray(255 * (1 - np.clip(shown, 0, 1)), np.uint8)
    slices = [grey[:, :, slice_index(2, mm)].T[::-1] for mm in _AXIAL_MM]
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(slices, axis=1)).save(buffer, format="PNG")
    return buffer.getvalue()
