"""The report of one person's visits: one HTML file that loads nothing from elsewhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.findings.finding import Phrase, by_weight, phrase
from monai_amyloid.output import replace_file
from monai_amyloid.report.follow.rows import (
    change_rows,
    doubts_of,
    region_tables,
    slice_rows,
    visit_rows,
)
from monai_amyloid.report.follow.scans import (
    DIFFERENCE_FROM,
    DIFFERENCE_FULL,
    SMOOTHED_MM,
    Volume,
    seen_volumes,
    shown_scans,
)
from monai_amyloid.report.follow.scrolling import scroller
from monai_amyloid.report.follow.sentences import course_text, main_finding, unwidened
from monai_amyloid.report.follow.trend import trend
from monai_amyloid.report.follow.words import FOLLOW_WORDS
from monai_amyloid.report.pages import render_page
from monai_amyloid.report.person import identifiers, person_rows
from monai_amyloid.report.study.viewer_words import VIEWER_WORDS
from monai_amyloid.report.words import RESEARCH_USE, WORDS, minus
from monai_amyloid.result.followed import Followed
from monai_amyloid.version import __version__


def write_follow_page(
    path: Path,
    followed: Followed,
    volumes: Sequence[Volume | None],
    difference: Volume | None,
    language: str = ENGLISH,
) -> Path:
    """Write the report of one person's visits.

    Args:
        path: HTML file to write.
        followed: What is known of the visits; two or more.
        volumes: SUVR ``(91, 109, 91)`` on the template's grid, one a visit; None where refused.
        difference: SUVR of the last graded visit less that of the first, on the same grid; None
            where there are not two.
        language: Code of the language that is shown first; the page holds every one.

    Raises:
        UserError: If what the extra ``report`` brings is not installed.
        ValueError: If there is not one volume, or None, a visit.
    """
    content = _content(followed, volumes, difference)
    replace_file(path, render_page("follow.html.jinja", content, language))
    return path


def _content(
    followed: Followed, volumes: Sequence[Volume | None], difference: Volume | None
) -> dict[str, Any]:
    overall = followed.overall
    scans = shown_scans(followed, volumes, difference)
    results = [each.result for each in followed.visits]
    patients = [each.patient for each in results if each.patient is not None]
    models = {str(each.model): each.model for each in results if each.model}
    return {
        "words": WORDS,
        "follow_words": FOLLOW_WORDS,
        "title": phrase(
            "title_of_person", "{person} - {title}", person=followed.name,
            title=FOLLOW_WORDS["title"],
        ),
        "research_use": RESEARCH_USE,
        "followed": followed,
        "person": person_rows(patients[-1]) if patients else [],
        "identifiers": identifiers(patients[-1]) if patients else [],
        "direction": "no_change" if overall is None else overall.direction,
        "main": main_finding(followed),
        "doubts": doubts_of(followed),
        "visits": visit_rows(followed),
        "has_dates": any(each.date for each in followed.visits),
        "has_refused": any(each.status == "refused" for each in results),
        "trend": trend(followed),
        "course_text": course_text(followed),
        "changes": change_rows(followed),
        "unwidened": unwidened(followed),
        "scans": scans,
        "scroller": scroller([each for _, each in seen_volumes(followed, volumes)], difference),
        "slices": slice_rows(),
        "has_difference": difference is not None and bool(scans),
        "darkest": f"{scans[0].black:.2f}" if scans else "",
        "viewer_words": VIEWER_WORDS,
        "least": minus(f"{-DIFFERENCE_FULL:g}"),
        "most": f"+{DIFFERENCE_FULL:g}",
        "scans_note": scans_note(has_difference=difference is not None),
        "regions": region_tables(followed),
        "findings": by_weight(followed.findings),
        "models": list(models.values()),
        "version": __version__,
    }  # fmt: skip


def scans_note(*, has_difference: bool) -> Phrase:
    """How the pictures of the scans are read.

    Args:
        has_difference: Whether the map of the difference is among them.
    """
    if not has_difference:
        return phrase(
            "follow_scans_note",
            "Normalised scans in template space, cut to the brain, at the same places and in the "
            "same grey scale. L and R: the patient's left and right, as in the report of a single "
            "scan.",
        )
    return phrase(
        "follow_scans_note_difference",
        "Normalised scans in template space, cut to the brain, at the same places and in the same "
        "grey scale. L and R: the patient's left and right, as in the report of a single scan. "
        "Difference: the last graded scan less the first, smoothed to {smoothed_mm:g} mm, blue "
        "where uptake has fallen, orange where it has risen; below {least:g} it is not shown. "
        "Another scanner's resolution and a brain that has shrunk colour edges and ventricles too.",
        smoothed_mm=SMOOTHED_MM,
        least=DIFFERENCE_FROM,
    )
