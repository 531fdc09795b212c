"""An evaluation as tables, for a spreadsheet or a statistician."""

import numpy as np
import pandas as pd

from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.evaluation.deciding.calibration import reliability
from monai_amyloid.evaluation.deciding.conformal import covered
from monai_amyloid.evaluation.held_out import PROBABILITIES, ROW
from monai_amyloid.evaluation.intervals import Estimate, share_of
from monai_amyloid.evaluation.metrics import measure_all
from monai_amyloid.evaluation.results import Evaluation, ModelResult
from monai_amyloid.output import write_table

# Of a site, where fewer scans allow fewer measures.
_SITE_MEASURES = ("accuracy", "macro_f1", "bapl2_f1", "quadratic_kappa", "auc_positive")


def write_tables(evaluation: Evaluation, with_scans: bool) -> None:
    """Write ``evaluation.tsv`` and, of a whole run, the others into the evaluation's folder.

    Args:
        evaluation: Evaluation whose tables are written.
        with_scans: Whether ``predictions.tsv``, ``calibration.tsv``, ``sites.tsv`` and
            ``comparison.tsv`` are written too.
    """
    folder = evaluation.folder
    write_table(model_table(evaluation), folder / "evaluation.tsv")
    if with_scans:
        write_table(prediction_rows(evaluation), folder / "predictions.tsv")
        write_table(calibration_table(evaluation), folder / "calibration.tsv")
        write_table(site_table(evaluation), folder / "sites.tsv")
        write_table(evaluation.comparisons, folder / "comparison.tsv")


def _columns(name: str, estimate: Estimate) -> dict[str, float]:
    if np.isnan([estimate.low, estimate.high]).all() and not np.isnan(estimate.value):
        return {name: estimate.value}
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def model_table(evaluation: Evaluation) -> pd.DataFrame:
    """One row a model, numbers only; ``_low`` and ``_high`` bound the 95 % intervals.

    ``readers_`` are against other readers, where their readings are known; ``_of_ceiling`` is the
    share of the highest ceiling, where there is one.
    """
    rows = []
    for result in evaluation.results:
        row: dict[str, str | int | float] = {"model": result.model, "n": result.scans}
        row |= {"repeats": evaluation.held_out.repeats}
        for name, estimate in (result.measures | result.figures).items():
            row |= _columns(name, estimate)
        for name, estimate in result.by_readers.items():
            row |= _columns(f"readers_{name}", estimate)
        for name, best in evaluation.best().items():
            row[f"{name}_of_ceiling"] = (result.by_readers or result.measures)[name].value / best
        rows.append(row)
    return pd.DataFrame(rows)


def prediction_rows(evaluation: Evaluation) -> pd.DataFrame:
    """One row for each model and held-out scan, with its calibrated probabilities.

    Returns:
        ``model repeat fold participant_id session_id site bapl p_bapl1 p_bapl2 p_bapl3
        predicted`` and, where there are folds to learn it from, ``calibrated_bapl1`` to ``3``,
        ``prediction_set`` (grades joined by +), ``needs_reader`` and ``positive`` (0 or 1).
    """
    return pd.concat([_prediction_rows(evaluation, each) for each in evaluation.results])


def _prediction_rows(evaluation: Evaluation, result: ModelResult) -> pd.DataFrame:
    table = evaluation.held_out.rows[["repeat", "fold", *ROW, "site", "bapl"]].copy()
    table.insert(0, "model", result.model)
    table[PROBABILITIES] = result.probabilities
    table["predicted"] = result.probabilities.argmax(axis=1) + 1
    if result.predictions is not None:
        table[[f"calibrated_bapl{grade}" for grade in GRADES]] = result.predictions.probabilities
        table["prediction_set"] = [
            "+".join(str(grade) for grade in np.array(GRADES)[inside])
            for inside in result.predictions.sets
        ]
        table["needs_reader"] = result.predictions.needs_reader.astype(int)
        table["positive"] = result.predictions.positive.astype(int)
    return table


def calibration_table(evaluation: Evaluation) -> pd.DataFrame:
    """Reliability of each model's own and calibrated probabilities, one row a bin."""
    truth = evaluation.held_out.rows["bapl"].to_numpy(int)
    parts = []
    for result in evaluation.results:
        states = {"own": result.probabilities}
        if result.predictions is not None:
            states["calibrated"] = result.predictions.probabilities
        for state, probabilities in states.items():
            table = reliability(truth, probabilities)
            table.insert(0, "model", result.model)
            table.insert(1, "probabilities", state)
            parts.append(table)
    return pd.concat(parts)


def site_table(evaluation: Evaluation) -> pd.DataFrame:
    """One row a model and site, with intervals over the site's participants."""
    rows = evaluation.held_out.rows
    table = []
    for result in evaluation.results:
        for site in sorted(rows["site"].unique()):
            here = (rows["site"] == site).to_numpy()
            part = rows[here]
            truth, people = part["bapl"].to_numpy(int), part["participant_id"]
            measured = measure_all(people, truth, result.probabilities[here], part["repeat"])
            row: dict[str, str | int | float] = {"model": result.model, "site": site}
            row |= {"n": len(part.drop_duplicates(ROW))}
            for name in _SITE_MEASURES:
                row |= _columns(name, measured.estimates[name])
            if result.predictions is not None:
                row |= _columns(
                    "coverage", share_of(covered(result.predictions.sets[here], truth), people)
                )
                row |= {"set_size": float(result.predictions.sets[here].sum(axis=1).mean())}
                row |= {"needs_reader": float(result.predictions.needs_reader[here].mean())}
            table.append(row)
    return pd.DataFrame(table)
