"""The report of one study: one HTML file that loads nothing from elsewhere."""

from pathlib import Path
from typing import Any

from numpy import float32, ndarray
from numpy.typing import NDArray

from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.findings.finding import Phrase, Term, phrase
from monai_amyloid.output import replace_file
from monai_amyloid.pictures.slices import Shown, sliced
from monai_amyloid.report.pages import render_page
from monai_amyloid.report.study.beside import BESIDE_NOTE, beside_rows
from monai_amyloid.report.study.brain_viewer import picture_uris, viewer
from monai_amyloid.report.study.charts import (
    CENTILOID_MARKS,
    CENTILOID_TICKS,
    all_bars,
    bar_text,
    centiloid_scale,
    read_bars,
    suvr_scale,
)
from monai_amyloid.report.study.map_chart import MapChart, map_sentences
from monai_amyloid.report.study.marks import MARKS_NOTE, mark_rows
from monai_amyloid.report.study.measures import quality_rows
from monai_amyloid.report.study.provenance import (
    source_name,
    step_times,
    tracer_name,
)
from monai_amyloid.report.study.sentences import (
    grade_meanings,
    likely_grades,
    region_scores,
    what_drove,
    where_strongest,
)
from monai_amyloid.report.words import RESEARCH_USE, WORDS, joined
from monai_amyloid.result.result import Result, with_interval
from monai_amyloid.version import __version__

# Of the charts, in the units of their SVG: 360 wide, so that text is legible on a phone.
_CENTILOID_LINE = (14.0, 332.0)
_SUVR_LINE = (22.0, 268.0)
# Warnings that the page gives in its own words, at their place.
_IN_OTHER_WORDS = ("only_a_picture",)


def write_study_page(
    path: Path,
    result: Result,
    shown: Shown,
    activation: NDArray[float32] | None = None,
    language: str = ENGLISH,
    chart: MapChart | None = None,
) -> Path:
    """Write ``report.html`` of one study.

    Args:
        path: File to write.
        result: The study's result.
        shown: The normalised scan, or its
            :class:`~monai_amyloid.pictures.slices.SlicedScan` where that was made
            already; the pictures ``(X, Y, n)`` that were graded; or None where the
            study was refused.
        activation: What drove the grade, 0 to 1, ``(91, 109, 91)`` on the template's grid.
        language: Code of the language that is shown first; the page holds every one.
        chart: The scan among a cohort's cases, where it was placed on a map.

    Raises:
        UserError: If Jinja or matplotlib is not installed.
    """
    content = _content(result, shown, activation, chart)
    replace_file(path, render_page("study.html.jinja", content, language))
    return path


def _content(
    result: Result,
    shown: Shown,
    activation: NDArray[float32] | None,
    chart: MapChart | None,
) -> dict[str, Any]:
    scan, bars = sliced(shown, activation), read_bars(result)
    return {
        "words": WORDS,
        "title": phrase(
            "title_of_study", "{study} - {title}", study=result.name, title=WORDS["title"]
        ),
        "research_use": RESEARCH_USE,
        "result": result,
        "reasons": result.of_level("refusal", "doubt"),
        "chances": _chances(result),
        "meanings": grade_meanings(result),
        "likely": None if result.grade is None else likely_grades(result),
        "drove": what_drove(result),
        "strongest": where_strongest(result),
        "region_scores": region_scores(result),
        "viewer": None if scan is None else viewer(scan),
        "pictures": picture_uris(shown) if isinstance(shown, ndarray) else [],
        "is_picture": isinstance(shown, ndarray),
        "centiloid_at": centiloid_scale(*_CENTILOID_LINE),
        "centiloid_text": None if result.centiloid is None else _centiloid_text(result),
        "marks": CENTILOID_MARKS,
        "mark_rows": mark_rows(result),
        "marks_note": MARKS_NOTE,
        "beside_rows": beside_rows(result),
        "beside_note": BESIDE_NOTE,
        "ticks": CENTILOID_TICKS,
        "bars": bars,
        "bars_text": joined(map(bar_text, bars)),
        "suvr_at": suvr_scale(bars, *_SUVR_LINE) if bars else None,
        "all_bars": all_bars(result),
        "map_chart": chart,
        "map_sentences": [] if result.on_map is None else map_sentences(result.on_map),
        "quality": quality_rows(result.quality or {}),
        "warnings": [each for each in result.warnings if each.code not in _IN_OTHER_WORDS],
        "tracer": tracer_name(result.study.get("tracer")),
        "source": source_name(result),
        "frames": result.frames,
        "series": result.series,
        "step_times": step_times(result.seconds),
        "version": __version__,
    }


def _centiloid_text(result: Result) -> Phrase:
    """What the chart of Centiloid shows, for people who do not see it."""
    excluded, certain = CENTILOID_MARKS
    return phrase(
        "chart_centiloid",
        "Centiloid {centiloid} on a scale from {low:.0f} to {high:.0f}: below {excluded:.0f} "
        "excludes amyloid, {excluded:.0f} to {certain:.0f} lies in between, above {certain:.0f} is "
        "positive.",
        centiloid=Term(with_interval(result.centiloid or 0.0, result.centiloid_interval)),
        low=CENTILOID_TICKS[0],
        high=CENTILOID_TICKS[-1],
        excluded=excluded,
        certain=certain,
    )


def _chances(result: Result) -> list[tuple[int, str, float]]:
    """Number, name and probability of each grade."""
    chances = {int(grade): chance for grade, chance in (result.probabilities or {}).items()}
    return [(grade, result.grade_name(grade), chance) for grade, chance in chances.items()]
