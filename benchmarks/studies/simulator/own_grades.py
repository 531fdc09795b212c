"""How well the truth itself tells a simulated cohort's own grades.

python -m benchmarks.studies.simulator.own_grades COHORT --learn-from PRETRAINING

`monai-amyloid ceiling` measures an observer who knows what each region truly shows against fresh
readers. A cohort of fixed prevalence has other grades: people are drawn for a grade until a reader
gives it, so that a grade also tells which distribution its person was drawn from. Here the same
observer is measured against the cohort's own grades, beside classifiers that learn from the truth
of another cohort, drawn in the same way, how grade and truth go together.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks.figures import record
from monai_amyloid.phantom.cohorts.ceiling import (
    many_readings,
    observer_of_evidence,
    read_truth,
    scores,
)

READERS = 400


def print_row(name: str, found: dict[str, float]) -> None:
    """One observer."""
    cells = [f"{found[key]:.3f}" for key in ("accuracy", "macro_f1", "bapl2_f1", "quadratic_kappa")]
    print(f"| {name} | {' | '.join(cells)} |")
    record(f"{name}: macro-F1", found["macro_f1"])
    record(f"{name}: BAPL 2 F1", found["bapl2_f1"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--learn-from", type=Path, required=True)
    options = parser.parse_args()
    truth, known = read_truth(options.cohort), read_truth(options.learn_from)
    own = truth["reader_1_bapl"].to_numpy()
    readings = many_readings(truth, READERS, np.random.default_rng(0))
    observer = observer_of_evidence(readings)
    fresh = pd.DataFrame([scores(observer, reader) for reader in readings.T]).mean()
    print("| who | accuracy | macro-F1 | BAPL 2 F1 | quadratic kappa |")
    print("|---|---|---|---|---|")
    print_row("observer of the true evidence, fresh readers (the ceiling)", dict(fresh))
    print_row("the same observer, the cohort's own grades", scores(observer, own))
    reader = pd.DataFrame([scores(own, each) for each in readings.T]).mean()
    print_row("the cohort's own grades, fresh readers", dict(reader))
    evidence = truth.columns[truth.columns.str.startswith("evidence_")]
    uptake = truth.columns[truth.columns.str.startswith("suvr_")]
    for name, columns in (("evidence", evidence), ("evidence and uptake", evidence.union(uptake))):
        model = HistGradientBoostingClassifier(
            max_iter=150, learning_rate=0.05, max_leaf_nodes=8, random_state=0
        ).fit(known[columns], known["reader_1_bapl"])
        found = scores(model.predict(truth[columns]), own)
        print_row(f"boosting on the true {name}, the cohort's own grades", found)


if __name__ == "__main__":
    main()
