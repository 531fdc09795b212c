"""The axial slices of several visits, to scroll through all scans at once in a browser."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.pictures.cut_brain import first_mm, grey, shown_mask
from monai_amyloid.pictures.orientation import facing, slice_sides
from monai_amyloid.pictures.slices import slice_index
from monai_amyloid.report.follow.scans import Volume, coloured, common_black, of_brain, pale_grey
from monai_amyloid.report.study.brain_viewer import data_uri

_COLUMNS = 10
# From the temporal poles and the cerebellum to the top of the parietal lobes.
_FROM_MM, _TO_MM, _START_MM = -40.0, 60.0, 26.0


def scroller(volumes: Sequence[Volume], difference: Volume | None) -> dict[str, Any] | None:
    """What the page needs to scroll: a sheet of slices a scan, and their size and place.

    Args:
        volumes: SUVR ``(91, 109, 91)`` on the template's grid of each scan that is shown.
        difference: SUVR of the last graded visit less that of the first, on the same grid; None
            where there are not two.

    Returns:
        Sheets as data URIs, of the scans and then of the difference, and the settings of the
        page's program; None where there is no scan.
    """
    if not volumes:
        return None
    low, high, start = (slice_index(2, mm) for mm in (_FROM_MM, _TO_MM, _START_MM))
    black = common_black(volumes)
    sheets = [_sheet(grey(each, black)[..., low : high + 1]) for each in volumes]
    if difference is not None:
        pale = pale_grey(volumes[-1], black)[..., low : high + 1]
        under = np.repeat(pale[..., None], 3, axis=-1)
        sheets.append(_sheet(coloured(under, of_brain(difference)[..., low : high + 1])))
    width, height = shown_mask().shape[:2]
    settings = {
        "size": [width, height],
        "columns": _COLUMNS,
        "count": high - low + 1,
        "start": start - low,
        "first": first_mm()[2] + 2 * low,
    }
    return {
        "sheets": [data_uri(each, "JPEG") for each in sheets],
        "sides": slice_sides(2),
        "settings": settings,
    }


def _sheet(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Axial slices from below, front up, ten in a row.

    Args:
        levels: Grey levels ``(X, Y, n)`` or colours ``(X, Y, n, 3)``.
    """
    x, y, count = levels.shape[:3]
    rows = -(-count // _COLUMNS)
    sheet = np.full((rows * _COLUMNS, y, x, *levels.shape[3:]), 255, np.uint8)
    sheet[:count] = np.moveaxis(facing(levels)[:, ::-1], 2, 0).swapaxes(1, 2)
    grid = sheet.reshape(rows, _COLUMNS, y, x, *levels.shape[3:]).swapaxes(1, 2)
    return np.ascontiguousarray(grid.reshape(rows * y, _COLUMNS * x, *levels.shape[3:]))
