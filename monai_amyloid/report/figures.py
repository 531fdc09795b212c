"""A picture of a study, to judge registration and uptake at a glance."""

from importlib.util import find_spec
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask, voi
from monai_amyloid.errors import UserError
from monai_amyloid.output import replacing
from monai_amyloid.report.result import Result

# SUVR over the cerebellum shown as black on the inverse grey scale that florbetaben is read in.
_DARKEST_SUVR = 2.2
# The axis that each plane is cut across, and where: the middle and both hemispheres; cerebellum,
# precuneus and frontal lobe; cerebellum, basal ganglia and parietal lobe.
_SLICES_MM = {
    "sagittal": (0, (-32.0, 2.0, 32.0)),
    "coronal": (1, (-62.0, -20.0, 28.0)),
    "axial": (2, (-34.0, 6.0, 40.0)),
}
# What is shown of the template's space, to the skin: lowest and highest of x, y and z.
_SHOWN_MM = ((-84.0, 84.0), (-120.0, 86.0), (-72.0, 94.0))
_OUTLINES = {"brain": "#0072ff", "cortex": "#ff2a00", "cerebellum": "#00a03c"}
_UNSEEN = (1.0, 0.75, 0.0, 0.45)  # amber, RGBA
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

    figure = Figure(figsize=(8.4, 8.6), facecolor="white")
    FigureCanvasAgg(figure)
    _, y, z = (high - low for low, high in _SHOWN_MM)
    grid = {"hspace": 0.03, "wspace": 0.02, "height_ratios": (z, z, y)}
    panels = figure.subplots(3, 3, gridspec_kw=grid)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.885, bottom=0.06)
    darkest = _DARKEST_SUVR * float(brain.suvr[voi("whole_cerebellum")].mean())
    for row, (plane, (axis, places)) in zip(panels, _SLICES_MM.items(), strict=True):
        for panel, place in zip(row, places, strict=True):
            panel.imshow(
                _cut(brain.suvr, axis, place),
                cmap="gray_r",
                vmin=0,
                vmax=darkest,
                origin="lower",
                interpolation="bilinear",
            )
            _shade_unseen(panel, brain, axis, place)
            _draw_outlines(panel, axis, place)
            name = f"{plane}, {'xyz'[axis]} = {place:g} mm"
            panel.text(0.02, 0.97, name, transform=panel.transAxes, va="top", fontsize=7.5)
            sides = ("posterior", "anterior") if axis == 0 else ("L", "R")
            for where, side, align in zip((0.02, 0.98), sides, ("left", "right"), strict=True):
                panel.text(where, 0.02, side, transform=panel.transAxes, ha=align, fontsize=8)
            panel.set_axis_off()
    _write_captions(figure, brain, result)
    with replacing(path) as partial:
        figure.savefig(partial, dpi=110, format="png", metadata={"Software": None})


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


def _cut(volume: NDArray[Any], axis: int, place_mm: float) -> NDArray[Any]:
    """A slice of a volume on the template's grid, rows from below to above or back to front."""
    first = TEMPLATE_AFFINE[:3, 3]
    ranges = [
        slice(round((low - first[each]) / 2), round((high - first[each]) / 2) + 1)
        for each, (low, high) in enumerate(_SHOWN_MM)
    ]
    index: list[slice | int] = [*ranges]
    index[axis] = round((place_mm - first[axis]) / 2)
    return np.asarray(volume[tuple(index)].T)


def _shade_unseen(panel: Any, brain: BrainPet, axis: int, place_mm: float) -> None:
    """Shade what lies outside the field of view: there the template goes on, not the scan."""
    grid = np.indices(brain.suvr.shape, np.float32)
    points = np.stack([_cut(grid[each], axis, place_mm) for each in range(3)])
    points = np.tensordot(TEMPLATE_AFFINE[:3, :3], points, axes=1)
    places = brain.registration.to_scan(points + TEMPLATE_AFFINE[:3, 3].reshape(3, 1, 1))
    to_voxel = np.linalg.inv(brain.source.affine)
    voxels = np.tensordot(to_voxel[:3, :3], places, axes=1) + to_voxel[:3, 3].reshape(3, 1, 1)
    last = np.array(brain.source.data.shape).reshape(3, 1, 1) - 1
    unseen = ((voxels < -0.5) | (voxels > last + 0.5)).any(axis=0)
    panel.imshow(unseen[..., None] * np.array(_UNSEEN), origin="lower", interpolation="nearest")


def _draw_outlines(panel: Any, axis: int, place_mm: float) -> None:
    masks = (brain_mask(), voi("cortex"), voi("whole_cerebellum"))
    for mask, (name, colour) in zip(masks, _OUTLINES.items(), strict=True):
        smooth = ndimage.gaussian_filter(_cut(mask, axis, place_mm).astype(float), 0.7)
        if smooth.max() > 0.5:
            # The brain's outline is what shows a wrong registration at once.
            panel.contour(smooth, [0.5], colors=colour, linewidths=1.5 if name == "brain" else 0.8)


def _write_captions(figure: Any, brain: BrainPet, result: Result | None) -> None:
    figure.text(0.5, 0.985, _caption(brain, result), ha="center", va="top", fontsize=13)
    quality = brain.quality
    measured = (
        f"match {quality['registration']:.2f}, cerebellum in view "
        f"{quality['cerebellum_covered']:.0%}, resolution {quality['fwhm_mm']:.1f} mm, "
        f"noise {quality['noise_cv']:.0%}"
    )
    figure.text(0.5, 0.953, measured, ha="center", va="top", fontsize=8.5)
    said = fill("; ".join(brain.warnings) or "no warnings", _WRAPPED, max_lines=3)
    colour = "#b00000" if brain.warnings else "#606060"
    figure.text(0.5, 0.932, said, ha="center", va="top", fontsize=8.5, color=colour)
    for x, (name, colour) in zip((0.02, 0.09, 0.17), _OUTLINES.items(), strict=True):
        figure.text(x, 0.033, name, color=colour, fontsize=9, weight="bold")
    legend = "of the template, which must lie on the scan's. SUVR over the cerebellum, 0 "
    figure.text(0.285, 0.033, f"{legend}(white) to {_DARKEST_SUVR:g} (black).", fontsize=8)
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
