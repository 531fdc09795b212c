"""One page on many studies or people: what needs attention first, and a way to each report."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from monai_amyloid.findings.catalogue import ENGLISH, languages
from monai_amyloid.findings.finding import phrase
from monai_amyloid.findings.rules import BAPL_NAMES
from monai_amyloid.output import replace_file
from monai_amyloid.report.pages import (
    in_every_language,
    language_tag,
    load_templates,
    render_page,
)
from monai_amyloid.report.summary.rows import (
    ATTENTION,
    Row,
    row_of_person,
    row_of_study,
    table_content,
)
from monai_amyloid.report.summary.words import SUMMARY_WORDS
from monai_amyloid.report.words import RESEARCH_USE, WORDS
from monai_amyloid.result.followed import Followed
from monai_amyloid.result.limits import learnt_from
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

_TEMPLATE = "summary.html.jinja"


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
        earlier: Results of other studies in the same folder, which say so.

    Returns:
        ``path``, the file that was written.

    Raises:
        UserError: If what the extra ``report`` brings is not installed.
    """
    rows = [row_of_study(each) for each in results]
    rows += [row_of_study(each, earlier=True) for each in earlier]
    return _write(rows, path, language, of_people=False)


def load_page() -> None:
    """Load what the page needs before there is anything to write."""
    _state_words()
    load_templates(_TEMPLATE)


def write_people_page(
    people: Sequence[Followed],
    path: Path,
    page: str,
    language: str = ENGLISH,
    earlier: Sequence[Followed] = (),
) -> Path:
    """Write the page of people with several visits, those who changed before those who did not.

    Args:
        people: People, whose reports lie in a folder of their name beside the page.
        path: File to write.
        page: Name of the report in a person's folder.
        language: Code of the language that is shown first; the page holds every one.
        earlier: Other people in the same folder, who say so.

    Returns:
        ``path``, the file that was written.

    Raises:
        UserError: If what the extra ``report`` brings is not installed.
    """
    rows = [row_of_person(each, page) for each in people]
    rows += [row_of_person(each, page, earlier=True) for each in earlier]
    return _write(rows, path, language, of_people=True)


def _write(rows: Sequence[Row], path: Path, language: str, *, of_people: bool) -> Path:
    results = [row.result for row in rows if row.result is not None]
    loads = [each.centiloid for each in results if each.centiloid is not None]
    names = results[0].grade_names if results else BAPL_NAMES
    states = [(name, sum(row.attention == name for row in rows)) for name in ATTENTION]
    content: dict[str, Any] = {
        "words": WORDS,
        "s": SUMMARY_WORDS,
        "of_people": of_people,
        "research_use": RESEARCH_USE,
        "learnt": list({each.code: each for each in map(learnt_from, _graded(results))}.values()),
        # Nobody is looked for among the changed where there is nobody with an earlier scan.
        "states": [(n, c) for n, c in states if n != "changed" or of_people],
        # Of a doubtful study no grade is counted alone.
        "grades": [
            (name, sum(each.status == "graded" and each.grade == grade for each in results))
            for grade, name in enumerate(names, 1)
        ],
        "median": median(loads) if loads else None,
        "table": table_content(rows),
        "state_words": _state_words(),
        "no_script": phrase(
            "summary_no_script",
            "This list needs JavaScript. The same is in the table {table}.",
            table="follow.csv" if of_people else "results.csv",
        ),
        "tracers": _values(results, "tracer"),
        "sites": _values(results, "site"),
        "count": len(rows),
        "version": __version__,
    }
    replace_file(path, render_page(_TEMPLATE, content, language))
    return path


def _state_words() -> dict[str, list[str]]:
    """What a row of each of :data:`ATTENTION` is, by language, and ``names`` for the program."""
    graded = WORDS["graded"]  # whatever else is said of it stands in the row
    states = {**WORDS, **SUMMARY_WORDS, "warned": graded, "calm": graded}
    named = [in_every_language(states[name]) for name in ATTENTION]
    words = {language_tag(code): [each[code] for each in named] for code in languages()}
    return {"names": list(ATTENTION), **words}


def _graded(results: Sequence[Result]) -> list[Result]:
    return [each for each in results if each.status != "refused"]


def _values(results: Sequence[Result], name: str) -> list[str]:
    """What the studies have of a property, in order."""
    return sorted({str(value) for each in results if (value := each.study.get(name)) is not None})
