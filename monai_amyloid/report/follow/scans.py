"""The scans of several visits as pictures: the same slices, one grey scale, and what changed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from monai_amyloid.brain.template import brain_mask
from monai_amyloid.findings.finding import Phrase
from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.pictures.cut_brain import DARKEST_SUVR, grey, shown_box
from monai_amyloid.pictures.orientation import upright
from monai_amyloid.pictures.slices import SlicedScan, draw_slice, slice_index
from monai_amyloid.pictures.window import window_of
from monai_amyloid.report.follow.sentences import visit_name
from monai_amyloid.report.follow.words import FOLLOW_WORDS
from monai_amyloid.report.study.brain_viewer import data_uri
from monai_amyloid.result.followed import Followed

Volume = NDArray[np.float32]
# The axis that each slice is cut across, and where, mm: cerebellum and temporal lobes, temporal
# lobes, striatum and posterior cingulate, precuneus, parietal lobes; precuneus; near the midline.
SLICES_MM = ((2, -34.0), (2, -20.0), (2, 6.0), (2, 26.0), (2, 40.0), (1, -52.0), (0, -6.0))
# In a simulated person whose amyloid is the same at both visits, 90 % of the brain differs by less
# than 0.07 on one scanner and 0.17 on two, smoothed so far. From the second on the colour is full.
DIFFERENCE_FROM, DIFFERENCE_FULL = 0.15, 0.6
SMOOTHED_MM = 8.0
_SIGMA_VOXELS = SMOOTHED_MM / FWHM_PER_SIGMA / 2  # of full width at half maximum; a voxel has 2 mm
# Colours of less and of more uptake, from weak to strong.
LESS = ((146, 197, 222), (33, 102, 172), (5, 48, 97))
MORE = ((253, 190, 133), (217, 72, 1), (127, 39, 4))
_MOST_HIDDEN = 0.9
# Beneath the colours the grey is paler, so that dark uptake does not hide them.
_PALE = 0.45
# So many scans fit beside one another on a phone; of more, the first and the last are shown.
MOST_SCANS = 4


@dataclass(frozen=True, eq=False)
class ShownScan:
    """One scan, or the difference of two, in every slice of :data:`SLICES_MM`.

    Attributes:
        name: What the scan is called.
        black: SUVR that is black in every scan beside it.
        pictures: Slices as ``(rows, columns, 3)``, red, green and blue.
    """

    name: Phrase
    black: float
    pictures: Sequence[NDArray[np.uint8]]

    @property
    def uris(self) -> list[str]:
        """The slices as data URIs."""
        return [data_uri(np.ascontiguousarray(each), "JPEG") for each in self.pictures]


def shown_scans(
    followed: Followed,
    volumes: Sequence[Volume | None],
    difference: Volume | None,
    scale: int = 3,
    most: int = MOST_SCANS,
) -> list[ShownScan]:
    """Cut every scan that is shown, and the map of the difference, at the same places.

    Left and right are as in the report of one study.

    Args:
        followed: What is known of the visits.
        volumes: SUVR ``(91, 109, 91)`` on the template's grid, one a visit; None where refused.
        difference: SUVR of the last graded visit less that of the first, on the same grid.
        scale: Number of pixels along the edge of a voxel.
        most: Number of scans up to which all are shown.

    Returns:
        Scans in the order of the visits, all of them or the first and the last; then the
        difference over the last scan. Nothing where there is no volume.

    Raises:
        ValueError: If there is not one volume, or None, a visit.
    """
    seen = seen_volumes(followed, volumes, most)
    black = common_black([volume for _, volume in seen])
    scans = [
        ShownScan(visit_name(place, followed.visits[place]), black, _slices(volume, black, scale))
        for place, volume in seen
    ]
    if seen and difference is not None:
        pictures = _difference_slices(seen[-1][1], difference, black, scale)
        scans.append(ShownScan(FOLLOW_WORDS["difference"], black, pictures))
    return scans


def seen_volumes(
    followed: Followed, volumes: Sequence[Volume | None], most: int = MOST_SCANS
) -> list[tuple[int, Volume]]:
    """The volumes that are shown, each with the place of its visit, from 0.

    Args:
        followed: What is known of the visits.
        volumes: SUVR ``(91, 109, 91)`` on the template's grid, one a visit; None where refused.
        most: Number of scans up to which all are shown; of more, the first and the last.

    Raises:
        ValueError: If there is not one volume, or None, a visit.
    """
    if len(volumes) != len(followed.visits):
        raise ValueError(
            f"found {len(volumes)} volumes and {len(followed.visits)} visits; pass one a visit, "
            "None where the scan was refused"
        )
    seen = [(place, volume) for place, volume in enumerate(volumes) if volume is not None]
    return seen if len(seen) <= most else [seen[0], seen[-1]]


def common_black(volumes: Sequence[Volume]) -> float:
    """SUVR that is black in all scans of one person, so that none of them is clipped.

    Args:
        volumes: SUVR ``(91, 109, 91)`` on the template's grid of each scan that is shown.
    """
    return max((window_of(each).black for each in volumes), default=DARKEST_SUVR)


def _slices(volume: Volume, black: float, scale: int) -> list[NDArray[np.uint8]]:
    scan = SlicedScan.of_grey(grey(volume, black))
    return [
        draw_slice(scan, axis, slice_index(axis, mm), scale, outlined=("brain",), letters=False)
        for axis, mm in SLICES_MM
    ]


def _difference_slices(
    under: Volume, difference: Volume, black: float, scale: int
) -> list[NDArray[np.uint8]]:
    changed = of_brain(difference)
    scan = SlicedScan.of_grey(pale_grey(under, black))
    pictures = []
    for axis, mm in SLICES_MM:
        index = slice_index(axis, mm)
        picture = draw_slice(scan, axis, index, scale, outlined=(), letters=False)
        pictures.append(_coloured_slice(picture, upright(changed, axis, index)))
    return pictures


def pale_grey(volume: Volume, black: float) -> NDArray[np.uint8]:
    """The grey of a scan that colours lie upon, within ``shown_box``.

    Args:
        volume: SUVR ``(91, 109, 91)`` on the template's grid.
        black: What would be black without the paleness, SUVR.
    """
    dark = 255 - grey(volume, black).astype(np.float32)
    return np.asarray((255 - _PALE * dark).astype(np.uint8))


def of_brain(difference: Volume) -> Volume:
    """A difference within ``shown_box``, smoothed within the brain, and 0 outside it."""
    brain = brain_mask()[shown_box()]
    inside = np.where(brain, difference[shown_box()], np.float32(0))
    near = ndimage.gaussian_filter(brain.astype(np.float32), _SIGMA_VOXELS)
    smooth = ndimage.gaussian_filter(inside, _SIGMA_VOXELS) / np.maximum(near, np.float32(0.01))
    return np.asarray(np.where(brain, smooth, np.float32(0)))


def _coloured_slice(picture: NDArray[np.uint8], changed: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Lay the colours of a difference over a slice."""
    size = (picture.shape[1], picture.shape[0])
    plane = Image.fromarray(changed.astype(np.float32))
    soft = np.asarray(plane.resize(size, Image.Resampling.BILINEAR))
    return coloured(picture, soft)


