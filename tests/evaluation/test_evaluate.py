import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from cohort.tables import suvr_row, write_table
from sklearn.metrics import f1_score

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.folds import split
from monai_amyloid.errors import UserError
from monai_amyloid.evaluation.deciding.calibration import fit_temperature
from monai_amyloid.evaluation.deciding.conformal import shares_of
from monai_amyloid.evaluation.deciding.decision import Decision, cross_fit
from monai_amyloid.evaluation.deciding.decision_file import read_decision, write_decision
from monai_amyloid.evaluation.deciding.standing import NEVER
from monai_amyloid.evaluation.evaluate import evaluate, evaluate_bundle, evaluate_fold
from monai_amyloid.evaluation.held_out import (
    PROBABILITIES,
    READINGS,
    ROW,
    find_predictions,
    read_held_out,
)
from monai_amyloid.evaluation.result_text import as_text
from monai_amyloid.learning.handlers.predictions import prediction_table

pytestmark = pytest.mark.slow

MODELS = ["network", "network + SUVR", "majority grade", "SUVR regression", "regional boosting"]


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


def predict(dataset: Path, run_dir: Path, fold: int, repeat: int = 0) -> pd.DataFrame:
    """Write random predictions of a fold's held-out scans."""
    test = split(str(dataset), fold, folds=3, seed=0, repeat=repeat)["test"]
    random = torch.Generator().manual_seed(10 * repeat + fold)
    logits = torch.randn(len(test), 2, generator=random)
    names, sessions = ([row[key] for row in test] for key in ("participant_id", "session_id"))
    labels = torch.tensor([row["label"] for row in test])
    table = prediction_table(names, sessions, logits, labels).assign(fold=fold)
    folder = run_dir / (f"repeat{repeat}" if repeat else "") / f"fold{fold}"
    folder.mkdir(parents=True)
    table.to_csv(folder / "predictions.tsv", sep="\t", index=False)
    return table


def test_all_models_are_measured_on_the_same_pooled_scans(dataset: Path, tmp_path: Path) -> None:
    rows = pd.concat([predict(dataset, tmp_path, fold) for fold in range(3)])
    evaluation = evaluate(tmp_path, dataset)
    assert evaluation.folds == (0, 1, 2)
    assert [result.model for result in evaluation.results] == MODELS
    assert {result.scans for result in evaluation.results} == {30}
    scores = {each.model: each.measures["macro_f1"].value for each in evaluation.results}
    expected = f1_score(rows["bapl"], rows["predicted"], average="macro")
    assert scores["network"] == pytest.approx(expected)
    assert min(scores["SUVR regression"], scores["network + SUVR"]) > 0.9


def test_the_table_and_the_text_say_the_same(dataset: Path, tmp_path: Path) -> None:
    predict(dataset, tmp_path, 1)
    evaluation = evaluate_fold(str(tmp_path), str(dataset), 1)
    table = pd.read_csv(tmp_path / "fold1" / "evaluation.tsv", sep="\t").set_index("model")
    assert table["n"].tolist() == [10] * 4
    line = next(row for row in as_text(evaluation).splitlines() if row.startswith("SUVR"))
    suvr = table.loc["SUVR regression"]
    assert f"{suvr['macro_f1']:.2f} [{suvr['macro_f1_low']:.2f}, " in line


def test_one_fold_is_not_calibrated_and_says_so(dataset: Path, tmp_path: Path) -> None:
    before = predict(dataset, tmp_path, 1)
    evaluation = evaluate_fold(str(tmp_path), str(dataset), 1)
    assert "One fold only: no calibration can be learned" in as_text(evaluation)
    assert all(result.predictions is None for result in evaluation.results)
    left = pd.read_csv(tmp_path / "fold1" / "predictions.tsv", sep="\t")
    pd.testing.assert_frame_equal(left, before, check_dtype=False)


