"""Normalise every scan of a cohort once, so that training reads small, checked volumes."""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.brain.normalization import BrainPet, normalize
from monai_amyloid.brain.quantities.suvr import Reference
from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.checksum import sha256
from monai_amyloid.cohort.datalist import UNKNOWN
from monai_amyloid.cohort.listing import REFUSED, Listing, list_scans
from monai_amyloid.errors import UserError, one_line
from monai_amyloid.findings.finding import Finding, StudyRefused, Term, as_text, refusal
from monai_amyloid.output import replace_file, writable_folder, write_table
from monai_amyloid.pet.files.fingerprint import fingerprint
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.known_words import known_path
from monai_amyloid.pet.private import private
from monai_amyloid.pet.study import read_study
from monai_amyloid.version import __version__
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.local_engine import LocalEngine
from monai_amyloid.work.many import make_each
from monai_amyloid.work.progress import SILENT, Progress
from monai_amyloid.writing.nifti import write_nifti

_KEPT = ("participant_id", "session_id", "tracer", "bapl", "age", "sex", "site")
# A row of a table, as columns and values; those of the outcome have a ``reason`` where refused.
_Row = dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """What became of a cohort.

    Attributes:
        table: One row for each prepared scan, as written to ``participants.tsv``.
        refused: One row for each refused scan, with its reason, as written to ``refused.tsv``.
    """

    table: pd.DataFrame
    refused: pd.DataFrame


@dataclass(frozen=True)
class _Settings:
    """How every scan of a cohort is prepared.

    Attributes:
        output: Folder of the prepared cohort.
        tracer: BIDS label for scans whose header and table row name none.
        tracer_is_really: Whether it counts against what a header names.
        reference: Region that SUVR is over.
    """

    output: Path
    tracer: str | None
    tracer_is_really: bool
    reference: Reference

    def volume(self, row: _Row) -> Path:
        """File of a scan's prepared volume."""
        return self.output / "scans" / f"{row['participant_id']}_{row['session_id']}.nii.gz"

    def record(self, row: _Row) -> Path:
        """File of a scan's outcome; it is written last, so that it has its volume."""
        return self.volume(row).with_name(f"{row['participant_id']}_{row['session_id']}.row.json")

    def made_from(self, row: _Row) -> str:
        """Checksum of everything that a scan's outcome depends on: its paths may name a person."""
        chosen: dict[str, Any] = {
            "version": __version__,
            "tracer": self.tracer,
            "reference": self.reference,
        }
        chosen["tracer_is_really"] = self.tracer_is_really
        facts = {**chosen, **fingerprint(Path(row["path"])), "row": row}
        return sha256(json.dumps(facts, default=str, sort_keys=True))


def prepare(
    cohort: Path | Listing,
    output: Path,
    *,
    tracer: str | None = None,
    tracer_is_really: bool = False,
    reference: Reference = "whole_cerebellum",
    workers: int = 1,
    progress: Progress = SILENT,
) -> Prepared:
    """Read, register and normalise each scan of a cohort table.

    A scan that was prepared by an earlier run, from the same file, over the same reference and
    by the same version, is not repeated. A scan that cannot be prepared, even one whose process
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
        workers: Number of processes. With one, everything runs in this process, and a crash
            there (of a decoder, or for want of memory) ends the run.
        progress: Shows how many scans are done.

    Raises:
        CohortError: If the table is not usable.
        UserError: If every scan was refused, or ``output`` cannot be written.
    """
    scans = cohort if isinstance(cohort, Listing) else list_scans(cohort)
    source, table = scans.source, scans.table
    writable_folder(output)
    writable_folder(output / "scans")
    settings = _Settings(output, tracer, tracer_is_really, reference)
    rows: list[_Row] = [
        {str(key): value for key, value in row.items() if pd.notna(value)}
        for row in table.to_dict("records")
    ]
    done = make_each(
        partial(_prepare_one, settings=settings),
        rows,
        LocalEngine(workers),
        crashed=_crashed,
        finished_before=partial(_finished, settings=settings),
        progress=progress,
    )
    results = [each.made for each in done]
    refused = pd.DataFrame(
        [*scans.refused.to_dict("records"), *(each for each in results if "reason" in each)],
        columns=REFUSED,
    )
    prepared = pd.DataFrame([result for result in results if "reason" not in result])
    write_table(refused, output / "refused.tsv")
    if prepared.empty:
        (output / "participants.tsv").unlink(missing_ok=True)  # of an earlier run: now untrue
        raise UserError(
            f"{source}: all {len(refused)} scans were refused, the first because: "
            f"{refused.reason.iloc[0]}; see {output / 'refused.tsv'}"
        )
    write_table(prepared, output / "participants.tsv")
    return Prepared(prepared, refused)


def _finished(row: _Row, settings: _Settings) -> _Row | None:
    """The outcome of an earlier run from the same input, if it prepared the scan."""
    record = settings.record(row)
    if not record.is_file() or not settings.volume(row).is_file():
        return None
    earlier = json.loads(record.read_text(encoding="utf-8"))
    return earlier["result"] if earlier["made_from"] == settings.made_from(row) else None


def _prepare_one(row: _Row, settings: _Settings) -> _Row:
    """Prepare one scan; the row of its outcome."""
    made_from = settings.made_from(row)
    try:
        study = read_study(
            Path(row["path"]),
            tracer=_named(row, "tracer") or settings.tracer,
            series=_named(row, "series"),
            tracer_is_really=settings.tracer_is_really and _named(row, "tracer") is None,
        )
        brain = normalize(study, reference=settings.reference)
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
    write_nifti(_as_image(brain), path)
    result = {key: row.get(key) for key in _KEPT}
    result |= {"path": path.relative_to(settings.output).as_posix(), "tracer": brain.source.tracer}
    result |= {"reference": settings.reference, **measurements(brain)}
    found = (*study.provenance["warnings"], *brain.warnings)
    warnings = [private(each, Path(row["path"]), _called(row)) for each in found]
    result["warnings"] = "; ".join(map(str, warnings)) or None
    result["findings"] = as_text(warnings) if warnings else None
    content = json.dumps({"made_from": made_from, "result": result}, default=_plain)
    replace_file(settings.record(row), content.encode())
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


def measurements(brain: BrainPet) -> dict[str, float]:
    """The columns of a prepared table that come from the scan itself."""
    suvr = {f"suvr_{name}": value for name, value in brain.regions.items()}
    return {"centiloid": brain.centiloid, **suvr, **brain.quality}


def _as_image(brain: BrainPet) -> PetImage:
    return PetImage(brain.suvr, TEMPLATE_AFFINE, brain.source.tracer, "SUVR")


def _plain(value: Any) -> Any:
    """One of numpy's numbers as one of Python's, which JSON can hold."""
    return value.item()
