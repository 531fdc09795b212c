"""The scan as sprites, for brainsprite to cut into planes in any browser.

brainsprite draws on a plain canvas, without WebGL. It comes with nilearn and is read from there.
"""

import base64
import io
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from monai_amyloid.errors import UserError
from monai_amyloid.pictures.cut_brain import DARKEST_SUVR, first_mm
from monai_amyloid.pictures.outlines import COLOURS, OUTLINED, soft_masks
from monai_amyloid.pictures.slices import (
    AMBER,
    PLANES,
    SlicedScan,
    draw_slice,
    slice_index,
    tile,
    warm_colours,
)

# Precuneus and posterior cingulate with the frontal lobe: what is read in most scans.
START_MM = (4.0, -52.0, 26.0)
_COLUMNS = 10
# Steps of what drove the grade, and of the masks' soft edges: fewer make smaller files.
_STEP = 8
_UNSEEN_COVER = 115
_STILL_SCALE = 3


@cache
def brainsprite() -> str:
    """The viewer's program.

    Raises:
        UserError: If nilearn, of the extra ``report``, is not installed or has it no longer.
    """
    try:
        found = files("nilearn").joinpath("_assets", "js", "brainsprite.min.js")
        program = found.read_text(encoding="utf-8")
    except (ModuleNotFoundError, OSError) as error:
        raise UserError(
            "the report's viewer needs nilearn with its brainsprite; install it with: "
            "pip install 'monai-amyloid[report]'"
        ) from error
    return program.replace("</", "<\\/")  # nothing in it may end the page's script


def viewer(scan: SlicedScan, *, at_peak: bool = False) -> dict[str, Any]:
    """What the page's viewer needs: sprites as data URIs, their size and place.

    Args:
        scan: The brain within the box that is shown.
        at_peak: Whether to begin where the map of what drove the grade is strongest.
    """
    start = [slice_index(axis, place) for axis, place in enumerate(START_MM)]
    if at_peak and scan.activation is not None:
        peak = np.unravel_index(scan.activation.argmax(), scan.activation.shape)
        start = [int(index) for index in peak]
    return {
        "scan": data_uri(_sprite(scan.grey)),
        "masks": _masks_uri(),
        "activation": None if scan.activation is None else _activation_uri(scan.activation),
        "unseen": _unseen_uri(scan.outside) if scan.outside.any() else None,
        "still": still_uri(scan, start),
        "colours": {name: f"rgb{COLOURS[name]}" for name in OUTLINED},
        "settings": {
            "size": list(scan.grey.shape),
            "first": list(first_mm()),
            "start": start,
            "darkest": DARKEST_SUVR,
            "colours": [f"rgb{COLOURS[name]}" for name in OUTLINED],
        },
    }


def still_uri(scan: SlicedScan, start: Sequence[int]) -> str:
    """The three planes as one picture, where no program may run."""
    planes = [
        draw_slice(scan, axis, index, _STILL_SCALE)
        for axis, index in zip(range(len(PLANES)), start, strict=True)
    ]
    return data_uri(tile([planes], 8), "JPEG")


def picture_uris(bag: NDArray[np.float32]) -> list[str]:
    """Pictures of one person ``(X, Y, n)`` as they were read, 0 to 255."""
    shown = np.clip(np.moveaxis(bag, 2, 0), 0, 255).astype(np.uint8)
    return [data_uri(np.ascontiguousarray(plane.T[::-1])) for plane in shown]


def data_uri(pixels: NDArray[np.uint8], form: str = "PNG") -> str:
    """A picture as a data URI."""
    return _coded(Image.fromarray(pixels), form)


def _coded(picture: Image.Image, form: str, **options: Any) -> str:
    buffer = io.BytesIO()
    options |= {"quality": 85, "subsampling": 0} if form == "JPEG" else {"compress_level": 6}
    picture.save(buffer, format=form, **options)
    return f"data:image/{form.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _sprite(volume: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Sagittal slices from left to right, front to the right and head up, ten in a row."""
    x, y, z = volume.shape[:3]
    rows = -(-x // _COLUMNS)
    size = (rows, _COLUMNS, z, y, *volume.shape[3:])
    sheet = np.full(size, volume[0, 0, 0], np.uint8)  # a corner, where nothing is
    upright = np.moveaxis(volume, 2, 1)[:, ::-1]
    sheet.reshape(rows * _COLUMNS, *sheet.shape[2:])[:x] = upright
    sheet = sheet.swapaxes(1, 2)  # row, z, column, y
    return sheet.reshape(rows * z, _COLUMNS * y, *volume.shape[3:])


@cache
def _masks_uri() -> str:
    soft = np.moveaxis(soft_masks(), 0, -1).astype(np.int16)
    steps = np.clip((soft + _STEP) // (2 * _STEP) * (2 * _STEP), 0, 255)
    return data_uri(_sprite(steps.astype(np.uint8)))


def _activation_uri(activation: NDArray[np.float32]) -> str:
    levels = np.clip(255 * activation, 0, 255).astype(np.uint8) // _STEP * _STEP
    colours = warm_colours()
    levels[colours[levels, 3] == 0] = 0  # what is not shown takes no room
    return _coded_by_palette(_sprite(levels), colours)


def _unseen_uri(outside: NDArray[np.bool_]) -> str:
    colours = np.zeros((256, 4), np.uint8)
    colours[1] = (*AMBER, _UNSEEN_COVER)
    return _coded_by_palette(_sprite(outside.astype(np.uint8)), colours)


def _coded_by_palette(levels: NDArray[np.uint8], colours: NDArray[np.uint8]) -> str:
    picture = Image.fromarray(levels)
    picture.putpalette(np.ascontiguousarray(colours[:, :3]).tobytes())  # an L picture becomes a P
    return _coded(picture, "PNG", transparency=colours[:, 3].tobytes())