def coloured(picture: NDArray[np.uint8], difference: Volume) -> NDArray[np.uint8]:
    """Lay the colours of a difference over a picture.

    Args:
        picture: Red, green and blue, of any shape with three channels at its end.
        difference: Differences of SUVR, one for each place of ``picture``.
    """
    colours = difference_colours(difference)
    under = picture.astype(np.float32)
    return np.asarray((under + (colours[..., :3] - under) * colours[..., 3:]).round(), np.uint8)


def difference_colours(difference: Volume) -> NDArray[np.float32]:
    """Red, green, blue, 0 to 255, and cover, 0 to 1, of differences of SUVR.

    Args:
        difference: Differences of SUVR of any shape; blue where negative, orange where positive.

    Returns:
        The shape of ``difference`` with four channels at its end.
    """
    size = np.abs(difference)
    level = np.clip((size - DIFFERENCE_FROM) / (DIFFERENCE_FULL - DIFFERENCE_FROM), 0, 1)
    steps = level * (len(LESS) - 1)
    channels = [
        np.where(
            difference < 0,
            np.interp(steps, range(len(LESS)), [colour[each] for colour in LESS]),
            np.interp(steps, range(len(MORE)), [colour[each] for colour in MORE]),
        )
        for each in range(3)
    ]
    cover = np.where(size > DIFFERENCE_FROM, _MOST_HIDDEN * np.sqrt(np.clip(level, 0.1, 1)), 0)
    return np.asarray(np.stack([*channels, cover], axis=-1), np.float32)
