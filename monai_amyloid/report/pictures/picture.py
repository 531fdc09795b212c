"""A picture of a study, to judge registration and uptake at a glance."""

from importlib.util import find_spec
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.errors import UserError
from monai_amyloid.output import replacing
from monai_amyloid.report.pictures.cut_brain import DARKEST_SUVR
from monai_amyloid.report.pictures.outlines import COLOURS
from monai_amyloid.report.pictures.slices import PLANES, SlicedScan, draw_slice, slice_index, tile
from monai_amyloid.result.result import Result

# The axis that each plane is cut across, and where: the middle and both hemispheres; cerebellum,
# precuneus and frontal lobe; cerebellum, basal ganglia and parietal lobe.
_SLICES_MM = ((-32.0, 2.0, 32.0), (-62.0, -20.0, 28.0), (-34.0, 6.0, 40.0))
_SCALE, _GAP = 3, 6  # pixels
_INCHES, _DPI = (8.4, 8.6), 110
# Of the figure, where the slices lie: left, bottom, width, height.
_PLACE = (0.01, 0.06, 0.98, 0.825)
_WRAPPED = 118
_MOST_IN_A_ROW = 6
_LINE = "Research software. Not for clinical decisions."


def require_matplotlib() -> None:
    """Say before any work that pictures cannot be drawn.

    Raises:
        UserError: If matplotlib, of the extra ``report``, is not installed.
    """
    if find_spec("matplotlib") is None:
        raise UserError(
            "pictures need matplotlib; install it with: pip install 'monai-amyloid[report]'"
        )


def write_picture(brain: BrainPet, result: Result | None, path: Path) -> None:
    """Draw the normalised scan in three planes with the template's outlines.

    Args:
        brain: The normalised scan.
        result: Its grade, for the caption; None where it was not graded.
        path: PNG to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, facecolor="white")
    FigureCanvasAgg(figure)
    _draw_slices(figure.add_axes(_PLACE), SlicedScan.of(brain))
    _write_captions(figure, brain, result)
    with replacing(path) as partial:
        figure.savefig(partial, dpi=_DPI, format="png", metadata={"Software": None})


def write_slices(bag: NDArray[Any], result: Result, path: Path) -> None:
    """Draw pictures as they were read, with their grade.

    Args:
        bag: Pictures of one person ``(X, Y, n)``, 0 to 255.
        result: Their grade, for the caption.
        path: PNG to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(bag.shape[2], _MOST_IN_A_ROW)
    rows = -(-bag.shape[2] // columns)
    figure = Figure(figsize=(max(6.0, 2.5 * columns), 3.0 * rows + 1.5), facecolor="white")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in panels:
        panel.set_axis_off()
    for panel, plane in zip(panels, np.moveaxis(bag, 2, 0), strict=False):
        panel.imshow(plane.T, cmap="gray", vmin=0, vmax=255, origin="lower")
    figure.suptitle(f"{_grade_of(result)}   a picture, no Centiloid", fontsize=11)
    figure.text(0.5, 0.02, _LINE, ha="center", fontsize=8)
    with replacing(path) as partial:
        figure.savefig(partial, dpi=110, format="png", metadata={"Software": None})


def _draw_slices(panel: Any, scan: SlicedScan) -> None:
    """Draw every slice as one picture, each with its name and sides."""
    rows = [
        [draw_slice(scan, axis, slice_index(axis, place), _SCALE) for place in places]
        for axis, places in enumerate(_SLICES_MM)
    ]
    sheet = tile(rows, _GAP)
    panel.imshow(sheet, interpolation="bilinear")
    panel.set_axis_off()
    width = (sheet.shape[1] + _GAP) / 3
    top = 0
    for axis, (plane, places, row) in enumerate(zip(PLANES, _SLICES_MM, rows, strict=True)):
        height = row[0].shape[0]
        for column, place in enumerate(places):
            left = column * width
            name = f"{plane}, {'xyz'[axis]} = {place:g} mm"
            panel.text(left, top + 2, name, va="top", fontsize=7.5)
            sides = ("posterior", "anterior") if axis == 0 else ("L", "R")
            panel.text(left, top + height - 2, sides[0], fontsize=8)
            right = left + width - _GAP
            panel.text(right, top + height - 2, sides[1], ha="right", fontsize=8)
        top += height + _GAP


def _write_captions(figure: Any, brain: BrainPet, result: Result | None) -> None:
    figure.text(0.5, 0.985, _caption(brain, result), ha="center", va="top", fontsize=13)
    quality = brain.quality
    measured = (
        f"match {quality['registration']:.2f}, cerebellum in view "
        f"{quality['cerebellum_covered']:.0%}, resolution {quality['fwhm_mm']:.1f} mm, "
        f"noise {quality['noise_cv']:.0%}"
    )
    figure.text(0.5, 0.953, measured, ha="center", va="top", fontsize=8.5)
    said = fill("; ".join(map(str, brain.warnings)) or "no warnings", _WRAPPED, max_lines=3)
    colour = "#b00000" if brain.warnings else "#606060"
    figure.text(0.5, 0.932, said, ha="center", va="top", fontsize=8.5, color=colour)
    for x, (name, line) in zip((0.02, 0.09, 0.17), COLOURS.items(), strict=True):
        figure.text(x, 0.033, name, color=np.array(line) / 255, fontsize=9, weight="bold")
    legend = "of the template, which must lie on the scan's. SUVR over the cerebellum, 0 "
    figure.text(0.285, 0.033, f"{legend}(white) to {DARKEST_SUVR:g} (black).", fontsize=8)
    figure.text(0.02, 0.012, f"Shaded: outside the field of view. {_LINE}", fontsize=8)


def _caption(brain: BrainPet, result: Result | None) -> str:
    centiloid = f"Centiloid {brain.centiloid:.0f}"
    if result is None:
        return centiloid
    if result.status == "refused":
        return fill(f"refused: {'; '.join(result.reasons)}", _WRAPPED // 2, max_lines=1)
    return f"{_grade_of(result)}   {centiloid}"


def _grade_of(result: Result) -> str:
    chances = ", ".join(f"BAPL {g} {p:.0%}" for g, p in (result.probabilities or {}).items())
    grade = f"BAPL {result.bapl}" if result.status == "graded" else "needs a reader"
    return f"{grade}   ({chances})"
