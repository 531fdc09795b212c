"""Slices of a scan as pictures: inverse grey, outlines, what drove the grade, what is unseen."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.brain.template import voi
from monai_amyloid.pictures.cut_brain import (
    first_mm,
    shown_box,
    shown_mask,
    shown_uptake,
    unseen,
)
from monai_amyloid.pictures.orientation import lettered, upright
from monai_amyloid.pictures.outlines import COLOURS, OUTLINED, outline_layer
from monai_amyloid.pictures.window import Window, window_of

PLANES = ("sagittal", "coronal", "axial")
# Of a scan among thousands: a sagittal plane beside the midline, a coronal one through the
# cerebellum, an axial one through basal nuclei and posterior cingulate, mm.
SHEET_PLANES = ((0, -6.0), (1, -50.0), (2, 8.0))
AMBER = (255, 191, 0)
_AMBER_SHARE = 0.45
# What drove the grade, from weak to strong: a dark warm scale, for white is no uptake here.
_WARM = np.array([(255, 196, 0), (255, 120, 0), (225, 30, 30), (150, 0, 60)], np.float32)
# Shares of the map's most below which it is not shown, and how much of the scan it hides at most.
SHOWN_FROM, _MOST_HIDDEN = 0.25, 0.72


@dataclass(frozen=True, eq=False)
class SlicedScan:
    """A scan that slices are cut from, within ``shown_box``.

    Attributes:
        uptake: Uptake ``(X, Y, Z)``, 0 to 255: no step of the scan is clipped.
        top: SUVR over the whole cerebellum that 255 stands for.
        window: The grey scale that it is shown in.
        outside: What lies outside the field of view.
        activation: What drove the grade, 0 to 1; None where that is not known.
    """

    uptake: NDArray[np.uint8]
    top: float
    window: Window
    outside: NDArray[np.bool_]
    activation: NDArray[np.float32] | None = None

    @classmethod
    def of(cls, brain: BrainPet, activation: NDArray[np.float32] | None = None) -> "SlicedScan":
        """Cut a scan, and the map on the template's grid that belongs to it."""
        shown = None
        if activation is not None:
            shown = np.where(shown_mask(), activation[shown_box()], np.float32(0))
        suvr = brain.suvr / np.float32(brain.suvr[voi("whole_cerebellum")].mean())
        return cls.of_volume(suvr, unseen(brain), shown)

    @classmethod
    def of_volume(
        cls,
        suvr: NDArray[np.float32],
        outside: NDArray[np.bool_] | None = None,
        activation: NDArray[np.float32] | None = None,
    ) -> "SlicedScan":
        """Cut a volume on the template's grid ``(91, 109, 91)``, SUVR over the whole cerebellum."""
        uptake = np.maximum(shown_uptake(suvr), 0)
        top = max(float(uptake.max()), 1e-3)
        levels = (uptake * np.float32(255 / top)).round().astype(np.uint8)
        nowhere = np.zeros(levels.shape, bool)
        return cls(
            levels, top, window_of(suvr), nowhere if outside is None else outside, activation
        )

    @classmethod
    def of_grey(cls, grey: NDArray[np.uint8]) -> "SlicedScan":
        """Grey levels ``(X, Y, Z)`` within ``shown_box`` that are shown as they are."""
        return cls(255 - grey, 1.0, Window(1.0, 1.0), np.zeros(grey.shape, bool))

    @cached_property
    def grey(self) -> NDArray[np.uint8]:
        """Inverse grey levels ``(X, Y, Z)`` in the scan's window: 255 is no uptake."""
        levels = np.arange(256) * (self.top / self.window.black)
        return np.asarray(255 - np.clip(levels, 0, 255).round().astype(np.uint8))[self.uptake]


# What there is to show of a study: a scan, pictures of one person ``(X, Y, n)``, or nothing.
Shown = BrainPet | SlicedScan | NDArray[np.float32] | None


