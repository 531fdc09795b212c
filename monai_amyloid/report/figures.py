"""Pictures of a study, to judge registration and uptake at a glance."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask, voi
from monai_amyloid.errors import UserError
from monai_amyloid.output import replacing
from monai_amyloid.report.result import Result

# SUVR shown as black on the inverse grey scale that florbetaben is read in.
_DARKEST_SUVR = 2.2
_SLICES_MM = {"sagittal": (0, 2.0), "coronal": (1, -40.0), "axial": (2, 16.0)}
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


def write_picture(brain: BrainPet, result: Result, path: Path) -> None:
    """Draw the normalised scan in three planes with the template's outlines.

    Args:
        brain: The normalised scan.
        result: Its result, for the caption.
        path: PNG to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 3)
    for plot, (plane, (axis, millimetres)) in zip(axes, _SLICES_MM.items(), strict=True):
        index = round((millimetres - TEMPLATE_AFFINE[axis, 3]) / 2)

        def cut(volume: NDArray[Any], axis: int = axis, index: int = index) -> NDArray[Any]:
            return np.asarray(np.take(volume, index, axis=axis).T)

        plot.imshow(cut(brain.suvr), cmap="gray_r", vmin=0, vmax=_DARKEST_SUVR, origin="lower")
        for mask, colour in (
            (brain_mask(), "tab:cyan"),
            (voi("cortex"), "tab:red"),
            (voi("whole_cerebellum"), "tab:blue"),
        ):
            smooth = ndimage.gaussian_filter(cut(mask).astype(float), 0.7)
            if smooth.max() > 0.5:
                plot.contour(smooth, [0.5], colors=colour, linewidths=0.8)
        plot.set_title(plane, fontsize=9)
        plot.set_axis_off()
    figure.suptitle(_caption(result), fontsize=11)
    figure.text(
        0.5,
        0.02,
        f"SUVR over the whole cerebellum, 0 (white) to {_DARKEST_SUVR:g} (black); left is left. "
        "Outlines of the template: brain cyan, cortex red, cerebellum blue. " + _LINE,
        ha="center",
        fontsize=7.5,
    )
    figure.tight_layout(rect=(0, 0.05, 1, 0.96))
    with replacing(path) as partial:
        figure.savefig(partial, dpi=110, format="png", metadata={"Software": None})


def _caption(result: Result) -> str:
    chances = ", ".join(f"BAPL {g} {p:.0%}" for g, p in (result.probabilities or {}).items())
    grade = f"BAPL {result.bapl}" if result.status == "graded" else "needs a reader"
    return f"{grade}   ({chances})   Centiloid {result.centiloid:.0f}"
