"""The report of one study: one HTML file that loads nothing from elsewhere."""

from functools import cache
from pathlib import Path
from typing import Any

from numpy import float32, ndarray
from numpy.typing import NDArray

from monai_amyloid.output import replace_file
from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.report.pages import render_page
from monai_amyloid.report.pictures.slices import Shown, sliced
from monai_amyloid.report.study.brain_viewer import brainsprite, picture_uris, viewer
from monai_amyloid.report.study.charts import (
    CENTILOID_MARKS,
    all_bars,
    centiloid_scale,
    read_bars,
    suvr_scale,
)
from monai_amyloid.report.study.map_chart import MapChart, said_of_map
from monai_amyloid.report.study.sentences import likely_grades, quality_rows, what_drove
from monai_amyloid.report.translations import in_both
from monai_amyloid.report.words import RESEARCH_USE, WORDS, Language
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

# Of the charts, in the units of their SVG: 360 wide, so that text is legible on a phone.
_CENTILOID_LINE = (14.0, 332.0)
_SUVR_LINE = (22.0, 268.0)


def write_study_page(
    path: Path,
    result: Result,
    shown: Shown,
    activation: NDArray[float32] | None = None,
    language: Language = "en",
    chart: MapChart | None = None,
) -> Path:
    """Write ``report.html`` of one study.

    Args:
        path: File to write.
        result: What is said of the study.
        shown: The normalised scan, or its
            :class:`~monai_amyloid.report.pictures.slices.SlicedScan` where that was made
            already; the pictures ``(X, Y, n)`` that were graded; or None where the
            study was refused.
        activation: What drove the grade, 0 to 1, on the template's grid.
        language: Shown first; the page holds both.
        chart: The scan among a cohort's cases, where it was placed on a map.

    Raises:
        UserError: If Jinja, matplotlib or nilearn is not installed.
    """
    replace_file(
        path, render_page("study.html.jinja", _content(result, shown, activation, language, chart))
    )
    return path


def _content(
    result: Result,
    shown: Shown,
    activation: NDArray[float32] | None,
    language: Language,
    chart: MapChart | None,
) -> dict[str, Any]:
    scan, bars = sliced(shown, activation), read_bars(result)
    is_picture = isinstance(shown, ndarray)
    # The page says in its own words what a picture cannot say.
    warnings = [each for each in result.warnings if each.code != "only_a_picture"]
    frames = result.frames
    return {
        "language": language,
        "words": WORDS,
        "research_use": RESEARCH_USE,
        "result": result,
        "reasons": [in_both(each) for each in result.of_level("refusal", "doubt")],
        "chances": _chances(result),
        "likely": None if result.bapl is None else likely_grades(result),
        "drove": what_drove(result),
        "viewer": None if scan is None else viewer(scan, at_peak=(result.bapl or 0) > 1),
        "brainsprite": _script(brainsprite()) if scan is not None else "",
        "pictures": picture_uris(shown) if isinstance(shown, ndarray) else [],
        "is_picture": is_picture,
        "centiloid_at": centiloid_scale(*_CENTILOID_LINE),
        "marks": CENTILOID_MARKS,
        "bars": bars,
        "suvr_at": suvr_scale(bars, *_SUVR_LINE) if bars else None,
        "all_bars": all_bars(result),
        "map_chart": chart,
        "said_of_map": [] if result.on_map is None else said_of_map(result.on_map),
        "quality": quality_rows(result.quality or {}),
        "warnings": [in_both(each) for each in warnings],
        "study": {
            "source": result.study.get("source"),
            "frames": None if frames is None else in_both(frames),
            "series": [in_both(each) for each in result.series],
        },
        "tracer": _tracer(result.study.get("tracer")),
        "version": __version__,
    }


def _chances(result: Result) -> list[tuple[int, float]]:
    return [(int(grade), chance) for grade, chance in (result.probabilities or {}).items()]


def _tracer(label: str | None) -> str | None:
    return f"{TRACERS[label].name} ({label})" if label in TRACERS else label


@cache
def _script(program: str) -> Any:
    """A program that the page takes as it is."""
    from markupsafe import Markup

    return Markup(program)  # noqa: S704 (of an installed package)
