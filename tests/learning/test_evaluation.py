from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import f1_score

from monai_amyloid.learning.datalist import CohortError
from monai_amyloid.learning.evaluation import evaluate, evaluate_fold
from monai_amyloid.learning.folds import split
from monai_amyloid.learning.predictions import prediction_table

from .conftest import suvr_row, write_table


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Thirty graded sessions with SUVR, dealt out to three folds."""
    table = write_table(tmp_path / "prepared", [1, 2, 3] * 10)
    rows = pd.read_csv(table, sep="\t")
    random = np.random.default_rng(0)
    suvr = pd.DataFrame([suvr_row(grade, random.normal(0, 0.05)) for grade in rows["bapl"]])
    pd.concat([rows, suvr], axis=1).to_csv(table, sep="\t", index=False)
    split(str(table.parent), 0, folds=3, seed=0)
    return table.parent


def predict(dataset: Path, run_dir: Path, fold: int) -> pd.DataFrame:
    """Write random predictions of a fold's held-out scans."""
    test = split(str(dataset), fold, folds=3, seed=0)["test"]
    logits = torch.randn(len(test), 2, generator=torch.Generator().manual_seed(fold))
    names, sessions = ([row[key] for row in test] for key in ("participant_id", "session_id"))
    labels = torch.tensor([row["label"] for row in test])
    table = prediction_table(names, sessions, logits, labels).assign(fold=fold)
    (run_dir / f"fold{fold}").mkdir(parents=True)
    table.to_csv(run_dir / f"fold{fold}" / "predictions.tsv", sep="\t", index=False)
    return table


def test_all_models_are_measured_on_the_same_pooled_scans(dataset: Path, tmp_path: Path) -> None:
    rows = pd.concat([predict(dataset, tmp_path, fold) for fold in range(3)])
    evaluation = evaluate(tmp_path, dataset)
    assert evaluation.folds == (0, 1, 2)
    assert [result.model for result in evaluation.results] == [
        "network",
        "majority grade",
        "SUVR regression",
    ]
    assert {result.scans for result in evaluation.results} == {30}
    network, _, suvr = (result.measures["macro_f1"].value for result in evaluation.results)
    assert network == pytest.approx(f1_score(rows["bapl"], rows["predicted"], average="macro"))
    assert suvr > 0.9


def test_the_table_and_the_text_say_the_same(dataset: Path, tmp_path: Path) -> None:
    predict(dataset, tmp_path, 1)
    evaluation = evaluate_fold(str(tmp_path), str(dataset), 1)
    table = pd.read_csv(tmp_path / "fold1" / "evaluation.tsv", sep="\t")
    assert table["n"].tolist() == [10, 10, 10]
    line = next(row for row in str(evaluation).splitlines() if row.startswith("SUVR"))
    assert f"{table['macro_f1'][2]:.2f} [{table['macro_f1_low'][2]:.2f}, " in line


def test_a_scan_predicted_in_a_fold_that_trained_on_it_is_refused(
    dataset: Path, tmp_path: Path
) -> None:
    table = predict(dataset, tmp_path, 0)
    table.assign(fold=1).to_csv(tmp_path / "fold0" / "predictions.tsv", sep="\t", index=False)
    with pytest.raises(CohortError, match="may have learned from them"):
        evaluate(tmp_path, dataset)


def test_predictions_of_another_dataset_are_refused(dataset: Path, tmp_path: Path) -> None:
    table = predict(dataset, tmp_path, 0)
    table["participant_id"] = "someone"
    table.to_csv(tmp_path / "fold0" / "predictions.tsv", sep="\t", index=False)
    with pytest.raises(CohortError, match="someone ses-01 is not in the dataset"):
        evaluate(tmp_path, dataset)


def test_a_run_without_predictions_says_what_to_run(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="run evaluating"):
        evaluate(tmp_path / "nothing", dataset)


def test_without_suvr_only_the_majority_stands_beside(dataset: Path, tmp_path: Path) -> None:
    table = dataset / "participants.tsv"
    rows = pd.read_csv(table, sep="\t")
    rows.drop(columns=[name for name in rows if name.startswith("suvr")]).to_csv(
        table, sep="\t", index=False
    )
    predict(dataset, tmp_path, 0)
    models = [result.model for result in evaluate(tmp_path, dataset).results]
    assert models == ["network", "majority grade"]
