"""A simulated cohort on disk: scans, the table a hospital would have, and the truth."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from monai_amyloid.errors import UserError
from monai_amyloid.output import replace_file, writable_folder, write_table
from monai_amyloid.phantom.cohorts.plan import Plan, grades_by_prevalence
from monai_amyloid.phantom.cohorts.truth import truth_row
from monai_amyloid.phantom.people.person import Session, draw_sessions
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire
from monai_amyloid.phantom.storage.files import Form, bids_files, path_of, store
from monai_amyloid.version import __version__

_RECORD = "simulation.json"
_ROWS = ".rows"


def simulate(
    folder: Path,
    participants: int,
    plan: Plan | None = None,
    *,
    form: Form = "nifti",
    workers: int = 1,
    finished: Callable[[], None] = lambda: None,
) -> None:
    """Write a cohort: scans, ``participants.tsv`` and ``truth.tsv``.

    The same command again continues where an interrupted one stopped.

    Args:
        folder: Folder of the cohort, made if missing; it must not hold another cohort.
        participants: Number of participants; a longer cohort begins with a shorter one.
        plan: Settings of the cohort; the same plan gives the same bytes for any number of workers.
        form: Format of the scans: ``"nifti"``, ``"dicom"`` or ``"bids"``.
        workers: Number of processes that simulate at the same time.
        finished: Function that is called after each participant, for progress.

    Raises:
        UserError: If the folder holds another cohort or cannot be written.
    """
    plan = plan or Plan()
    writable_folder(folder)
    made_by = {"version": __version__, "format": form, **plan.as_record()}
    _claim(folder / _RECORD, json.loads(json.dumps(made_by)))
    (folder / _ROWS).mkdir(exist_ok=True)
    grades: Sequence[int | None] = [None] * participants
    if plan.fixed_prevalence and plan.pattern == "amyloid":
        grades = grades_by_prevalence(participants)
    make = partial(_make_participant, folder=folder, plan=plan, form=form)
    rows, truths = [], []
    for made in _run(make, list(enumerate(grades, start=1)), workers):
        rows += made["rows"]
        truths += made["truths"]
        finished()
    # The tables come last: a cohort with tables is complete.
    write_table(pd.DataFrame(truths), folder / "truth.tsv")
    write_table(pd.DataFrame(rows), folder / "participants.tsv")
    if form == "bids":
        bids_files(folder, ("truth.tsv", "ceiling.tsv", _RECORD, f"{_ROWS}/**"))


def _claim(record: Path, made_by: dict[str, Any]) -> None:
    """Record what a folder's scans were made by, or refuse a folder of other scans."""
    if record.is_file():
        earlier = json.loads(record.read_text(encoding="utf-8"))
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


def _run(
    make: Callable[[tuple[int, int | None]], Any],
    people: list[tuple[int, int | None]],
    workers: int,
) -> Iterator[Any]:
    if workers <= 1:
        yield from map(make, people)
        return
    # Started afresh, not forked: the same on Linux, macOS and Windows.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(make, people)


def _make_participant(
    person: tuple[int, int | None], folder: Path, plan: Plan, form: Form
) -> dict[str, list[dict[str, Any]]]:
    number, grade = person
    # Written last, so that whoever has rows has scans; read again where a cohort is continued.
    record = folder / _ROWS / f"{number:06d}.json"
    if record.is_file():
        kept: dict[str, list[dict[str, Any]]] = json.loads(record.read_text(encoding="utf-8"))
        if all((folder / row["path"]).exists() for row in kept["rows"]):
            return kept
    made: dict[str, list[dict[str, Any]]] = {"rows": [], "truths": []}
    threads = torch.get_num_threads()
    # One thread each: sums are then made in the same order everywhere, and workers share no core.
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            for session in draw_sessions(plan, number, grade):
                row, truth = _make_session(session, folder, plan, form)
                made["rows"].append(row)
                made["truths"].append(truth)
    finally:
        torch.set_num_threads(threads)
    replace_file(record, json.dumps(made).encode())
    return made


def _make_session(
    session: Session, folder: Path, plan: Plan, form: Form
) -> tuple[dict[str, Any], dict[str, Any]]:
    seen = Scanned(session.head, session.uptake, session.scan)
    path = path_of(session.participant, session.session, form, plan.tracer)
    # Both writers put a scan in place whole, so one that is there is complete.
    if not (folder / path).exists():
        series = acquire(seen, session.scan, plan.tracer, dynamic=plan.dynamic)
        store(series, folder, session.participant, session.session, form, plan.seed)
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
    return row, truth_row(session, seen, plan.tracer)