def test_what_is_learned_for_a_fold_from_the_networks_answers_does_not_see_its_grades(
    dataset: Path, tmp_path: Path
) -> None:
    for fold in range(3):
        predict(dataset, tmp_path, fold)
    first = read_held_out(find_predictions(tmp_path), dataset)
    one_hot = np.eye(3)[first.rows["bapl"] - 1]
    chances = (first.rows[PROBABILITIES].to_numpy(float) + 0.4 * one_hot) / 1.4
    in_fold = (first.rows["fold"] == 0).to_numpy()
    rows = first.rows.copy()
    rows.loc[in_fold, "bapl"] = 4 - rows.loc[in_fold, "bapl"]
    one, other = (cross_fit(each, chances) for each in (first, replace(first, rows=rows)))
    for name, values in vars(one).items():
        assert np.array_equal(values[in_fold], getattr(other, name)[in_fold]), name
    assert not np.array_equal(one.probabilities[~in_fold], other.probabilities[~in_fold])


def test_the_tables_hold_every_model_and_scan(dataset: Path, tmp_path: Path) -> None:
    for fold in range(3):
        predict(dataset, tmp_path, fold)
    evaluate(tmp_path, dataset, output=tmp_path / "out")
    tables = {
        path.stem: pd.read_csv(path, sep="\t", na_values="n/a")
        for path in (tmp_path / "out").glob("*.tsv")
    }
    assert {*tables} == {"evaluation", "predictions", "calibration", "sites", "comparison"}
    predictions = tables["predictions"]
    assert predictions.groupby("model", sort=False)[
        "participant_id"
    ].nunique().to_dict() == dict.fromkeys(MODELS, 30)
    held = [str(row.bapl) in str(row.prediction_set) for row in predictions.itertuples()]
    covered = predictions.assign(held=held).groupby("model", sort=False)["held"].mean()
    written = tables["evaluation"].set_index("model")
    assert written["coverage"].to_numpy() == pytest.approx(covered.to_numpy(), abs=1e-5)
    assert (tables["calibration"].groupby(["model", "probabilities"])["n"].sum() == 30).all()
    assert len(tables["comparison"]) == 3 + 4


def test_calibration_json_is_what_all_held_out_scans_teach(dataset: Path, tmp_path: Path) -> None:
    rows = pd.concat([predict(dataset, tmp_path, fold) for fold in range(3)])
    evaluate(tmp_path, dataset)
    decision = read_decision(tmp_path / "calibration.json")
    chances, truth = rows[PROBABILITIES].to_numpy(float), rows["bapl"].to_numpy()
    found = decision.apply(chances)
    assert decision.temperature == pytest.approx(
        fit_temperature(chances, shares_of(truth)), rel=1e-3
    )
    for grade in (1, 2, 3):
        assert found.sets[truth == grade, grade - 1].mean() >= 0.9
    assert found.positive[truth >= 2].mean() >= 0.95


def test_repeats_are_averaged_and_each_is_checked_with_its_own_folds(
    dataset: Path, tmp_path: Path
) -> None:
    parts = [predict(dataset, tmp_path, fold, repeat) for repeat in (0, 1) for fold in range(3)]
    evaluation = evaluate(tmp_path, dataset)
    each = [
        f1_score(rows["bapl"], rows["predicted"], average="macro")
        for rows in (pd.concat(parts[:3]), pd.concat(parts[3:]))
    ]
    network = evaluation.results[0]
    assert network.measures["macro_f1"].value == pytest.approx(np.mean(each))
    assert (network.scans, network.confusion.sum(), evaluation.held_out.repeats) == (30, 60, 2)
    assert evaluate_fold(str(tmp_path), str(dataset), 2, 1).folder == tmp_path / "repeat1" / "fold2"


def test_a_fold_that_is_there_twice_is_refused(dataset: Path, tmp_path: Path) -> None:
    predict(dataset, tmp_path, 0)
    shutil.copytree(tmp_path / "fold0", tmp_path / "repeat0" / "fold0")
    with pytest.raises(CohortError, match="of the same fold"):
        evaluate(tmp_path, dataset)


