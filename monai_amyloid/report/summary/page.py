"""One page on many studies: counts, and a table that leads to each report."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.findings.rules import BAPL_NAMES
from monai_amyloid.output import replace_file
from monai_amyloid.report.pages import render_page
from monai_amyloid.report.words import RESEARCH_USE, WORDS
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

_STATUSES = ("graded", "needs_reader", "refused")
# Of reasons and warnings in the table; each report has them whole.
_MOST_LETTERS = 160
_EARLIER = phrase("earlier_run", "of an earlier run")


def write_summary_page(
    results: Sequence[Result],
    path: Path,
    language: str = ENGLISH,
    earlier: Sequence[Result] = (),
) -> Path:
    """Write the page of a run's studies, which load nothing but each other.

    Args:
        results: Results of all studies, whose reports lie at ``<study>/report.html`` beside the
            page.
        path: File to write.
        language: Code of the language that is shown first; the page holds every one.
        earlier: Results of other studies in the same folder, which come after them and say so.

    Returns:
        ``path``, the file that was written.

    Raises:
        UserError: If Jinja or matplotlib is not installed.
    """
    shown = [*results, *earlier]
    loads = [result.centiloid for result in shown if result.centiloid is not None]
    content = {
        "words": WORDS,
        "research_use": RESEARCH_USE,
        "statuses": [
            (status, sum(result.status == status for result in shown)) for status in _STATUSES
        ],
        "grades": [
            (name, sum(result.grade == grade for result in shown))
            for grade, name in enumerate(shown[0].grade_names if shown else BAPL_NAMES, 1)
        ],
        "median": median(loads) if loads else None,
        "rows": [*map(_row, results), *(_row(result, _EARLIER) for result in earlier)],
        "most_letters": _MOST_LETTERS,
        "version": __version__,
    }
    replace_file(path, render_page("summary.html.jinja", content, language))
    return path


def _row(result: Result, *first: Phrase) -> dict[str, Any]:
    remarks = (*first, *result.of_level("refusal", "doubt", "warning"))
    return {
        "name": result.name,
        # A name may hold what ends a path or begins a query.
        "link": f"{quote(result.name, safe='')}/report.html",
        "status": result.status,
        "grade": result.grade_name(),
        "probability": max((result.probabilities or {}).values(), default=None),
        "centiloid": result.centiloid,
        "remarks": Phrase("remarks", "{remarks:;}", {"remarks": remarks}),
    }
