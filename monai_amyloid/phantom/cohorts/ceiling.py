"""The best that any classifier can do on a simulated cohort: readers disagree with themselves.

An observer who knows what each region truly shows still cannot know how the reader of that scan
saw it. The observer here knows how likely each grade is, by the evidence and by how people were
drawn, and answers what scores best. No model can expect a higher score on grades of this cohort,
its own or those of new readers: one that has it clearly has found a leak.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.errors import UserError
from monai_amyloid.output import write_table
from monai_amyloid.phantom.cohorts.best_answers import BEST_ANSWERS
from monai_amyloid.phantom.cohorts.readers import (
    GRADES,
    Chances,
    Grades,
    draw_grades,
    grade_chances,
    reader_chances,
)

# Centiloid below which readers agree on negative, and above which on positive.
_UNSURE_CENTILOID = (10.0, 40.0)


def reader_agreement(truth: pd.DataFrame, readings: Grades) -> dict[str, float]:
    """Cohen's kappa of positive against negative between pairs of readers.

    Returns:
        Agreement on all scans, and on those below, in and above the range in which readers are
        unsure; NaN where all agree.
    """
    level = truth.centiloid.to_numpy()
    low, high = _UNSURE_CENTILOID
    groups = {
        "all": np.full(len(level), True),
        f"Centiloid below {low:g}": level < low,
        f"{low:g} to {high:g}": (level >= low) & (level <= high),
        f"above {high:g}": level > high,
    }
    positive = readings > 1
    pairs = range(0, readings.shape[1] - 1, 2)
    agreement = {}
    for name, inside in groups.items():
        chosen = positive[inside]
        # Kappa is not defined for two readers who both give every scan the same grade.
        kappas = [
            cohen_kappa_score(chosen[:, i], chosen[:, i + 1])
            for i in pairs
            if 0 < chosen[:, i : i + 2].sum() < chosen[:, i : i + 2].size
        ]
        agreement[name] = float(np.mean(kappas)) if kappas else float("nan")
    return agreement


def chances_by_means(truth: pd.DataFrame, chances: Chances, folds: int = 10) -> Chances:
    """Chances of each grade that follow from the regions' mean uptake alone, ``(scans, 3)``.

    A logistic regression on the chances by all the evidence, predicted out of fold.
    """
    means = truth[[f"evidence_{name}_mean" for name in READ_REGIONS]].to_numpy()
    features = np.column_stack([means, means.max(axis=1), means.max(axis=1) ** 2])
    found = np.zeros_like(chances)
    split = KFold(min(folds, len(truth)), shuffle=True, random_state=0)
    for known, asked in split.split(features):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=100.0, max_iter=2000))
        # Every scan three times, once with each grade, which weighs as much as it is likely.
        rows, grades = np.repeat(known, len(GRADES)), np.tile(GRADES, len(known))
        weights = np.maximum(chances[known].ravel(), 1e-6)
        model.fit(features[rows], grades, logisticregression__sample_weight=weights)
        found[asked] = model.predict_proba(features[asked])
    return found


def scores(answers: Grades, grades: Grades) -> dict[str, float]:
    """Accuracy, macro-F1, BAPL 2 F1 and quadratic kappa of answers against a reader's grades."""
    options = {"labels": list(GRADES), "zero_division": 0.0}
    return {
        "accuracy": float(accuracy_score(grades, answers)),
        "macro_f1": float(f1_score(grades, answers, average="macro", **options)),
        "bapl2_f1": float(f1_score(grades, answers, average=None, **options)[1]),
        "quadratic_kappa": float(cohen_kappa_score(grades, answers, weights="quadratic")),
    }


def ceiling(truth: pd.DataFrame, readers: int = 400, seed: int = 0) -> pd.DataFrame:
    """Measure both observers against many new readers.

    Args:
        truth: Table ``truth.tsv`` of a cohort.
        readers: Number of simulated readers (or panels, as many readers as the cohort's) that
            grade the cohort.
        seed: Seed of the readers' noise.

    Returns:
        A row an observer and metric: mean over the readers, and the range of 95 % of them.
    """
    chances = grade_chances(truth)
    grades = draw_grades(chances, readers, np.random.default_rng(seed))
    observers: Mapping[str, Chances] = {
        "true evidence of each region": chances,
        "mean uptake of each region": chances_by_means(truth, chances),
    }
    rows = []
    for observer, believed in observers.items():
        for metric, answer in BEST_ANSWERS.items():
            answers = answer(believed)
            each = [scores(answers, reader)[metric] for reader in grades.T]
            low, high = np.quantile(each, [0.025, 0.975])
            rows.append((observer, metric, np.mean(each), low, high))
    return pd.DataFrame(rows, columns=["observer", "metric", "value", "low", "high"])


def read_truth(cohort: Path) -> pd.DataFrame:
    """Read the truth of a simulated cohort.

    Raises:
        UserError: If the folder is no finished simulated cohort, or holds no graded scans.
    """
    path = cohort / "truth.tsv"
    if not path.is_file():
        raise UserError(f"{path}: not found; needed the folder of a finished simulated cohort")
    truth = pd.read_csv(path, sep="\t", na_values="n/a")
    if f"evidence_{READ_REGIONS[0]}_mean" not in truth:
        raise UserError(f"{path}: has no evidence of readers; needed a cohort of amyloid scans")
    if "draws_bapl_1" not in truth:
        raise UserError(
            f"{path}: does not tell how its people were drawn, as older cohorts do "
            "not; simulate the cohort again"
        )
    return truth


def measure(cohort: Path, readers: int) -> str:
    """Write ``ceiling.tsv`` into a simulated cohort's folder.

    Args:
        cohort: Folder of the cohort.
        readers: Number of simulated readers that grade the cohort.

    Returns:
        The table and the readers' agreement, for people.

    Raises:
        UserError: If the folder is no finished simulated cohort, or holds no graded scans.
    """
    truth = read_truth(cohort)
    table = ceiling(truth, readers)
    write_table(table, cohort / "ceiling.tsv")
    single = draw_grades(reader_chances(truth), min(readers, 40), np.random.default_rng(1))
    lines = [f"{len(truth)} scans, {readers} simulated readers: mean, and 95 % of the readers"]
    for observer, rows in table.groupby("observer", sort=False):
        lines.append(f"an observer who knows the {observer}")
        lines += [
            f"  {row.metric:16} {row.value:.3f} [{row.low:.3f}, {row.high:.3f}]"
            for row in rows.itertuples(index=False)
        ]
    lines.append("two readers, positive or not: Cohen's kappa")
    lines += [f"  {name:20} {kappa:.2f}" for name, kappa in reader_agreement(truth, single).items()]
    return "\n".join(lines)
