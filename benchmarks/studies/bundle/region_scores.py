"""The uptake scores (RCTU) that a bundle tells of each region, against what the reader scored.

    python -m benchmarks.studies.bundle.region_scores PREPARED TRUTH [--bundle BUNDLE]

PREPARED is a prepared cohort that the bundle did not learn from, TRUTH its truth.tsv. Beside the
network: the score that is most frequent, which a network that learnt nothing would tell; and the
grade that the told scores make (the highest one), beside the network's own grade.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from benchmarks.figures import record
from monai_amyloid.bundle.networks.trained import TrainedNetwork
from monai_amyloid.bundle.prepared_scans import batches
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.evaluation.intervals import share_of
from monai_amyloid.evaluation.metrics import confusion, macro_f1
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.learning.network.region_scores import SIDED_REGIONS


def main() -> None:
    """Print a row a region."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--bundle", type=Path, default=None)
    options = parser.parse_args()
    trained = TrainedNetwork(options.bundle or shipped_bundle(), "cpu")
    cohort = read_cohort(options.prepared / "participants.tsv")
    truth = pd.read_csv(options.truth, sep="\t")
    truth = truth.set_index(["participant_id", "session_id"]).loc[
        list(zip(cohort["participant_id"], cohort["session_id"], strict=True))
    ]
    found, grades = [], []
    for batch in batches(trained, cohort):
        answers = trained.answers(batch)
        if answers.scores is None:
            raise SystemExit("this bundle has not learnt scores")
        found.append(answers.scores.argmax(dim=-1) + 1)
        grades.append(grade_probabilities(answers.logits).argmax(dim=-1) + 1)
    told, own = torch.cat(found).numpy(), torch.cat(grades).numpy()
    people = cohort["participant_id"].to_numpy(str)
    print("| region | right, of all scans | most frequent score | off by two |")
    print("|---|---|---|---|")
    for place, region in enumerate(SIDED_REGIONS):
        seen = truth[f"reader_1_rctu_{region}"].to_numpy(int)
        right = share_of(told[:, place] == seen, people)
        usual = np.bincount(seen).max() / len(seen)
        far = (np.abs(told[:, place] - seen) > 1).mean()
        print(
            f"| {region.replace('_', ' ')} | {right.value:.1%} [{right.low:.1%}, "
            f"{right.high:.1%}] | {usual:.1%} | {far:.1%} |"
        )
        record(f"score of {region} right", right.value, low=right.low, high=right.high)
    given = cohort["bapl"].to_numpy(int)
    for name, answer in (("the highest told score", told.max(axis=1)), ("the grade", own)):
        value = float(macro_f1(confusion(given, answer)))
        print(f"macro-F1 of {name}: {value:.3f}")
        record(f"macro-F1 of {name}", value)


if __name__ == "__main__":
    main()
