"""The network beside its baselines, on the same held-out scans."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.learning import baselines
from monai_amyloid.learning.datalist import GRADES, CohortError, read_cohort
from monai_amyloid.learning.folds import read_folds
from monai_amyloid.learning.metrics import Array, Estimate, confusion, measure_all, positive_auc
from monai_amyloid.output import replacing

PROBABILITIES = ["p_bapl1", "p_bapl2", "p_bapl3"]
_PREDICTION_COLUMNS = ["participant_id", "session_id", "fold", "bapl", *PROBABILITIES]
_ROW = ["participant_id", "session_id"]

Baseline = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class ModelResult:
    """One model on the held-out scans.

    Attributes:
        model: Its name.
        scans: Number of scans.
        measures: By name, with 95 % intervals over participants.
        auc: BAPL 2 and 3 against 1; NaN where only one side is there.
        confusion: Counts ``(3, 3)``, rows true, columns predicted.
    """

    model: str
    scans: int
    measures: dict[str, Estimate]
    auc: float
    confusion: Array


@dataclass(frozen=True)
class Evaluation:
    """Every model on the very same scans.

    Attributes:
        folds: The folds that the scans were held out in.
        results: The network first, then the baselines.
        folder: Where ``evaluation.tsv`` lies.
    """

    folds: tuple[int, ...]
    results: tuple[ModelResult, ...]
    folder: Path

    def table(self) -> pd.DataFrame:
        """One row a model, numbers only; ``_low`` and ``_high`` bound the 95 % intervals."""
        rows = []
        for result in self.results:
            row: dict[str, str | int | float] = {"model": result.model, "n": result.scans}
            for name, estimate in result.measures.items():
                row |= {name: estimate.value}
                row |= {f"{name}_low": estimate.low, f"{name}_high": estimate.high}
            rows.append(row | {"auc_positive": result.auc})
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        """The comparison and the network's confusion matrix, as plain text."""
        held_out = ", ".join(map(str, self.folds))
        return "\n".join(
            [
                f"Held-out scans of fold {held_out}; [95 % interval over participants]",
                "",
                _align([_HEADER, *map(_text_row, self.results)]),
                "",
                f"{self.results[0].model}: true grade (rows) by predicted grade (columns)",
                _align(_confusion_rows(self.results[0].confusion)),
                "",
                f"as a table: {self.folder / 'evaluation.tsv'}",
            ]
        )


_HEADER = [
    "model",
    "n",
    "accuracy",
    "macro-F1",
    "BAPL 2 recall",
    "BAPL 2 F1",
    "quadratic kappa",
    "AUC 2+3 v 1",
]


def _text_row(result: ModelResult) -> list[str]:
    measures = result.measures
    return [
        result.model,
        str(result.scans),
        _number(measures["accuracy"].value),
        _interval(measures["macro_f1"]),
        _number(measures["bapl2_recall"].value),
        _interval(measures["bapl2_f1"]),
        _interval(measures["quadratic_kappa"]),
        _number(result.auc),
    ]


def _number(value: float) -> str:
    return "n/a" if np.isnan(value) else f"{value:.2f}"


def _interval(estimate: Estimate) -> str:
    return f"{_number(estimate.value)} [{_number(estimate.low)}, {_number(estimate.high)}]"


def _confusion_rows(matrix: Array) -> list[list[str]]:
    names = [f"BAPL {grade}" for grade in GRADES]
    cells = [[str(int(count)) for count in row] for row in matrix]
    return [["", *names], *([name, *row] for name, row in zip(names, cells, strict=True))]


