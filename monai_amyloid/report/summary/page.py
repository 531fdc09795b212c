"""One page on many studies: counts, and a table that leads to each report."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from monai_amyloid.output import replace_file
from monai_amyloid.report.pages import render_page
from monai_amyloid.report.translations import in_both
from monai_amyloid.report.words import LANGUAGES, RESEARCH_USE, WORDS, Language, Text
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

_STATUSES = ("graded", "needs_reader", "refused")
# Of reasons and warnings in the table; each report has them whole.
_MOST_LETTERS = 160


def write_summary_page(results: Sequence[Result], path: Path, language: Language = "en") -> Path:
    """Write the page of a run's studies, which load nothing but each other.

    Args:
        results: Of all studies, whose reports lie at ``<study>/report.html`` beside the page.
        path: File to write.
        language: Shown first; the page holds both.

    Raises:
        UserError: If Jinja or matplotlib is not installed.
    """
    loads = [result.centiloid for result in results if result.centiloid is not None]
    content = {
        "language": language,
        "words": WORDS,
        "research_use": RESEARCH_USE,
        "statuses": [
            (status, sum(result.status == status for result in results)) for status in _STATUSES
        ],
        "grades": [(grade, sum(result.bapl == grade for result in results)) for grade in (1, 2, 3)],
        "median": median(loads) if loads else None,
        "rows": [_row(result) for result in results],
        "version": __version__,
    }
    replace_file(path, render_page("summary.html.jinja", content))
    return path


def _row(result: Result) -> dict[str, Any]:
    remarks = [in_both(each) for each in result.of_level("refusal", "doubt", "warning")]
    return {
        "name": result.name,
        # A name may hold what ends a path or begins a query.
        "link": f"{quote(result.name, safe='')}/report.html",
        "status": result.status,
        "bapl": result.bapl,
        "probability": max((result.probabilities or {}).values(), default=None),
        "centiloid": result.centiloid,
        "remarks": Text(
            *(_short("; ".join(said.of(each) for said in remarks)) for each in LANGUAGES)
        ),
    }


def _short(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"
