"""Normalise every scan of a cohort once, so that training reads small, checked volumes."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from monai_amyloid.brain.quantities.suvr import Reference
from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.cohort.datalist import UNKNOWN
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
from monai_amyloid.pet.files.fingerprint import fingerprint
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study
from monai_amyloid.version import __version__
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.local_engine import LocalEngine
from monai_amyloid.work.many import Done, make_each
from monai_amyloid.work.progress import SILENT, Progress
from monai_amyloid.writing.nifti import write_nifti

if TYPE_CHECKING:
    from monai_amyloid.brain.normalization import BrainPet

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

    def made_from(self, row: _Row) -> dict[str, Any]:
        """Everything that a scan's outcome depends on, as JSON gives it back."""
        chosen: dict[str, Any] = {
            "version": __version__,
            "tracer": self.tracer,
            "reference": self.reference,
        }
        chosen["tracer_is_really"] = self.tracer_is_really
        facts = {**chosen, **fingerprint(Path(row["path"])), "row": row}
        return dict(json.loads(json.dumps(facts, default=str)))


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
        workers: Number of processes. With 0, everything runs in this process, and a crash
            there (of a decoder, or for want of memory) ends the run.
        progress: Shows how many scans are done.

    Raises:
        CohortError: If the table is not usable.
        RefusedError: If every scan was refused.
        RunError: If ``output`` cannot be written.
    """
    scans = cohort if isinstance(cohort, Listing) else list_scans(cohort)
    table = scans.table
    for folder in (output, writable_folder(output / "scans")):
        remove_partials(folder)
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
        ended=lambda done: _write_tables(scans, done, output),
        progress=progress,
    )
    outcome = _as_tables(scans, done)
    if outcome.table.empty:
        raise RefusedError(
            f"{scans.source}: all {len(outcome.refused)} scans were refused, the first because: "
            f"{outcome.refused.reason.iloc[0]}; see {output / 'refused.tsv'}"
        )
    return outcome


def _as_tables(scans: Listing, done: Sequence[Done[_Row]]) -> Prepared:
    results = [each.made for each in done]
    refused = [*scans.refused.to_dict("records"), *(each for each in results if "reason" in each)]
    return Prepared(
        pd.DataFrame([result for result in results if "reason" not in result]),
        pd.DataFrame(refused, columns=REFUSED),
    )


def _write_tables(scans: Listing, done: Sequence[Done[_Row]], output: Path) -> None:
    """Write what became of a cohort, or of the part of it that an interrupt let finish."""
    outcome = _as_tables(scans, done)
    write_table(outcome.refused, output / "refused.tsv")
    if outcome.table.empty:
        (output / "participants.tsv").unlink(missing_ok=True)  # of an earlier run: now untrue
    else:
        write_table(outcome.table, output / "participants.tsv")


def _finished(row: _Row, settings: _Settings) -> _Row | None:
    """The outcome of an earlier run from the same input, if it prepared the scan."""
    if not settings.volume(row).is_file():
        return None
    earlier = read_json_record(settings.record(row))
    if not isinstance(earlier.get("result"), dict):
        return None
    with suppress(OSError, ValueError):  # reading the scan will say why
        if earlier.get("made_from") == settings.made_from(row):
            return dict(earlier["result"])
    return None


def _prepare_one(row: _Row, settings: _Settings) -> _Row:
    """Prepare one scan; the row of its outcome."""
    # Loaded in the process that prepares: the one that sends scans there does without torch.
    from monai_amyloid.brain.normalization import normalize

    try:
        made_from = settings.made_from(row)
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
    try:
        return _write(brain, study, row, settings, made_from)
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


def _write(
    brain: "BrainPet", study: PetImage, row: _Row, settings: _Settings, made_from: dict[str, Any]
) -> _Row:
    """Write a scan's volume and then its record; the row of its outcome."""
    path = settings.volume(row)
    write_nifti(_as_image(brain), path)
    result = {key: row.get(key) for key in _KEPT}
    result |= {"path": path.relative_to(settings.output).as_posix(), "tracer": brain.source.tracer}
    result |= {"reference": settings.reference, **measurements(brain)}
    warnings = (*study.provenance["warnings"], *brain.warnings)
    result["warnings"] = "; ".join(map(str, warnings)) or None
    result["findings"] = as_text(warnings) if warnings else None
    content = json.dumps({"made_from": made_from, "result": result}, default=_plain)
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
    named = {key: row[key] for key in ("participant_id", "session_id", "path")}
    reason = " ".join(str(StudyRefused.of(found)).split())
    return {**named, "reason": reason, "findings": as_text(found)}


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
