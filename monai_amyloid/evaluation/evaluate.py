"""The network beside its baselines, on the same held-out scans."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from monai_amyloid.evaluation import baselines
from monai_amyloid.evaluation.comparison import comparison_table
from monai_amyloid.evaluation.deciding.decision import Decision, fit_decision
from monai_amyloid.evaluation.deciding.decision_file import read_decision, write_decision
from monai_amyloid.evaluation.held_out import (
    PROBABILITIES,
    ROW,
    HeldOut,
    find_predictions,
    fingerprint,
    read_foreign,
    read_held_out,
    with_readings,
)
from monai_amyloid.evaluation.result_tables import write_tables
from monai_amyloid.evaluation.results import Evaluation, model_result, read_ceiling
from monai_amyloid.output import writable_folder

Array = NDArray[np.float64]

NETWORK = "network"
JOINED = "network + SUVR"
_BASELINES = {
    "majority grade": baselines.majority,
    "SUVR regression": baselines.suvr_regression,
    "regional boosting": baselines.regional_boosting,
}


def evaluate_fold(run_dir: str, dataset_dir: str, fold: int, repeat: int = 0) -> Evaluation:
    """As :func:`evaluate`, for one fold; ``evaluation.tsv`` goes into the fold's folder.

    One fold leaves nothing to learn a calibration from: the probabilities are the network's own.
    """
    folder = Path(run_dir) / (f"repeat{repeat}" if repeat else "") / f"fold{fold}"
    tables = [(repeat, folder / "predictions.tsv")]
    evaluation = _evaluate(read_held_out(tables, Path(dataset_dir)), folder, None)
    write_tables(evaluation, with_scans=False)
    return evaluation


def evaluate_bundle(predictions: str, dataset_dir: str, calibration: str) -> Evaluation:
    """As :func:`evaluate`, for a finished bundle on a cohort that it did not learn from.

    The bundle's calibration is used for the network; the baselines learn, fold by fold, from the
    cohort itself, which is to their advantage. ``evaluation.tsv`` goes beside the predictions.

    Args:
        predictions: Path of ``predictions.tsv``, with every graded scan.
        dataset_dir: Folder of the prepared dataset.
        calibration: Path of the bundle's ``calibration.json``.

    Raises:
        CohortError: As :func:`evaluate`.
    """
    table = Path(predictions)
    with threadpool_limits(1):
        evaluation = _evaluate(
            read_foreign(table, Path(dataset_dir)),
            table.parent,
            None,
            read_decision(Path(calibration)),
        )
    write_tables(evaluation, with_scans=False)
    return evaluation


def evaluate(
    run_dir: Path,
    dataset_dir: Path,
    ceiling: Path | None = None,
    output: Path | None = None,
    readings: Path | None = None,
) -> Evaluation:
    """Compare the network with the baselines on every fold that has been predicted.

    The baselines learn, fold by fold, from all who are not held out, and grade the same scans as
    the network. Calibration, sets, operating point and the model that joins the network with
    SUVR are learned, fold by fold, from the other folds' predictions.

    Args:
        run_dir: ``output_dir`` of the training, with ``fold*/predictions.tsv`` or
            ``repeat*/fold*/predictions.tsv``.
        dataset_dir: Folder of the prepared dataset that the run was trained on.
        ceiling: Path of the ``ceiling.tsv`` of a simulated cohort, which the scores are compared
            with.
        output: Folder of the tables and of ``calibration.json``, which holds the numbers learned
            from all held-out predictions, for the network's export; default ``run_dir``.
        readings: Path of a table with what several readers said of each scan, see
            :func:`~monai_amyloid.evaluation.held_out.with_readings`: calibration, sets and what
            may stand without a reader are learned from that instead of from one grade.

    Raises:
        CohortError: If nothing has been predicted, a table is broken, or the predictions
            do not fit the dataset or its folds, which could hide a leak.
    """
    held_out = read_held_out(find_predictions(run_dir), dataset_dir)
    if readings is not None:
        held_out = with_readings(held_out, readings)
    best = read_ceiling(ceiling) if ceiling is not None else None
    # The models are small: threads would wait for each other longer than they compute.
    with threadpool_limits(1):
        evaluation = _evaluate(held_out, writable_folder(output or run_dir), best)
    write_tables(evaluation, with_scans=True)
    rows = held_out.rows
    write_decision(
        fit_decision(
            rows[PROBABILITIES].to_numpy(float),
            rows["bapl"].to_numpy(int),
            held_out.shares,
            rows,
        ),
        evaluation.folder / "calibration.json",
        {
            "model": NETWORK,
            "learned_from": "readings" if readings is not None else "grades",
            "predictions_sha256": fingerprint(rows),
            "scans": held_out.scans,
            "repeats": held_out.repeats,
            "folds": list(evaluation.folds),
        },
    )
    return evaluation


def _evaluate(
    held_out: HeldOut,
    folder: Path,
    ceiling: pd.DataFrame | None,
    decision: Decision | None = None,
) -> Evaluation:
    models = _models(held_out)
    results = tuple(
        model_result(name, held_out, predicted, decision if name == NETWORK else None)
        for name, predicted in models.items()
    )
    comparisons = comparison_table(
        held_out.rows,
        models,
        {result.model: result.measured for result in results},
        [name for name in (NETWORK, JOINED) if name in models],
    )
    return Evaluation(held_out, results, comparisons, ceiling, folder)


def _models(held_out: HeldOut) -> dict[str, Array]:
    """Probabilities ``(N, 3)`` of each model that the cohort allows."""
    models = {NETWORK: held_out.rows[PROBABILITIES].to_numpy(float)}
    if held_out.foreign and not held_out.can_cross_fit:  # then nothing to learn a baseline from
        return models
    with_suvr = bool(baselines.suvr_columns(held_out.cohort))
    if with_suvr and held_out.can_cross_fit:
        models[JOINED] = baselines.network_with_suvr(held_out)
    for name in _BASELINES if with_suvr else ["majority grade"]:
        models[name] = _baseline(name, held_out)
    return models


def _baseline(name: str, held_out: HeldOut) -> Array:
    predicted = np.zeros((len(held_out.rows), 3))
    for repeat, fold, part in held_out.parts():
        test = held_out.rows[part].set_index(ROW, drop=False)
        predicted[part] = _BASELINES[name](held_out.learned_from(repeat, fold), test).to_numpy()
    return predicted
