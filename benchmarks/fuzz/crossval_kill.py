"""Cross-validations killed at random moments end as others do.

    python -m benchmarks.fuzz.crossval_kill

Makes a cohort of 18 noisy templates and trains two folds of it by `monai-amyloid crossval`: once
without an interruption, then ten times anew, each killed (SIGKILL, to its whole process group) at
a random moment of that time and started again. Compares the predictions, weights and evaluation
byte by byte. Takes a quarter of an hour on two cores; not on Windows, which has no SIGKILL.
"""

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from benchmarks.figures import record
from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates
from monai_amyloid.learning.handlers.epoch_record import read_record

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
COMPARED = ("fold*/predictions.tsv", "fold*/model.pt", "evaluation.tsv", "predictions.tsv")
# One thread, so that sums have one order, whatever else the machine does.
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def make_cohort(folder: Path, participants: int, random: np.random.Generator) -> None:
    """Templates mixed by grade, with noise, as a prepared dataset."""
    folder.mkdir(parents=True)
    negative, positive = pet_templates()
    rows = []
    for number in range(participants):
        grade = number % 3 + 1
        part = (grade - 1) / 2 + random.normal(0, 0.1)
        volume = (1 - part) * negative + part * positive
        volume += random.normal(0, 0.1, volume.shape)
        name = f"sub-{number:02d}"
        image = nib.Nifti1Image(volume.astype(np.float32), TEMPLATE_AFFINE)
        nib.save(image, folder / f"{name}.nii")
        row = {"participant_id": name, "session_id": "ses-01", "path": f"{name}.nii"}
        rows.append(row | {"tracer": "18FFBB", "bapl": grade, "suvr_cortex": volume.mean()})
    pd.DataFrame(rows).to_csv(folder / "participants.tsv", sep="\t", index=False)


def start(dataset: Path, output: Path, log: Path, epochs: int) -> "subprocess.Popen[bytes]":
    """The command line in a process group of its own."""
    values = {"spacing_mm": 8.0, "max_epochs": epochs, "batch_size": 4, "device": "cpu"}
    options = [
        *(f"--config-file={CONFIGS / name}" for name in ("train.json", "resnet50_3d.json")),
        *(f"--set={name}={value}" for name, value in values.items()),
        *(f"--dataset-dir={dataset}", f"--output-dir={output}", "--folds=2", "--jobs=2"),
    ]
    program = "from monai_amyloid.cli import main; main()"
    command = [sys.executable, "-W", "ignore", "-c", program, "crossval", *options]
    with log.open("ab") as file:
        return subprocess.Popen(
            command, stdout=file, stderr=file, env=ENVIRONMENT, start_new_session=True
        )


def digests(output: Path) -> dict[str, str]:
    """SHA-256 of every file that must be the same."""
    paths = sorted(path for pattern in COMPARED for path in output.glob(pattern))
    return {
        path.relative_to(output).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }


def reached(output: Path) -> str:
    """How far each fold had come."""
    states = []
    for fold in (output / "fold0", output / "fold1"):
        record = read_record(fold)
        epoch = f"epoch {record.epoch}/{record.max_epochs}" if record else "starting"
        states.append("finished" if (fold / "finished.json").is_file() else epoch)
    return " and ".join(states)


def main() -> None:
    """Print a line a kill, and whether the end was the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset, log = folder / "prepared", folder / "log.txt"
        make_cohort(dataset, 18, random)
        begun = time.monotonic()
        if start(dataset, folder / "whole", log, options.epochs).wait():
            sys.exit(log.read_text(encoding="utf-8")[-2000:])
        duration = time.monotonic() - begun
        expected = digests(folder / "whole")
        print(f"uninterrupted: {duration:.0f} s, {len(expected)} files compared\n")
        print("| kill | after s | the folds were at | files that differ in the end |")
        print("|---|---|---|---|")
        equal = 0
        for kill in range(1, options.kills + 1):
            output = folder / f"killed{kill}"
            moment = random.uniform(0, duration)
            process = start(dataset, output, log, options.epochs)
            time.sleep(moment)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            state = reached(output)
            if start(dataset, output, log, options.epochs).wait():
                sys.exit(log.read_text(encoding="utf-8")[-2000:])
            found = digests(output)
            names = [key for key in found | expected if found.get(key) != expected.get(key)]
            equal += not names
            print(f"| {kill} | {moment:.1f} | {state} | {', '.join(names) or 'none'} |", flush=True)
        print(f"\nthe same end after {equal} of {options.kills} kills")
        record("the same end after a kill", equal, f"of {options.kills}")


if __name__ == "__main__":
    main()
