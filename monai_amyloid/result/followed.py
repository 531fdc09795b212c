"""What is said of one person's visits, and the file that holds it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from monai_amyloid.findings.finding import Finding, Phrase, phrase
from monai_amyloid.following.change import Direction
from monai_amyloid.following.days import DAYS_A_YEAR
from monai_amyloid.following.rule import Verdict
from monai_amyloid.output import as_bytes, replace_file
from monai_amyloid.result.result import (
    Result,
    content_of,
    from_content,
    rounded_content,
    with_interval,
)
from monai_amyloid.shown import visible

FOLLOW_SCHEMA = "monai-amyloid-follow/1"
FOLLOW_FILE = "follow.json"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One visit of a person.

    Attributes:
        result: What is said of the scan alone, as ``infer`` says it.
        years: Years since the first visit; None where no date is known.
        date: Day of the scan, ``YYYY-MM-DD``; None unless results may name the person.
        centiloid: Centiloid of the visit by all scans together: their mean is that of the plain
            Centiloids, their differences are :attr:`Change.centiloid`. None where the scan was
            refused.
        interval: Lowest and highest Centiloid of the 90 % interval about it.
    """

    result: Result
    years: float | None = None
    date: str | None = None
    centiloid: float | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class RegionChange:
    """Change of the SUVR of one region.

    Attributes:
        suvr: SUVR of the later visit less that of the earlier one.
        interval: Lowest and highest of the 95 % interval.
    """

    suvr: float
    interval: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Change:
    """Change from one visit to a later one.

    Attributes:
        earlier: Place of the earlier visit among the visits, from 0.
        later: Place of the later visit.
        years: Years between the two; None where a date is not known.
        centiloid: Change of Centiloid, measured on both scans together.
        interval: Lowest and highest change of the 95 % interval.
        yearly: Change a year; None where a date is not known, or less than a month lies between.
        yearly_interval: Lowest and highest change a year.
        plain: Difference of the two plain Centiloids, each measured alone.
        direction: ``risen`` or ``fallen`` where the interval leaves out 0.
        regions: Change of the cortex and of each read region, alone and by side.
        findings: What differs between the two scans, and what that does to the interval.
    """

    earlier: int
    later: int
    years: float | None
    centiloid: float
    interval: tuple[float, float]
    yearly: float | None
    yearly_interval: tuple[float, float] | None
    plain: float
    direction: Direction
    regions: Mapping[str, RegionChange]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Clearing:
    """Whether the amyloid is cleared, by a rule that the user names.

    Attributes:
        below: Centiloid below which one scan counts as cleared.
        twice_below: Centiloid below which two scans in a row do; None where the rule has none.
        chance: Chance that the rule holds, 0 to 1.
        verdict: ``cleared`` or ``not_cleared`` where that is sure; else ``cannot_tell``.
    """

    below: float
    twice_below: float | None
    chance: float
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What is said of one person's visits.

    Attributes:
        name: Name of the folder of the results.
        visits: Visits in the order of their dates.
        changes: Changes from each graded visit to the next, and, of three or more, from the
            first to the last.
        clearing: Verdict on the last visit; None where no rule was named, or it was refused.
        doses: Years since the first visit of each dose of an antibody.
        findings: What is said of the visits as a whole; refusals where nothing can be said.
        made_from: Checksums of the visits' files (``scan``) and of what measured them (``by``),
            by which a person who is finished is known again.

    Examples:
        >>> import monai_amyloid
        >>> monai_amyloid.Followed(name="person-1", visits=()).overall is None
        True
    """

    name: str
    visits: tuple[Visit, ...]
    changes: tuple[Change, ...] = ()
    clearing: Clearing | None = None
    doses: tuple[float, ...] = ()
    findings: tuple[Finding, ...] = ()
    made_from: Mapping[str, str] = field(default_factory=dict)

    @property
    def overall(self) -> Change | None:
        """The change from the first graded visit to the last; None where there are not two."""
        return max(self.changes, key=lambda each: each.later - each.earlier, default=None)

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why the person or a visit could not be measured, in English."""
        of_person = [str(each) for each in self.findings if each.level == "refusal"]
        refused = [each.result for each in self.visits if each.result.status == "refused"]
        return (*of_person, *(of_visit(each.name, each.reasons) for each in refused))

    @property
    def is_whole(self) -> bool:
        """Whether there is a change, and every visit was measured."""
        return self.overall is not None and not self.refusals


