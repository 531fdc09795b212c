"""Rows of the page on many studies: what stands in them, and which needs attention first."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from monai_amyloid.findings.catalogue import ENGLISH, messages, originals
from monai_amyloid.findings.finding import Finding, Phrase
from monai_amyloid.report.pages import in_every_language, language_tag
from monai_amyloid.report.summary.words import SUMMARY_WORDS
from monai_amyloid.report.words import minus
from monai_amyloid.result.followed import Change, Followed
from monai_amyloid.result.result import Result, with_interval
from monai_amyloid.shown import visible

# What needs attention, the most urgent first; the page's program knows them by these names.
ATTENTION = ("refused", "needs_reader", "changed", "warned", "calm")
# Of a reason or warning in the table; each report has it whole.
_MOST_LETTERS = 220
_MOST_OF_A_LABEL = 80
_VALUE = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One study, or one person with several visits.

    Attributes:
        name: Name of the folder of the results.
        link: Address of the report, relative to the page.
        result: What is said of the study; of a person, of the last visit.
        findings: Refusals, doubts and warnings, in the order in which they are shown.
        refused: Whether nothing could be said.
        change: Change from the first visit to the last; None where there is one visit alone.
        earlier: Whether an earlier run wrote it.
    """

    name: str
    link: str
    result: Result | None
    findings: tuple[Finding, ...]
    refused: bool
    change: Change | None = None
    earlier: bool = False

    @property
    def attention(self) -> str:
        """The first of :data:`ATTENTION` that is true of the row."""
        if self.refused:
            return "refused"
        if self.result is not None and self.result.status == "needs_reader":
            return "needs_reader"
        if self.change is not None and self.change.direction in ("risen", "fallen"):
            return "changed"
        return "warned" if self.findings else "calm"


def row_of_study(result: Result, *, earlier: bool = False) -> Row:
    """The row of a study, whose report lies in its own folder."""
    return Row(
        name=result.name,
        link=_link(result.name, "report.html"),
        result=result,
        findings=result.of_level("refusal", "doubt", "warning"),
        refused=result.status == "refused",
        earlier=earlier,
    )


def row_of_person(person: Followed, page: str, *, earlier: bool = False) -> Row:
    """The row of a person: the last visit, and the change from the first.

    Args:
        person: Person with visits.
        page: Name of the report in the person's folder.
        earlier: Whether an earlier run wrote it.
    """
    change = person.overall
    last = person.visits[-1].result if person.visits else None
    of_visits = [f for visit in person.visits for f in visit.result.of_level("refusal")]
    # What is said of all visits, then of visits that were refused, then of the last.
    found = [f for f in person.findings if f.level != "note"] + of_visits
    if last is not None:
        found += last.of_level("doubt", "warning")
    return Row(
        name=person.name,
        link=_link(person.name, page) if person.visits else "",
        result=last,
        findings=tuple({str(each): each for each in found}.values()),
        refused=change is None or last is None or last.status == "refused",
        change=change,
        earlier=earlier,
    )


def _link(name: str, page: str) -> str:
    # A name may hold what ends a path or begins a query.
    return f"{quote(name, safe='')}/{page}"


@dataclass
class Texts:
    """Every text once, in every language: of ten thousand rows most say the same.

    Attributes:
        by_language: Texts in their order, by the language's tag.
    """

    by_language: dict[str, list[str]] = field(default_factory=dict)
    _places: dict[tuple[str, ...], int] = field(default_factory=dict)

    def place(self, text: Mapping[str, str]) -> int:
        """Where a text stands, which is added where it is new.

        Args:
            text: Text by the language's code.
        """
        key = tuple(text.values())
        if key not in self._places:
            self._places[key] = len(self._places)
            for language, each in text.items():
                self.by_language.setdefault(language_tag(language), []).append(each)
        return self._places[key]


def table_content(rows: Sequence[Row]) -> dict[str, Any]:
    """What the page's program makes the table of, as JSON holds it.

    Args:
        rows: Rows in the order of the command.
    """
    texts = Texts()
    order = sorted(range(len(rows)), key=lambda place: _natural(rows[place].name))
    rank = {place: number for number, place in enumerate(order)}
    codes = _codes(rows)
    content = [
        {**_row(row, texts), "codes": [codes[each.code] for each in row.findings], "rank": rank[n]}
        for n, row in enumerate(rows)
    ]
    reasons = [texts.place(_label(code, rows)) for code in codes]
    return {"rows": content, "reasons": reasons, "texts": texts.by_language}


def _row(row: Row, texts: Texts) -> dict[str, Any]:
    result = row.result
    known: dict[str, Any] = {
        "name": visible(row.name),
        "link": row.link,
        "state": ATTENTION.index(row.attention),
        "remarks": [texts.place(each) for each in _remarks(row)],
    }
    if row.earlier:
        known["earlier"] = texts.place(in_every_language(SUMMARY_WORDS["earlier_run"]))
    if row.change is not None:
        interval = with_interval(row.change.centiloid, row.change.interval)
        known |= {"change": minus(interval), "by": round(row.change.centiloid, 2)}
    if result is None or result.status == "refused":
        return known
    known |= {
        "answer": texts.place(in_every_language(result.answer)),
        "grades": list(result.prediction_set or (() if result.grade is None else (result.grade,))),
        "chances": [round(100 * p, 1) for p in (result.probabilities or {}).values()],
        "tracer": result.study.get("tracer"),
        "site": result.study.get("site"),
    }
    if result.centiloid is not None:
        interval = with_interval(result.centiloid, result.centiloid_interval)
        known |= {"load": minus(interval), "centiloid": round(result.centiloid, 2)}
    return {key: value for key, value in known.items() if value is not None}


def _remarks(row: Row) -> Iterable[dict[str, str]]:
    """Reasons and warnings, which do not begin with the name of the row."""
    begin = f"{row.name}: "
    for each in row.findings:
        yield {
            language: _shortened(text.removeprefix(begin), _MOST_LETTERS)
            for language, text in in_every_language(each).items()
        }


def _codes(rows: Sequence[Row]) -> dict[str, int]:
    """Number of each code, those of more rows first."""
    counts: dict[str, int] = {}
    for row in rows:
        for code in {each.code for each in row.findings}:
            counts[code] = counts.get(code, 0) + 1
    frequent = sorted(counts, key=lambda code: (-counts[code], code))
    return {code: number for number, code in enumerate(frequent)}


def _label(code: str, rows: Sequence[Row]) -> dict[str, str]:
    """What a reason is called where it is chosen: its text without the values."""
    found = next(each for row in rows for each in row.findings if each.code == code)
    plain = Phrase(found.code, found.message, {**found.values, "where": None})
    labels = {}
    for language, text in in_every_language(plain).items():
        known = (originals() if language == ENGLISH else messages(language)).get(code)
        labels[language] = _shortened(_VALUE.sub("…", known) if known else text, _MOST_OF_A_LABEL)
    return labels


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _natural(name: str) -> list[tuple[int, str]]:
    """A name as people sort it: ``sub-9`` before ``sub-10``."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
