"""From the studies that a user names to people with their visits in the order of time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from monai_amyloid.findings.finding import Finding, StudyRefused
from monai_amyloid.following.bids_days import bids_labels, bids_moment
from monai_amyloid.following.days import Dated, dates_of, in_order, years_between
from monai_amyloid.following.names import person_names, visit_names
from monai_amyloid.following.owner import Owner, Words, person_keys
from monai_amyloid.following.whose import (
    contradictions,
    refusals,
    scans_of_two_people,
    unknown_owner,
    without_identity,
)
from monai_amyloid.pet.identity import content_and_identity
from monai_amyloid.pet.scan_moment import ScanMoment, scan_headers
from monai_amyloid.work.looking import look_at_each
from monai_amyloid.work.progress import SILENT, Progress

_UNKNOWN = ("", "n/a")


@dataclass(frozen=True, kw_only=True)
class NamedVisit:
    """A study that is followed, as a path, a list or an option names it.

    Attributes:
        path: Path of the study, see :func:`~monai_amyloid.pet.study.read_study`.
        participant: Column ``participant_id`` of the list; empty or ``n/a`` where it has none.
        session: Column ``session_id`` of the list.
        date: Day of the scan by the list or an option, such as ``2019-03-12``, which counts
            against the header's.
        table: List that names the study, which parts the participants of two lists.
        tracer: BIDS label of the tracer, None where neither a list nor an option names it.
        series: Name of the image to take, None where neither a list nor an option has it.
        tracer_is_really: Whether the tracer counts against what the study names.
    """

    path: Path
    participant: str = ""
    session: str = ""
    date: str = ""
    table: Path | None = None
    tracer: str | None = None
    series: str | None = None
    tracer_is_really: bool = False


@dataclass(frozen=True, kw_only=True)
class PlannedVisit:
    """A visit to measure.

    Attributes:
        path: Path of the study.
        name: Name of the visit, unique within the person, which tells nothing of who it is.
        date: Day of the scan; None where it is not known.
        years: Years since the first visit; None where either day is not known.
        tracer: BIDS label of the tracer, for a study that names none.
        series: Name of the image to take; None where the study decides.
        tracer_is_really: Whether the tracer counts against what the study names.
        content: Fingerprint of the study's files when they were looked at.
    """

    path: Path
    name: str
    date: date | None
    years: float | None
    tracer: str | None
    series: str | None
    tracer_is_really: bool
    content: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person with the visits to measure.

    Attributes:
        name: Name of the person's folder, unique within the run, which tells nothing of who it is.
        visits: Visits in the order of time.
        findings: What is said of the visits as a whole.
        refused: Why nothing can be said of the visits; none where they can be followed.
        ids: Words by which other tables may name the person; they may be of a hospital.
    """

    name: str
    visits: tuple[PlannedVisit, ...]
    findings: tuple[Finding, ...] = ()
    refused: tuple[Finding, ...] = ()
    ids: frozenset[Words] = field(default=frozenset(), repr=False)


def group_visits(
    studies: Sequence[NamedVisit],
    *,
    one_by_one: bool,
    identify: bool = False,
    today: date | None = None,
    besides: Path | None = None,
    looking: Progress = SILENT,
) -> tuple[Person, ...]:
    """Find out whose the studies are, and in which order they were scanned.

    Args:
        studies: Studies in the order in which they are named.
        one_by_one: Whether the user named each study by a path of its own, as the visits of one
            person; else they came out of folders, datasets or lists, and may be of many.
        identify: Whether names may tell who was scanned.
        today: Day on which they are followed; None for today.
        besides: Folder within a study that does not count as its content, such as the results.
        looking: Shows how many studies were looked at; all their files are read for that.

    Returns:
        People in the order in which their first studies are named. Of many, one who cannot be
        followed is refused alone.

    Raises:
        StudyRefused: If the user named studies as the visits of one person and they are not.
        UserError: If a date in a list or an option is none, or can be read in two ways.
    """
    dates = dates_of([study.date for study in studies], [study.path for study in studies])
    owners = look_at_each(partial(_owner, besides=besides), studies, looking)
    keys = [None] * len(owners) if one_by_one else person_keys(owners)
    groups: dict[object, list[int]] = {}
    for place, key in enumerate(keys):
        groups.setdefault(place if key is None and not one_by_one else key, []).append(place)
    of_two_people = scans_of_two_people(owners, list(groups.values()))
    named = person_names(
        [[owners[place] for place in group] for group in groups.values()], identify=identify
    )
    people = []
    for group, name in zip(groups.values(), named, strict=True):
        mine = [owners[place] for place in group]
        refused = [
            *refusals(mine),
            *(of_two_people[each] for each in group if each in of_two_people),
        ]
        if not one_by_one:
            refused += [unknown_owner(owner) for owner in mine if not owner.is_known]
        if refused and one_by_one:
            raise StudyRefused.of(refused)
        visits, findings = _planned(
            [studies[place] for place in group],
            mine,
            [dates[place] for place in group],
            today or date.today(),
            order_is_named=one_by_one or all(studies[place].table for place in group),
        )
        findings = [*without_identity(mine), *contradictions(mine), *findings]
        ids = frozenset(words for owner in mine for words in owner.spellings)
        people.append(
            Person(
                name=name,
                visits=visits,
                findings=tuple(findings),
                refused=tuple(refused),
                ids=ids,
            )
        )
    return tuple(people)


def _owner(study: NamedVisit, besides: Path | None) -> Owner:
    """Read whose a study is, and from when."""
    content, identity = content_and_identity(study.path, besides)
    return Owner(
        path=study.path,
        series=study.series,
        participant="" if study.participant in _UNKNOWN else study.participant,
        table=study.table,
        labels=bids_labels(study.path),
        headers=scan_headers(study.path),
        identity=identity or {},
        content=content,
    )


def _planned(
    studies: Sequence[NamedVisit],
    owners: Sequence[Owner],
    dates: Sequence[ScanMoment | None],
    today: date,
    *,
    order_is_named: bool,
) -> tuple[tuple[PlannedVisit, ...], list[Finding]]:
    """The visits of one person in order, and what is said of their dates."""
    dated = [
        Dated(
            path=owner.path,
            moment=by_list or owner.headers.moment or bids_moment(owner.path),
            by_header=owner.headers.moment,
            several_days=owner.headers.several_days,
            place=place,
        )
        for place, (owner, by_list) in enumerate(zip(owners, dates, strict=True))
    ]
    ordered, findings = in_order(dated, today, order_is_named=order_is_named)
    sessions = [
        studies[visit.place].session or owners[visit.place].labels.session for visit in ordered
    ]
    days = [None if visit.moment is None else visit.moment.day for visit in ordered]
    visits = tuple(
        PlannedVisit(
            path=visit.path,
            name=name,
            date=day,
            years=years_between(days[0], day),
            tracer=studies[visit.place].tracer,
            series=studies[visit.place].series,
            tracer_is_really=studies[visit.place].tracer_is_really,
            content=owners[visit.place].content,
        )
        for visit, name, day in zip(ordered, visit_names(sessions), days, strict=True)
    )
    return visits, findings