def of_visit(name: str, texts: Iterable[str]) -> str:
    """What is found of one visit, after its name; a text that begins with it does not repeat it.

    Args:
        name: Name of the visit.
        texts: Texts of the visit's findings.
    """
    begin = f"{name}: "
    return begin + "; ".join(text.removeprefix(begin) for text in texts)


def span(years: float) -> Phrase:
    """The time between two visits as people say it: in days or months below a year.

    Args:
        years: Years of 365.25 days.
    """
    days, months = round(years * DAYS_A_YEAR), round(years * 12)
    if days == 0:
        return phrase("span_same_day", "on the same day")
    if days == 1:
        return phrase("span_one_day", "in one day")
    if months < 2:
        return phrase("span_days", "in {days} days", days=days)
    if months < 12:
        return phrase("span_months", "in {months} months", months=months)
    return phrase("span_years", "in {years:.1f} years", years=years)


def one_line(followed: Followed) -> str:
    """A person's visits for a terminal."""
    name, change = visible(followed.name), followed.overall
    refused = visible("; ".join(followed.refusals))
    if change is None:
        return f"{name}: refused: {refused}" if refused else f"{name}: no change"
    first, last = (followed.visits[place] for place in (change.earlier, change.later))
    loads = " -> ".join(
        with_interval(each.centiloid or 0.0, each.interval) for each in (first, last)
    )
    line = f"{name}: Centiloid {loads}, change {with_interval(change.centiloid, change.interval)}"
    if change.years is not None:
        line += f" {span(change.years)}"
    if change.yearly is not None:
        line += f", {change.yearly:.0f} a year"
    if followed.clearing is not None:
        rule = followed.clearing
        twice = (
            "" if rule.twice_below is None else f", or twice in a row below {rule.twice_below:g}"
        )
        line += f"; {rule.verdict.replace('_', ' ')} (below {rule.below:g}{twice})"
    return f"{line}; refused: {refused}" if refused else line


def write_followed(followed: Followed, folder: Path) -> Path:
    """Write ``follow.json`` into a person's own folder."""
    path = folder / FOLLOW_FILE
    text = json.dumps(_content(followed), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    replace_file(path, as_bytes(text))
    return path


def read_followed(folder: Path) -> Followed | None:
    """Read ``follow.json`` of a person's folder; None where there is none that is whole."""
    try:
        content = json.loads((folder / FOLLOW_FILE).read_text(encoding="utf-8"))
        if content["schema"] != FOLLOW_SCHEMA:
            return None
        return Followed(
            name=folder.name,
            visits=tuple(map(_visit_from, content["visits"])),
            changes=tuple(map(_change_from, content["changes"])),
            clearing=None if content["clearing"] is None else Clearing(**content["clearing"]),
            doses=tuple(content["doses"]),
            findings=tuple(map(Finding.from_content, content["findings"])),
            made_from=content["made_from"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _visit_from(content: Mapping[str, Any]) -> Visit:
    result = dict(content["result"])
    result.pop("schema")
    return Visit(
        result=from_content(result, content["study"]),
        years=content["years"],
        date=content["date"],
        centiloid=content["centiloid"],
        interval=_pair(content["interval"]),
    )


def _change_from(content: Mapping[str, Any]) -> Change:
    values = dict(content)
    values["interval"] = _pair(values["interval"])
    values["yearly_interval"] = _pair(values["yearly_interval"])
    values["findings"] = tuple(map(Finding.from_content, values["findings"]))
    values["regions"] = {
        name: RegionChange(suvr=each["suvr"], interval=(each["interval"][0], each["interval"][1]))
        for name, each in values["regions"].items()
    }
    return Change(**values)


def _pair(ends: Sequence[float] | None) -> tuple[float, float] | None:
    return None if ends is None else (ends[0], ends[1])


def _content(followed: Followed) -> dict[str, Any]:
    """What the file holds; the folder bears the name."""
    visits = [
        {
            "study": visit.result.name,
            "years": visit.years,
            "date": visit.date,
            "centiloid": visit.centiloid,
            "interval": visit.interval,
            "result": content_of(visit.result),
        }
        for visit in followed.visits
    ]
    changes = [
        asdict(change) | {"findings": [each.as_content() for each in change.findings]}
        for change in followed.changes
    ]
    content: dict[str, Any] = {
        "schema": FOLLOW_SCHEMA,
        "findings": [each.as_content() for each in followed.findings],
        "visits": visits,
        "changes": changes,
        "clearing": None if followed.clearing is None else asdict(followed.clearing),
        "doses": followed.doses,
        "made_from": dict(followed.made_from),
    }
    rounded: dict[str, Any] = rounded_content(content)
    return rounded
