"""A bundle on simulated cohorts from elsewhere, as it ships and adapted to twenty scans a grade.

    python -m benchmarks.studies.bundle.elsewhere COHORT=PREPARED … [--bundle BUNDLE]

COHORT is what `monai-amyloid simulate` wrote, PREPARED what `prepare` made of it. Everything is
measured against readers who were not asked before, by how likely they give each grade to a scan.
The ceiling of each cohort is its own: a harder one has a lower ceiling. Then the decision is
adapted 200 times, each time to twenty scans a grade that are drawn at random, and measured on all
others.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figures import record
from monai_amyloid.bundle.files import CALIBRATION
from monai_amyloid.bundle.integrity import Trust, read_bundle
from monai_amyloid.bundle.networks.trained import TrainedNetwork
from monai_amyloid.bundle.prepared_scans import answers_of
from monai_amyloid.cohort.datalist import GRADES, read_cohort
from monai_amyloid.evaluation.deciding.adapting import adapted
from monai_amyloid.evaluation.deciding.calibration import (
    error_if_calibrated,
    expected_calibration_error,
)
from monai_amyloid.evaluation.deciding.decision import Decision, Predictions
from monai_amyloid.evaluation.deciding.decision_file import decision_of
from monai_amyloid.evaluation.held_out import READINGS, ROW
from monai_amyloid.evaluation.readers import READERS, against_readers, drawn_grades
from monai_amyloid.findings.rules import FEATURES_APART
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.phantom.cohorts.ceiling import ceiling, read_truth

REPEATS, OF_EACH_GRADE = 200, 20


def covered(found: Predictions, shares: np.ndarray) -> np.ndarray:
    """How likely the sets hold what a reader says who says BAPL 1, 2, 3, ``(3,)``."""
    return np.asarray((found.sets * shares).sum(axis=0) / shares.sum(axis=0))


def read_otherwise(found: Predictions, shares: np.ndarray) -> dict[int, float]:
    """Of the scans told each grade without a reader, the share that a reader reads otherwise."""
    answers = found.probabilities.argmax(axis=1)
    return {
        grade: float(1 - shares[stands, grade - 1].mean())
        for grade in GRADES
        if (stands := ~found.needs_reader & (answers == grade - 1)).any()
    }


def after_adapting(
    shipped: Decision, chances: np.ndarray, rows: pd.DataFrame, shares: np.ndarray
) -> np.ndarray:
    """Coverage of each grade by decisions adapted to few scans, on the others, ``(R, 3)``."""
    grades, found = rows["bapl"].to_numpy(int), []
    for repeat in range(REPEATS):
        random = np.random.default_rng(repeat)
        drawn = [
            random.permutation(np.flatnonzero(grades == grade))[:OF_EACH_GRADE] for grade in GRADES
        ]
        known = np.isin(np.arange(len(rows)), np.concatenate(drawn))
        decision = adapted(shipped, chances[known], grades[known])
        found.append(covered(decision.apply(chances[~known]), shares[~known]))
    return np.stack(found)


def main() -> None:
    """Print a row a cohort."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("cohorts", nargs="+", metavar="COHORT=PREPARED")
    parser.add_argument("--bundle", type=Path, default=shipped_bundle())
    options = parser.parse_args()
    checked = read_bundle(options.bundle, Trust())
    trained = TrainedNetwork(checked, None)
    shipped = decision_of(checked.content[CALIBRATION], options.bundle / CALIBRATION)
    print(
        "| cohort | scans | macro-F1 | of its ceiling | BAPL 2 F1 | sets hold 1, 2, 3 | graded | "
        "read otherwise of those told 1, 2, 3 | calibration error; if calibrated | adapted sets |"
    )
    print(f"|{'---|' * 10}")
    for pair in options.cohorts:
        cohort, prepared = map(Path, pair.split("=", maxsplit=1))
        truth = read_truth(cohort)
        rows = read_cohort(prepared / "participants.tsv").dropna(subset="bapl")
        rows = rows.merge(truth[[*ROW, *READINGS]], on=ROW, validate="one_to_one")
        chances, apart = answers_of(trained, rows)
        shares = rows[READINGS].to_numpy(float)
        found = shipped.apply(chances, rows.assign(**{FEATURES_APART: apart}))
        answers = found.probabilities.argmax(axis=1) + 1
        reached = against_readers(rows["participant_id"], shares, answers)
        best = ceiling(truth, READERS)
        best = best[best["metric"] == "macro_f1"]["value"].max()
        share = reached["macro_f1"].value / best
        held, otherwise = covered(found, shares), read_otherwise(found, shares)
        graded = 1 - found.needs_reader.mean()
        readers = drawn_grades(shares, 40, np.random.default_rng(0))
        error = np.mean(
            [expected_calibration_error(reader, found.probabilities) for reader in readers]
        )
        perfect = error_if_calibrated(found.probabilities)[0]
        adapted_sets = after_adapting(shipped, chances, rows, shares).mean(axis=0)
        name = cohort.name
        print(
            f"| {name} | {len(rows)} | {reached['macro_f1'].value:.3f} "
            f"[{reached['macro_f1'].low:.3f}, {reached['macro_f1'].high:.3f}] | {share:.1%} | "
            f"{reached['bapl2_f1'].value:.2f} | {', '.join(f'{each:.2f}' for each in held)} | "
            f"{graded:.0%} | {', '.join(f'{k}: {v:.1%}' for k, v in otherwise.items())} | "
            f"{error:.3f}; {perfect:.3f} | {', '.join(f'{each:.2f}' for each in adapted_sets)} |",
            flush=True,
        )
        record(f"{name}: macro-F1 over its ceiling", float(share))
        record(f"{name}: graded without a reader", float(graded))
        for grade in GRADES:
            record(f"{name}: sets hold BAPL {grade}", float(held[grade - 1]))
            record(f"{name}: adapted sets hold BAPL {grade}", float(adapted_sets[grade - 1]))


if __name__ == "__main__":
    main()
