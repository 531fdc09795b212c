"""A simulated cohort on disk: scans, the table a hospital would have, and the truth."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from monai_amyloid.errors import RunError, UserError
from monai_amyloid.output import read_json_record, remove_partials, replace_file, write_table
from monai_amyloid.output_lock import alone_in
from monai_amyloid.phantom.cohorts.plan import Plan, grades_by_prevalence
from monai_amyloid.phantom.cohorts.storage import Form, bids_files, path_of, store
from monai_amyloid.phantom.cohorts.truth import change_row, truth_row
from monai_amyloid.phantom.people.person import Session, draw_sessions
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire
from monai_amyloid.source import source_checksum
from monai_amyloid.version import __version__
from monai_amyloid.work.cluster.choice import LOCAL, Cluster, engine_for
from monai_amyloid.work.engine import Crash, Engine
from monai_amyloid.work.many import make_each
from monai_amyloid.work.progress import SILENT, Progress
from monai_amyloid.writing.frames import SCAN_START

_RECORD = "simulation.json"
_ROWS = ".rows"
# Of this package, what decides on the bytes of a scan besides the plan.
_DECIDING = ("brain", "pet", "phantom", "writing")

_DAYS_A_YEAR = 365.25
# What the truth of a visit is compared by with the first one.
_CHANGING = (
    "latent_centiloid",
    "centiloid",
    "centiloid_without_atrophy",
    "centiloid_of_amyloid",
)

# A participant to make: the number, from 1, and the grade of the first visit, if one is prescribed.
_Person = tuple[int, int | None]
# The ``rows``, the ``truths`` and the ``doses`` of a participant, for the three tables.
_Rows = dict[str, list[dict[str, Any]]]


def simulate(
    folder: Path,
    participants: int,
    plan: Plan | None = None,
    *,
    form: Form = "nifti",
    workers: int = 1,
    cluster: Cluster = LOCAL,
    progress: Progress = SILENT,
) -> None:
    """Write a cohort: scans, ``participants.tsv`` and ``truth.tsv``.

    The same command again continues where an interrupted one stopped.

    Args:
        folder: Folder of the cohort, made if missing; it must not hold another cohort.
        participants: Number of participants; a longer cohort begins with a shorter one.
        plan: Settings of the cohort; the same plan gives the same bytes for any number of workers.
        form: Format of the scans: ``"nifti"``, ``"dicom"`` or ``"bids"``.
        workers: Number of processes that simulate at the same time. With one, everything runs
            in this process, and a crash there (for want of memory, say) ends the run.
        cluster: Machines that make participants, in place of so many processes of this machine.
        progress: Shows how many participants are done.

    Raises:
        UserError: If the folder holds another cohort.
        RunError: If it cannot be written, another run is writing there, or the process of a
            participant crashed; the others are made all the same.
    """
    with alone_in(folder, "simulate"):
        engine = engine_for(cluster, workers if workers > 1 else 0, folder)
        _simulate(folder, participants, plan or Plan(), form, engine, progress)


def _simulate(
    folder: Path, participants: int, plan: Plan, form: Form, engine: Engine, progress: Progress
) -> None:
    (folder / _ROWS).mkdir(exist_ok=True)
    for each in (folder, folder / _ROWS, folder / "scans"):
        remove_partials(each)
    grades: Sequence[int | None] = [None] * participants
    if plan.fixed_prevalence and plan.pattern == "amyloid":
        grades = grades_by_prevalence(participants)
    people: list[_Person] = list(enumerate(grades, start=1))
    made_by = {"version": __version__, "format": form, **plan.as_record()}
    if any(_finished(person, folder) is None for person in people):
        made_by["code"] = source_checksum(*_DECIDING)
    _claim(folder / _RECORD, json.loads(json.dumps(made_by)))
    crashes: dict[int, Crash] = {}

    def crashed(person: _Person, crash: Crash) -> _Rows:
        crashes[person[0]] = crash
        return {"rows": [], "truths": [], "doses": []}

    done = make_each(
        partial(_make_participant, folder=folder, plan=plan, form=form),
        people,
        engine,
        crashed=crashed,
        finished_before=partial(_finished, folder=folder),
        progress=progress,
    )
    if crashes:
        number, crash = min(crashes.items())
        raise RunError(
            f"{folder}: {len(crashes)} of {participants} participants could not be made: the "
            f"process of sub-{number:04d} ended without a word ({crash}); where the memory was "
            "full, take fewer --workers; the same command goes on"
        )
    rows = [row for each in done for row in each.made["rows"]]
    truths = [row for each in done for row in each.made["truths"]]
    # The tables come last: a cohort with tables is complete.
    doses = [dose for each in done for dose in each.made.get("doses", [])]
    if plan.treated:
        write_table(pd.DataFrame(doses, columns=["participant_id", "date"]), folder / "doses.tsv")
    write_table(pd.DataFrame(truths), folder / "truth.tsv")
    write_table(pd.DataFrame(rows), folder / "participants.tsv")
    if form == "bids":
        bids_files(folder, ("truth.tsv", "ceiling.tsv", "doses.tsv", _RECORD, f"{_ROWS}/**"))


def _claim(record: Path, made_by: dict[str, Any]) -> None:
    """Record what a folder's scans were made by, or refuse a folder of other scans."""
    if record.is_file():
        earlier = read_json_record(record)
        # Who has all scans asks for no code; who was begun before codes were kept has none.
        code = made_by.setdefault("code", earlier.get("code"))
        earlier.setdefault("code", code)
        if earlier != made_by:
            other = sorted(key for key in earlier | made_by if earlier.get(key) != made_by.get(key))
            differences = ", ".join(
                f"{key} {earlier.get(key)} not {made_by.get(key)}" for key in other
            )
            raise UserError(
                f"{record.parent}: already holds a cohort made with {differences}; "
                "choose another folder or remove it"
            )
    replace_file(record, json.dumps(made_by, indent=2).encode())


