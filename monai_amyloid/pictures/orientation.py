"""Which side of a picture the patient's left is on, and the letters that tell it.

The arrays on disk stay RAS+ with x rising from the patient's left to the right; only pictures
turn.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

RADIOLOGICAL, NEUROLOGICAL = "radiological", "neurological"
# How hospitals hang images: as if the patient faced the reader, the left on the right.
DEFAULT_CONVENTION = RADIOLOGICAL
_SAGITTAL = 0
_Kind = TypeVar("_Kind", bound=np.generic)

# Letters of five columns and seven rows, legible without a font however small the picture.
_LETTERS = {
    "L": ("1....", "1....", "1....", "1....", "1....", "1....", "11111"),
    "R": ("1111.", "1...1", "1...1", "1111.", "1.1..", "1..1.", "1...1"),
    "P": ("1111.", "1...1", "1...1", "1111.", "1....", "1....", "1...."),
    "A": (".111.", "1...1", "1...1", "11111", "1...1", "1...1", "1...1"),
}
_INK = 70  # grey of the letters, dark on the white about a brain


def slice_sides(axis: int, convention: str = DEFAULT_CONVENTION) -> tuple[str, str]:
    """The sides of the patient at the left and the right edge of a slice.

    Args:
        axis: Axis that the slice is cut across, 0 to 2.
        convention: :data:`RADIOLOGICAL` or :data:`NEUROLOGICAL`.
    """
    if axis == _SAGITTAL:
        return "P", "A"
    return ("R", "L") if convention == RADIOLOGICAL else ("L", "R")


def facing(volume: NDArray[_Kind], convention: str = DEFAULT_CONVENTION) -> NDArray[_Kind]:
    """A volume whose first axis runs as in pictures, from their left edge to the right.

    Args:
        volume: Array ``(X, ...)``, x rising from the patient's left to the right.
        convention: :data:`RADIOLOGICAL` or :data:`NEUROLOGICAL`.
    """
    return volume[::-1] if convention == RADIOLOGICAL else volume


def upright(
    volume: NDArray[_Kind], axis: int, index: int, convention: str = DEFAULT_CONVENTION
) -> NDArray[_Kind]:
    """One slice as it is shown: head, or in the axial plane front, up; the front on the right.

    Args:
        volume: Volume ``(X, Y, Z)``, RAS+.
        axis: Axis that the slice is cut across, 0 to 2.
        index: Index of the slice along ``axis``.
        convention: :data:`RADIOLOGICAL` or :data:`NEUROLOGICAL`, for coronal and axial slices.

    Returns:
        The slice ``(rows, columns)``.
    """
    plane = np.take(volume, index, axis=axis)
    return np.asarray((plane if axis == _SAGITTAL else facing(plane, convention)).T[::-1])


def lettered(
    picture: NDArray[np.uint8], axis: int, scale: int = 1, convention: str = DEFAULT_CONVENTION
) -> NDArray[np.uint8]:
    """A picture of one slice with the sides of the patient in its lower corners.

    Args:
        picture: Grey ``(rows, columns)`` or colours ``(rows, columns, 3)``, white at its edge.
        axis: Axis that the slice is cut across, 0 to 2.
        scale: Number of pixels along the edge of a letter's dot.
        convention: The one that the picture was made in.
    """
    written = picture.copy()
    for letter, is_left in zip(slice_sides(axis, convention), (True, False), strict=True):
        dots = np.array([[dot == "1" for dot in row] for row in _LETTERS[letter]])
        dots = dots.repeat(scale, axis=0).repeat(scale, axis=1)
        rows, columns = dots.shape
        left = scale if is_left else written.shape[1] - scale - columns
        place = written[written.shape[0] - scale - rows :, left:][:rows, :columns]
        place[dots] = _INK
    return written