def _align(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def evaluate_fold(run_dir: str, dataset_dir: str, fold: int) -> Evaluation:
    """As :func:`evaluate`, for one fold; ``evaluation.tsv`` goes into the fold's folder."""
    folder = Path(run_dir) / f"fold{fold}"
    return _evaluate([folder / "predictions.tsv"], folder, Path(dataset_dir))


def evaluate(run_dir: Path, dataset_dir: Path) -> Evaluation:
    """Compare the network with the baselines on every fold that has been predicted.

    The baselines learn, fold by fold, from all who are not held out, and grade the same
    scans as the network. Writes ``evaluation.tsv`` into the run's folder.

    Args:
        run_dir: ``output_dir`` of the training, with ``fold*/predictions.tsv``.
        dataset_dir: Prepared dataset that it was trained on.

    Raises:
        CohortError: If nothing has been predicted, a table is broken, or the predictions
            do not fit the dataset or its folds, which could hide a leak.
    """
    tables = sorted(run_dir.glob("fold*/predictions.tsv"))
    if not tables:
        raise CohortError(
            f"no fold*/predictions.tsv in {run_dir}: run `python -m monai.bundle run evaluating "
            "--config_file \"['configs/train.json','configs/evaluate.json']\"` first"
        )
    return _evaluate(tables, run_dir, dataset_dir)


def _evaluate(tables: Sequence[Path], folder: Path, dataset_dir: Path) -> Evaluation:
    cohort = read_cohort(dataset_dir / "participants.tsv")
    cohort = cohort[cohort["bapl"].notna()].set_index(_ROW, drop=False)
    fold_of = read_folds(dataset_dir)
    parts = [_read_predictions(table, cohort, fold_of) for table in tables]
    predictions = pd.concat(parts)
    models: dict[str, Baseline] = {"majority grade": baselines.majority}
    if baselines.suvr_columns(cohort):
        models["SUVR regression"] = baselines.suvr_regression
    held_out = [
        (
            cohort[cohort["participant_id"].map(fold_of) != part["fold"].iloc[0]],
            cohort.loc[part.index],
        )
        for part in parts
    ]
    results = [_result("network", predictions, predictions[PROBABILITIES])]
    for name, model in models.items():
        said = pd.concat([model(train, test) for train, test in held_out])
        results.append(_result(name, predictions, said))
    folds = tuple(sorted(int(fold) for fold in predictions["fold"].unique()))
    evaluation = Evaluation(folds, tuple(results), folder)
    with replacing(folder / "evaluation.tsv") as part:
        evaluation.table().to_csv(
            part, sep="\t", index=False, float_format="%.4f", na_rep="n/a", lineterminator="\n"
        )
    return evaluation


def _read_predictions(table: Path, cohort: pd.DataFrame, fold_of: "pd.Series[int]") -> pd.DataFrame:
    if not table.is_file():
        raise CohortError(f"no predictions at {table}: run `evaluating` for this fold first")
    rows = pd.read_csv(table, sep="\t", dtype={"participant_id": str, "session_id": str})
    missing = [name for name in _PREDICTION_COLUMNS if name not in rows]
    if missing or rows.empty:
        raise CohortError(f"{table}: not a table of predictions; run `evaluating` again")
    rows = rows.set_index(_ROW, drop=False)
    known = rows.index.isin(cohort.index)
    if not known.all():
        raise CohortError(
            f"{table}: {' '.join(rows.index[~known][0])} is not in the dataset; give the "
            "--dataset-dir that it was trained on"
        )
    elsewhere = rows[rows["participant_id"].map(fold_of) != rows["fold"]]
    if not elsewhere.empty:
        raise CohortError(
            f"{table}: {elsewhere.participant_id.iloc[0]} is predicted in fold "
            f"{elsewhere.fold.iloc[0]} but splits.tsv holds them out in another, so that the "
            "network may have learned from them; train and evaluate again"
        )
    return rows.assign(bapl=cohort.loc[rows.index, "bapl"].astype(int))


def _result(name: str, rows: pd.DataFrame, said: pd.DataFrame) -> ModelResult:
    probabilities: NDArray[np.float64] = said.loc[rows.index, PROBABILITIES].to_numpy(float)
    truth = rows["bapl"].to_numpy(int)
    predicted = probabilities.argmax(axis=1) + 1
    return ModelResult(
        model=name,
        scans=len(rows),
        measures=measure_all(rows["participant_id"], truth, predicted),
        auc=positive_auc(truth, 1 - probabilities[:, 0]),
        confusion=confusion(truth, predicted),
    )
