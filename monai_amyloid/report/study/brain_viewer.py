"""What the page's own viewer shows: the scan and two to compare it with, as sheets of slices.

The page's program cuts and windows them on plain canvases, without WebGL.
"""

import base64
import io
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from monai_amyloid.brain.template import brain_mask, pet_templates, voi
from monai_amyloid.pictures.cut_brain import first_mm, shown_box
from monai_amyloid.pictures.orientation import DEFAULT_CONVENTION
from monai_amyloid.pictures.outlines import COLOURS, OUTLINED
from monai_amyloid.pictures.slices import SlicedScan, draw_slice, slice_index, tile, warm_colours
from monai_amyloid.report.study.viewer_words import VIEWER_WORDS

# Axial slices in the order of florbetaben's read: from the cerebellum up.
MOSAIC_MM = tuple(range(-52, 69, 6))
STILL_COLUMNS = 7
# Where the three planes begin: precuneus and posterior cingulate with the frontal lobe.
START_MM = (4.0, -52.0, 26.0)
_AXIAL = 2
_COLUMNS = 10
# Steps of what drove the grade: fewer make a smaller file.
_STEP = 8
_STILL_SCALE = 2
# zlib's strategy of runs: a third of the time of the usual one, and smaller for a noisy scan.
_RUNS = 3
# Noise-free scans lose nothing that is seen: one level of a hundred at most, two in a thousand 4.
_COMPARED_QUALITY = 65


def viewer(scan: SlicedScan) -> dict[str, Any]:
    """What the page's viewer needs: sheets as data URIs, their sizes, places and grey scales.

    Args:
        scan: The brain within the box that is shown.
    """
    start = [slice_index(axis, place) for axis, place in enumerate(START_MM)]
    strongest = start
    if scan.activation is not None:
        peak = np.unravel_index(scan.activation.argmax(), scan.activation.shape)
        strongest = [int(index) for index in peak]
    compared = compared_scans()
    scales = {"patient": scan, **{name: each for name, (each, _) in compared.items()}}
    return {
        "words": VIEWER_WORDS,
        "sheets": {
            "patient": data_uri(_sheet(scan.uptake)),
            **{name: uri for name, (_, uri) in compared.items()},
            "labels": _labels_uri(),
            **({} if scan.activation is None else {"activation": _activation_uri(scan.activation)}),
            **({"unseen": _bits_uri(scan.outside)} if scan.outside.any() else {}),
        },
        "has_activation": scan.activation is not None,
        "has_unseen": bool(scan.outside.any()),
        "still": still_uri(scan),
        "colours": {name: f"rgb{COLOURS[name]}" for name in OUTLINED},
        "window": scan.window,
        "settings": {
            "size": list(scan.uptake.shape),
            "columns": _COLUMNS,
            "first": list(first_mm()),
            "start": start,
            "strongest": strongest,
            "mosaic": [slice_index(_AXIAL, mm) for mm in MOSAIC_MM],
            "convention": DEFAULT_CONVENTION,
            "share": round(100 * scan.window.share),
            "scales": {
                name: {"top": each.top, "white": each.window.white_matter}
                for name, each in scales.items()
            },
            "outlines": [f"rgb{COLOURS[name]}" for name in OUTLINED],
            "warm": warm_colours()[::_STEP].tolist(),
        },
    }


@cache
def compared_scans() -> dict[str, tuple[SlicedScan, str]]:
    """A negative and a positive simulated scan, each with its sheet of slices."""
    scans = (SlicedScan.of_volume(each) for each in pet_templates())
    return {
        name: (scan, _jpeg(_sheet(scan.uptake)))
        for name, scan in zip(("negative", "positive"), scans, strict=True)
    }


def still_uri(scan: SlicedScan) -> str:
    """The axial slices as one picture, where no program may run."""
    plain = replace(scan, activation=None)
    slices = [
        draw_slice(plain, _AXIAL, slice_index(_AXIAL, mm), _STILL_SCALE, outlined=())
        for mm in MOSAIC_MM
    ]
    rows = [slices[at : at + STILL_COLUMNS] for at in range(0, len(slices), STILL_COLUMNS)]
    return data_uri(tile(rows, 4), "JPEG")


def picture_uris(bag: NDArray[np.float32]) -> list[str]:
    """Pictures of one person ``(X, Y, n)`` as they were read, 0 to 255."""
    shown = np.clip(np.moveaxis(bag, 2, 0), 0, 255).astype(np.uint8)
    return [data_uri(np.ascontiguousarray(plane.T[::-1])) for plane in shown]


def data_uri(pixels: NDArray[np.uint8], form: str = "PNG") -> str:
    """A picture as a data URI."""
    if form == "JPEG":
        return _coded(Image.fromarray(pixels), form, quality=85, subsampling=0)
    return _coded(Image.fromarray(pixels), form, compress_level=1, compress_type=_RUNS)


def _jpeg(levels: NDArray[np.uint8]) -> str:
    return _coded(Image.fromarray(levels), "JPEG", quality=_COMPARED_QUALITY, optimize=True)


def _coded(picture: Image.Image, form: str, **options: Any) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, format=form, **options)
    return f"data:image/{form.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _sheet(volume: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Axial slices ``(X, Y, Z)`` from below, front up and x to the right, ten in a row."""
    x, y, z = volume.shape
    rows = -(-z // _COLUMNS)
    sheet = np.zeros((rows * _COLUMNS, y, x), np.uint8)
    sheet[:z] = volume[:, ::-1].transpose(2, 1, 0)
    grid = sheet.reshape(rows, _COLUMNS, y, x).swapaxes(1, 2)
    return np.ascontiguousarray(grid.reshape(rows * y, _COLUMNS * x))


def _few_levels_uri(levels: NDArray[np.uint8]) -> str:
    """A sheet of at most sixteen levels, 4 bits a pixel: the browser reads the grey of each."""
    picture = Image.fromarray(_sheet(levels))
    picture.putpalette(np.repeat(np.arange(256, dtype=np.uint8), 3).tobytes())
    return _coded(picture, "PNG", bits=4)


@cache
def _labels_uri() -> str:
    """Brain 1, cortex 2, cerebellum 4, and their sums."""
    masks = (brain_mask(), voi("cortex"), voi("whole_cerebellum"))
    bits = np.sum([mask.astype(np.uint8) << bit for bit, mask in enumerate(masks)], axis=0)
    return _few_levels_uri(bits[shown_box()].astype(np.uint8))


def _bits_uri(mask: NDArray[np.bool_]) -> str:
    return _few_levels_uri(mask.astype(np.uint8))


def _activation_uri(activation: NDArray[np.float32]) -> str:
    levels = np.clip(255 * activation, 0, 255).astype(np.uint8) // _STEP
    levels[warm_colours()[_STEP * levels, 3] == 0] = 0  # what is not shown takes no room
    return data_uri(_sheet(levels))
