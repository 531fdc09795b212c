"""Normalise every scan of a cohort once, so that training reads small, checked volumes."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.brain.normalization import BrainPet, normalize
from monai_amyloid.brain.quantities.suvr import Reference
from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.cohort.datalist import UNKNOWN
from monai_amyloid.cohort.listing import REFUSED, Listing, list_scans
from monai_amyloid.errors import UserError
from monai_amyloid.output import replace_file, writable_folder, write_table
from monai_amyloid.pet.files.fingerprint import fingerprint
from monai_amyloid.pet.formats.nifti_writer import write_nifti
from monai_amyloid.pet.image import PetImage, StudyRefused
from monai_amyloid.pet.study import read_study
from monai_amyloid.version import __version__

_KEPT = ("participant_id", "session_id", "tracer", "bapl", "age", "sex", "site")


@dataclass(frozen=True)
class Prepared:
    """What became of a cohort.

    Attributes:
        table: One row a prepared scan, as written to ``participants.tsv``.
        refused: One row a refused scan, with its reason, as written to ``refused.tsv``.
    """

    table: pd.DataFrame
    refused: pd.DataFrame


def prepare(
    cohort: Path | Listing,
    output: Path,
    *,
    tracer: str | None = None,
    reference: Reference = "whole_cerebellum",
    workers: int = 1,
    started: Callable[[int], None] = lambda total: None,
    finished: Callable[[], None] = lambda: None,
) -> Prepared:
    """Read, register and normalise each scan of a cohort table.

    A scan that was prepared by an earlier run, from the same file, over the same reference and
    by the same version, is not repeated.

    Args:
        cohort: As :func:`~monai_amyloid.cohort.listing.list_scans` takes or returns it.
            A column ``series`` names the image to take where a study has several.
        output: Folder for the SUVR volumes, ``participants.tsv`` and ``refused.tsv``.
        tracer: BIDS label for scans whose header and table row name none.
        reference: What SUVR is over.
        workers: Processes.
        started: Called once with the number of scans.
        finished: Called after each scan.

    Raises:
        CohortError: If the table is not usable.
        UserError: If every scan was refused, or ``output`` cannot be written.
    """
    scans = cohort if isinstance(cohort, Listing) else list_scans(cohort)
    source, table = scans.source, scans.table
    writable_folder(output / "scans")
    rows = [
        {str(key): value for key, value in row.items() if pd.notna(value)}
        for row in table.to_dict("records")
    ]
    started(len(rows))
    make = partial(_prepare_one, output=output, tracer=tracer, reference=reference)
    results: list[dict[str, Any]] = [{}] * len(rows)
    for index, result in _run(make, rows, workers):
        results[index] = result
        finished()
    refused = pd.DataFrame(
        [*scans.refused.to_dict("records"), *(each for each in results if "reason" in each)],
        columns=REFUSED,
    )
    done = pd.DataFrame([result for result in results if "reason" not in result])
    write_table(refused, output / "refused.tsv")
    if done.empty:
        (output / "participants.tsv").unlink(missing_ok=True)  # of an earlier run: now untrue
        raise UserError(
            f"{source}: all {len(refused)} scans were refused, the first because: "
            f"{refused.reason.iloc[0]}; see {output / 'refused.tsv'}"
        )
    write_table(done, output / "participants.tsv")
    return Prepared(done, refused)


def _run(
    make: Callable[[dict[str, Any]], dict[str, Any]], rows: list[dict[str, Any]], workers: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    if workers <= 1:
        yield from enumerate(map(make, rows))
        return
    # Started afresh, not forked: the same on Linux, macOS and Windows.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(make, row): index for index, row in enumerate(rows)}
        for future in as_completed(futures):
            yield futures[future], future.result()


def _prepare_one(
    row: dict[str, Any], output: Path, tracer: str | None, reference: Reference
) -> dict[str, Any]:
    """Prepare one scan, or take what an earlier run made of the same input."""
    source = Path(row["path"])
    name = f"{row['participant_id']}_{row['session_id']}"
    path = output / "scans" / f"{name}.nii.gz"
    record = output / "scans" / f"{name}.row.json"
    chosen = {"version": __version__, "tracer": tracer, "reference": reference}
    made_from = {**chosen, **fingerprint(source), "row": row}
    made_from = json.loads(json.dumps(made_from, default=str))
    if record.is_file() and path.is_file():
        earlier = json.loads(record.read_text(encoding="utf-8"))
        if earlier["made_from"] == made_from:
            return dict(earlier["result"])
    try:
        study = read_study(
            source, tracer=_named(row, "tracer") or tracer, series=_named(row, "series")
        )
        brain = normalize(study, reference=reference)
    except StudyRefused as refusal:
        return _refused(row, str(refusal))
    except Exception as error:  # one scan that nobody foresaw must not stop a thousand
        return _refused(row, f"could not be prepared ({type(error).__name__}: {error})")
    write_nifti(_as_image(brain), path)
    result = {key: row.get(key) for key in _KEPT}
    result |= {"path": path.relative_to(output).as_posix(), "tracer": brain.source.tracer}
    result |= {"reference": reference, **measurements(brain)}
    result["warnings"] = (
        "; ".join(map(str, (*study.provenance["warnings"], *brain.warnings))) or None
    )
    content = json.dumps({"made_from": made_from, "result": result}, default=_plain)
    replace_file(record, content.encode())
    return dict(json.loads(content)["result"])


def _refused(row: dict[str, Any], reason: str) -> dict[str, Any]:
    named = {key: row[key] for key in ("participant_id", "session_id", "path")}
    return {**named, "reason": " ".join(reason.split())}


def _named(row: dict[str, Any], column: str) -> str | None:
    """What a table row names, if it names it."""
    text = str(row.get(column, UNKNOWN))
    return None if text in ("", UNKNOWN) else text


def measurements(brain: BrainPet) -> dict[str, float]:
    """The columns of a prepared table that come from the scan itself."""
    suvr = {f"suvr_{name}": value for name, value in brain.regions.items()}
    return {"centiloid": brain.centiloid, **suvr, **brain.quality}


def _as_image(brain: BrainPet) -> PetImage:
    return PetImage(brain.suvr, TEMPLATE_AFFINE, brain.source.tracer, "SUVR")


def _plain(value: Any) -> Any:
    """JSON for numpy's numbers."""
    return value.item()