def sliced(shown: Shown, activation: NDArray[np.float32] | None) -> SlicedScan | None:
    """The scan to show; None where there is none, or only pictures."""
    if isinstance(shown, BrainPet):
        return SlicedScan.of(shown, activation)
    return shown if isinstance(shown, SlicedScan) else None


def slice_index(axis: int, place_mm: float) -> int:
    """The slice of ``shown_box`` nearest to a place."""
    return round((place_mm - first_mm()[axis]) / 2)


def draw_slice(
    scan: SlicedScan,
    axis: int,
    index: int,
    scale: int,
    *,
    outlined: Sequence[str] = OUTLINED,
    letters: bool = True,
) -> NDArray[np.uint8]:
    """One slice ``(rows, columns, 3)``, by the default convention of left and right.

    Args:
        scan: The scan to cut.
        axis: Axis that the slice is cut across, 0 to 2.
        index: Index of the slice along ``axis`` within ``shown_box``.
        scale: Number of pixels along the edge of a voxel.
        outlined: Names of the outlines that are drawn, of :data:`OUTLINED`.
        letters: Whether the sides of the patient stand in the lower corners.
    """
    grey = Image.fromarray(upright(scan.grey, axis, index).astype(np.uint8))
    size = (grey.width * scale, grey.height * scale)
    large = np.asarray(grey.resize(size, Image.Resampling.BICUBIC))
    picture = np.repeat(large[..., None], 3, axis=-1)
    if scan.activation is not None:
        levels = (255 * np.clip(upright(scan.activation, axis, index), 0, 1)).astype(np.uint8)
        soft = np.asarray(Image.fromarray(levels).resize(size, Image.Resampling.BILINEAR))
        colours = warm_colours()
        where = colours[soft, 3] > 0
        _blend(picture, where, colours[soft[where], :3], colours[soft[where], 3:] / 255)
    outside = upright(scan.outside, axis, index).astype(bool)
    if outside.any():
        where = outside.repeat(scale, axis=0).repeat(scale, axis=1)
        _blend(picture, where, np.array(AMBER), np.float32(_AMBER_SHARE))
    for name, layer in zip(OUTLINED, outline_layer(axis, index, scale), strict=True):
        if name in outlined:
            where = layer > 0
            _blend(picture, where, np.array(COLOURS[name]), layer[where, None] / np.float32(255))
    return lettered(picture, axis, -(-2 * scale // 3)) if letters else picture


def _blend(
    picture: NDArray[np.uint8], where: NDArray[np.bool_], colour: Any, share: NDArray[Any] | Any
) -> None:
    """Lay a colour over some pixels, each by its share."""
    under = picture[where].astype(np.float32)
    picture[where] = (under + (colour - under) * share).round()


@cache
def warm_colours() -> NDArray[np.uint8]:
    """Red, green, blue and cover of what drove the grade by 0 to 255, ``(256, 4)``."""
    level = np.clip((np.arange(256) / 255 - SHOWN_FROM) / (1 - SHOWN_FROM), 0, 1)
    steps = level * (len(_WARM) - 1)
    channels = [np.interp(steps, np.arange(len(_WARM)), _WARM[:, each]) for each in range(3)]
    cover = 255 * _MOST_HIDDEN * np.sqrt(level)
    return np.asarray(np.stack([*channels, cover], axis=-1).round().astype(np.uint8))


def tile(rows: Sequence[Sequence[NDArray[np.uint8]]], gap: int) -> NDArray[np.uint8]:
    """Pictures in rows on white, each in the middle of its cell."""
    heights = [max(picture.shape[0] for picture in row) for row in rows]
    widths = [max(picture.shape[1] for picture in column) for column in zip(*rows, strict=True)]
    size = (sum(heights) + gap * (len(heights) - 1), sum(widths) + gap * (len(widths) - 1), 3)
    sheet = np.full(size, 255, np.uint8)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        left = 0
        for picture, width in zip(row, widths, strict=True):
            y = top + (height - picture.shape[0]) // 2
            x = left + (width - picture.shape[1]) // 2
            sheet[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
            left += width + gap
        top += height + gap
    return sheet
