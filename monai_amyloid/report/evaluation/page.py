"""An evaluation as one HTML file that needs no network."""

from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.evaluation.conformal import COVERAGE
from monai_amyloid.evaluation.held_out import ROW
from monai_amyloid.evaluation.operating_point import SENSITIVITY
from monai_amyloid.evaluation.result_tables import site_table
from monai_amyloid.evaluation.result_text import interval, number, p_value
from monai_amyloid.evaluation.results import Evaluation, ModelResult
from monai_amyloid.output import replace_file
from monai_amyloid.report.evaluation.figures import confusion_plot, reliability_plot, roc_plot
from monai_amyloid.report.evaluation.gallery import worst_errors
from monai_amyloid.report.pages import render_page
from monai_amyloid.version import __version__

_MEASURES = {
    "accuracy": "accuracy",
    "balanced accuracy": "balanced_accuracy",
    "macro-F1": "macro_f1",
    "BAPL 2 F1": "bapl2_f1",
    "quadratic kappa": "quadratic_kappa",
    "AUC of 2 or 3": "auc_positive",
}


def write_evaluation_page(evaluation: Evaluation, path: Path) -> Path:
    """Write the page.

    Args:
        evaluation: What was found.
        path: Of the HTML file.

    Returns:
        ``path``.

    Raises:
        UserError: If matplotlib or Jinja is not installed.
    """
    replace_file(path, render_page("evaluation.html.jinja", _content(evaluation)))
    return path


def _content(evaluation: Evaluation) -> dict[str, Any]:
    from markupsafe import Markup

    rows = evaluation.held_out.rows
    network = evaluation.results[0]
    return {
        "version": __version__,
        "run": evaluation.folder.resolve().name,
        "scans": evaluation.held_out.scans,
        "participants": rows["participant_id"].nunique(),
        "folds": len(evaluation.folds),
        "repeats": evaluation.held_out.repeats,
        "grades": [int((rows.drop_duplicates(ROW)["bapl"] == g).sum()) for g in GRADES],
        "headline": {
            name: interval(network.measures[key])
            for name, key in _MEASURES.items()
            if key in ("macro_f1", "bapl2_f1", "quadratic_kappa", "accuracy")
        },
        "models": _models(evaluation),
        "measures": list(_MEASURES),
        "ceiling": _ceiling(evaluation),
        "per_grade": _per_grade(evaluation),
        "confusions": [Markup(confusion_plot(each)) for each in evaluation.results],  # noqa: S704
        "reliability": Markup(reliability_plot(evaluation)),  # noqa: S704
        "roc": Markup(roc_plot(evaluation)),  # noqa: S704
        "certainty": [
            _certainty(each) for each in evaluation.results if each.predictions is not None
        ],
        "coverage": f"{COVERAGE:.0%}",
        "sensitivity": f"{SENSITIVITY:.0%}",
        "comparisons": _comparisons(evaluation.comparisons),
        "sites": _sites(evaluation),
        "errors": worst_errors(evaluation),
    }


def _models(evaluation: Evaluation) -> list[dict[str, Any]]:
    best = evaluation.best()
    return [
        {
            "name": result.model,
            "cells": [
                {
                    "value": interval(result.measures[key], 3),
                    "share": f"{result.measures[key].value / best[key]:.1%}" if key in best else "",
                }
                for key in _MEASURES.values()
            ],
        }
        for result in evaluation.results
    ]


def _ceiling(evaluation: Evaluation) -> list[dict[str, Any]]:
    if evaluation.ceiling is None:
        return []
    rows = []
    for observer, table in evaluation.ceiling.groupby("observer", sort=False):
        found = table.set_index("metric")
        cells = [
            f"{found['value'][key]:.3f} [{found['low'][key]:.3f}, {found['high'][key]:.3f}]"
            if key in found.index
            else ""
            for key in _MEASURES.values()
        ]
        rows.append({"name": f"Ceiling: {observer}", "cells": cells})
    return rows


def _per_grade(evaluation: Evaluation) -> list[dict[str, Any]]:
    return [
        {
            "name": result.model,
            "grade": grade,
            "cells": [
                interval(result.measures[f"bapl{grade}_{name}"], 2)
                for name in ("precision", "recall", "f1")
            ],
        }
        for result in evaluation.results
        for grade in GRADES
    ]


def _certainty(result: ModelResult) -> dict[str, Any]:
    figures = result.figures
    return {
        "name": result.model,
        "calibration": [
            number(figures[name].value, 3)
            for name in ("ece_own", "ece", "ece_if_calibrated_high", "brier", "log_loss")
        ],
        "sets": [
            interval(figures["coverage"]),
            *(interval(figures[f"bapl{grade}_coverage"]) for grade in GRADES),
            number(figures["set_size"].value),
            f"{figures['needs_reader'].value:.0%}",
            interval(figures["accuracy_outside"]),
            interval(figures["accuracy_inside"]),
        ],
        "positive": [interval(figures[name]) for name in ("sensitivity", "specificity")],
    }


def _comparisons(table: pd.DataFrame) -> list[list[str]]:
    return [
        [
            str(row["model"]),
            str(row["against"]),
            f"{row['difference']:+.3f} "
            f"[{row['difference_low']:+.3f}, {row['difference_high']:+.3f}]",
            p_value(row["p"]),
            p_value(row["p_holm"]),
            f"{row['right_alone']} : {row['wrong_alone']}",
            p_value(row["p_mcnemar"]),
        ]
        for row in table.to_dict("records")
    ]


def _sites(evaluation: Evaluation) -> list[list[str]]:
    table = site_table(evaluation)
    network = table[table["model"] == evaluation.results[0].model]
    return [
        [
            str(row["site"]),
            str(row["n"]),
            *(
                f"{number(row[name])} [{number(row[f'{name}_low'])}, {number(row[f'{name}_high'])}]"
                for name in ("accuracy", "macro_f1", "quadratic_kappa")
            ),
            number(row["coverage"]) if "coverage" in row else "",
            f"{row['needs_reader']:.0%}" if "needs_reader" in row else "",
        ]
        for row in network.to_dict("records")
    ]
