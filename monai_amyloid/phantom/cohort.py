"""A simulated cohort on disk: scans, the table a hospital would have, and the truth."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from monai_amyloid import __version__
from monai_amyloid.brain.centiloid import centiloid
from monai_amyloid.brain.suvr import cortex_suvr_in_template
from monai_amyloid.errors import UserError
from monai_amyloid.output import replace_file, writable_folder, write_table
from monai_amyloid.pet.dicom.writer import write_series
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.nifti_writer import write_nifti
from monai_amyloid.phantom.anatomy import aged, icbm152
from monai_amyloid.phantom.reader import evidence, plaque_load, regional_uptake_grades
from monai_amyloid.phantom.scanner import Scan, acquire, blur, draw_scan, tracer_map
from monai_amyloid.phantom.uptake import Disease, draw_disease, label_values

# Grades of the Dong-A study: 603 florbetaben scans.
PREVALENCE = {1: 291, 2: 78, 3: 234}
TRACER = "18FFBB"

Format = Literal["nifti", "dicom"]


@dataclass(frozen=True)
class Participant:
    """One simulated person and scan, before any voxel is made.

    Attributes:
        identifier: ``sub-0001`` and so on.
        bapl: The grade that the reader gives.
        disease: The amyloid.
        scan: The acquisition.
        age: Years.
        sex: ``"F"`` or ``"M"``.
        seed: Of this person's tissue variation.
    """

    identifier: str
    bapl: int
    disease: Disease
    scan: Scan
    age: int
    sex: str
    seed: int


def wanted_grades(count: int) -> list[int]:
    """Grades in an order that keeps every beginning close to :data:`PREVALENCE`.

    Args:
        count: Number of participants; at 603 the counts are exactly 291, 78 and 234.

    Returns:
        The first ``count`` grades; a longer cohort begins with a shorter one.
    """
    total = sum(PREVALENCE.values())
    made = dict.fromkeys(PREVALENCE, 0)
    grades: list[int] = []
    for position in range(1, count + 1):
        deficit = {g: n * position / total - made[g] for g, n in PREVALENCE.items()}
        grade = max(deficit, key=lambda g: deficit[g])
        made[grade] += 1
        grades.append(grade)
    return grades


def draw_participant(number: int, grade: int, seed: int) -> Participant:
    """Draw a person whom the simulated reader gives ``grade``.

    Args:
        number: From 1; the same number and seed give the same person in any cohort.
        grade: The reader's grade, 1, 2 or 3.
        seed: Of the cohort.
    """
    random = np.random.default_rng([seed, number])
    while True:
        # Drawn until the reader agrees, so that prevalence is exact and labels stay noisy.
        disease = draw_disease(grade, random)
        if plaque_load(regional_uptake_grades(evidence(disease), random)) == grade:
            break
    return Participant(
        identifier=f"sub-{number:04d}",
        bapl=grade,
        disease=disease,
        scan=draw_scan(random),
        age=int(np.clip(random.normal(72, 8), 50, 95)),
        sex=str(random.choice(["F", "M"])),
        seed=int(random.integers(2**31)),
    )


def scan_participant(participant: Participant) -> tuple[PetImage, dict[str, Any]]:
    """Make a participant's scan and its truth.

    Returns:
        The volume as a scanner exports it, and the row of ``truth.tsv``.
    """
    scan = participant.scan
    anatomy = aged(icbm152(), scan.brain_loss_mm)
    values = label_values(participant.disease, np.random.default_rng(participant.seed))
    sharp = tracer_map(anatomy, values, scan.scalp)
    blurred = blur(sharp, scan.fwhm_mm, np.full(3, 2.0))
    seen = evidence(participant.disease)
    truth = {
        "participant_id": participant.identifier,
        "latent_centiloid": participant.disease.latent_centiloid,
        "centiloid": centiloid(cortex_suvr_in_template(blurred, anatomy.affine), TRACER),
        "pattern": participant.disease.pattern,
        **{f"evidence_{name}": value for name, value in seen.items()},
        **scan.as_row(),
    }
    return acquire(blurred, anatomy.affine, scan, TRACER), truth


def simulate(
    folder: Path,
    participants: int,
    *,
    seed: int = 0,
    form: Format = "nifti",
    workers: int = 1,
    finished: Callable[[], None] = lambda: None,
) -> None:
    """Write a cohort: ``scans/``, ``participants.tsv`` and ``truth.tsv``.

    The same command again goes on where an interrupted one stopped.

    Args:
        folder: Made if missing; must not hold another cohort.
        participants: How many; each has one session.
        seed: The same seed gives the same bytes for any number of workers.
        form: One NIfTI file or one folder of DICOM slices a scan.
        workers: Processes.
        finished: Called after each scan, for progress.

    Raises:
        UserError: If the folder holds another cohort or cannot be written.
    """
    writable_folder(folder / "scans")
    _claim(folder / "simulation.json", {"version": __version__, "seed": seed, "format": form})
    people = list(enumerate(wanted_grades(participants), start=1))
    make = partial(_make_one, folder=folder, seed=seed, form=form)
    rows, truths = [], []
    for row, truth in _run(make, people, workers):
        rows.append(row)
        truths.append(truth)
        finished()
    # The tables come last: a cohort with tables is complete.
    write_table(pd.DataFrame(truths), folder / "truth.tsv")
    write_table(pd.DataFrame(rows), folder / "participants.tsv")


def _claim(record: Path, made_by: dict[str, Any]) -> None:
    """Record what a folder's scans were made by, or refuse a folder of other scans."""
    if record.is_file():
        earlier = json.loads(record.read_text(encoding="utf-8"))
        if earlier != made_by:
            raise UserError(
                f"{record.parent}: already holds a cohort made with {earlier}, not with "
                f"{made_by}; choose another folder or remove it"
            )
    replace_file(record, json.dumps(made_by).encode())


def _run(
    make: Callable[[tuple[int, int]], Any], people: list[tuple[int, int]], workers: int
) -> Iterator[Any]:
    if workers <= 1:
        yield from map(make, people)
        return
    # Started afresh, not forked: the same on Linux, macOS and Windows.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(make, people)


def _make_one(
    person: tuple[int, int], folder: Path, seed: int, form: Format
) -> tuple[dict[str, Any], dict[str, Any]]:
    participant = draw_participant(*person, seed)
    image, truth = scan_participant(participant)
    path = Path("scans") / participant.identifier
    if form == "nifti":
        path = path.with_suffix(".nii.gz")
    # Both writers put a scan in place whole, so one that is there is complete.
    if not (folder / path).exists():
        if form == "nifti":
            write_nifti(image, folder / path)
        else:
            name = participant.identifier
            write_series(image, folder / path, participant=name, seed_uid=f"{seed}.{name}")
    row = {
        "participant_id": participant.identifier,
        "session_id": "ses-01",
        "path": path.as_posix(),
        "tracer": TRACER,
        "bapl": participant.bapl,
        "age": participant.age,
        "sex": participant.sex,
        "site": "simulated",
    }
    return row, truth
