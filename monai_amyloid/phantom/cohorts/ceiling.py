"""The best that any classifier can do on a simulated cohort: readers disagree with themselves.

An observer who knows what each region truly shows still cannot know how the reader of that
scan saw it. Many readers are simulated; the observer answers what most of them would. Against these
readers, a model that scores above this has found a leak; one that scores near it has learned all
there is. Against a cohort's own grades a model may score above it: with a fixed prevalence people
are drawn for a grade until their reader gives it, and so are easier to grade than for any reader
who comes afterwards (``benchmarks/studies/simulator/own_grades.py``).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.errors import UserError
from monai_amyloid.output import write_table
from monai_amyloid.phantom.cohorts.reader import REGION_NOISE, SCAN_NOISE, THRESHOLDS

Grades = NDArray[np.int64]

_GRADES = (1, 2, 3)
# Centiloid below which readers agree on negative, and above which on positive.
_UNSURE_CENTILOID = (10.0, 40.0)


def many_readings(truth: pd.DataFrame, readers: int, random: np.random.Generator) -> Grades:
    """Let many readers grade the scans of a ``truth.tsv``.

    Args:
        truth: Table of the true values, with the evidence that readers see.
        readers: Number of simulated readers.
        random: Source of randomness.

    Returns:
        BAPL that each reader gives each scan, ``(scans, readers)``.
    """
    scan = random.normal(0, SCAN_NOISE, (len(truth), readers))
    grades = np.ones((len(truth), readers), np.int64)
    for name in READ_REGIONS:
        limit = THRESHOLDS[name] + scan + random.normal(0, REGION_NOISE, scan.shape)
        smaller = truth[f"evidence_{name}_smaller_area"].to_numpy()[:, None]
        confluent = truth[f"evidence_{name}_confluent"].to_numpy()[:, None]
        grades = np.maximum(grades, 1 + (smaller > limit) + (confluent > limit))
    return grades


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


def observer_of_evidence(readings: Grades) -> Grades:
    """Grade that most readers give each scan, ``(scans,)``, from all the evidence."""
    counts = np.stack([(readings == grade).sum(axis=1) for grade in _GRADES])
    return np.asarray(np.array(_GRADES)[counts.argmax(axis=0)])


def observer_of_means(truth: pd.DataFrame, readings: Grades, folds: int = 10) -> Grades:
    """What follows from the regions' mean uptake alone ``(scans,)``.

    A logistic regression on the grades that most readers give, predicted out of fold.
    """
    means = truth[[f"evidence_{name}_mean" for name in READ_REGIONS]].to_numpy()
    features = np.column_stack([means, means.max(axis=1), means.max(axis=1) ** 2])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=100.0, max_iter=2000))
    split = KFold(min(folds, len(truth)), shuffle=True, random_state=0)
    return np.asarray(
        cross_val_predict(model, features, observer_of_evidence(readings), cv=split), np.int64
    )


def scores(answers: Grades, grades: Grades) -> dict[str, float]:
    """Accuracy, macro-F1, BAPL 2 F1 and quadratic kappa of answers against a reader's grades."""
    options = {"labels": list(_GRADES), "zero_division": 0.0}
    return {
        "accuracy": float(accuracy_score(grades, answers)),
        "macro_f1": float(f1_score(grades, answers, average="macro", **options)),
        "bapl2_f1": float(f1_score(grades, answers, average=None, **options)[1]),
        "quadratic_kappa": float(cohen_kappa_score(grades, answers, weights="quadratic")),
    }


def ceiling(truth: pd.DataFrame, readers: int = 400, seed: int = 0) -> pd.DataFrame:
    """Measure both observers against many readers.

    Args:
        truth: Table ``truth.tsv`` of a cohort.
        readers: Number of simulated readers that grade the cohort.
        seed: Seed of the readers' noise.

    Returns:
        A row an observer and metric: mean over the readers, and the range of 95 % of them.
    """
    readings = many_readings(truth, readers, np.random.default_rng(seed))
    observers: Mapping[str, Grades] = {
        "true evidence of each region": observer_of_evidence(readings),
        "mean uptake of each region": observer_of_means(truth, readings),
    }
    rows = []
    for observer, answers in observers.items():
        each = pd.DataFrame([scores(answers, reader) for reader in readings.T])
        for metric in each:
            low, high = np.quantile(each[metric], [0.025, 0.975])
            rows.append((observer, metric, each[metric].mean(), low, high))
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
    readings = many_readings(truth, min(readers, 40), np.random.default_rng(1))
    lines = [f"{len(truth)} scans, {readers} simulated readers: mean, and 95 % of the readers"]
    for observer, rows in table.groupby("observer", sort=False):
        lines.append(f"an observer who knows the {observer}")
        lines += [
            f"  {row.metric:16} {row.value:.3f} [{row.low:.3f}, {row.high:.3f}]"
            for row in rows.itertuples(index=False)
        ]
    lines.append("two readers, positive or not: Cohen's kappa")
    lines += [
        f"  {name:20} {kappa:.2f}" for name, kappa in reader_agreement(truth, readings).items()
    ]
    return "\n".join(lines)
