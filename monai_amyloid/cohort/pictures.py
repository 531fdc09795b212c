"""Pictures of axial slices, as the original study had them: drawn, and read back.

A picture shows a slice of the template grid with the front of the head up, five pixels a voxel,
455 wide and 545 high. Column ``c`` of the slice drawn is voxel ``x = c`` and row ``r`` is
``y = 108 - r``, so that the patient's left is on the left of the picture. Whether the original's
pictures were drawn that way or mirrored is not known; nothing in a picture shows it.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE
from monai_amyloid.errors import one_line
from monai_amyloid.findings.finding import StudyRefused, Term
from monai_amyloid.pet.files.sources import is_picture

# Kinds of what a network is given.
PICTURE, VOLUME = "picture", "volume"
PIXELS_A_VOXEL = 5  # 91 x 109 voxels became the original's 455 x 545 pixels
BRIGHTEST = 255
WIDTH, HEIGHT = TEMPLATE_SHAPE[:2]
# JPEG leaves differences of a few levels between the channels of a grey picture.
MOST_COLOUR = 16
# A picture of other proportions shows a margin or a part of the slice, or another grid.
MOST_DISTORTION = 0.02
# A hundred times the original's; unpacked, a small file may be any size.
MOST_PIXELS = 25_000_000
_EIGHT_BIT = ("L", "LA", "RGB", "RGBA", "P")


def eight_bit(volume: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale a volume to 0 to 255 by its own maximum; what is negative is black.

    How the original's volumes became 8-bit is not known: this is an assumption.

    Args:
        volume: Volume of any shape and linear unit.
    """
    top = float(volume.max())
    if not top > 0:
        return np.zeros(volume.shape, np.uint8)
    return np.rint(np.clip(volume / top, 0, 1) * BRIGHTEST).astype(np.uint8)


def draw_slice(volume: NDArray[Any], index: int) -> NDArray[np.uint8]:
    """Draw an axial slice as the original study's pictures show theirs.

    Args:
        volume: Volume on the template grid, ``(91, 109, 91)``, RAS+, linear unit.
        index: Number of the slice, from 0 at the bottom; the original's 44 is z = 16 mm.

    Returns:
        Grey picture ``(545, 455, 3)``, rows from the front of the head to its back.
    """
    shown = eight_bit(volume)[:, :, index].T[::-1]
    large = shown.repeat(PIXELS_A_VOXEL, axis=0).repeat(PIXELS_A_VOXEL, axis=1)
    return np.repeat(large[..., None], 3, axis=2)


def read_picture(path: Path) -> NDArray[np.float32]:
    """Read one picture back onto the slice's grid.

    A voxel is the mean of the pixels on it, whatever the picture's size: for whole multiples of
    the slice's 91 x 109 that is exact, other sizes are resampled over the same area.

    Args:
        path: Path of a JPEG or PNG of 8 bits, grey, or with equal colour channels.

    Returns:
        Grey values ``(91, 109)``, 0 to 255, x to the right of the picture and y to the top.

    Raises:
        StudyRefused: If the file is broken or empty, has more than 8 bits, shows colours, is
            smaller than the slice, far larger, or of other proportions.
    """
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as stored:
            if stored.mode not in _EIGHT_BIT:
                raise StudyRefused(
                    "picture_mode",
                    "found pixels of the kind {mode}, needed 8 bits, grey or RGB",
                    mode=Term(stored.mode),
                    where=path,
                )
            if stored.width * stored.height > MOST_PIXELS:
                raise StudyRefused(
                    "picture_too_large",
                    "found {pixels:x} pixels, needed at most {most} million; export the slice "
                    "smaller, such as {usual:x}",
                    pixels=stored.size,
                    most=MOST_PIXELS // 1_000_000,
                    usual=(WIDTH * PIXELS_A_VOXEL, HEIGHT * PIXELS_A_VOXEL),
                    where=path,
                )
            picture = ImageOps.exif_transpose(stored).convert("RGB")
    except UnidentifiedImageError as error:
        raise StudyRefused(
            "no_jpeg_or_png", "no JPEG or PNG; export the slice as one of them", where=path
        ) from error
    except StudyRefused:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = one_line(error)
        raise StudyRefused(
            "broken_picture",
            "broken picture ({reason}); export it again",
            reason=reason,
            where=path,
        ) from error
    pixels = np.asarray(picture).astype(np.int16)
    spread = int((pixels.max(axis=2) - pixels.min(axis=2)).max())
    if spread > MOST_COLOUR:
        raise StudyRefused(
            "picture_in_colour",
            "found colours (channels differ by {spread} of {brightest}), needed grey: a colour map "
            "or a drawing on the picture hides the uptake; export it in grey",
            spread=spread,
            brightest=BRIGHTEST,
            where=path,
        )
    if pixels.min() == pixels.max():
        raise StudyRefused(
            "empty_picture", "an empty picture, all of one grey; export the slice again", where=path
        )
    _check_size(path, *picture.size)
    grey = Image.fromarray(pixels.mean(axis=2, dtype=np.float32))
    small = np.asarray(grey.resize((WIDTH, HEIGHT), Image.Resampling.BOX))
    return np.ascontiguousarray(small[::-1].T)


def _check_size(path: Path, width: int, height: int) -> None:
    distortion = abs(width * HEIGHT / (height * WIDTH) - 1)
    if width < WIDTH or height < HEIGHT or distortion > MOST_DISTORTION:
        raise StudyRefused(
            "picture_size",
            "found {pixels:x} pixels, needed {least:x} or the same proportions larger, such as "
            "{usual:x}: the whole slice of the 2 mm template grid, without a margin",
            pixels=(width, height),
            least=(WIDTH, HEIGHT),
            usual=(WIDTH * PIXELS_A_VOXEL, HEIGHT * PIXELS_A_VOXEL),
            where=path,
        )


def read_bag(path: Path) -> NDArray[np.float32]:
    """Read one picture, or the pictures of a folder as slices of one person.

    Args:
        path: Path of a picture, or of a folder of pictures whose names are numbered.

    Returns:
        Grey values of the slices, ``(91, 109, n)``, 0 to 255.

    Raises:
        StudyRefused: If there is no picture, or one cannot be used.
    """
    files = [path]
    if path.is_dir():
        files = sorted((file for file in path.iterdir() if file.is_file()), key=_counting)
        files = [file for file in files if not file.name.startswith(".")]
    if not files or not all(file.is_file() and is_picture(file) for file in files):
        raise StudyRefused(
            "no_picture",
            "found no picture, needed a JPEG or PNG of an axial slice, for that is what this "
            "bundle's network was trained on; for a scan name another with {option}",
            option=Term("--bundle"),
            where=path,
        )
    return np.stack([read_picture(file) for file in files], axis=-1)


def _counting(file: Path) -> tuple[tuple[int, str], ...]:
    """Order in which 9 comes before 10."""
    parts = re.findall(r"\d+|\D+", file.name.casefold())
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts)


def slice_affine(slices: list[int]) -> NDArray[np.float64]:
    """Affine of a stack of template slices: the first and the last lie where they are.

    Args:
        slices: Numbers of the slices from 0, increasing.
    """
    affine = TEMPLATE_AFFINE.copy()
    affine[2, 3] += slices[0] * TEMPLATE_AFFINE[2, 2]
    if len(slices) > 1:
        affine[2, 2] *= (slices[-1] - slices[0]) / (len(slices) - 1)
    return affine
