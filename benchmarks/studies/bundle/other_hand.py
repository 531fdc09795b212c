"""A bundle on simulated scans of another hand: another atlas, uptake, noise and reader.

    python -m benchmarks.studies.bundle.other_hand FOLDER [--bundle BUNDLE]

FOLDER holds NIfTI scans and truth.tsv with a row a scan: id, the grade that its reader gave
(bapl) and what the reader saw in each region before its noise (frontal temporal parietal pcc). The
oracle answers from that without noise. Nothing is learned, chosen or calibrated on these scans.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figures import record
from monai_amyloid.evaluation.intervals import percentile_interval, resample
from monai_amyloid.evaluation.metrics import MEASURES, confusion
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.grading.grader import Grader
from monai_amyloid.installed import shipped_bundle

REGIONS = ["frontal", "temporal", "parietal", "pcc"]
# From which evidence in a region on its score is 2 and 3, by that simulator.
MARKS = (0.30, 0.68)
SHOWN = ("accuracy", "macro_f1", "bapl2_f1", "quadratic_kappa")


def oracle(truth: pd.DataFrame) -> np.ndarray:
    """The grade that the evidence says without the reader's noise."""
    return np.asarray(1 + sum((truth[REGIONS] > mark).astype(int).max(axis=1) for mark in MARKS))


def graded(folder: Path, bundle: Path) -> pd.DataFrame:
    """What the bundle says of each scan that it can read."""
    truth = pd.read_csv(folder / "truth.tsv", sep="\t")
    truth["oracle"] = oracle(truth)
    grader, rows = Grader(bundle), []
    for row in truth.to_dict("records"):
        try:
            result = grader.grade(folder / f"{row['id']}.nii.gz", tracer="18FFBB").result
        except StudyRefused as refusal:
            print(f"{row['id']}: {refusal}")
            continue
        if result.status == "refused":
            print(f"{row['id']}: {result.reasons[0]}")
            continue
        likely = result.prediction_set or ()
        rows.append(
            {
                **row,
                "grade": result.grade,
                "covered": row["bapl"] in likely,
                "alone": result.status == "graded",
                "measured": result.centiloid,
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Print the bundle beside the oracle."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bundle", type=Path, default=None)
    options = parser.parse_args()
    rows = graded(options.folder, options.bundle or shipped_bundle())
    reached = {}
    for who in ("grade", "oracle"):

        def measure(times: np.ndarray, who: str = who) -> dict[str, np.ndarray]:
            matrix = confusion(rows["bapl"], rows[who], times)
            return {name: MEASURES[name](matrix) for name in SHOWN}

        values, draws = resample(rows["id"], measure)
        reached[who] = values["macro_f1"]
        for name in SHOWN:
            found = percentile_interval(values[name], draws[name])
            print(f"{who:8} {name:16} {found.value:.3f} [{found.low:.3f}, {found.high:.3f}]")
            record(f"{who}: {name}", found.value, low=found.low, high=found.high)
    share = reached["grade"] / reached["oracle"]
    print(f"{len(rows)} scans; macro-F1 {share:.3f} of the oracle's")
    record("macro-F1 over the oracle's", share)
    for grade in (1, 2, 3):
        of_grade, answered = rows[rows.bapl == grade], rows[rows.alone & (rows.grade == grade)]
        wrong = (answered.bapl != grade).mean()
        print(
            f"BAPL {grade}: sets hold it in {of_grade.covered.mean():.2f} of {len(of_grade)}; "
            f"{len(answered)} stand without a reader, {wrong:.1%} of them read otherwise"
        )
        record(f"sets hold BAPL {grade}", float(of_grade.covered.mean()))
    wrong = float((rows.bapl != rows.grade)[rows.alone].mean())
    print(f"without a reader {rows.alone.mean():.2f}, of them read otherwise {wrong:.3f}")
    record("share that stands without a reader", float(rows.alone.mean()))
    record("of them read otherwise", wrong)
    error = rows.measured - rows.centiloid
    print(f"Centiloid: bias {error.mean():+.1f}, mean error {error.abs().mean():.1f}")
    record("Centiloid: bias", float(error.mean()), "Centiloid")


if __name__ == "__main__":
    main()
