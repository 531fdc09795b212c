"""Normalise every scan of a cohort once, so that training reads small, checked volumes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from monai_amyloid.brain.quantities.suvr import Reference
from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.cohort.datalist import UNKNOWN
from monai_amyloid.cohort.listing import REFUSED, Listing, list_scans
from monai_amyloid.cohort.prepared_files import (
    REFUSALS,
    SCANS,
    TABLE,
    Row,
    Settings,
    check_prepared,
    listed,
    look_back,
    names_of,
)
from monai_amyloid.errors import RefusedError, is_full, one_line
from monai_amyloid.findings.finding import Finding, StudyRefused, Term, as_text, refusal
from monai_amyloid.output import (
    as_bytes,
    remove_partials,
    replace_file,
    write_table,
)
from monai_amyloid.output_lock import alone_in
from monai_amyloid.pet.files.fingerprint import check_unchanged, fingerprint
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.known_words import known_path
from monai_amyloid.pet.private import private
from monai_amyloid.pet.study import read_study
from monai_amyloid.source import source_checksum
from monai_amyloid.work.cluster.choice import LOCAL, Cluster, engine_for
from monai_amyloid.work.engine import Crash, Engine
from monai_amyloid.work.many import Done, make_each
from monai_amyloid.work.progress import SILENT, Progress
from monai_amyloid.writing.nifti import write_nifti

if TYPE_CHECKING:
    from monai_amyloid.brain.normalization import BrainPet

_KEPT = ("participant_id", "session_id", "tracer", "bapl", "age", "sex", "site")
_OF_SPREADSHEETS = ("matched_by",)
# Of this package, what decides how a scan is prepared; the row of the table decides the rest.
DECIDING = ("brain", "findings", "pet", "shown.py", "writing", "cohort/prepare.py")


@dataclass(frozen=True)
class Prepared:
    """What became of a cohort.

    Attributes:
        table: One row for each prepared scan, as written to ``participants.tsv``.
        refused: One row for each refused scan, with its reason, as written to ``refused.tsv``.
        replaced: Names of scans that an earlier run had prepared from other files.
        left_out: Names of scans that were in ``participants.tsv`` and are not any more.

    Examples:
        >>> import monai_amyloid
        >>> table = monai_amyloid.simulate("cohort", 2)
        >>> found = monai_amyloid.prepare("cohort", "two_scans")
        >>> isinstance(found, monai_amyloid.Prepared), "centiloid" in found.table
        (True, True)
    """

    table: pd.DataFrame
    refused: pd.DataFrame
    replaced: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def prepare(
    cohort: Path | Listing,
    output: Path,
    *,
    tracer: str | None = None,
    tracer_is_really: bool = False,
    reference: Reference = "whole_cerebellum",
    workers: int = 0,
    cluster: Cluster = LOCAL,
    progress: Progress = SILENT,
) -> Prepared:
    """Read, register and normalise each scan of a cohort table.

    A scan that was prepared by an earlier run, from the same content, over the same reference and
    by the same code, is not repeated. A scan that cannot be prepared, even one whose process
    crashed, is refused with a reason and does not stop the others.

    Args:
        cohort: Cohort table, spreadsheet or rows, as in
            :func:`~monai_amyloid.cohort.listing.list_scans`. A column ``series`` names the image to
            take where a study has several.
        output: Folder for the SUVR volumes, ``participants.tsv`` and ``refused.tsv``.
        tracer: BIDS label or name for scans whose header and table row name none.
        tracer_is_really: Whether it counts against what a header names. The tracer of a table row
            does not.
        reference: Region that SUVR is over.
        workers: Number of processes. With 0, everything runs in this process, and a crash
            there (of a decoder, or for want of memory) ends the run.
        cluster: Machines that prepare scans, in place of so many processes of this machine.
        progress: Shows how many scans are done.

    Raises:
        CohortError: If the table is not usable, or ``output`` holds something else.
        RefusedError: If every scan was refused.
        RunError: If ``output`` cannot be written, or another run is writing there.
    """
    scans = cohort if isinstance(cohort, Listing) else list_scans(cohort)
    with alone_in(output, "prepare"):
        check_prepared(output)
        for folder in (output, output / SCANS):
            remove_partials(folder)
        rows: list[Row] = [
            {str(key): value for key, value in row.items() if pd.notna(value)}
            for row in scans.table.to_dict("records")
        ]
        settings = Settings(
            output, tracer, tracer_is_really, reference, names_of(rows), source_checksum(*DECIDING)
        )
        engine = engine_for(cluster, workers, output)
        return _prepare_all(scans, rows, settings, engine, progress)


def _prepare_all(
    scans: Listing, rows: Sequence[Row], settings: Settings, engine: Engine, progress: Progress
) -> Prepared:
    """Prepare what is not prepared, and write the tables."""
    output = settings.output
    before = listed(output / TABLE)
    earlier = look_back(rows, settings)
    kept = {name: found.result for name, found in earlier.items() if found.result is not None}
    if any(settings.volume(row).exists() and settings.name(row) not in kept for row in rows):
        # Its rows are untrue as soon as one of their volumes is replaced.
        (output / TABLE).unlink(missing_ok=True)
    done = make_each(
        partial(_prepare_one, settings=settings),
        rows,
        engine,
        crashed=_crashed,
        finished_before=lambda row: kept.get(settings.name(row)),
        ended=lambda done: _write_tables(_as_tables(scans, done), output),
        called=settings.name,
        progress=progress,
    )
    outcome = _as_tables(scans, done)
    if outcome.table.empty:
        raise RefusedError(
            f"{scans.source}: all {len(outcome.refused)} scans were refused, the first because: "
            f"{outcome.refused.reason.iloc[0]}; see {output / REFUSALS}"
        )
    return replace(
        outcome,
        replaced=tuple(name for name, found in earlier.items() if found.is_other),
        left_out=tuple(name for name in before if name not in listed(output / TABLE)),
    )


def _as_tables(scans: Listing, done: Sequence[Done[Row]]) -> Prepared:
    results = [each.made for each in done]
    refused = [*scans.refused.to_dict("records"), *(each for each in results if "reason" in each)]
    return Prepared(
        pd.DataFrame([result for result in results if "reason" not in result]),
        pd.DataFrame(refused, columns=REFUSED),
    )


def _write_tables(outcome: Prepared, output: Path) -> None:
    """Write what became of a cohort, or of the part of it that an interrupt let finish."""
    write_table(outcome.refused, output / REFUSALS)
    if outcome.table.empty:
        (output / TABLE).unlink(missing_ok=True)  # of an earlier run: now untrue
    else:
        write_table(outcome.table, output / TABLE)


def _prepare_one(row: Row, settings: Settings) -> Row:
    """Prepare one scan; the row of its outcome."""
    # Loaded in the process that prepares: the one that sends scans there does without torch.
    from monai_amyloid.brain.normalization import normalize

    try:
        scan = fingerprint(Path(row["path"]))
        study = read_study(
            Path(row["path"]),
            tracer=_named(row, "tracer") or settings.tracer,
            series=_named(row, "series"),
            tracer_is_really=settings.tracer_is_really and _named(row, "tracer") is None,
        )
        brain = normalize(study, reference=settings.reference)
        check_unchanged(Path(row["path"]), scan)
    except StudyRefused as refused:
        return _refused(row, *refused.findings)
    except Exception as error:  # one scan that nobody foresaw must not stop a thousand
        return _refused(
            row,
            refusal(
                "could_not_be_prepared",
                "could not be prepared ({kind}: {error})",
                kind=Term(type(error).__name__),
                error=one_line(error),
            ),
        )
    path = settings.volume(row)
    try:
        return _write(brain, study, row, settings, scan)
    except OSError as error:
        if is_full(error):
            raise
        return _refused(
            row,
            refusal(
                "volume_not_written",
                "prepared, but its volume cannot be written ({reason}); see to {file} and run the "
                "same command again",
                reason=one_line(error),
                file=path,
            ),
        )


def _write(brain: "BrainPet", study: PetImage, row: Row, settings: Settings, scan: str) -> Row:
    """Write a scan's volume and then its record; the row of its outcome."""
    path = settings.volume(row)
    write_nifti(PetImage(brain.suvr, TEMPLATE_AFFINE, brain.source.tracer, "SUVR"), path)
    result = {key: row.get(key) for key in _KEPT}
    result |= {key: row[key] for key in _OF_SPREADSHEETS if key in row}
    result |= {"path": path.relative_to(settings.output).as_posix(), "tracer": brain.source.tracer}
    result |= {"reference": settings.reference, **measurements(brain)}
    found = (*study.provenance["warnings"], *brain.warnings)
    warnings = [private(each, Path(row["path"]), _called(row)) for each in found]
    result["warnings"] = "; ".join(map(str, warnings)) or None
    result["findings"] = as_text(warnings) if warnings else None
    record = {
        "made_from": settings.made_from(row, scan),
        "volume": fingerprint(path),
        "result": result,
    }
    # Numpy's numbers as Python's, which JSON can hold.
    content = json.dumps(record, default=lambda number: number.item())
    replace_file(settings.record(row), as_bytes(content))
    return dict(json.loads(content)["result"])


