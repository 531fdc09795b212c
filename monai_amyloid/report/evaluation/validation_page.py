"""A bundle held against somebody's table, as one HTML file that needs no network."""

from pathlib import Path
from typing import Any

import numpy as np

from monai_amyloid.bundle.validation import MEASURES, Compared, Validation
from monai_amyloid.evaluation.agreement import Agreement
from monai_amyloid.evaluation.intervals import CONFIDENCE
from monai_amyloid.evaluation.result_text import interval, number
from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.output import replace_file
from monai_amyloid.report.evaluation.figures import Plot, difference_plot
from monai_amyloid.report.pages import render_page
from monai_amyloid.report.words import RESEARCH_USE, WORDS, by_name, named
from monai_amyloid.version import __version__

_WORDS = by_name(
    phrase("validation_measure", "measure"),
    phrase("validation_auc", "AUC"),
    phrase("validation_sensitivity", "sensitivity"),
    phrase("validation_specificity", "specificity"),
    phrase("validation_agreement", "the same call"),
    phrase("validation_bias", "bias"),
    phrase("validation_spread", "SD of the differences"),
    phrase("validation_limits", "limits of agreement"),
    phrase("validation_correlation", "correlation"),
    phrase("validation_slope", "slope"),
    phrase("validation_mark", "mark, Centiloid"),
    phrase("validation_above_both", "both above"),
    phrase("validation_below_both", "both below"),
    phrase("validation_kappa", "kappa"),
    phrase("validation_mean", "mean of both"),
    phrase("validation_difference", "this program less the other"),
    phrase("validation_left_out", "Left out"),
    phrase(
        "validation_calls_note",
        "Each measure of this program against the calls of the table. AUC: chance that a scan "
        "called positive has the higher value. Sensitivity, specificity: share of the scans called "
        "positive, negative, that this program calls so too. The same call: share of all scans.",
    ),
    phrase(
        "validation_numbers_note",
        "Bias: mean of this program's value less the other's. Limits of agreement: bias ± 1.96 SD, "
        "between which 95% of the differences lie. Slope: of a line through the values, this "
        "program's by the other's. In the plot the lines are bias and limits, a dot is a scan.",
    ),
    phrase(
        "validation_marks_note",
        "Share of the scans that both put above the mark, that both put below it, and that both "
        "call alike; kappa is the agreement beyond chance, 1 at most.",
    ),
    phrase(
        "validation_note",
        "Brackets hold {confidence:.0%} intervals over people. Another pipeline's Centiloid is not "
        "this program's: a bias between them need not be an error of either.",
        confidence=CONFIDENCE,
    ),
)
_MOST_LEFT_OUT = 50


def write_validation_page(validation: Validation, path: Path, language: str = ENGLISH) -> Path:
    """Write the page of a validation.

    Args:
        validation: A bundle beside each column of a table.
        path: HTML file to write.
        language: Code of the language that is shown first; the page holds every one.

    Returns:
        Path of the file, ``path``.

    Raises:
        UserError: If matplotlib or Jinja is not installed.
    """
    content = {
        "words": WORDS,
        "v": _WORDS,
        "research_use": RESEARCH_USE,
        "title": phrase(
            "validation_title",
            "{bundle} against {table}",
            bundle=validation.bundle,
            table=validation.table,
        ),
        "columns": [_column(each) for each in validation.columns],
        "version": __version__,
    }
    replace_file(path, render_page("validation.html.jinja", content, language))
    return path


def _column(compared: Compared) -> dict[str, Any]:
    numbers = compared.numbers
    left_out = list(compared.left_out.items())
    return {
        "name": compared.reference.column,
        "counts": phrase(
            "validation_counts",
            "Scans that have a value: {scans:d}, people: {people:d}, left out: {left_out:d}.",
            scans=len(compared.scans),
            people=compared.scans["participant_id"].nunique(),
            left_out=len(left_out),
        ),
        "calls": [
            (
                MEASURES.get(measure, named(measure)),
                interval(calls.auc),
                interval(calls.sensitivity),
                interval(calls.specificity),
                interval(calls.agreement),
            )
            for measure, calls in compared.calls.items()
        ],
        "numbers": None if numbers is None else _numbers(numbers),
        "plot": None if numbers is None else _plot(compared, numbers),
        "marks": [
            (
                f"{at.mark:g}",
                f"{at.above_both:.0%}",
                f"{at.below_both:.0%}",
                f"{at.agreement:.0%}",
                number(at.kappa, 2),
            )
            for at in compared.marks
        ],
        "left_out": left_out[:_MOST_LEFT_OUT],
    }


def _numbers(found: Agreement) -> list[tuple[Phrase, str]]:
    return [
        (_WORDS["bias"], interval(found.bias)),
        (_WORDS["spread"], interval(found.spread)),
        (
            _WORDS["limits"],
            f"{number(found.lower.value, 2)} \N{EN DASH} {number(found.upper.value, 2)}",
        ),
        (_WORDS["correlation"], interval(found.correlation, 3)),
        (_WORDS["slope"], interval(found.slope)),
    ]


def _plot(compared: Compared, found: Agreement) -> Plot:
    is_load = compared.reference.kind == "centiloid"
    own = compared.scans["centiloid" if is_load else "suvr_cortex"].to_numpy(float)
    other = compared.scans["value"].to_numpy(float)
    lines = (found.lower.value, found.bias.value, found.upper.value)
    return difference_plot(np.asarray((own + other) / 2), np.asarray(own - other), lines)
