"""The report of one study: one HTML file that loads nothing from elsewhere."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy import float32, ndarray
from numpy.typing import NDArray

from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.findings.finding import Phrase, Term, phrase
from monai_amyloid.output import as_bytes, replace_file
from monai_amyloid.pictures.slices import Shown, sliced
from monai_amyloid.report.pages import render_page
from monai_amyloid.report.person import identifiers, person_rows
from monai_amyloid.report.study.brain_viewer import picture_uris, viewer
from monai_amyloid.report.study.charts import (
    CENTILOID_MARKS,
    Scale,
    all_bars,
    bar_text,
    centiloid_scale,
    centiloid_ticks,
    read_bars,
    suvr_scale,
    within,
)
from monai_amyloid.report.study.map_chart import MapChart, map_sentences
from monai_amyloid.report.study.marks import BESIDE_NOTE, MARKS_NOTE, beside_rows, mark_rows
from monai_amyloid.report.study.measures import quality_rows
from monai_amyloid.report.study.provenance import (
    source_name,
    step_times,
    tracer_name,
)
from monai_amyloid.report.study.reading import (
    SCORES_NOTE,
    answer_in_words,
    called,
    cortex_and_regions,
    grade_by_scores,
    percent,
    region_scores,
)
from monai_amyloid.report.study.regions import cortex_note
from monai_amyloid.report.study.sentences import (
    grade_meanings,
    how_sure,
    reasons,
    what_drove,
    where_strongest,
)
from monai_amyloid.report.words import RESEARCH_USE, WORDS, joined, unbroken
from monai_amyloid.result.limits import learnt_from
from monai_amyloid.result.result import Result, with_interval
from monai_amyloid.version import __version__

# Of the charts, in the units of their SVG: 360 wide, so that text is legible on a phone.
_WIDTH = 360.0
_DIGIT, _SMALL_DIGIT = 14.0, 7.0  # widths of letters at the two sizes of the Centiloid
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
    *,
    blind: bool = False,
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
        blind: Whether all that the program found is hidden until a click. Of a refused study
            nothing is: there is nothing to read.

    Raises:
        UserError: If what the extra ``report`` brings is not installed.
    """
    blind = blind and result.status != "refused"
    content = {
        **_content(result, chart),
        **_of_the_scan(result, shown, activation, blind=blind),
        "blind": blind,
    }
    page = render_page("study.html.jinja", content, language)
    replace_file(path, as_bytes(unbroken(page.decode())))
    return path


def _of_the_scan(
    result: Result, shown: Shown, activation: NDArray[float32] | None, *, blind: bool
) -> dict[str, Any]:
    """The viewer, as it is without and with what drove the grade."""
    scan = sliced(shown, activation)
    pictures = picture_uris(shown) if isinstance(shown, ndarray) else []
    content = {"is_picture": isinstance(shown, ndarray), "pictures": pictures}
    if scan is None:
        return {**content, "viewer": None}
    opened = viewer(scan)
    content |= {"viewer": opened}
    if not blind:
        return content
    closed = viewer(replace(scan, activation=None))
    return {**content, "closed_viewer": closed, "opened_viewer": _once(opened, closed)}


def _once(opened: Any, closed: Any) -> Any:
    """A viewer whose pictures are empty where the closed one, whose place it takes, has them."""
    if isinstance(opened, dict) and isinstance(closed, dict):
        return {key: _once(each, closed.get(key)) for key, each in opened.items()}
    is_picture = isinstance(opened, str) and opened.startswith("data:")
    return "" if is_picture and opened == closed else opened


def _content(result: Result, chart: MapChart | None) -> dict[str, Any]:
    bars = read_bars(result)
    patient = result.patient or {}
    return {
        "words": WORDS,
        "title": phrase(
            "title_of_study", "{study} - {title}", study=result.name, title=WORDS["title"]
        ),
        "research_use": RESEARCH_USE,
        "result": result,
        "person": person_rows(patient),
        "identifiers": identifiers(patient),
        "answer": answer_in_words(result),
        "called": called(result),
        "learnt": learnt_from(result),
        "reasons": reasons(result),
        "chances": _chances(result),
        "meanings": grade_meanings(result),
        "how_sure": how_sure(result),
        "drove": what_drove(result),
        "strongest": where_strongest(result),
        "region_scores": region_scores(result),
        "by_scores": grade_by_scores(result),
        "scores_note": SCORES_NOTE,
        "parting": cortex_and_regions(result),
        "cortex_note": cortex_note(),
        **_chart_of_centiloid(result),
        "mark_rows": mark_rows(result),
        "marks_note": MARKS_NOTE,
        "beside_rows": beside_rows(result),
        "beside_note": BESIDE_NOTE,
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


def _chart_of_centiloid(result: Result) -> dict[str, Any]:
    """Where everything stands on the line of Centiloids; nothing where there is no Centiloid."""
    if result.centiloid is None:
        return {}
    ends = result.centiloid_interval or ()
    scale = centiloid_scale(*_CENTILOID_LINE, (result.centiloid, *ends))
    digits = len(with_interval(result.centiloid, None))
    width = _DIGIT * digits + _SMALL_DIGIT * len(", ".join(f"[{end:.0f}" for end in ends))
    return {
        "centiloid_at": scale,
        "centiloid_value_at": within(scale(result.centiloid), width, 2, _WIDTH - 2),
        "centiloid_text": _centiloid_text(result, scale),
        "marks": CENTILOID_MARKS,
        "ticks": centiloid_ticks(scale),
    }


def _centiloid_text(result: Result, scale: Scale) -> Phrase:
    """What the chart of Centiloid shows, for people who do not see it."""
    excluded, certain = CENTILOID_MARKS
    return phrase(
        "chart_centiloid",
        "Centiloid {centiloid} on a scale from {low:.0f} to {high:.0f}: below {excluded:.0f} "
        "excludes amyloid, {excluded:.0f} to {certain:.0f} lies in between, above {certain:.0f} is "
        "positive.",
        centiloid=Term(with_interval(result.centiloid or 0.0, result.centiloid_interval)),
        low=scale.low,
        high=scale.high,
        excluded=excluded,
        certain=certain,
    )


def _chances(result: Result) -> list[tuple[int, str, str, float]]:
    """Number, name and probability of each grade, as a text and as a number."""
    chances = {int(grade): chance for grade, chance in (result.probabilities or {}).items()}
    return [
        (grade, result.grade_name(grade), percent(chance), chance)
        for grade, chance in chances.items()
    ]