def _record(folder: Path, number: int) -> Path:
    """File of a participant's rows; it is written last, so that whoever has rows has scans."""
    return folder / _ROWS / f"{number:06d}.json"


def _finished(person: _Person, folder: Path) -> _Rows | None:
    """The rows of a participant whom an earlier run made, if the scans are still there."""
    kept: _Rows = read_json_record(_record(folder, person[0]))
    if not isinstance(kept.get("rows"), list):
        return None
    return kept if all((folder / row["path"]).exists() for row in kept["rows"]) else None


def _make_participant(person: _Person, folder: Path, plan: Plan, form: Form) -> _Rows:
    number, grade = person
    made: _Rows = {"rows": [], "truths": [], "doses": []}
    threads = torch.get_num_threads()
    # One thread each: sums are then made in the same order everywhere, and workers share no core.
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            for session in draw_sessions(plan, number, grade):
                row, truth = _make_session(session, folder, plan, form)
                made["rows"].append(row)
                made["truths"].append(truth)
            made["doses"] = [
                {"participant_id": session.participant, "date": f"{_date(years):%Y-%m-%d}"}
                for years in session.course.doses_after_years
                if years <= session.years  # those until the last visit
            ]
        _add_changes(made["truths"])
    finally:
        torch.set_num_threads(threads)
    replace_file(_record(folder, number), json.dumps(made).encode())
    return made


def _make_session(
    session: Session, folder: Path, plan: Plan, form: Form
) -> tuple[dict[str, Any], dict[str, Any]]:
    seen = Scanned(session.head, session.uptake, session.scan)
    path = path_of(session.participant, session.session, form, plan.tracer)
    # Both writers put a scan in place whole, so one that is there is complete.
    if not (folder / path).exists():
        series = acquire(seen, session.scan, plan.tracer, dynamic=plan.dynamic)
        store(
            series,
            folder,
            session.participant,
            session.session,
            form,
            plan.seed,
            started=_date(session.years),
        )
    row = {
        "participant_id": session.participant,
        "session_id": session.session,
        "path": path.as_posix(),
        "tracer": plan.tracer,
        "bapl": session.reading.bapl if session.reading else None,
        "age": session.age,
        "sex": session.sex,
        "site": session.scan.site,
    }
    truth = truth_row(session, seen, plan.tracer)
    if plan.sessions > 1:
        row["date"] = f"{_date(session.years):%Y-%m-%d}"
        truth |= change_row(session, seen, plan.tracer)
    return row, truth


def _date(years: float) -> datetime:
    """When a visit is, so many years after the first one."""
    return SCAN_START + timedelta(days=round(years * _DAYS_A_YEAR))


def _add_changes(truths: list[dict[str, Any]]) -> None:
    """Add to each visit of a person who comes again what has changed since the first one."""
    if len(truths) < 2:
        return
    for name in _CHANGING:
        first = truths[0][name]
        for truth in truths:
            truth[f"change_{name}"] = truth[name] - first
