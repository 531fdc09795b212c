"""Normalise every scan of a cohort once, so that training reads small, checked volumes."""

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from monai_amyloid.brain.quantities.suvr import Reference
from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.checksum import sha256
from monai_amyloid.cohort.datalist import UNKNOWN, CohortError
from monai_amyloid.cohort.listing import REFUSED, Listing, list_scans
from monai_amyloid.errors import RefusedError, is_full, one_line
from monai_amyloid.findings.finding import Finding, StudyRefused, Term, as_text, refusal
from monai_amyloid.output import (
    as_bytes,
    read_json_record,
    remove_partials,
    replace_file,
    writable_folder,
    write_table,
)
from monai_amyloid.output_lock import alone_in
from monai_amyloid.pet.files.fingerprint import NOTHING, check_unchanged, fingerprint
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.known_words import known_path
from monai_amyloid.pet.private import private
from monai_amyloid.pet.study import read_study
from monai_amyloid.source import source_checksum
from monai_amyloid.study_names import safe_name, same_name
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.local_engine import LocalEngine
from monai_amyloid.work.many import Done, make_each
from monai_amyloid.work.progress import SILENT, Progress
from monai_amyloid.writing.nifti import write_nifti

if TYPE_CHECKING:
    from monai_amyloid.brain.normalization import BrainPet

_KEPT = ("participant_id", "session_id", "tracer", "bapl", "age", "sex", "site")
_OF_SPREADSHEETS = ("matched_by",)
# A row of a table, as columns and values; those of the outcome have a ``reason`` where refused.
_Row = dict[str, Any]
# Of this package, what decides how a scan is prepared; the row of the table decides the rest.
DECIDING = ("brain", "findings", "pet", "shown.py", "writing", "cohort/prepare.py")
_TABLE, _REFUSED, _SCANS = "participants.tsv", "refused.tsv", "scans"


@dataclass(frozen=True)
class Prepared:
    """What became of a cohort.

    Attributes:
        table: One row for each prepared scan, as written to ``participants.tsv``.
        refused: One row for each refused scan, with its reason, as written to ``refused.tsv``.
        replaced: Names of scans that an earlier run had prepared from other files.
        left_out: Names of scans that were in ``participants.tsv`` and are not any more.
    """

    table: pd.DataFrame
    refused: pd.DataFrame
    replaced: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Settings:
    """How every scan of a cohort is prepared.

    Attributes:
        output: Folder of the prepared cohort.
        tracer: BIDS label for scans whose header and table row name none.
        tracer_is_really: Whether it counts against what a header names.
        reference: Region that SUVR is over.
        names: Name of each scan's files, by participant and session.
        code: Checksum of the code that prepares it.
    """

    output: Path
    tracer: str | None
    tracer_is_really: bool
    reference: Reference
    names: Mapping[tuple[str, str], str]
    code: str

    def name(self, row: _Row) -> str:
        """Name of a scan's files."""
        return self.names[row["participant_id"], row["session_id"]]

    def volume(self, row: _Row) -> Path:
        """File of a scan's prepared volume."""
        return self.output / _SCANS / f"{self.name(row)}.nii.gz"

    def record(self, row: _Row) -> Path:
        """File of a scan's outcome; it is written last, and says what volume it is of."""
        return self.output / _SCANS / f"{self.name(row)}.row.json"

    def made_from(self, row: _Row, scan: str) -> dict[str, str]:
        """Everything that a scan's outcome depends on; a checksum, for a row may name a person."""
        facts: dict[str, Any] = {
            "code": self.code,
            "tracer": self.tracer,
            "tracer_is_really": self.tracer_is_really,
            "reference": self.reference,
            # Where a study lies says nothing of what is in it.
            "row": {key: value for key, value in row.items() if key != "path"},
        }
        return {"scan": scan, "by": sha256(json.dumps(facts, default=str, sort_keys=True))}


