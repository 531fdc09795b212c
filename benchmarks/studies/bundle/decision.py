"""What the decision of bundles is worth on scans of people whom none of them learnt from.

    python -m benchmarks.studies.bundle.decision COHORT PREPARED [--bundle BUNDLE …]

COHORT is what `monai-amyloid simulate` wrote, PREPARED what `prepare` made of it. Temperature,
sets and the rule for readers are fitted to four fifths of the people and measured on the others,
five times, against readers who were not asked before. Beside each bundle: the mean of all of
them, the same scans seen as they are and mirrored, and an observer who knows how likely a reader
gives each grade. He answers as the bundles do, with the most probable grade, and as the ceiling
does, with what scores best: what lies between the two is no fault of a network.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.figures import record
from monai_amyloid.bundle.integrity import Trust, read_bundle
from monai_amyloid.bundle.networks.trained import TrainedNetwork
from monai_amyloid.bundle.prepared_scans import answers_of, batches
from monai_amyloid.cohort.datalist import GRADES, read_cohort
from monai_amyloid.cohort.dealing import assign_folds
from monai_amyloid.evaluation.deciding.calibration import (
    error_if_calibrated,
    expected_calibration_error,
)
from monai_amyloid.evaluation.deciding.decision import Predictions, cross_fit
from monai_amyloid.evaluation.held_out import READINGS, ROW, HeldOut
from monai_amyloid.evaluation.readers import READERS, against_readers, drawn_grades
from monai_amyloid.findings.rules import FEATURES_APART
from monai_amyloid.installed import BUNDLES, shipped_bundle
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.phantom.cohorts.best_answers import BEST_ANSWERS
from monai_amyloid.phantom.cohorts.ceiling import ceiling, read_truth

FOLDS = 5
MEASURES = ("macro_f1", "bapl2_f1")
# A probability of the mirrored scan counts as much as that of the scan; the left is the first axis.
LEFT_RIGHT = 2


def held_out(cohort: Path, prepared: Path) -> HeldOut:
    """The prepared scans with what readers say of each, dealt to folds by people."""
    rows = read_cohort(prepared / "participants.tsv").dropna(subset="bapl")
    rows = rows.merge(read_truth(cohort)[[*ROW, *READINGS]], on=ROW, validate="one_to_one")
    rows = rows.reset_index(drop=True).assign(bapl=rows["bapl"].to_numpy(int))
    folds = assign_folds(rows, FOLDS, seed=0)
    rows = rows.assign(repeat=0, fold=rows["participant_id"].map(folds))
    return HeldOut(rows, rows, {0: folds})


def mirrored_answers(trained: TrainedNetwork, rows: pd.DataFrame) -> np.ndarray:
    """The network's probabilities of each scan with left and right exchanged, ``(N, 3)``."""
    chances = [
        grade_probabilities(trained.answers(batch.flip(LEFT_RIGHT)).logits).double().numpy()
        for batch in batches(trained, rows)
    ]
    return np.concatenate(chances)


def print_row(
    name: str,
    scans: HeldOut,
    chances: np.ndarray,
    best: dict[str, float],
    answers: Sequence[int] | None = None,
) -> Predictions:
    """Print what one model reaches, and give its predictions."""
    found = cross_fit(scans, chances)
    told = found.probabilities.argmax(axis=1) + 1
    reached = against_readers(
        scans.rows["participant_id"], scans.shares, told if answers is None else answers
    )
    stands, shares = ~found.needs_reader, scans.shares
    held = (found.sets * shares).sum(axis=0) / shares.sum(axis=0)
    otherwise = {
        grade: 1 - shares[stands & (told == grade), grade - 1].mean()
        for grade in GRADES
        if (stands & (told == grade)).any()
    }
    second = shares[:, 1]
    told_second = float((second * (stands & (told == 2))).sum() / second.sum())
    readers = drawn_grades(shares, 40, np.random.default_rng(0))
    error = np.mean([expected_calibration_error(each, found.probabilities) for each in readers])
    excess = error - error_if_calibrated(found.probabilities)[0]
    log_loss = -(shares * np.log(np.clip(found.probabilities, 1e-9, 1))).sum(axis=1).mean()
    sets = Counter(
        "".join(str(grade) for grade in GRADES if inside[grade - 1]) for inside in found.sets
    )
    parts = [
        f"{reached[measure].value:.3f} ({reached[measure].value / best[measure]:.1%})"
        for measure in MEASURES
    ]
    parts += [f"{log_loss:.3f}", f"{excess:+.3f}", ", ".join(f"{each:.2f}" for each in held)]
    parts += [f"{stands.mean():.0%}"]
    parts += [", ".join(f"{grade}: {share:.1%}" for grade, share in otherwise.items())]
    parts += [f"{told_second:.1%}", ", ".join(f"{key}: {sets[key]}" for key in sorted(sets))]
    print(f"| {name} | {' | '.join(parts)} |", flush=True)
    for measure in MEASURES:
        record(f"{name}: {measure} over its ceiling", reached[measure].value / best[measure])
    record(f"{name}: calibration error less that of perfect probabilities", float(excess))
    record(f"{name}: graded without a reader", float(stands.mean()))
    for grade in GRADES:
        record(f"{name}: sets hold BAPL {grade}", float(held[grade - 1]))
    for grade, share in otherwise.items():
        record(f"{name}: told BAPL {grade} and read otherwise", float(share))
    return found


def main() -> None:
    """Print a row a model."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--bundle", type=Path, action="append")
    parser.add_argument("--mirrored", action="store_true", help="also the mean with mirrored scans")
    options = parser.parse_args()
    scans = held_out(options.cohort, options.prepared)
    table = ceiling(read_truth(options.cohort), READERS)
    best = {
        measure: float(table[table["metric"] == measure]["value"].max()) for measure in MEASURES
    }
    print(
        "| model | macro-F1 (of the ceiling) | BAPL 2 F1 | log loss | calibration error beyond "
        "chance | sets hold 1, 2, 3 | graded | of those told, read otherwise | of readers' BAPL 2, "
        "told so alone | sets |"
    )
    print(f"|{'---|' * 10}", flush=True)
    everyone = []
    for bundle in options.bundle or map(shipped_bundle, BUNDLES):
        trained = TrainedNetwork(read_bundle(bundle, Trust()), "cpu")
        chances, apart = answers_of(trained, scans.rows)
        scans = HeldOut(
            scans.rows.assign(**{FEATURES_APART: apart}), scans.cohort, scans.folds, foreign=True
        )
        everyone.append(chances)
        name = bundle.name
        print_row(name, scans, chances, best)
        if options.mirrored:
            both = (chances + mirrored_answers(trained, scans.rows)) / 2
            print_row(f"{name}, as it is and mirrored", scans, both, best)
    if len(everyone) > 1:
        mean = np.mean(everyone, axis=0)
        found = print_row("mean of the bundles", scans, mean, best)
        for measure in MEASURES:
            answers = BEST_ANSWERS[measure](found.probabilities)
            name = f"the same, answering what scores best in {measure}"
            print_row(name, scans, mean, best, answers)
    print_row("observer, most probable grade", scans, scans.shares, best)


if __name__ == "__main__":
    main()
