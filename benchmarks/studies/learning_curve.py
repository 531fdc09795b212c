"""What a smaller study would have learnt.

python -m benchmarks.studies.learning_curve PREPARED NAME=RUN …

Each RUN is a cross-validation of the same cohort, on the same folds, that learnt from all or, by
``--set participants=100``, from some. The baselines learn from the very people that the networks
of each run learnt from (those that select the epoch included), and all grade the same scans.
Runs of as many participants are compared with the first of them (paired bootstrap over
participants).
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.figures import record
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.cohort.folds import split
from monai_amyloid.evaluation import baselines
from monai_amyloid.evaluation.comparison import compare
from monai_amyloid.evaluation.metrics import Measured, measure_all

PROBABILITIES = ["p_bapl1", "p_bapl2", "p_bapl3"]
ROW = ["participant_id", "session_id"]
Baseline = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
BASELINES: dict[str, Baseline] = {
    "SUVR regression": baselines.suvr_regression,
    "regional boosting": baselines.regional_boosting,
}


def print_row(name: str, participants: str, cohort: pd.DataFrame, said: pd.DataFrame) -> Measured:
    """One model of one size, in the cohort's order so that draws are the same for all."""
    said = said.loc[cohort.index.intersection(said.index)]
    rows = cohort.loc[said.index]
    measured = measure_all(
        rows["participant_id"],
        rows["bapl"].to_numpy(int),
        said[PROBABILITIES].to_numpy(float),
        [0] * len(rows),
    )
    cells = [f"{measured.estimates['accuracy'].value:.3f}"]
    for measure in ("macro_f1", "bapl2_f1", "quadratic_kappa"):
        found = measured.estimates[measure]
        cells.append(f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]")
        figure = f"{participants} participants, {name}: {measure}"
        record(figure, found.value, low=found.low, high=found.high)
    print(f"| {participants} | {name} | {' | '.join(cells)} |", flush=True)
    return measured


def main() -> None:
    """Print a row for each run, and the baselines of its size once."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN")
    options = parser.parse_args()
    cohort = read_cohort(options.prepared / "participants.tsv")
    cohort = cohort[cohort["bapl"].notna()].set_index(ROW, drop=False)
    print("| participants | model | accuracy | macro-F1 | BAPL 2 F1 | quadratic kappa |")
    print("|---|---|---|---|---|---|")
    told: dict[int, tuple[str, Measured]] = {}
    compared: list[str] = []
    for pair in options.runs:
        name, _, run = pair.partition("=")
        tables = sorted(Path(run).glob("fold*/predictions.tsv"))
        settings = json.loads(tables[0].with_name("settings.json").read_text(encoding="utf-8"))
        size = int(settings.get("participants", 0))
        said = pd.concat([pd.read_csv(table, sep="\t") for table in tables]).set_index(ROW)
        shown = str(size or "all")
        measured = print_row(name, shown, cohort, said)
        if size in told:
            first, other = told[size]
            apart = compare(measured, other)
            compared.append(
                f"{shown} participants, {name} less {first}: macro-F1 {apart['difference']:+.3f} "
                f"[{apart['difference_low']:+.3f}, {apart['difference_high']:+.3f}], "
                f"p = {apart['p']:.4f}"
            )
            continue
        told[size] = (name, measured)
        for baseline, model in BASELINES.items():
            parts = []
            for fold in range(settings["folds"]):
                seed = settings["seed"]
                people = split(str(options.prepared), fold, settings["folds"], seed, 0, size)
                known = [(s["participant_id"], s["session_id"]) for s in people["training"]]
                known += [(s["participant_id"], s["session_id"]) for s in people["validation"]]
                unseen = [(s["participant_id"], s["session_id"]) for s in people["test"]]
                parts.append(model(cohort.loc[known], cohort.loc[unseen]))
            print_row(baseline, shown, cohort, pd.concat(parts))
    print(*compared, sep="\n")


if __name__ == "__main__":
    main()
