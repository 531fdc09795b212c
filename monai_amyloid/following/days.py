"""The order of one person's visits in time, and the years between them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from monai_amyloid.cohort.table.dates import FIRST_YEAR, read_days
from monai_amyloid.errors import UserError
from monai_amyloid.findings.finding import Finding, note, warning
from monai_amyloid.pet.scan_moment import ScanMoment, moment_of_text

DAYS_A_YEAR = 365.25
# A table and a header that disagree by more on the time between two visits are of other scans.
_MOST_DAYS_APART = 31.0
_UNKNOWN = ("", "n/a")


@dataclass(frozen=True, kw_only=True)
class Dated:
    """A visit, by when it was.

    Attributes:
        path: Path of the study.
        moment: When the visit was, by what counts: a table or option, else a header; None where
            nothing says it.
        by_header: When it was by its header alone.
        several_days: Whether its images are of several days, so that its header has no one.
        place: Place among the studies as they are named.
    """

    path: Path
    moment: ScanMoment | None
    by_header: ScanMoment | None = None
    several_days: bool = False
    place: int = 0


def dates_of(texts: Sequence[str], paths: Sequence[Path]) -> list[ScanMoment | None]:
    """Read the dates that a list or options name.

    Args:
        texts: Date of each study, empty or ``n/a`` where it has none; ``3/12/2019`` is read where
            the others show whether its month comes first.
        paths: Path of each study, for messages.

    Raises:
        UserError: If one is no day, or could be two.
    """
    days = read_days(texts)
    found: list[ScanMoment | None] = []
    for text, day, path in zip(texts, days, paths, strict=True):
        # Shifted dates, which are before all scans, are read too.
        moment = moment_of_text(text.strip())
        if moment is None and len(day.digits) == 8:
            moment = moment_of_text(day.digits)
        if moment is None and text.strip() not in _UNKNOWN:
            reason = day.doubt or ("has no day" if day.digits else "is no date")
            raise UserError(
                f"{path}: the date {text[:40]!r} {reason}; needed a day such as 2019-03-12"
            )
        found.append(moment)
    return found


def years_between(earlier: date | None, later: date | None) -> float | None:
    """Give the years from one day to another.

    Args:
        earlier: Day of the earlier visit; None where it is not known.
        later: Day of the later visit.

    Returns:
        Years of 365.25 days; None where a day is not known.
    """
    if earlier is None or later is None:
        return None
    return (later - earlier).days / DAYS_A_YEAR


def in_order(
    visits: Sequence[Dated], today: date, *, order_is_named: bool
) -> tuple[list[Dated], list[Finding]]:
    """Put the visits of one person into the order of their dates.

    Dates that a de-identifier shifted count as they are, for only their differences do. A visit
    without a date keeps its place among the visits.

    Args:
        visits: Visits of one person as they are named.
        today: Day on which they are followed.
        order_is_named: Whether the user named the visits in their order, one by one or in a table;
            else it follows from the names of files.

    Returns:
        The visits in order, those dates left out that cannot count; and what is said of it. No
        text holds a date.
    """
    usable, findings = _usable(visits, today)
    dated = iter(sorted((each for each in usable if each.moment is not None), key=_when))
    ordered = [each if each.moment is None else next(dated) for each in usable]
    findings += _missing(ordered, order_is_named=order_is_named)
    findings += _same_days(ordered)
    findings += _contradicted(ordered)
    return ordered, findings


def _when(visit: Dated) -> tuple[date, float, int]:
    """A key to sort by: visits of one day by time where each has one, else as they are named."""
    moment = visit.moment or ScanMoment(date.max)
    return moment.day, moment.seconds, visit.place


def _usable(visits: Sequence[Dated], today: date) -> tuple[list[Dated], list[Finding]]:
    """Leave out dates that cannot be, and times that not every visit of a day has."""
    moments = [each.moment for each in visits if each.moment is not None]
    days = [moment.day for moment in moments]
    # What is written where a date was removed: 1 January, the same for every visit.
    filler = len(days) > 1 and len(set(days)) == 1 and (days[0].month, days[0].day) == (1, 1)
    odd = {day for day in days if not date(FIRST_YEAR, 1, 1) <= day <= today + timedelta(days=1)}
    shifted = bool(odd) and odd == set(days)
    findings: list[Finding] = []
    if filler:
        visits = [replace(each, moment=None) for each in visits]
    elif shifted:
        findings.append(
            note(
                "visit_dates_shifted",
                "all dates of the scans are before {first_year} or after today, as where a "
                "de-identifier shifted them; they count, for only the time between them does",
                first_year=FIRST_YEAR,
            )
        )
    elif odd:
        for each in visits:
            if each.moment is not None and each.moment.day in odd:
                findings.append(
                    warning(
                        "visit_date_implausible",
                        "the date of {file} is before {first_year} or after today, and others are "
                        "not; it was left out, so that the years from and to this visit are not "
                        "known",
                        file=each.path,
                        first_year=FIRST_YEAR,
                    )
                )
        visits = [
            replace(each, moment=None)
            if each.moment is not None and each.moment.day in odd
            else each
            for each in visits
        ]
    untimed = {moment.day for moment in moments if moment.seconds < 0}
    return [
        replace(each, moment=ScanMoment(each.moment.day))
        if each.moment is not None and each.moment.day in untimed
        else each
        for each in visits
    ], findings


def _missing(visits: Sequence[Dated], *, order_is_named: bool) -> Iterator[Finding]:
    undated = [each for each in visits if each.moment is None]
    for each in undated:
        if each.several_days:
            yield warning(
                "visit_of_several_days",
                "the PET images of {file} are of several days, so that it has no one date; name "
                "a folder with one scan, or its date in a list",
                file=each.path,
            )
            continue
        yield note(
            "visit_date_missing",
            "{file} has no date that could count, so that the years from and to this visit are "
            "not known; a list with the column date would say it",
            file=each.path,
        )
    if not undated or len(visits) == 1:
        return
    if order_is_named:
        yield warning(
            "visit_order_as_named",
            "not every visit has a date; those without were taken in the order in which they are "
            "named, and rise and fall change places where that is not the order of the scans",
        )
    else:
        yield warning(
            "visit_order_by_name",
            "not every visit has a date; those without were taken in the order of their names, and "
            "rise and fall change places where that is not the order of the scans",
        )


def _same_days(visits: Sequence[Dated]) -> Iterator[Finding]:
    for earlier, later in pairwise(visits):
        if earlier.moment is None or later.moment is None:
            continue
        if earlier.moment.day != later.moment.day:
            continue
        if earlier.moment.seconds != later.moment.seconds:
            yield warning(
                "visits_of_one_day",
                "{file} and {other_file} are of one day; they were ordered by their times",
                file=earlier.path,
                other_file=later.path,
            )
        else:
            yield warning(
                "visits_of_one_moment",
                "{file} and {other_file} are of one day, and no time tells which was first; they "
                "were taken in the order in which they are named",
                file=earlier.path,
                other_file=later.path,
            )


def _contradicted(visits: Sequence[Dated]) -> Iterator[Finding]:
    """Warn of visits that a table and the headers put apart differently, as where rows changed."""
    both = [
        (each.path, each.moment.day, each.by_header.day)
        for each in visits
        if each.moment is not None and each.by_header is not None
    ]
    for (earlier, day, header_day), (later, later_day, later_header_day) in pairwise(both):
        by_table, by_header = (later_day - day).days, (later_header_day - header_day).days
        if abs(by_table - by_header) > _MOST_DAYS_APART:
            yield warning(
                "visit_dates_contradicted",
                "from {file} to {other_file} it is {years:.2f} years by the dates that were named, "
                "but {header_years:.2f} by the headers; the named ones count: make sure that no "
                "two scans have changed places",
                file=earlier,
                other_file=later,
                years=by_table / DAYS_A_YEAR,
                header_years=by_header / DAYS_A_YEAR,
            )