def prepare(
    cohort: Path | Listing,
    output: Path,
    *,
    tracer: str | None = None,
    tracer_is_really: bool = False,
    reference: Reference = "whole_cerebellum",
    workers: int = 0,
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
        progress: Shows how many scans are done.

    Raises:
        CohortError: If the table is not usable, or ``output`` holds something else.
        RefusedError: If every scan was refused.
        RunError: If ``output`` cannot be written, or another run is writing there.
    """
    scans = cohort if isinstance(cohort, Listing) else list_scans(cohort)
    with alone_in(output, "prepare"):
        check_prepared(output)
        for folder in (output, output / _SCANS):
            remove_partials(folder)
        rows: list[_Row] = [
            {str(key): value for key, value in row.items() if pd.notna(value)}
            for row in scans.table.to_dict("records")
        ]
        settings = _Settings(
            output, tracer, tracer_is_really, reference, _names(rows), source_checksum(*DECIDING)
        )
        return _prepare_all(scans, rows, settings, workers, progress)


def check_prepared(output: Path) -> None:
    """Refuse a folder whose table is not that of a prepared cohort, which would be lost.

    Args:
        output: Folder to prepare into.

    Raises:
        CohortError: If so.
    """
    ours = (output / _REFUSED).exists() or any((output / _SCANS).glob("*.row.json"))
    if (output / _TABLE).exists() and not ours:
        raise CohortError(
            f"{output / _TABLE}: is not the table of a prepared cohort, and would be replaced; "
            "choose another --output"
        )
    writable_folder(output / _SCANS)


def _names(rows: Sequence[_Row]) -> dict[tuple[str, str], str]:
    """A name for each scan's files that is no other's, on any system.

    ``sub-1_a`` of session ``b`` and ``sub-1`` of session ``a_b`` would have one, and ``S1`` and
    ``s1`` where case does not count: such names are told apart by a checksum of both parts.
    """
    plain = {
        (row["participant_id"], row["session_id"]): safe_name(
            f"{row['participant_id']}_{row['session_id']}"
        )
        for row in rows
    }
    alike: dict[str, int] = {}
    for name in plain.values():
        alike[same_name(name)] = alike.get(same_name(name), 0) + 1
    return {
        who: name if alike[same_name(name)] == 1 else f"{name}_{sha256(json.dumps(who))[:8]}"
        for who, name in plain.items()
    }


def _prepare_all(
    scans: Listing, rows: Sequence[_Row], settings: _Settings, workers: int, progress: Progress
) -> Prepared:
    """Prepare what is not prepared, and write the tables."""
    output = settings.output
    before = _listed(output / _TABLE)
    earlier = _look_back(rows, settings)
    kept = {name: found.result for name, found in earlier.items() if found.result is not None}
    if any(settings.volume(row).exists() and settings.name(row) not in kept for row in rows):
        # Its rows are untrue as soon as one of their volumes is replaced.
        (output / _TABLE).unlink(missing_ok=True)
    done = make_each(
        partial(_prepare_one, settings=settings),
        rows,
        LocalEngine(workers),
        crashed=_crashed,
        finished_before=lambda row: kept.get(settings.name(row)),
        ended=lambda done: _write_tables(_as_tables(scans, done), output),
        progress=progress,
    )
    outcome = _as_tables(scans, done)
    if outcome.table.empty:
        raise RefusedError(
            f"{scans.source}: all {len(outcome.refused)} scans were refused, the first because: "
            f"{outcome.refused.reason.iloc[0]}; see {output / _REFUSED}"
        )
    return replace(
        outcome,
        replaced=tuple(name for name, found in earlier.items() if found.is_other),
        left_out=tuple(name for name in before if name not in _listed(output / _TABLE)),
    )


def _as_tables(scans: Listing, done: Sequence[Done[_Row]]) -> Prepared:
    results = [each.made for each in done]
    refused = [*scans.refused.to_dict("records"), *(each for each in results if "reason" in each)]
    return Prepared(
        pd.DataFrame([result for result in results if "reason" not in result]),
        pd.DataFrame(refused, columns=REFUSED),
    )


def _write_tables(outcome: Prepared, output: Path) -> None:
    """Write what became of a cohort, or of the part of it that an interrupt let finish."""
    write_table(outcome.refused, output / _REFUSED)
    if outcome.table.empty:
        (output / _TABLE).unlink(missing_ok=True)  # of an earlier run: now untrue
    else:
        write_table(outcome.table, output / _TABLE)


def _listed(table: Path) -> list[str]:
    """Participant and session of each row of a prepared table; none where it is not there."""
    if not table.is_file():
        return []
    rows = pd.read_csv(table, sep="\t", dtype=str, keep_default_na=False)
    return [f"{row.participant_id} {row.session_id}" for row in rows.itertuples()]


@dataclass(frozen=True)
class _Earlier:
    """What an earlier run left under a scan's name.

    Attributes:
        result: Row of its outcome, if it is of the same content and made alike; else None.
        is_other: Whether it was prepared from other content.
    """

    result: _Row | None
    is_other: bool


def _look_back(rows: Sequence[_Row], settings: _Settings) -> dict[str, _Earlier]:
    """What earlier runs left, by the name of the scan's files."""
    there = [row for row in rows if settings.record(row).is_file()]
    # Mostly waiting for a disk or a network.
    with ThreadPoolExecutor(min(16, 4 * (os.cpu_count() or 1))) as pool:
        found = pool.map(partial(_earlier, settings=settings), there)
        return {settings.name(row): each for row, each in zip(there, found, strict=True)}


def _earlier(row: _Row, settings: _Settings) -> _Earlier:
    volume = settings.volume(row)
    scan = fingerprint(Path(row["path"]))
    record = read_json_record(settings.record(row))
    try:
        made_from, result = record["made_from"], dict(record["result"])
        is_same = scan != NOTHING and made_from == settings.made_from(row, scan)
        # A run that was killed may have put another volume there, and not its record yet.
        is_whole = volume.is_file() and fingerprint(volume) == record["volume"]
        is_other = made_from["scan"] != scan
    except (OSError, ValueError, KeyError, TypeError):  # of an earlier version, or cut off
        return _Earlier(None, False)
    return _Earlier(result if is_same and is_whole else None, is_other)


def _prepare_one(row: _Row, settings: _Settings) -> _Row:
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


def _write(brain: "BrainPet", study: PetImage, row: _Row, settings: _Settings, scan: str) -> _Row:
    """Write a scan's volume and then its record; the row of its outcome."""
    path = settings.volume(row)
    write_nifti(_as_image(brain), path)
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
    content = json.dumps(record, default=_plain)
    replace_file(settings.record(row), as_bytes(content))
    return dict(json.loads(content)["result"])


def _crashed(row: _Row, crash: Crash) -> _Row:
    return _refused(
        row,
        refusal(
            "preparing_process_ended",
            "the process that prepared it ended without a word ({crash}), also when it was tried "
            "again alone: a decoder crashed on its files, or the memory was full",
            crash=Term(str(crash)),
        ),
    )


def _refused(row: _Row, *found: Finding) -> _Row:
    named = {key: row[key] for key in ("participant_id", "session_id")}
    named["path"] = known_path(Path(row["path"]).name)
    reasons = [private(each, Path(row["path"]), _called(row)) for each in found]
    reason = " ".join(str(StudyRefused.of(reasons)).split())
    return {**named, "reason": reason, "findings": as_text(reasons)}


def _called(row: _Row) -> str:
    """What a scan is called in messages: by the table's own names, in place of its path."""
    return f"{row['participant_id']} {row['session_id']}"


def _named(row: _Row, column: str) -> str | None:
    """Value of a column in a table row; None where it is empty or unknown."""
    text = str(row.get(column, UNKNOWN))
    return None if text in ("", UNKNOWN) else text


def measurements(brain: "BrainPet") -> dict[str, float]:
    """The columns of a prepared table that come from the scan itself."""
    suvr = {f"suvr_{name}": value for name, value in brain.regions.items()}
    return {"centiloid": brain.centiloid, **suvr, **brain.quality}


def _as_image(brain: "BrainPet") -> PetImage:
    return PetImage(brain.suvr, TEMPLATE_AFFINE, brain.source.tracer, "SUVR")


def _plain(value: Any) -> Any:
    """One of numpy's numbers as one of Python's, which JSON can hold."""
    return value.item()
