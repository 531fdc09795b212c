"""The people whose visits a user's paths stand for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from monai_amyloid.errors import UserError
from monai_amyloid.following.visits import NamedVisit, Person, group_visits
from monai_amyloid.grading.listing import NamedStudy, list_named
from monai_amyloid.study_names import real_path
from monai_amyloid.work.progress import SILENT, Progress

_TABLE = "participants.tsv"


def list_people(
    paths: Sequence[Path],
    *,
    dates: Sequence[str] = (),
    tracer: str | None = None,
    series: str | None = None,
    tracer_is_really: bool = False,
    identify: bool = False,
    besides: Path | None = None,
    looking: Progress = SILENT,
) -> tuple[Person, ...]:
    """List people and their visits.

    Args:
        paths: Studies of one person, each by a path of its own; or folders of one person's or of
            many people's studies, BIDS datasets, and lists, which may have the columns
            ``participant_id``, ``session_id`` and ``date``. A folder with a table of the latter
            kind, as ``simulate`` writes it, is that list.
        dates: Day of each study, in the order of the paths, where headers do not hold it; only
            for studies that are named one by one.
        tracer: BIDS label of the tracer for the studies whose list names none.
        series: Name of the image to take for the studies whose list names none.
        tracer_is_really: Whether ``tracer`` counts against what a study names.
        identify: Whether names may tell who was scanned.
        besides: Folder of the results, which is no part of a study that it lies in, and holds none.
        looking: Shows how many studies were looked at.

    Raises:
        StudyRefused: If studies that are named one by one are not of one person.
        UserError: If a list cannot be read, a line of it names no study, or the dates are not one
            a study.
    """
    lists = [_list_in(path) for path in paths]
    named = list_named(lists, tracer, series, tracer_is_really=tracer_is_really)
    # What an earlier run wrote is no visit, wherever it lies.
    named = [each for each in named if each.path in paths or not _inside(each.path, besides)]
    bad = next((each.refused for each in named if each.refused is not None), None)
    if bad is not None:
        raise UserError(str(bad))
    one_by_one = len(named) == len(paths) > 1 and not any(each.listed_in for each in named)
    if dates:
        if not one_by_one or len(dates) != len(named):
            raise UserError(
                f"found {len(dates)} --date for {len(named)} studies; name each study by a "
                "path of its own and give one date for each, in the same order"
            )
        named = [replace(each, date=day) for each, day in zip(named, dates, strict=True)]
    return group_visits(
        [_visit(each) for each in named],
        one_by_one=one_by_one,
        identify=identify,
        besides=besides,
        looking=looking,
    )


def _inside(path: Path, folder: Path | None) -> bool:
    return folder is not None and real_path(path).is_relative_to(real_path(folder))


def _list_in(path: Path) -> Path:
    """The list of a folder's scans where it has one that names their paths."""
    table = path / _TABLE
    try:
        with table.open(encoding="utf-8-sig", errors="replace") as file:
            header = file.readline(10_000).rstrip("\r\n").split("\t")
    except OSError:
        return path
    return table if "path" in header else path


def _visit(study: NamedStudy) -> NamedVisit:
    return NamedVisit(
        path=study.path,
        participant=study.participant_id,
        session=study.session_id,
        date=study.date,
        table=study.listed_in,
        tracer=study.tracer,
        series=study.series,
        tracer_is_really=study.tracer_is_really,
    )
