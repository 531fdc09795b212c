"""Whether two versions of the program say the same of the same studies, and train the same.

    python -m benchmarks.studies.same_results make STUDIES [--shared-data FOLDER]
    python -m benchmarks.studies.same_results record STUDIES OUT
    python -m benchmarks.studies.same_results compare BEFORE AFTER

``make`` simulates 36 studies of nine kinds and a cohort; real ones are added where
``--shared-data`` has them. ``record`` runs the program of the current folder: every study graded,
the cohort prepared, both networks trained for two epochs, the held-out scans predicted. ``compare``
lists every field of ``result.json``, every column of the tables, and every volume and file of
weights that differs. Seconds are left out: no two runs have the same.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import torch

from benchmarks.figures import record as record_figure

# Arguments of `simulate` for each group of studies.
GROUPS = {
    "dicom": "--participants 8 --seed 21 --as dicom",
    "florbetapir": "--participants 5 --seed 22 --as bids --tracer 18FAV45",
    "difficult": "--participants 8 --seed 23 --as nifti --difficult",
    "dynamic": "--participants 3 --seed 24 --as dicom --dynamic",
    "visits": "--participants 2 --seed 25 --as bids --sessions 2",
    "fdg": "--participants 2 --seed 26 --as dicom --pattern fdg",
    "tau": "--participants 2 --seed 27 --as nifti --pattern tau",
    "raclopride": "--participants 1 --seed 28 --as nifti --pattern raclopride",
    "flutemetamol": "--participants 3 --seed 30 --as dicom --tracer 18FFMM",
}
COHORT = "--participants 40 --seed 29 --as nifti"
NETWORKS = {
    "2d": (["configs/train.json"], ["--spacing_mm=4.0", "--slices=4"]),
    "3d": (["configs/train.json", "configs/resnet50_3d.json"], []),
}
TRAINED_BY = ("--max_epochs=2", "--folds=2", "--device=cpu", "--log_images=0",
              "--early_stop_patience=0")  # fmt: skip
TABLES = ("prepared/participants.tsv", "prepared/refused.tsv", "prepared/splits.tsv",
          "2d/fold0/predictions.tsv", "3d/fold0/predictions.tsv")  # fmt: skip
FILES = ("prepared/scans/*.nii.gz", "?d/fold0/model.pt", "results/*/*/activation.nii.gz")
# Fields that no two runs have alike, and fields whose difference is told and not shown.
TIMES = ("seconds", "made_from")
LONG = ("schema", "findings", "grade", "grade_names")


def program(*arguments: object) -> None:
    """Run ``monai-amyloid`` of the current folder; a refused study makes its status 1."""
    code = "from monai_amyloid.cli import main; main()"
    command = [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)]
    status = subprocess.run(command).returncode
    if status not in (0, 1):
        raise SystemExit(f"{' '.join(map(str, arguments))}: exit status {status}")


def make(studies: Path, shared: Path | None) -> None:
    """Simulate the studies and the cohort, and copy the real ones."""
    for name, options in GROUPS.items():
        program("simulate", studies / "groups" / name, *options.split(), "--workers", 1)
    program("simulate", studies / "cohort", *COHORT.split(), "--workers", 1)
    real = studies / "real"
    real.mkdir(exist_ok=True)
    if shared is not None:
        for path in [*shared.glob("templates/*.nii.gz"), *shared.glob("scans/*")]:
            shutil.copy(path, real / path.name)
        with tarfile.open(shared / "dicom" / "ge_fdg_whole_body.tar.xz") as packed:
            packed.extractall(real / "ge_fdg", filter="data")


def record(studies: Path, out: Path) -> None:
    """Grade, prepare, train and predict by the program of the current folder."""
    out.mkdir(parents=True, exist_ok=True)
    for name in GROUPS:
        folder = studies / "groups" / name
        inside = folder / "scans" if (folder / "scans").is_dir() else folder
        # Files beside one another in a folder are one study: each is named here.
        paths = sorted(inside.glob("*.nii.gz")) or [inside]
        program("infer", *paths, "--output", out / "results" / name, "--workers", 1)
    if real := sorted(path for path in (studies / "real").iterdir() if path.suffix != ".json"):
        output = ("--output", out / "results" / "real", "--workers", 1)
        program("infer", *real, "--tracer", "18FFBB", *output)
    prepared = out / "prepared"
    program("prepare", studies / "cohort", "--output", prepared, "--workers", 1)
    for name, (files, options) in NETWORKS.items():
        values = [f"--dataset_dir={prepared}", f"--output_dir={out / name}", *TRAINED_BY, *options]
        for run, more in (("training", []), ("evaluating", ["configs/evaluate.json"])):
            command = [sys.executable, "-W", "ignore", "-m", "monai.bundle", "run", run]
            subprocess.run([*command, f"--config_file={[*files, *more]}", *values], check=True)


def digest_of(path: Path) -> str:
    """SHA-256 of what a file holds: of a volume its voxels, of weights their numbers."""
    if path.name.endswith(".nii.gz"):
        data = np.asarray(nib.load(path).dataobj).tobytes()
    elif path.suffix == ".pt":
        state = torch.load(path, map_location="cpu", weights_only=True)
        data = b"".join(key.encode() + state[key].numpy().tobytes() for key in sorted(state))
    else:
        data = path.read_bytes()
    return hashlib.sha256(data).hexdigest()


def differing_results(before: Path, after: Path) -> Iterator[str]:
    """Name each field of each ``result.json`` that differs, and print short ones."""
    for old in sorted(before.glob("results/*/*/result.json")):
        name = old.parent.relative_to(before / "results")
        new = after / old.relative_to(before)
        if not new.is_file():
            yield f"missing {name}"
            continue
        yield "results compared"
        one, other = (json.loads(path.read_text(encoding="utf-8")) for path in (old, new))
        for key in sorted(one.keys() | other.keys()):
            if key not in TIMES and one.get(key, "absent") != other.get(key, "absent"):
                yield f"result.json {key} differs"
                if key not in LONG:
                    print(f"{name} {key}:\n  {one.get(key)}\n  {other.get(key)}")


def differing_tables(before: Path, after: Path) -> Iterator[str]:
    """Name each column of each table that differs."""
    for name in TABLES:
        if not all((root / name).is_file() for root in (before, after)):
            yield f"missing {name}"
            continue
        one, other = (pd.read_csv(root / name, sep="\t", dtype=str) for root in (before, after))
        yield f"rows of {name}: {len(one)} before, {len(other)} after"
        for column in sorted({*one, *other}):
            if column not in one or column not in other or not one[column].equals(other[column]):
                yield f"{name} {column} differs"


def differing_files(before: Path, after: Path) -> Iterator[str]:
    """Say of each volume and file of weights whether it is equal."""
    for pattern in FILES:
        for old in sorted(before.glob(pattern)):
            new = after / old.relative_to(before)
            same = new.is_file() and digest_of(old) == digest_of(new)
            yield f"{pattern} {'equal' if same else 'differs'}"


def compare(before: Path, after: Path) -> None:
    """Print how often each thing differs, and how many things were compared."""
    found = Counter(
        line for part in (differing_results, differing_tables, differing_files)
        for line in part(before, after)
    )  # fmt: skip
    for line, count in sorted(found.items()):
        print(f"{count:5}  {line}")
    apart = sum(n for line, n in found.items() if line.startswith("missing") or "differs" in line)
    record_figure("results compared", found["results compared"], "studies")
    record_figure("fields, columns, volumes and weights that differ", apart)


def main() -> None:
    """Make, record or compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make")
    making.add_argument("studies", type=Path)
    making.add_argument("--shared-data", type=Path)
    recording = commands.add_parser("record")
    recording.add_argument("studies", type=Path)
    recording.add_argument("out", type=Path)
    comparing = commands.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # sums in one order
    if options.command == "make":
        make(options.studies, options.shared_data)
    elif options.command == "record":
        record(options.studies, options.out)
    else:
        compare(options.before, options.after)


if __name__ == "__main__":
    main()
