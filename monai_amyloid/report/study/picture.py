"""A picture of a study, to judge registration and uptake at a glance."""

from importlib.util import find_spec
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.errors import UserError
from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.output import replacing
from monai_amyloid.pictures.cut_brain import DARKEST_SUVR
from monai_amyloid.pictures.fonts import font_families, without_remarks
from monai_amyloid.pictures.outlines import COLOURS
from monai_amyloid.pictures.slices import PLANES, SlicedScan, draw_slice, slice_index, tile
from monai_amyloid.report.words import RESEARCH_USE, WORDS, minus, named
from monai_amyloid.result.result import Result, with_interval

# The axis that each plane is cut across, and where: the middle and both hemispheres; cerebellum,
# precuneus and frontal lobe; cerebellum, basal ganglia and parietal lobe.
_SLICES_MM = ((-32.0, 2.0, 32.0), (-62.0, -20.0, 28.0), (-34.0, 6.0, 40.0))
_SCALE, _GAP = 3, 6  # pixels
_INCHES, _DPI = (8.4, 8.6), 110
# Of the figure, where the slices lie: left, bottom, width, height.
_PLACE = (0.01, 0.06, 0.98, 0.825)
_WRAPPED = 118
_MOST_IN_A_ROW = 6


def require_matplotlib() -> None:
    """Say before any work that pictures cannot be drawn.

    Raises:
        UserError: If matplotlib, of the extra ``report``, is not installed.
    """
    if find_spec("matplotlib") is None:
        raise UserError(
            "pictures need matplotlib; install it with: pip install 'monai-amyloid[report]'"
        )


def write_picture(
    brain: BrainPet, result: Result | None, path: Path, language: str = ENGLISH
) -> None:
    """Draw the normalised scan in three planes with the template's outlines.

    Args:
        brain: The normalised scan.
        result: Result of the study, for the caption; None where the scan was not graded.
        path: PNG to write.
        language: Code of the captions' language.

    Raises:
        UserError: If no font with the letters of the language is installed.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, facecolor="white")
    FigureCanvasAgg(figure)
    captions = _Captions(figure, language)
    _draw_slices(figure.add_axes(_PLACE), SlicedScan.of(brain), captions)
    _write_captions(captions, brain, result)
    with replacing(path) as partial, without_remarks():
        figure.savefig(partial, dpi=_DPI, format="png", metadata={"Software": None})


def write_slices(bag: NDArray[Any], result: Result, path: Path, language: str = ENGLISH) -> None:
    """Draw pictures as they were read, with their grade.

    Args:
        bag: Pictures of one person ``(X, Y, n)``, 0 to 255.
        result: Result of the pictures, for the caption.
        path: PNG to write.
        language: Code of the caption's language.

    Raises:
        UserError: If no font with the letters of the language is installed.
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
    captions = _Captions(figure, language)
    grade = captions.say(_grade_of(result))
    picture = captions.say(phrase("picture_only", "a picture, no Centiloid"))
    captions.write(0.5, 0.98, f"{grade}   {picture}", 11, ha="center", va="top")
    captions.write(0.5, 0.02, RESEARCH_USE, 8, ha="center")
    with replacing(path) as partial, without_remarks():
        figure.savefig(partial, dpi=110, format="png", metadata={"Software": None})


class _Captions:
    """Texts on a figure in one language.

    Args:
        figure: The figure to write on.
        language: Code of the language.
    """

    def __init__(self, figure: Any, language: str) -> None:
        self.figure, self.language = figure, language
        self.fonts = font_families(language)

    def say(self, text: Phrase) -> str:
        """A text in the figure's language."""
        return in_language(text, self.language)

    def write(self, x: float, y: float, text: Phrase | str, size: float, **how: Any) -> None:
        """Write a line at a place of the figure, 0 to 1; what matplotlib knows may be added."""
        line = text if isinstance(text, str) else self.say(text)
        self.figure.text(x, y, line, fontsize=size, family=self.fonts, parse_math=False, **how)


def _draw_slices(panel: Any, scan: SlicedScan, captions: _Captions) -> None:
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
            name = f"{captions.say(WORDS[plane])}, {'xyz'[axis]} = {place:g} mm"
            panel.text(left, top + 2, name, va="top", fontsize=7.5, family=captions.fonts)
            sides = ("P", "A") if axis == 0 else ("L", "R")
            panel.text(left, top + height - 2, sides[0], fontsize=8)
            right = left + width - _GAP
            panel.text(right, top + height - 2, sides[1], ha="right", fontsize=8)
        top += height + _GAP


def _write_captions(captions: _Captions, brain: BrainPet, result: Result | None) -> None:
    quality = brain.quality
    captions.write(0.5, 0.985, _caption(captions, brain, result), 13, ha="center", va="top")
    measured = phrase(
        "picture_quality",
        "match {match:.2f}, cerebellum in view {covered:.0%}, resolution {fwhm_mm:.1f} mm, noise "
        "{noise:.0%}",
        match=quality["registration"],
        covered=quality["cerebellum_covered"],
        fwhm_mm=quality["fwhm_mm"],
        noise=quality["noise_cv"],
    )
    captions.write(0.5, 0.953, measured, 8.5, ha="center", va="top")
    warnings = "; ".join(captions.say(each) for each in brain.warnings)
    line = fill(warnings or captions.say(WORDS["no_warnings"]), _WRAPPED, max_lines=3)
    colour = "#b00000" if brain.warnings else "#606060"
    captions.write(0.5, 0.932, line, 8.5, ha="center", va="top", color=colour)
    for x, (name, colour_255) in zip((0.02, 0.09, 0.19), COLOURS.items(), strict=True):
        colour_1 = np.array(colour_255) / 255
        captions.write(x, 0.033, WORDS[name], 9, color=colour_1, weight="bold")
    legend = phrase(
        "picture_legend",
        "of the template, which must match the scan. SUVR over the cerebellum: 0 white, "
        "{darkest:g} black.",
        darkest=DARKEST_SUVR,
    )
    captions.write(0.32, 0.033, legend, 8)
    shaded = phrase("picture_shaded", "Shaded: outside the field of view.")
    captions.write(0.02, 0.012, f"{captions.say(shaded)} {captions.say(RESEARCH_USE)}", 8)


def _caption(captions: _Captions, brain: BrainPet, result: Result | None) -> str:
    interval = None if result is None else result.centiloid_interval
    measured = with_interval(brain.centiloid, interval)
    centiloid = f"{captions.say(WORDS['centiloid'])} {minus(measured)}"
    if result is None:
        return centiloid
    if result.status == "refused":
        why = "; ".join(captions.say(each) for each in result.of_level("refusal"))
        return fill(f"{captions.say(WORDS['refused'])}: {why}", _WRAPPED // 2, max_lines=1)
    return f"{captions.say(_grade_of(result))}   {centiloid}"


def _grade_of(result: Result) -> Phrase:
    chances = ", ".join(
        f"{result.grade_name(int(grade))} {chance:.0%}"
        for grade, chance in (result.probabilities or {}).items()
    )
    grade = named(result.grade_name()) if result.status == "graded" else WORDS["needs_reader"]
    return Phrase("grade", "{grade}   ({chances})", {"grade": grade, "chances": chances})
