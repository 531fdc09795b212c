"""Rows of the page on many studies: what stands in them, and which needs attention first."""

from dataclasses import dataclass
from urllib.parse import quote

from monai_amyloid.findings.finding import Finding
from monai_amyloid.result.followed import Change, Followed
from monai_amyloid.result.result import Result

# What needs attention, the most urgent first; the page's program knows them by these names.
ATTENTION = ("refused", "needs_reader", "changed", "warned", "calm")


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
