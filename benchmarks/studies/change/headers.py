"""Whether `follow` keeps its promise on whole DICOM studies of three visits, told nothing else.

    python -m benchmarks.studies.change.headers FOLDER [--people 60] [--workers 2]

`simulate` writes people with three visits as DICOM, some of them treated, now and then on a new
scanner; `follow` joins the visits by PatientID, reads days, scanners and reconstructions from the
headers, measures all visits of a person together, and writes its table. Printed is how often its
95 % intervals hold the true change of amyloid: from visit to visit, from the first to the last, and
by what it says of the scanners. The same command goes on where it was stopped.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

from benchmarks.figures import ROOT
from benchmarks.studies.change.held import held

PROGRAM = [sys.executable, "-c", "from monai_amyloid.cli import main; main()"]
SEED = 411  # of people of no named cohort
TRUE = "centiloid_of_amyloid"


def measured(folder: Path, people: int, workers: int) -> pd.DataFrame:
    """Simulate and follow; one row a pair of visits, with the true change beside the measured."""
    simulated, followed = folder / "people", folder / "followed"
    persons = ["--participants", str(people), "--sessions", "3", "--seed", str(SEED)]
    years = ["--months-between-sessions", "18", "--treated", "0.5", "--as", "dicom"]
    _run("simulate", simulated, *persons, *years, "--workers", str(workers))
    _run("follow", simulated / "scans", "--output", followed, "--no-report",
         "--workers", str(workers))  # fmt: skip
    truth = pd.read_csv(simulated / "truth.tsv", sep="\t")
    truth["visit"] = truth.groupby("participant_id").cumcount() + 1
    known = truth.set_index(["participant_id", "visit"])
    rows = pd.read_csv(followed / "follow.csv").dropna(subset=["change"])
    for end in ("from", "to"):
        visits = list(zip(rows["person"], rows[f"{end}_visit"].astype(int), strict=True))
        for name in (TRUE, "site", "reconstruction"):
            rows[f"{end}_true_{name}"] = known.loc[visits, name].to_numpy()
    rows["true"] = rows[f"to_true_{TRUE}"] - rows[f"from_true_{TRUE}"]
    return rows


def _run(*command: str | Path) -> None:
    """Run a command of the program; some of the people may be refused."""
    done = subprocess.run([*PROGRAM, *map(str, command)], cwd=ROOT, check=False)
    if done.returncode not in (0, 1):
        sys.exit(done.returncode)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    rows = measured(options.folder, options.people, options.workers)
    same = (rows["from_true_site"] == rows["to_true_site"]) & (
        rows["from_true_reconstruction"] == rows["to_true_reconstruction"]
    )
    last = (rows["from_visit"] == 1) & (rows["to_visit"] == 3)
    treated = rows["true"] < -10
    error = rows["change"] - rows["true"]
    holds = (rows["change_low"] <= rows["true"]) & (rows["true"] <= rows["change_high"])
    print(f"{rows['person'].nunique()} of {options.people} people, {len(rows)} changes")
    print("\n| changes | number | bias | SD | the 95 % interval holds |\n|---|---|---|---|---|")
    for name, use in {
        "all": rows["true"].notna(),
        "from one visit to the next": ~last,
        "from the first to the last of three": last,
        "same scanner and reconstruction": same,
        "another": ~same,
        "amyloid fell by more than 10": treated,
        "it did not": ~treated,
    }.items():
        cell = held(f"follow by headers, interval holds: {name}", holds[use])
        row = f"| {name} | {use.sum()} | {error[use].mean():+.2f} | {error[use].std():.2f} "
        print(f"{row}| {cell} |")
    width = (rows["change_high"] - rows["change_low"]).mean()
    print(f"\nmean width {width:.1f} Centiloid")


if __name__ == "__main__":
    main()
