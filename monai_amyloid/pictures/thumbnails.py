"""Small grey pictures of scans: three planes of each of thousands, and slices of groups' means."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from monai_amyloid.pictures.cut_brain import grey
from monai_amyloid.pictures.orientation import lettered, upright
from monai_amyloid.pictures.slices import SHEET_PLANES, slice_index

_QUALITY = 35
_AXIAL_MM = (-30.0, -12.0, 6.0, 24.0, 40.0)


def thumbnail(volume: NDArray[np.float32]) -> str:
    """Three planes of a scan, 4 mm a pixel, as a ``data:`` address of about a kilobyte.

    Args:
        volume: SUVR ``(91, 109, 91)`` on the template's grid; the face is left out.
    """
    buffer = io.BytesIO()
    picture = Image.fromarray(halved_planes(volume))
    picture.save(buffer, format="WEBP", quality=_QUALITY, method=2)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def halved_planes(volume: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The planes side by side, head or front up, with the sides in letters, 8-bit grey."""
    shown = grey(volume)
    panels = []
    for axis, place in SHEET_PLANES:
        cut = upright(shown, axis, slice_index(axis, place))
        rows, columns = (size // 2 for size in cut.shape)
        blocks = cut[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2)
        panels.append(lettered(blocks.mean(axis=(1, 3)).round().astype(np.uint8), axis))
    height = max(panel.shape[0] for panel in panels)
    level = [
        np.pad(panel, ((0, height - panel.shape[0]), (0, 1)), constant_values=255)
        for panel in panels
    ]
    return np.concatenate(level, axis=1)


def group_picture(volume: NDArray[np.float32]) -> bytes:
    """Five axial slices of a mean scan side by side, front up, with the sides in letters.

    Args:
        volume: SUVR ``(91, 109, 91)`` on the template's grid.

    Returns:
        A PNG of 8-bit grey, white where there is no uptake.
    """
    shown = grey(volume)
    slices = [lettered(upright(shown, 2, slice_index(2, mm)), 2) for mm in _AXIAL_MM]
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(slices, axis=1)).save(buffer, format="PNG")
    return buffer.getvalue()