def test_a_share_of_the_ceiling_stands_beside_the_measure(dataset: Path, tmp_path: Path) -> None:
    predict(dataset, tmp_path, 0)
    ceiling = tmp_path / "ceiling.tsv"
    text = (
        "observer\tmetric\tvalue\tlow\thigh\nlower\tmacro_f1\t0.4\t0\t1\nbest\tmacro_f1\t0.8\t0\t1"
    )
    ceiling.write_text(text)
    evaluation = evaluate(tmp_path, dataset, ceiling)
    table = pd.read_csv(tmp_path / "evaluation.tsv", sep="\t")
    expected = (table["macro_f1"] / 0.8).tolist()
    assert table["macro_f1_of_ceiling"].tolist() == pytest.approx(expected, abs=1e-4)
    assert "ceiling: best" in as_text(evaluation)
    with pytest.raises(CohortError, match="monai-amyloid ceiling"):
        evaluate(tmp_path, dataset, tmp_path / "none.tsv")


@pytest.mark.parametrize("spoil", ["half", "sum"])
def test_a_table_that_is_not_whole_is_refused(dataset: Path, tmp_path: Path, spoil: str) -> None:
    table = predict(dataset, tmp_path, 0)
    table = table[:5] if spoil == "half" else table.assign(p_bapl1=0.9)
    table.to_csv(tmp_path / "fold0" / "predictions.tsv", sep="\t", index=False)
    with pytest.raises(CohortError, match=r"needed one for each of the 10|add up to 1"):
        evaluate(tmp_path, dataset)


ALONE = {
    "least_probable": dict.fromkeys("123", 0.9),
    "centiloid": {"usual": {grade: [-20, 130] for grade in "123"}},
}


def test_a_calibration_that_is_none_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text("{}")
    with pytest.raises(UserError, match="monai-amyloid evaluate"):
        read_decision(tmp_path / "calibration.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("temperature", 0),
        ("temperature", -1.5),
        ("temperature", 1e9),
        ("temperature", True),
        ("temperature", "1.0"),
        ("temperature", None),
        ("schema", "monai-amyloid-calibration/1"),
        ("sets", {"most_before": {"1": 0.5, "2": 1.5, "3": 0.5}}),
        ("sets", {"most_before": [0.5, 0.5, 0.5]}),
        ("sets", []),
        ("without_a_reader", {}),
        ("without_a_reader", {**ALONE, "least_probable": {"1": 0.5, "2": 1.5, "3": 0.5}}),
        ("without_a_reader", {**ALONE, "centiloid": {"usual": {"1": [9, 3], "2": 1, "3": []}}}),
        ("positive", {"threshold": -0.1}),
        ("positive", {}),
    ],
)
def test_a_calibration_of_numbers_that_nothing_learns_is_one_line(
    key: str, value: object, tmp_path: Path
) -> None:
    path = tmp_path / "calibration.json"
    usual = ((-20.0, 15.0), (0.5, 60.0), (30.0, 130.0))
    decision = Decision(1.5, (0.9, 0.1, 0.8), (0.9, NEVER, 0.8), 0.5, usual)
    write_decision(decision, path, {"model": "network"})
    assert read_decision(path) == decision
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, key: value}))
    with pytest.raises(UserError, match="no calibration that can be read") as refusal:
        read_decision(path)
    assert "\n" not in str(refusal.value)


def test_what_several_readers_said_is_what_the_decision_learns_from(
    dataset: Path, tmp_path: Path
) -> None:
    rows = pd.concat([predict(dataset, tmp_path, fold) for fold in range(3)])
    own = shares_of(rows["bapl"])
    table = tmp_path / "readings.tsv"
    rows[ROW].assign(**dict(zip(READINGS, own.T, strict=True))).to_csv(table, sep="\t", index=False)
    evaluate(tmp_path, dataset)
    alone = read_decision(tmp_path / "calibration.json")
    evaluate(tmp_path, dataset, readings=table)
    assert read_decision(tmp_path / "calibration.json") == alone
    unsure = 0.7 * own + 0.1
    rows[ROW].assign(**dict(zip(READINGS, unsure.T, strict=True))).to_csv(
        table, sep="\t", index=False
    )
    evaluate(tmp_path, dataset, readings=table)
    assert read_decision(tmp_path / "calibration.json").set_thresholds != alone.set_thresholds


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda rows: rows.drop(columns=READINGS[1]), "has no column reader_chance_bapl_2"),
        (lambda rows: rows.iloc[1:], "no shares that add up to 1 for sub-"),
        (lambda rows: rows.assign(**{READINGS[0]: 0.9}), "no shares that add up to 1"),
    ],
)
def test_a_table_of_readings_that_does_not_fit_is_refused(
    dataset: Path, tmp_path: Path, change: Callable, text: str
) -> None:
    rows = pd.concat([predict(dataset, tmp_path, fold) for fold in range(3)]).reset_index()
    shares = dict(zip(READINGS, shares_of(rows["bapl"]).T, strict=True))
    table = tmp_path / "readings.tsv"
    change(rows[ROW].assign(**shares)).to_csv(table, sep="\t", index=False)
    with pytest.raises(CohortError, match=text):
        evaluate(tmp_path, dataset, readings=table)


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
    with pytest.raises(CohortError, match="monai-amyloid crossval"):
        evaluate(tmp_path / "nothing", dataset)


