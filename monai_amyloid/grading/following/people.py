"""People with several visits: over processes, resumable, each person on their own."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from shutil import rmtree

from monai_amyloid.bundle.integrity import Trust, read_bundle
from monai_amyloid.errors import is_full
from monai_amyloid.findings.finding import Finding, Term, refusal
from monai_amyloid.following.rule import ClearingRule
from monai_amyloid.following.visits import Person
from monai_amyloid.grading.ledger import Ledger, of_earlier_runs
from monai_amyloid.grading.names import check_apart, checksum, made_by, write_key
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.outputs import DICOM_FOLDER
from monai_amyloid.grading.privacy import finding_for_person
from monai_amyloid.grading.task import GradingSettings
from monai_amyloid.output import refuse_link, remove_partials
from monai_amyloid.output_lock import alone_in
from monai_amyloid.pet.files.fingerprint import NOTHING
from monai_amyloid.report.summary.page import write_people_page
from monai_amyloid.result.follow_table import write_follow_table
from monai_amyloid.result.followed import FOLLOW_FILE, Followed, read_followed, write_followed
from monai_amyloid.result.result import RESULT_FILE
from monai_amyloid.work.cluster.choice import LOCAL, Cluster, engine_for
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.many import Done, make_each
from monai_amyloid.work.progress import SILENT, Progress

TABLE, PAGE, DOCUMENT = "follow.csv", "follow.html", "follow.pdf"
SUMMARY = "follow_summary.html"
# Fewer are followed in one process before others have started: each loads the bundle first.
_LEAST_FOR_PROCESSES = 3


@dataclass(frozen=True, kw_only=True)
class FollowTask:
    """A person to follow.

    Attributes:
        name: Name of the person's folder.
        person: The person and the visits.
        doses: Years since the first visit of each dose of an antibody.
        made_from: Checksums of the visits' files (``scan``) and of what measures them (``by``).
    """

    name: str
    person: Person
    doses: tuple[float, ...]
    made_from: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class FollowSettings:
    """How every person of a run is followed.

    Attributes:
        grading: How each visit is graded.
        rule: When amyloid counts as cleared; None where the user names no rule.
    """

    grading: GradingSettings
    rule: ClearingRule | None


def follow_people(
    bundle: Path,
    people: Sequence[Person],
    output: Path,
    *,
    device: str | None = None,
    options: OutputOptions | None = None,
    rule: ClearingRule | None = None,
    doses: Mapping[str, tuple[float, ...]] | None = None,
    workers: int = 0,
    cluster: Cluster = LOCAL,
    again: bool = False,
    key: Path | None = None,
    require_bundle: str | None = None,
    trust_config: bool = False,
    finished: Callable[[Followed], None] = lambda followed: None,
    progress: Progress = SILENT,
) -> list[Followed]:
    """Follow people and write what is found of each.

    A person whom an earlier run finished is not repeated, unless a visit, the program, the bundle
    or an option changed: after a kill or an interrupt, the same call goes on.

    Args:
        bundle: Folder of the trained classifier.
        people: People with their visits, from
            :func:`~monai_amyloid.grading.following.listing.list_people`.
        output: Folder of the results: a folder for each person with one for each visit, and
            ``follow.csv`` and ``follow_summary.html`` for all.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        options: What is written of each visit and person; None for the usual.
        rule: When amyloid counts as cleared; None for no verdict.
        doses: Years since the first visit of each dose, by the name of the person.
        workers: Number of processes; with 0 everything runs in this process.
        cluster: Machines that measure people, in place of so many processes of this machine.
        again: Whether finished people are repeated.
        key: Table of which visit is of which study, to add to before any is measured; None for
            none.
        require_bundle: SHA-256 of the only bundle that may grade; None for any.
        trust_config: Whether what export never wrote into the bundle's config may run.
        finished: Called with what is found of each person, in the order in which they are ready.
        progress: Shows how many people are done.

    Returns:
        What was found, in the order of the people.

    Raises:
        UserError: If ``output`` is a study, or it or the folder of a person is a link.
        RunError: If ``output`` cannot be written, another run is writing there, or the bundle
            cannot be used or is another than the one required.
    """
    sha256 = read_bundle(bundle, Trust.of(require_bundle)).sha256
    trust = Trust(sha256, trust_config)
    check_apart([visit.path for person in people for visit in person.visits], output)
    with alone_in(output, "follow"):
        remove_partials(output)
        settings = FollowSettings(
            grading=GradingSettings(bundle, device, output, options or OutputOptions(), trust),
            rule=rule,
        )
        tasks = _tasks(people, settings, sha256, doses or {})
        for task in tasks:
            refuse_link(output / task.name)
        if key is not None:
            named = [(task.name, visit) for task in tasks for visit in task.person.visits]
            write_key(key, output, [(f"{name}/{visit.name}", visit.path) for name, visit in named])

        def write(done: Sequence[Done[Followed]]) -> None:
            people, options = [each.made for each in done], settings.grading.options
            earlier = of_earlier_runs(output, [each.name for each in people], read_followed)
            write_follow_table(people, output / TABLE, earlier)
            if options.report:
                with_page = [each for each in earlier if (output / each.name / PAGE).is_file()]
                write_people_page(people, output / SUMMARY, PAGE, options.language, with_page)

        done = make_each(
            partial(_follow, settings=settings),
            tasks,
            engine_for(cluster, workers, output, least=_LEAST_FOR_PROCESSES),
            crashed=partial(_crashed, settings=settings),
            finished_before=lambda task: None if again else _finished(task, settings),
            finished=finished,
            ended=write,
            called=lambda task: task.name,
            progress=progress,
        )
        return [each.made for each in done]


def _tasks(
    people: Sequence[Person],
    settings: FollowSettings,
    bundle_sha256: str,
    doses: Mapping[str, tuple[float, ...]],
) -> list[FollowTask]:
    """Give each person a name, which the first visit keeps in this folder for ever."""
    ledger = Ledger(settings.grading.output)
    by = made_by(bundle_sha256, settings.grading.options)
    tasks = []
    for person in people:
        days = [None if each.date is None else each.date.isoformat() for each in person.visits]
        visits = [
            [each.name, each.content, each.tracer, each.series, each.tracer_is_really, day]
            for each, day in zip(person.visits, days, strict=True)
        ]
        mine = doses.get(person.name, ())
        how = [by, str(settings.rule), list(mine), [str(each) for each in person.refused]]
        tasks.append(
            FollowTask(
                name=ledger.name(person.name, checksum(visits[:1])),
                person=person,
                doses=mine,
                made_from={"scan": checksum(visits), "by": checksum(how)},
            )
        )
    ledger.write()
    return tasks


def _follow(task: FollowTask, settings: FollowSettings) -> Followed:
    # Loaded in the process that measures, see monai_amyloid.grading.run.
    from monai_amyloid.grading.following.person import follow_person

    return follow_person(task, settings)


def _crashed(task: FollowTask, crash: Crash, settings: FollowSettings) -> Followed:
    found = refusal(
        "follow_process_ended",
        "the process that followed this person ended without a word ({crash}), also when it was "
        "tried again alone: a decoder crashed on the files of a visit, or the memory was full; "
        "{option} tries it once more",
        crash=Term(str(crash)),
        option=Term("--again"),
    )
    return write_refused(task, settings, (found,))


def write_refused(
    task: FollowTask, settings: FollowSettings, findings: tuple[Finding, ...]
) -> Followed:
    """Write why nothing can be said of a person; where that cannot be written, give it alone.

    Args:
        task: Person to follow.
        settings: How every person of the run is followed.
        findings: The reasons, of which values that may not leave are left out here.
    """
    identify, folder = settings.grading.options.identify, settings.grading.output / task.name
    findings = tuple(finding_for_person(each, task.person, identify=identify) for each in findings)
    followed = Followed(name=task.name, visits=(), findings=findings, made_from=task.made_from)
    try:
        clear(folder, ())
        write_followed(followed, folder)
    except OSError as error:
        if is_full(error):
            raise
        found = refusal(
            "follow_not_written",
            "the results of this person cannot be written ({reason}); see to the folder among the "
            "results and run the same command again",
            reason=str(error.strerror or error),
        )
        return replace(followed, findings=(found,), made_from={})
    return followed


def clear(folder: Path, visits: Collection[str]) -> None:
    """Make a person's folder, without what an earlier run said of the person.

    Args:
        folder: Folder of the person.
        visits: Names of the visits that are measured now; the folders of others are removed.
    """
    earlier = read_followed(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in (FOLLOW_FILE, PAGE, DOCUMENT):
        (folder / name).unlink(missing_ok=True)
    gone = {DICOM_FOLDER, *(each.result.name for each in (earlier.visits if earlier else ()))}
    for place in sorted(folder.iterdir()):
        visit = (place / RESULT_FILE).is_file() or place.name == DICOM_FOLDER
        if place.name in gone - set(visits) and visit and not place.is_symlink():
            rmtree(place)


def _finished(task: FollowTask, settings: FollowSettings) -> Followed | None:
    """What an earlier run found of the same visits with the same settings, if it finished."""
    folder = settings.grading.output / task.name
    earlier = read_followed(folder)
    if earlier is None or earlier.made_from != task.made_from:
        return None
    if any(visit.content == NOTHING for visit in task.person.visits):
        return None  # which has no content to be known by
    whole = not settings.grading.options.report or not earlier.visits or (folder / PAGE).is_file()
    return replace(earlier, name=task.name) if whole else None
