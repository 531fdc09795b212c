"""The table of the page on many studies, as the page's program reads it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from monai_amyloid.findings.catalogue import ENGLISH, messages, originals
from monai_amyloid.findings.finding import Finding, Phrase
from monai_amyloid.report.pages import as_json, in_every_language, language_tag
from monai_amyloid.report.summary.overview import Overview
from monai_amyloid.report.summary.rows import ATTENTION, Row
from monai_amyloid.report.summary.words import SUMMARY_WORDS
from monai_amyloid.report.words import minus
from monai_amyloid.result.result import with_interval
from monai_amyloid.shown import visible

# Of a reason or warning in the table; each report has it whole.
_MOST_LETTERS = 220
_MOST_OF_A_LABEL = 80
_VALUE = re.compile(r"\{[^{}]*\}")


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


def table_content(rows: Iterable[Row], overview: Overview) -> Any:
    """What the page's program makes the table of, as JSON that may stand in the page.

    Args:
        rows: Rows in the order of the command, one at a time.
        overview: What was counted of the same rows.
    """
    texts = Texts()
    codes, ranks = overview.numbered_codes(), overview.ranks()
    # As text at once: of a hundred thousand rows the page is thirty megabytes, and they a thousand.
    listed = as_json(
        {**_row(row, texts), "codes": [codes[each.code] for each in row.findings], "rank": rank}
        for row, rank in zip(rows, ranks, strict=True)
    )
    reasons = [texts.place(_label(overview.examples[code])) for code in codes]
    return {"reasons": as_json(reasons), "rows": listed, "texts": as_json(texts.by_language)}


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


def _label(found: Finding) -> dict[str, str]:
    """What a reason is called where it is chosen: its text without the values."""
    plain = Phrase(found.code, found.message, {**found.values, "where": None})
    labels = {}
    for language, text in in_every_language(plain).items():
        known = (originals() if language == ENGLISH else messages(language)).get(found.code)
        labels[language] = _shortened(_VALUE.sub("…", known) if known else text, _MOST_OF_A_LABEL)
    return labels


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
