"""The two levels of a BIDS App: each participant is graded, and then the group is put together."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from monai_amyloid.errors import RunError, UserError
from monai_amyloid.grading.bids.derivatives import (
    BidsSession,
    describe,
    put,
    results_in,
    take_back,
)
from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.many.kept import KeptResult
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.output import replace_file, writable_folder, write_table
from monai_amyloid.output_lock import alone_in
from monai_amyloid.pet.formats.bids import find_sessions
from monai_amyloid.result.brief import brief
from monai_amyloid.result.result import Result, read_result_file
from monai_amyloid.result.result_table import results_table
from monai_amyloid.study_names import study_name
from monai_amyloid.work.cluster.choice import LOCAL, Cluster
from monai_amyloid.work.progress import SILENT, Progress

GROUP = "group_amyloid.tsv"
_COLUMNS = {
    "participant_id": "Participant, as in the dataset",
    "session_id": "Visit, as in the dataset; n/a where it has none",
    "status": "graded, needs_reader (look at the scan) or refused (see reasons)",
    "bapl": "Most probable brain amyloid plaque load, 1 to 3",
    "centiloid": "Centiloid by the tracer's own line",
    "centiloid_low": "Lower end of its 90 % interval",
    "centiloid_high": "Upper end of its 90 % interval",
    "tracer": "BIDS label of the tracer",
    "reasons": "Why a scan was refused or needs a reader",
    "warnings": "What else to know of it",
}


def sessions_of(
    dataset: Path,
    participants: Sequence[str] = (),
    sessions: Sequence[str] = (),
    *,
    described: bool = True,
) -> list[BidsSession]:
    """List the visits of a BIDS dataset that have PET.

    Args:
        dataset: Folder of the dataset.
        participants: Labels of the people to take, with or without ``sub-``; all where empty.
        sessions: Labels of the visits to take, with or without ``ses-``; all where empty.
        described: Whether the folder has to hold ``dataset_description.json``.

    Raises:
        UserError: If the folder is no BIDS dataset, or a person or every visit is not there.
    """
    if described and not (dataset / "dataset_description.json").is_file():
        raise UserError(
            f"{dataset}: is no BIDS dataset, for it has no dataset_description.json; name the "
            "dataset's own folder, or add --skip-bids-validation"
        )
    found = []
    for pet in find_sessions(dataset):
        participant, *session = pet.relative_to(dataset).parts[:-1]
        found.append(BidsSession(participant, session[0] if session else "", pet))
    people = [f"sub-{each.removeprefix('sub-')}" for each in participants]
    visits = [f"ses-{each.removeprefix('ses-')}" for each in sessions]
    there = {each.participant for each in found}
    if absent := [each for each in people if each not in there]:
        raise UserError(f"{dataset}: no PET of {', '.join(absent)}; found {len(there)} people")
    taken = [
        each
        for each in found
        if (not people or each.participant in people) and (not visits or each.session in visits)
    ]
    if not taken:
        raise UserError(f"{dataset}: no PET in {' or '.join(visits) or 'sub-*/[ses-*/]pet'}")
    return taken


def grade_participants(
    bundle: Path,
    sessions: Sequence[BidsSession],
    output: Path,
    *,
    work: Path | None = None,
    tracer: str | None = None,
    options: OutputOptions | None = None,
    device: str | None = None,
    workers: int = 0,
    cluster: Cluster = LOCAL,
    again: bool = False,
    require_bundle: str | None = None,
    finished: Callable[[Result], None] = lambda result: None,
    progress: Progress = SILENT,
) -> Sequence[KeptResult]:
    """Grade visits and write what is found as BIDS derivatives; can be resumed.

    Nothing in ``output`` but the description belongs to more than one participant, so that jobs
    of many can be merged.

    Args:
        bundle: Folder of the trained classifier.
        sessions: Visits to grade, of :func:`sessions_of`.
        output: Derivative dataset.
        work: Folder that is worked in and kept; None for one that is removed at the end.
        tracer: BIDS label of the tracer, for a visit that names none.
        options: What is written of each.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        workers: Number of processes.
        cluster: Machines that grade visits, in place of so many processes of this one.
        again: Whether finished ones are repeated.
        require_bundle: SHA-256 of the only bundle that may grade; None for any.
        finished: Called with each result in brief.
        progress: Shows how many are done.

    Returns:
        What is kept of each result, in the order of the visits.

    Raises:
        UserError: If a folder is a link or a study.
        RunError: If they cannot be graded or written.
    """
    writable_folder(output)
    # Of these participants alone: another job may grade others into the same dataset.
    own = sessions[0].stem if len(sessions) == 1 else "all"
    place = work if work is not None else output / f".work-{own}"
    describe(output)
    for session in sessions:
        take_back(session, output, place / study_name(session.pet))
    results = grade_studies(
        bundle,
        [NamedStudy(each.pet, tracer) for each in sessions],
        place,
        device=device,
        options=options,
        workers=workers,
        cluster=cluster,
        again=again,
        require_bundle=require_bundle,
        finished=finished,
        progress=progress,
    )
    for session, result in zip(sessions, results.kept, strict=True):
        put(place / result.name, session, output)
    if work is None:
        shutil.rmtree(place)
    return results.kept


def put_together(output: Path) -> int:
    """Write the table of a group, of all results in a derivative dataset; how many there are.

    Args:
        output: Derivative dataset, graded before.

    Raises:
        RunError: If there is none.
    """
    with alone_in(output, "bids group"):
        found = [
            (participant, session, brief(result))
            for participant, session, file in results_in(output)
            if (result := read_result_file(file)) is not None
        ]
        if not found:
            raise RunError(f"{output}: no results; run the participant level first")
        describe(output)
        table = results_table([result for _, _, result in found]).drop(columns="study")
        table.insert(0, "participant_id", [participant for participant, _, _ in found])
        table.insert(1, "session_id", [session or None for _, session, _ in found])
        write_table(table.replace("", None), output / GROUP)
        about = {name: {"Description": _COLUMNS.get(name, name)} for name in map(str, table)}
        content = (json.dumps(about, indent=2) + "\n").encode()
        replace_file((output / GROUP).with_suffix(".json"), content)
    return len(found)
