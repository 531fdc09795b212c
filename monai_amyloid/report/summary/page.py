"""One page on many studies or people: what needs attention first, and a way to each report."""

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from monai_amyloid.findings.catalogue import ENGLISH, languages
from monai_amyloid.findings.finding import phrase
from monai_amyloid.output import replace_file
from monai_amyloid.report.pages import (
    in_every_language,
    language_tag,
    load_templates,
    render_page,
)
from monai_amyloid.report.summary.overview import Overview
from monai_amyloid.report.summary.rows import ATTENTION, Row, row_of_person, row_of_study
from monai_amyloid.report.summary.table import table_content
from monai_amyloid.report.summary.words import SUMMARY_WORDS
from monai_amyloid.report.words import RESEARCH_USE, WORDS
from monai_amyloid.result.followed import Followed
from monai_amyloid.result.result import Result
from monai_amyloid.version import __version__

_TEMPLATE = "summary.html.jinja"


def write_summary_page(
    results: Collection[Result],
    path: Path,
    language: str = ENGLISH,
    earlier: Collection[Result] = (),
) -> Path:
    """Write the page of a run's studies, which load nothing but each other.

    Args:
        results: Results of all studies, whose reports lie at ``<study>/report.html`` beside the
            page; gone through twice, and never held together.
        path: File to write.
        language: Code of the language that is shown first; the page holds every one.
        earlier: Results of other studies in the same folder, which say so.

    Returns:
        ``path``, the file that was written.

    Raises:
        UserError: If what the extra ``report`` brings is not installed.
    """

    def rows() -> Iterator[Row]:
        yield from map(row_of_study, results)
        yield from (row_of_study(each, earlier=True) for each in earlier)

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

    def rows() -> Iterator[Row]:
        yield from (row_of_person(each, page) for each in people)
        yield from (row_of_person(each, page, earlier=True) for each in earlier)

    return _write(rows, path, language, of_people=True)


def _write(
    rows: Callable[[], Iterator[Row]], path: Path, language: str, *, of_people: bool
) -> Path:
    overview = Overview.of(rows())
    states = [(name, overview.states[name]) for name in ATTENTION]
    content: dict[str, Any] = {
        "words": WORDS,
        "s": SUMMARY_WORDS,
        "of_people": of_people,
        "research_use": RESEARCH_USE,
        "learnt": [*overview.learnt.values()],
        # Nobody is looked for among the changed where there is nobody with an earlier scan.
        "states": [(n, c) for n, c in states if n != "changed" or of_people],
        "grades": overview.by_grade,
        "median": median(overview.loads) if overview.loads else None,
        "table": table_content(rows(), overview),
        "state_words": _state_words(),
        "no_script": phrase(
            "summary_no_script",
            "This list needs JavaScript. The same is in the table {table}.",
            table="follow.csv" if of_people else "results.csv",
        ),
        "tracers": sorted(overview.tracers),
        "sites": dict(sorted(overview.sites.items())),
        "count": overview.count,
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