def _crashed(row: Row, crash: Crash) -> Row:
    return _refused(
        row,
        refusal(
            "preparing_process_ended",
            "the process that prepared it ended without a word ({crash}), also when it was tried "
            "again alone: a decoder crashed on its files, or the memory was full",
            crash=Term(str(crash)),
        ),
    )


def _refused(row: Row, *found: Finding) -> Row:
    named = {key: row[key] for key in ("participant_id", "session_id")}
    named["path"] = known_path(Path(row["path"]).name)
    reasons = [private(each, Path(row["path"]), _called(row)) for each in found]
    reason = " ".join(str(StudyRefused.of(reasons)).split())
    return {**named, "reason": reason, "findings": as_text(reasons)}


def _called(row: Row) -> str:
    """What a scan is called in messages: by the table's own names, in place of its path."""
    return f"{row['participant_id']} {row['session_id']}"


def _named(row: Row, column: str) -> str | None:
    """Value of a column in a table row; None where it is empty or unknown."""
    text = str(row.get(column, UNKNOWN))
    return None if text in ("", UNKNOWN) else text


def measurements(brain: "BrainPet") -> dict[str, float]:
    """The columns of a prepared table that come from the scan itself."""
    suvr = {f"suvr_{name}": value for name, value in brain.regions.items()}
    return {"centiloid": brain.centiloid, **suvr, **brain.quality}
