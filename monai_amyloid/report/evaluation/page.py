"""An evaluation as one HTML file that needs no network."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.evaluation.held_out import ROW
from monai_amyloid.evaluation.intervals import Estimate
from monai_amyloid.evaluation.readers import MEASURED
from monai_amyloid.evaluation.result_tables import site_table
from monai_amyloid.evaluation.result_text import interval, number, p_value
from monai_amyloid.evaluation.results import Evaluation, ModelResult
from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.output import replace_file
from monai_amyloid.report.evaluation.figures import confusion_plot, reliability_plot, roc_plot
from monai_amyloid.report.evaluation.gallery import WorstError, worst_errors
from monai_amyloid.report.evaluation.words import (
    EVALUATION_WORDS,
    MEASURES,
    ceiling_name,
    model_name,
)
from monai_amyloid.report.pages import render_page
from monai_amyloid.report.words import RESEARCH_USE, WORDS
from monai_amyloid.version import __version__

# What the page begins with.
_HEADLINE = ("accuracy", "macro_f1", "bapl2_f1", "quadratic_kappa")


def write_evaluation_page(evaluation: Evaluation, path: Path, language: str = ENGLISH) -> Path:
    """Write the page of an evaluation.

    Args:
        evaluation: Every model on the same held-out scans.
        path: HTML file to write.
        language: Code of the language that is shown first; the page holds every one.

    Returns:
        Path of the file, ``path``.

    Raises:
        UserError: If matplotlib or Jinja is not installed.
    """
    replace_file(path, render_page("evaluation.html.jinja", _content(evaluation), language))
    return path


def _content(evaluation: Evaluation) -> dict[str, Any]:
    network = evaluation.results[0]
    return {
        "words": WORDS,
        "e": EVALUATION_WORDS,
        "research_use": RESEARCH_USE,
        "title": phrase(
            "evaluation_title", "Evaluation of {run}", run=evaluation.folder.resolve().name
        ),
        "facts": _facts(evaluation),
        "version": __version__,
        "repeats": evaluation.held_out.repeats,
        "summed": phrase(
            "evaluation_summed",
            "Counts are summed over the {repeats:d} repeats.",
            repeats=evaluation.held_out.repeats,
        ),
        "headline": [
            (MEASURES[key], interval((network.by_readers or network.measures)[key]))
            for key in _HEADLINE
        ],
        "readers": _by_readers(evaluation),
        "readers_measures": [MEASURES[key] for key in MEASURED],
        "models": _models(evaluation),
        "measures": list(MEASURES.values()),
        "ceiling": [] if evaluation.held_out.has_readings else _ceiling(evaluation, MEASURES),
        "per_grade": _per_grade(evaluation),
        "confusions": [
            (model_name(each.model), confusion_plot(each)) for each in evaluation.results
        ],
        "reliability": reliability_plot(evaluation),
        "roc": roc_plot(evaluation),
        "certainty": [
            _certainty(each) for each in evaluation.results if each.predictions is not None
        ],
        "comparisons": _comparisons(evaluation.comparisons),
        "sites": _sites(evaluation),
        "errors": [_error(each) for each in worst_errors(evaluation)],
    }


def _facts(evaluation: Evaluation) -> list[Phrase]:
    """What was evaluated, in short sentences."""
    held_out = evaluation.held_out
    rows = held_out.rows
    counts = [int((rows.drop_duplicates(ROW)["bapl"] == grade).sum()) for grade in GRADES]
    facts = [
        phrase(
            "evaluation_counts",
            "Scans: {scans:d}, participants: {participants:d} (BAPL 1: {bapl1:d}, BAPL 2: "
            "{bapl2:d}, BAPL 3: {bapl3:d}).",
            scans=held_out.scans,
            participants=rows["participant_id"].nunique(),
            bapl1=counts[0],
            bapl2=counts[1],
            bapl3=counts[2],
        ),
        phrase(
            "evaluation_held_out",
            "Each scan was graded by a network that was not trained on it. Folds: {folds:d}.",
            folds=len(evaluation.folds),
        ),
    ]
    if held_out.repeats > 1:
        facts.append(
            phrase(
                "evaluation_repeats",
                "Repeats: {repeats:d}; figures are their means.",
                repeats=held_out.repeats,
            )
        )
    return facts


def _error(error: WorstError) -> dict[str, Any]:
    """One of the worst errors, with what stands under its picture."""
    return {
        "picture": error.picture,
        "described": phrase(
            "evaluation_picture", "Axial slices of {participant}", participant=error.participant
        ),
        "grades": phrase(
            "evaluation_error",
            "true BAPL {true:d}, predicted BAPL {predicted:d}",
            true=error.true,
            predicted=error.predicted,
        ),
        "scan": phrase(
            "evaluation_error_scan",
            "{participant} {session}, site {site}; BAPL 1, 2, 3: {probabilities::.0%}",
            participant=error.participant,
            session=error.session,
            site=error.site,
            probabilities=error.probabilities,
        ),
    }


def _by_readers(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Rows of the table that leads where it is known what other readers say."""
    if not evaluation.held_out.has_readings:
        return []
    best = evaluation.best()
    rows = [
        {"name": row["name"], "cells": [{"value": cell, "share": None} for cell in row["cells"]]}
        for row in _ceiling(evaluation, MEASURED)
    ]
    for result in evaluation.results:
        found = [(key, result.by_readers[key]) for key in MEASURED]
        cells = [
            {
                "value": interval(each, 3),
                "share": _of_ceiling(each.value / best[key]) if key in best else None,
            }
            for key, each in found
        ]
        rows.append({"name": model_name(result.model), "cells": cells})
    return rows


def _models(evaluation: Evaluation) -> list[dict[str, Any]]:
    best = {} if evaluation.held_out.has_readings else evaluation.best()
    return [
        {
            "name": model_name(result.model),
            "cells": [
                {
                    "value": interval(result.measures[key], 3),
                    "share": _of_ceiling(result.measures[key].value / best[key])
                    if key in best
                    else None,
                }
                for key in MEASURES
            ],
        }
        for result in evaluation.results
    ]


def _of_ceiling(share: float) -> Phrase:
    return phrase("evaluation_of_ceiling", "{share:.1%} of the ceiling", share=share)


def _ceiling(evaluation: Evaluation, measures: Iterable[str]) -> list[dict[str, Any]]:
    if evaluation.ceiling is None:
        return []
    rows, asked = [], list(measures)
    for observer, table in evaluation.ceiling.groupby("observer", sort=False):
        found = table.set_index("metric")
        cells = [
            interval(Estimate(*found.loc[key, ["value", "low", "high"]]), 3)
            if key in found.index
            else ""
            for key in asked
        ]
        rows.append({"name": ceiling_name(str(observer)), "cells": cells})
    return rows


def _per_grade(evaluation: Evaluation) -> list[dict[str, Any]]:
    return [
        {
            "name": model_name(result.model),
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
        "name": model_name(result.model),
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


def _comparisons(table: pd.DataFrame) -> list[list[str | Phrase]]:
    return [
        [
            model_name(str(row["model"])),
            model_name(str(row["against"])),
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
                interval(Estimate(row[name], row[f"{name}_low"], row[f"{name}_high"]))
                for name in ("accuracy", "macro_f1", "quadratic_kappa")
            ),
            number(row["coverage"]) if "coverage" in row else "",
            f"{row['needs_reader']:.0%}" if "needs_reader" in row else "",
        ]
        for row in network.to_dict("records")
    ]