def test_without_suvr_only_the_majority_stands_beside(dataset: Path, tmp_path: Path) -> None:
    table = dataset / "participants.tsv"
    rows = pd.read_csv(table, sep="\t")
    rows.drop(columns=[name for name in rows if str(name).startswith("suvr")]).to_csv(
        table, sep="\t", index=False
    )
    predict(dataset, tmp_path, 0)
    models = [result.model for result in evaluate(tmp_path, dataset).results]
    assert models == ["network", "majority grade"]


def foreign(dataset: Path, folder: Path) -> pd.DataFrame:
    """Predictions of the whole dataset by a network that learned from none of it."""
    rows = pd.concat([predict(dataset, folder, fold) for fold in range(3)]).assign(fold=0)
    rows.to_csv(folder / "predictions.tsv", sep="\t", index=False)
    decision = Decision(2.0, (0.5, 0.2, 0.6), (0.9, 0.9, 0.9), 0.4)
    write_decision(decision, folder / "calibration.json", {})
    return rows


def test_a_bundle_on_another_cohort_says_what_its_calibration_says(
    dataset: Path, tmp_path: Path
) -> None:
    rows = foreign(dataset, tmp_path)
    place = str(tmp_path / "predictions.tsv")
    found = evaluate_bundle(place, str(dataset), str(tmp_path / "calibration.json"))
    assert [each.model for each in found.results] == MODELS and found.results[0].scans == 30
    predictions = found.results[0].predictions
    assert predictions is not None
    chances = found.held_out.rows[PROBABILITIES].to_numpy(float)
    tempered = chances**0.5 / (chances**0.5).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(predictions.probabilities, tempered, atol=1e-6)
    np.testing.assert_array_equal(predictions.positive, 1 - tempered[:, 0] >= 0.4)
    order = found.held_out.rows.set_index(["participant_id", "session_id"]).index
    assert list(order) == list(rows.set_index(["participant_id", "session_id"]).index)


def test_where_a_grade_is_too_rare_for_baselines_the_network_stands_alone(
    dataset: Path, tmp_path: Path
) -> None:
    rows = foreign(dataset, tmp_path)
    table = pd.read_csv(dataset / "participants.tsv", sep="\t", dtype=str)
    kept = table[(table["bapl"] != "2") | (table.index < 6)]
    kept.to_csv(dataset / "participants.tsv", sep="\t", index=False)
    place = tmp_path / "predictions.tsv"
    rows[rows["participant_id"].isin(kept["participant_id"])].to_csv(place, sep="\t", index=False)
    found = evaluate_bundle(str(place), str(dataset), str(tmp_path / "calibration.json"))
    assert [each.model for each in found.results] == ["network"]
    assert "Scans of another cohort: 22" in as_text(found)


def test_a_scan_that_was_not_predicted_is_missed(dataset: Path, tmp_path: Path) -> None:
    place = tmp_path / "predictions.tsv"
    foreign(dataset, tmp_path).iloc[1:].to_csv(place, sep="\t", index=False)
    with pytest.raises(CohortError, match="found 29 rows, needed one for each of the 30"):
        evaluate_bundle(str(place), str(dataset), str(tmp_path / "calibration.json"))
