"""One person: every visit graded, all measured together, and written; never an exception."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from numpy import float32
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from monai_amyloid.brain.normalization import BrainPet
from monai_amyloid.brain.quantities.atrophy import thinning_effect
from monai_amyloid.brain.quantities.uncertainty import (
    centiloid_interval,
    chance_below,
    suvr_intervals,
    suvr_spreads,
)
from monai_amyloid.errors import UserError, is_full, one_line
from monai_amyloid.findings.finding import Finding, Term, doubt, note, refusal, warning
from monai_amyloid.follow.change import MeasuredChange, measure_change
from monai_amyloid.follow.change_errors import Causes
from monai_amyloid.follow.days import years_between
from monai_amyloid.follow.differences import differences
from monai_amyloid.follow.joint import Joint, join
from monai_amyloid.follow.rule import ClearingRule, chance, verdict
from monai_amyloid.follow.visits import PlannedVisit
from monai_amyloid.grading.following import (
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
from monai_amyloid.pacs.source import source_series
from monai_amyloid.pet.identity import identity_of
from monai_amyloid.report.follow.one_page import write_follow_pdf
from monai_amyloid.report.follow.page import write_follow_page
from monai_amyloid.result.followed import (
    Change,
    Clearing,
    Followed,
    RegionChange,
    Visit,
    write_followed,
)
from monai_amyloid.result.result import Result

# From a 90 % interval's half width to a 95 % interval's, of a normal distribution.
_WIDER = 1.96 / 1.645
# What thinning takes is worth a note from here on, and a warning from here on, Centiloid.
_LEAST_THINNING, _MUCH_THINNING = 1.0, 5.0


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
            _change(pair, there, brains, joint, task.person.visits, clean) for pair in pairs
        )
    clearing = _clearing(settings.rule, there, brains, visits)
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
    _write(followed, graded, there, joint, task, settings)
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
    levels = dict(zip(there, _levels(brains, joint), strict=True))
    visits = []
    for place, (visit, result) in enumerate(zip(planned, results, strict=True)):
        load, interval = levels.get(place, (None, None))
        day = visit.date.isoformat() if identify and visit.date is not None else None
        visits.append(
            Visit(result=result, years=visit.years, date=day, centiloid=load, interval=interval)
        )
    return tuple(visits)


def _levels(
    brains: Sequence[BrainPet], joint: Joint | None
) -> list[tuple[float, tuple[float, float]]]:
    """Centiloid of each scan with its 90 % interval, of all scans of one tracer together."""
    levels = []
    for place, brain in enumerate(brains):
        load = brain.centiloid
        if joint is not None:
            same = [
                other
                for other, each in enumerate(brains)
                if each.source.tracer == brain.source.tracer
            ]
            # All together they lie where they lie alone, on average.
            apart = [brains[other].centiloid - joint.centiloids[other] for other in same]
            load = joint.centiloids[place] + math.fsum(apart) / len(apart)
        tracer = str(brain.source.tracer)
        spread = suvr_spreads(load, brain.quality, tracer)["cortex"]
        interval = suvr_intervals({"cortex": brain.regions["cortex"]}, {"cortex": spread})
        low, high = centiloid_interval(interval["cortex"], tracer)
        levels.append((load, (low + load - brain.centiloid, high + load - brain.centiloid)))
    return levels


def _change(
    pair: tuple[int, int],
    there: Sequence[int],
    brains: Sequence[BrainPet],
    joint: Joint,
    planned: Sequence[PlannedVisit],
    clean: Callable[[Finding], Finding],
) -> Change:
    """The change between two of the scans that were measured together."""
    earlier, later = (brains[place] for place in pair)
    first, last = (planned[there[place]] for place in pair)
    years = years_between(first.date, last.date)
    found = differences(earlier.source, later.source, earlier.quality, later.quality)
    findings = tuple(map(clean, found.findings))
    plain = later.centiloid - earlier.centiloid
    if earlier.source.tracer != later.source.tracer:
        measured = _between_tracers(earlier, later, years)
        findings = (_two_tracers(), *findings)
    else:
        silent = any(each.code == "scanner_not_known" for each in found.findings)
        measured = measure_change(
            joint.regions[pair[0]],
            joint.regions[pair[1]],
            Causes(
                loads=(joint.centiloids[pair[0]], joint.centiloids[pair[1]]),
                earlier=earlier.quality,
                later=later.quality,
                # What no header says is taken for the worse.
                other_scanner=found.scanner or found.reconstruction or found.correction or silent,
                tracer=str(earlier.source.tracer),
            ),
            years,
        )
        findings = (*findings, *_of_thinning(pair, joint, measured.centiloid, earlier))
    return Change(
        earlier=there[pair[0]],
        later=there[pair[1]],
        years=years,
        centiloid=measured.centiloid,
        interval=measured.interval,
        yearly=measured.yearly,
        yearly_interval=measured.yearly_interval,
        plain=plain,
        direction=measured.direction,
        regions={
            name: RegionChange(suvr=change, interval=interval)
            for name, (change, interval) in measured.regions.items()
        },
        findings=findings,
    )


def _of_thinning(
    pair: tuple[int, int], joint: Joint, change: float, earlier: BrainPet
) -> tuple[Finding, ...]:
    """What the cortex that thinned between two scans has taken of the change."""
    tracer = str(earlier.source.tracer)
    before, after = (thinning_effect(joint.suvr[place], tracer) for place in pair)
    if before is None or after is None:
        return ()
    thinning = before - after
    if abs(thinning) < _LEAST_THINNING:
        return ()
    found = note(
        "change_by_thinning",
        "of the change of {change:+.0f} Centiloid, {thinning:+.0f} seem to come from the cortex "
        "being thinner or thicker than before; without that it would be {without:+.0f}, as far as "
        "simulated scans show",
        change=change,
        thinning=thinning,
        without=change - thinning,
    )
    return (replace(found, level="warning") if abs(thinning) > _MUCH_THINNING else found,)


def _between_tracers(earlier: BrainPet, later: BrainPet, years: float | None) -> MeasuredChange:
    """The difference of two Centiloids, of which nothing cancels."""
    half, change = 0.0, later.centiloid - earlier.centiloid
    for brain in (earlier, later):
        [(_, (low, high))] = _levels([brain], None)
        half = math.hypot(half, (high - low) / 2 * _WIDER)
    timed = years is not None and years > 0
    return MeasuredChange(
        centiloid=change,
        interval=(change - half, change + half),
        yearly=change / years if timed and years else None,
        yearly_interval=((change - half) / years, (change + half) / years)
        if timed and years
        else None,
        regions={},
    )


def _clearing(
    rule: ClearingRule | None,
    there: Sequence[int],
    brains: Sequence[BrainPet],
    visits: Sequence[Visit],
) -> Clearing | None:
    """Whether the rule holds at the last visit; None where that was refused."""
    if rule is None or not there or there[-1] != len(visits) - 1:
        return None

    def below(place: int, mark: float) -> float:
        brain, load = brains[place], visits[there[place]].centiloid or 0.0
        tracer = str(brain.source.tracer)
        spread = suvr_spreads(load, brain.quality, tracer)["cortex"]
        return chance_below(load, mark, spread, tracer)

    # A refused visit between two parts them: they are no two in a row.
    in_a_row = 2 if len(there) > 1 and there[-2] == there[-1] - 1 else 1
    holds = chance(rule, lambda place, mark: below(len(there) - in_a_row + place, mark), in_a_row)
    return Clearing(
        below=rule.below, twice_below=rule.twice_below, chance=holds, verdict=verdict(holds)
    )


def _write(
    followed: Followed,
    graded: Sequence[Graded],
    there: Sequence[int],
    joint: Joint | None,
    task: FollowTask,
    settings: FollowSettings,
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
        followed = _with_dicom(followed, graded, folder, task)
    write_followed(followed, folder)


def _with_dicom(
    followed: Followed, graded: Sequence[Graded], folder: Path, task: FollowTask
) -> Followed:
    """Write the structured report of the change where a visit is DICOM."""
    from monai_amyloid.pacs.writing import write_follow_report

    try:
        sources: list[list[Dataset] | None] = []
        for visit, each in zip(task.person.visits, graded, strict=True):
            series = each.result.study.get("series_instance_uid")
            sources.append(source_series(visit.path, series) if series else None)
        if any(sources):
            write_follow_report(sources, followed, folder / DICOM_FOLDER)
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


def _two_tracers() -> Finding:
    return doubt(
        "change_between_tracers",
        "two tracers were injected: the change is the difference of two Centiloids by two lines, "
        "of which nothing cancels, and regions are not compared; follow a person with one tracer",
    )
