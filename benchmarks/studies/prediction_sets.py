"""Which conformal sets: of the same scans, how often they hold the truth and how large they are.

    python -m benchmarks.studies.prediction_sets PREPARED

Two models without an image, five folds, everything learned from the other folds. ``least``:
least ambiguous sets, one threshold; ``least, by grade``: a threshold for each grade, as the
package does it; ``adaptive``: grades from the most probable down until enough probability is in
(APS, Romano, Sesia and Candes 2020, arXiv:2006.02544, without its random part).
"""

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.figures import record
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.cohort.dealing import assign_folds
from monai_amyloid.evaluation.baselines import regional_boosting, suvr_regression
from monai_amyloid.evaluation.deciding.calibration import fit_temperature, temper
from monai_amyloid.evaluation.deciding.conformal import (
    COVERAGE,
    covered,
    prediction_sets,
    set_thresholds,
)

Array = NDArray[np.float64]
Sets = NDArray[np.bool_]
FOLDS = 5


def least(known: Array, truth: NDArray[np.int64], unseen: Array) -> Sets:
    """One threshold for all grades."""
    chances = np.sort(known[np.arange(len(truth)), truth - 1])
    threshold = float(chances[-math.ceil((len(chances) + 1) * COVERAGE)])
    return prediction_sets(unseen, (threshold, threshold, threshold))


def by_grade(known: Array, truth: NDArray[np.int64], unseen: Array) -> Sets:
    """A threshold for each grade."""
    return prediction_sets(unseen, set_thresholds(known, truth))


def adaptive(known: Array, truth: NDArray[np.int64], unseen: Array) -> Sets:
    """As much probability as holds enough of the true grades."""
    needed = np.sort(_mass(known)[np.arange(len(truth)), truth - 1])
    limit = needed[math.ceil((len(needed) + 1) * COVERAGE) - 1]
    most = np.eye(3, dtype=bool)[unseen.argmax(axis=1)]
    return (_mass(unseen) <= limit) | most


def _mass(chances: Array) -> Array:
    """Probability of each grade and all more probable ones."""
    return np.stack(
        [(chances * (chances >= chances[:, [grade]])).sum(axis=1) for grade in range(3)], axis=1
    )


def main(prepared: Path) -> None:
    """Print the table."""
    cohort = read_cohort(prepared / "participants.tsv")
    cohort = cohort[cohort["bapl"].notna()].reset_index(drop=True)
    truth = cohort["bapl"].to_numpy(int)
    fold = cohort["participant_id"].map(assign_folds(cohort, FOLDS, 0)).to_numpy()
    methods: dict[str, Callable[[Array, NDArray[np.int64], Array], Sets]] = {
        "least": least,
        "least, by grade": by_grade,
        "adaptive": adaptive,
    }
    lines: list[dict[str, Any]] = []
    for model in (suvr_regression, regional_boosting):
        own = np.zeros((len(cohort), 3))
        for k in range(FOLDS):
            own[fold == k] = model(cohort[fold != k], cohort[fold == k]).to_numpy()
        for name, method in methods.items():
            chances, sets = own.copy(), np.zeros(own.shape, bool)
            for k in range(FOLDS):
                held, others = fold == k, fold != k
                temperature = fit_temperature(own[others], truth[others])
                chances[held] = temper(own[held], temperature)
                sets[held] = method(temper(own[others], temperature), truth[others], chances[held])
            inside = covered(sets, truth)
            most = np.eye(3, dtype=bool)[chances.argmax(axis=1)]
            unsure = (sets != most).any(axis=1)
            right = chances.argmax(axis=1) + 1 == truth
            lines.append(
                {
                    "model": model.__name__,
                    "sets": name,
                    "hold": inside.mean(),
                    **{f"BAPL {g}": inside[truth == g].mean() for g in (1, 2, 3)},
                    "size": sets.sum(axis=1).mean(),
                    "not alone": unsure.mean(),
                    "accuracy else": right[~unsure].mean(),
                }
            )
    for line in lines:
        for figure in ("hold", "size", "to a reader", "accuracy else"):
            record(f"{line['model']}, {line['sets']}: {figure}", float(line[figure]))
    print(pd.DataFrame(lines).round(3).to_string(index=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
