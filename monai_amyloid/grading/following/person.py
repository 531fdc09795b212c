"""One person: every visit graded, all measured together, and written; never an exception."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from numpy import float32
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.errors import UserError, is_full, one_line
from monai_amyloid.findings.finding import Finding, Term, refusal, warning
from monai_amyloid.following.joint import Joint, join
from monai_amyloid.following.visits import PlannedVisit
from monai_amyloid.grading.following.changes import change_between, clearing_of, levels
from monai_amyloid.grading.following.people import (
    DOCUMENT,
    PAGE,
    FollowSettings,
    FollowTask,
    clear,
    write_refused,
)
from monai_amyloid.grading.grader import Graded
from monai_amyloid.grading.outputs import DICOM_FOLDER, write_outputs
from monai_amyloid.grading.privacy import Privacy, finding_for_person
from monai_amyloid.grading.task import Task
from monai_amyloid.grading.worker import graded_or_failed, loaded_grader
from monai_amyloid.pacs.identity import EarlierSet, earlier_sets
from monai_amyloid.pacs.source import source_series
from monai_amyloid.pet.identity import identity_of
from monai_amyloid.report.follow.one_page import write_follow_pdf
from monai_amyloid.report.follow.page import write_follow_page
from monai_amyloid.result.followed import (
    Change,
    Followed,
    Visit,
    write_followed,
)
from monai_amyloid.result.result import Result


def follow_person(task: FollowTask, settings: FollowSettings) -> Followed:
    """Follow one person and write it; an error that nobody foresaw becomes a reason."""
    if task.person.refused:
        return write_refused(task, settings, task.person.refused)
    try:
        return _followed(task, settings)
    except Exception as error:
        if is_full(error):
            raise  # a full disk will not take the next person either
        found = refusal(
            "follow_failed",
            "the visits could not be compared ({kind}: {error})",
            kind=Term(type(error).__name__),
            error=one_line(error),
        )
        return write_refused(task, settings, (found,))


def _followed(task: FollowTask, settings: FollowSettings) -> Followed:
    folder = settings.grading.output / task.name
    identify = settings.grading.options.identify

    def clean(found: Finding) -> Finding:
        return finding_for_person(found, task.person, identify=identify)

    dicom = settings.grading.options.dicom
    earlier = earlier_sets(folder, DICOM_FOLDER) if dicom else []
    clear(folder, {visit.name for visit in task.person.visits})
    graded, results = [], []
    for visit in task.person.visits:
        found = _graded(visit, settings, task)
        place = folder / visit.name
        privacy = Privacy(identity_of(visit.path))
        results.append(write_outputs(found, visit.path, place, settings.grading.options, privacy))
        graded.append(found)
    there = [place for place, each in enumerate(graded) if each.brain is not None]
    brains = [brain for each in graded if (brain := each.brain) is not None]
    joint = join(brains) if len(brains) > 1 else None
    visits = _visits(task.person.visits, results, there, brains, joint, identify=identify)
    changes: tuple[Change, ...] = ()
    findings = [clean(each) for each in task.person.findings]
    if joint is None:
        findings.insert(0, _too_few(len(brains), len(visits)))
    else:
        pairs = [*pairwise(range(len(there)))]
        pairs += [(0, len(there) - 1)] if len(there) > 2 else []
        changes = tuple(
            change_between(pair, there, brains, joint, task.person.visits, clean) for pair in pairs
        )
    clearing = clearing_of(settings.rule, there, brains, visits)
    if settings.rule is not None and clearing is None:
        findings.append(_no_verdict())
    followed = Followed(
        name=task.name,
        visits=visits,
        changes=changes,
        clearing=clearing,
        doses=task.doses,
        findings=tuple(findings),
        made_from=task.made_from,
    )
    _write(followed, graded, there, joint, task, settings, earlier)
    return followed


def _graded(visit: PlannedVisit, settings: FollowSettings, task: FollowTask) -> Graded:
    grading = settings.grading
    grader = loaded_grader(grading.bundle, grading.device, grading.options.placed_on, grading.trust)
    return graded_or_failed(
        Task(
            study=visit.path,
            name=visit.name,
            identity=None,
            tracer=visit.tracer,
            series=visit.series,
            tracer_is_really=visit.tracer_is_really,
            content=visit.content,
            made_from={"scan": visit.content, "by": task.made_from["by"]},
        ),
        grader,
        grading.output,
    )


def _visits(
    planned: Sequence[PlannedVisit],
    results: Sequence[Result],
    there: Sequence[int],
    brains: Sequence[BrainPet],
    joint: Joint | None,
    *,
    identify: bool,
) -> tuple[Visit, ...]:
    """The visits, each measured with the Centiloid of all scans together."""
    measured = dict(zip(there, levels(brains, joint), strict=True))
    visits = []
    for place, (visit, result) in enumerate(zip(planned, results, strict=True)):
        load, interval = measured.get(place, (None, None))
        day = visit.date.isoformat() if identify and visit.date is not None else None
        visits.append(
            Visit(result=result, years=visit.years, date=day, centiloid=load, interval=interval)
        )
    return tuple(visits)


def _write(
    followed: Followed,
    graded: Sequence[Graded],
    there: Sequence[int],
    joint: Joint | None,
    task: FollowTask,
    settings: FollowSettings,
    earlier: Sequence[EarlierSet],
) -> None:
    """Write the person's files; ``follow.json`` last, so that where it is all are."""
    folder, options = settings.grading.output / task.name, settings.grading.options
    if options.report:
        volumes: list[NDArray[float32] | None] = [
            None if each.brain is None else each.brain.suvr for each in graded
        ]
        difference = None
        if joint is not None:
            for place, volume in zip(there, joint.suvr, strict=True):
                volumes[place] = volume
            difference = joint.suvr[-1] - joint.suvr[0]
        write_follow_page(folder / PAGE, followed, volumes, difference, options.language)
        write_follow_pdf(folder / DOCUMENT, followed, volumes, difference, options.language)
    if options.dicom:
        followed = _with_dicom(followed, graded, folder, task, options.language, earlier)
    write_followed(followed, folder)


def _with_dicom(
    followed: Followed,
    graded: Sequence[Graded],
    folder: Path,
    task: FollowTask,
    language: str,
    earlier: Sequence[EarlierSet],
) -> Followed:
    """Write the structured report of the change where a visit is DICOM."""
    from monai_amyloid.pacs.writing import write_follow_report

    try:
        sources: list[list[Dataset] | None] = []
        for visit, each in zip(task.person.visits, graded, strict=True):
            series = each.result.study.get("series_instance_uid")
            sources.append(source_series(visit.path, series) if series else None)
        if any(sources):
            place = folder / DICOM_FOLDER
            write_follow_report(sources, followed, place, language=language, earlier=earlier)
    except UserError as error:  # the result stands, with or without them
        found = warning("no_dicom_objects", "no DICOM objects: {reason}", reason=str(error))
        return replace(followed, findings=(*followed.findings, found))
    return followed


def _too_few(count: int, total: int) -> Finding:
    if total < 2:
        return refusal(
            "one_visit",
            "found one study of this person, needed two or more to tell a change; add the others, "
            "or grade it alone with {command}",
            command=Term("monai-amyloid infer"),
        )
    return refusal(
        "too_few_visits",
        "of {total} visits {count} could be measured, needed two or more to tell a change; see "
        "what is said of each, or add a study",
        count=count,
        total=total,
    )


def _no_verdict() -> Finding:
    return warning(
        "clearing_not_told",
        "the last visit could not be measured, so that nothing is said of whether amyloid is "
        "cleared; add a later study, or leave the last one out",
    )
