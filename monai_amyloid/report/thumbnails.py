"""Small pictures of scans, for thousands of them in one page."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from monai_amyloid.report.cut_brain import DARKEST_SUVR, shown_box, without_face
from monai_amyloid.report.slices import slice_index

# A sagittal plane beside the midline, a coronal one through the cerebellum, an axial one through
# basal nuclei and posterior cingulate, in mm.
_PLANES = ((0, -6.0), (1, -50.0), (2, 8.0))
_QUALITY = 35


def thumbnail(volume: NDArray[np.float32]) -> str:
    """Three planes of a scan, 4 mm a pixel, as a ``data:`` address of about a kilobyte.

    Args:
        volume: SUVR ``(91, 109, 91)`` on the template's grid; the face is left out.
    """
    buffer = io.BytesIO()
    Image.fromarray(three_planes(volume)).save(buffer, format="WEBP", quality=_QUALITY, method=2)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def three_planes(volume: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The planes side by side, head or front up, the patient's left on the left, 8-bit grey."""
    grey = 255 * (1 - np.clip(without_face(volume)[shown_box()] / DARKEST_SUVR, 0, 1))
    panels = []
    for axis, place in _PLANES:
        cut = np.take(grey, slice_index(axis, place), axis=axis).T[::-1]
        rows, columns = (size // 2 for size in cut.shape)
        halved = cut[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).mean(axis=(1, 3))
        panels.append(halved)
    height = max(panel.shape[0] for panel in panels)
    level = [
        np.pad(panel, ((0, height - panel.shape[0]), (0, 1)), constant_values=255)
        for panel in panels
    ]
    return np.asarray(np.concatenate(level, axis=1).round(), np.uint8)
