"""Pictures for TensorBoard, drawn with Pillow alone."""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.pictures.cut_brain import brain_in
from monai_amyloid.pictures.orientation import DEFAULT_CONVENTION, RADIOLOGICAL

Picture = NDArray[np.uint8]
# What SpatialCropd of configs/train.json keeps of the template's grid.
_FIRST, _END = (5, 6, 0), (85, 102, 80)

CELL = 72  # pixels, of a confusion matrix
MARGIN = 28  # pixels, for the names of its rows and columns
LINE = 16  # pixels, a line of text
SCALE = 3  # screen pixels of a voxel


def without_face(image: torch.Tensor) -> torch.Tensor:
    """An input of the network with 0 outside the brain and its rim, as people may see it.

    The network's box is taken as the one of ``configs/train.json``. Of slices it is not known how
    high they lie: they keep what lies above or below the brain.

    Args:
        image: Volume ``(1, X, Y, Z)`` or slices ``(N, 3, X, Y)``; others stay as they are.
    """
    if image.ndim != 4 or 1 in image.shape[2:3]:
        return image
    if image.shape[0] == 1:
        inside = brain_in(_FIRST, _END, (image.shape[1], image.shape[2], image.shape[3]))
    else:
        height = _END[2] - _FIRST[2]
        shape = (image.shape[2], image.shape[3], height)
        inside = np.asarray(brain_in(_FIRST, _END, shape).any(axis=-1))
    return image * torch.from_numpy(inside).to(image.device)


def axial_views(image: torch.Tensor, count: int) -> torch.Tensor | None:
    """Axial slices of an input, evenly spaced from the lowest to the highest, front up.

    Args:
        image: Volume ``(1, X, Y, Z)`` or slices ``(N, 3, X, Y)``, 0 to 1.
        count: Number of slices.

    Returns:
        Grey slices ``(count, Y, X)``, 0 to 1, float32, on the CPU; None for an input that is no
        picture, such as features. Left and right as :func:`turned_dims` says.
    """
    if image.ndim != 4 or 1 in image.shape[2:3] or (image.shape[0] != 1 and image.shape[1] != 3):
        return None
    planes = image[0].movedim(-1, 0) if image.shape[0] == 1 else image[:, 1]
    chosen = [int((part + 0.5) * len(planes) / count) for part in range(count)]
    return (
        planes[chosen]
        .detach()
        .float()
        .cpu()
        .transpose(1, 2)
        .flip([each + 1 for each in turned_dims(image)])
        .clamp(0, 1)
    )


def turned_dims(image: torch.Tensor) -> list[int]:
    """Dimensions along which a slice ``(Y, X)`` is turned to be seen as in the reports.

    The front goes up. Which side of a picture is the left is not known: slices stay as read.

    Args:
        image: Volume ``(1, X, Y, Z)`` or slices ``(N, 3, X, Y)``.
    """
    return [0, 1] if image.shape[0] == 1 and DEFAULT_CONVENTION == RADIOLOGICAL else [0]


def confusion_picture(matrix: ArrayLike) -> Picture:
    """A confusion matrix as a picture, each row shaded by its parts.

    Args:
        matrix: Counts ``(3, 3)``, rows true, columns predicted.

    Returns:
        Colour picture of 8 bits, ``(H, W, 3)``.
    """
    counts = np.asarray(matrix, dtype=float)
    parts = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    side = MARGIN + CELL * len(counts)
    canvas = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(canvas)
    font, small = ImageFont.load_default(18), ImageFont.load_default(11)
    draw.text((2, 2), "true", "black", small)
    for grade, name in enumerate(GRADES):
        middle = MARGIN + CELL * grade + CELL // 2
        draw.text((middle, MARGIN // 2), f"predicted {name}", "black", small, anchor="mm")
        draw.text((MARGIN // 2, middle), str(name), "black", font, anchor="mm")
    for (row, column), part in np.ndenumerate(parts):
        left, top = MARGIN + CELL * column, MARGIN + CELL * row
        shade = round(255 * (1 - part))
        draw.rectangle(
            (left, top, left + CELL - 1, top + CELL - 1), (shade, shade, 255), "lightgrey"
        )
        ink = "white" if part > 0.5 else "black"
        centre = (left + CELL // 2, top + CELL // 2)
        draw.text(centre, f"{counts[row, column]:.0f}", ink, font, anchor="mm")
    return np.asarray(canvas)


def captioned(views: torch.Tensor, caption: str) -> Picture:
    """Slices side by side under a line of text.

    Args:
        views: Grey slices, ``(N, Y, X)``, 0 to 1.
        caption: Text of one line.

    Returns:
        Colour picture of 8 bits, ``(H, W, 3)``.
    """
    strip = Image.fromarray((255 * torch.cat(list(views), 1).numpy()).round().astype(np.uint8))
    strip = strip.resize((strip.width * SCALE, strip.height * SCALE), Image.Resampling.BILINEAR)
    canvas = Image.new("RGB", (strip.width, strip.height + LINE), "black")
    canvas.paste(strip, (0, LINE))
    ImageDraw.Draw(canvas).text((4, 2), caption, "white", ImageFont.load_default(11))
    return np.asarray(canvas)
