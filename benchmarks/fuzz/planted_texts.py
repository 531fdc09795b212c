"""A text that can be known again, planted in every place of inputs: none of it may leave.

python -m benchmarks.fuzz.planted_texts [--without-explore]

Grades, prepares, explores and runs the bundle by MONAI over studies whose every text tells, and
searches every file and every printed line for them, unpacked and in every encoding.
"""

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

import monai_amyloid
from benchmarks.figures import record
from benchmarks.fuzz.planting import (
    Garden,
    plant_archives,
    plant_dicom,
    plant_files,
    plant_refused,
)
from benchmarks.fuzz.searching import found_below, found_in
from monai_amyloid.brain.quantities.suvr import region_labels
from monai_amyloid.brain.template import READ_REGIONS, TEMPLATE_AFFINE, pet_templates
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan

ROOT = Path(__file__).resolve().parents[2]
SCANS = 60  # of the explored cohort


def plant(place: Path, garden: Garden) -> list[Path]:
    """Make the studies in a folder whose name tells, too."""
    simulate(place / "source", 1, Plan(seed=5, sites=("site-1",)), form="dicom")
    [source] = (place / "source" / "scans").iterdir()
    folder = place / garden.word("folder of the studies")
    good = plant_dicom(source, folder, garden)
    refused = plant_refused(good, folder, garden)
    return [good.parent, *refused, *plant_archives(good, folder, garden),
            *plant_files(good, folder, garden)]  # fmt: skip


def run(*arguments: str | Path, folder: Path = ROOT) -> str:
    """Run python; all that it prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder, env=environment, capture_output=True, text=True, errors="surrogateescape",
    )  # fmt: skip
    return done.stdout + done.stderr


def program(*arguments: str | Path) -> str:
    """Run the command line."""
    return run("-c", "from monai_amyloid.cli import main; main()", *arguments)


def graded_in_memory(studies: list[Path]) -> str:
    """What Python's own function gives and prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        results = [monai_amyloid.grade(study) for study in studies]
    return printed.getvalue() + repr(results)


def prepare(studies: list[Path], place: Path, garden: Garden) -> str:
    """Prepare a cohort whose table has columns that tell; its ids are the researcher's own."""
    rows = [
        {"participant_id": f"sub-{number:03d}", "path": str(study), "bapl": 1 + number % 3,
         "comment": garden.word("column of a table"), "birth_date": "1948-02-29"}
        for number, study in enumerate(studies)
    ]  # fmt: skip
    table = place / "participants.tsv"
    pd.DataFrame(rows).to_csv(table, sep="\t", index=False)
    return program("prepare", table, "--output", place / "prepared", "--workers", "1")


def explore(place: Path, garden: Garden) -> str:
    """Explore a prepared cohort whose sites and other columns tell."""
    folder = place / "cohort"
    folder.mkdir()
    random, templates = np.random.default_rng(0), pet_templates()
    for number, volume in enumerate(templates):
        nib.save(nib.Nifti1Image(volume, TEMPLATE_AFFINE), folder / f"{number}.nii")
    stage = random.uniform(size=SCANS)
    table = pd.DataFrame({"participant_id": [f"sub-{number:02d}" for number in range(SCANS)]})
    table["path"] = [f"{int(each > 0.5)}.nii" for each in stage]
    table["site"] = [garden.word(f"site {number % 2}") for number in range(SCANS)]
    table["tracer"], table["comment"] = "18FFBB", garden.word("column of a prepared table")
    table["bapl"], table["centiloid"] = 1 + (3 * stage).astype(int), 100 * stage
    sided = [f"{name}_{side}" for name in READ_REGIONS for side in ("left", "right")]
    for name in dict.fromkeys([*region_labels(), *sided, "cortex"]):
        table[f"suvr_{name}"] = 1.1 + 0.6 * stage + random.normal(0, 0.05, SCANS)
    table["fwhm_mm"], table["noise_cv"] = 6.0 + random.normal(0, 0.3, SCANS), 0.08
    table.to_csv(folder / "participants.tsv", sep="\t", index=False)
    return program("explore", folder, "--output", place / "explored", "--workers", "1")


def main() -> None:
    """Plant, run, search."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--without-explore", action="store_true")
    options = parser.parse_args()
    garden = Garden()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        studies = plant(place, garden)
        output = place / "out"
        output.mkdir()
        said = {"infer": program("infer", *studies, "--output", output / "results",
                                 "--workers", "1", "--key", place / "key.tsv")}  # fmt: skip
        said["infer again"] = program("infer", *studies, "--output", output / "results")
        said["Python"] = graded_in_memory(studies)
        # MONAI prints the path that is typed.
        (place / "studies").symlink_to(studies[0].parent)
        said["bundle"] = run(
            "-m", "monai.bundle", "run", "inference", "--config_file", "configs/inference.json",
            "--dataset_dir", place / "studies", "--output_dir", output / "bundle",
            folder=shipped_bundle(),
        )  # fmt: skip
        said["prepare"] = prepare(studies, output, garden)
        (output / "participants.tsv").unlink()  # what was given, not what was written
        if not options.without_explore:
            said["explore"] = explore(output, garden)
            (output / "cohort" / "participants.tsv").unlink()
        hits = {name: found for name, text in said.items() if (found := found_in(text))}
        hits |= found_below(output)
        written = sum(path.is_file() for path in output.rglob("*"))
        results = [
            json.loads(each.read_text("utf-8")) for each in output.glob("results/*/result.json")
        ]
    graded = sum(each["status"] != "refused" for each in results)
    print(f"{len(studies)} studies, {graded} of {len(results)} graded, {written} files, "
          f"{sum(map(len, said.values()))} letters printed")  # fmt: skip
    for where, texts in hits.items():
        for text in texts[:5]:
            word = next((w for w in garden.places if w.lower() in text), "")
            print(f"FOUND in {where}: {text!r} ({garden.places.get(word, 'digits or a day')})")
    print(f"{len(garden.places)} places planted, {len(hits)} found")
    record("places where a text that tells was planted", len(garden.places), "places")
    record("files and outputs in which one was found", len(hits), "files")


if __name__ == "__main__":
    main()
