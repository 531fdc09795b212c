"""An evaluation as a page of plain text."""

from collections.abc import Iterable, Sequence

import numpy as np

from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.evaluation.intervals import Estimate
from monai_amyloid.evaluation.metrics import Array
from monai_amyloid.evaluation.readers import MEASURED, READERS
from monai_amyloid.evaluation.results import Evaluation, ModelResult

# Column heads and what stands below them; the first are what a ceiling has too.
MEASURES = {
    "accuracy": "accuracy",
    "macro-F1": "macro_f1",
    "BAPL 2 recall": "bapl2_recall",
    "BAPL 2 F1": "bapl2_f1",
    "quadratic kappa": "quadratic_kappa",
    "AUC 2+3 v 1": "auc_positive",
}
CERTAINTY = {
    "ECE uncalibrated": "ece_own",
    "ECE": "ece",
    "ECE by chance": "ece_if_calibrated",
    "Brier": "brier",
    "coverage": "coverage",
    "of BAPL 1": "bapl1_coverage",
    "of BAPL 2": "bapl2_coverage",
    "of BAPL 3": "bapl3_coverage",
    "set size": "set_size",
    "needs reader": "needs_reader",
    "accuracy of others": "accuracy_outside",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
}
_WITH_INTERVAL = ("macro_f1", "bapl2_f1", "quadratic_kappa", "auc_positive")


def as_text(evaluation: Evaluation) -> str:
    """The comparison, the network's confusion matrix, and its certainty where there are folds."""
    held_out = evaluation.held_out
    people = held_out.rows["participant_id"].nunique()
    repeats = f", {held_out.repeats} repeats (means)" if held_out.repeats > 1 else ""
    folds = ", ".join(map(str, evaluation.folds))
    network = evaluation.results[0]
    whose = (
        "Scans of another cohort"
        if held_out.foreign
        else f"Held-out scans of fold {folds}{repeats}"
    )
    parts = [
        f"{whose}: {held_out.scans} of {people} participants; [95 % interval over participants]",
        *_against_readers(evaluation),
        align([["model", "n", *MEASURES], *_ceiling_rows(evaluation), *_rows(evaluation)]),
        f"{network.model}: true grade (rows) by predicted grade (columns)\n"
        + align(confusion_rows(network.confusion)),
        _certainty(evaluation),
    ]
    if len(evaluation.comparisons):
        parts.append(_comparisons(evaluation))
    parts.append(f"as a table: {evaluation.folder / 'evaluation.tsv'}")
    return "\n\n".join(parts)


def number(value: float, digits: int = 2) -> str:
    """A figure, or n/a."""
    return "n/a" if np.isnan(value) else f"{value:.{digits}f}"


def p_value(p: float) -> str:
    """A p-value to four digits."""
    return "<0.0001" if p < 0.0001 else f"{p:.4f}"


def interval(estimate: Estimate, digits: int = 2) -> str:
    """A figure with its interval where it has one."""
    value = number(estimate.value, digits)
    if np.isnan(estimate.low):
        return value
    return f"{value} [{number(estimate.low, digits)}, {number(estimate.high, digits)}]"


def _rows(evaluation: Evaluation) -> list[list[str]]:
    rows = []
    for result in evaluation.results:
        cells = [
            interval(result.measures[name])
            if name in _WITH_INTERVAL
            else number(result.measures[name].value)
            for name in MEASURES.values()
        ]
        rows.append([result.model, str(result.scans), *cells])
        if (share := evaluation.best()) and not result.by_readers:
            parts = [
                f"{result.measures[name].value / share[name]:.1%}" if name in share else ""
                for name in MEASURES.values()
            ]
            rows.append(["  of the ceiling", "", *parts])
    return rows


def _against_readers(evaluation: Evaluation) -> list[str]:
    """The measures that lead, where it is known what other readers say."""
    if not evaluation.held_out.has_readings:
        return []
    names = {head: name for head, name in MEASURES.items() if name in MEASURED}
    rows = [["model", *names], *_of_the_ceiling(evaluation, names.values())]
    best = evaluation.best()
    for result in evaluation.results:
        found = [result.by_readers[name] for name in names.values()]
        rows.append([result.model, *map(interval, found)])
        if best:
            shares = zip(found, names.values(), strict=True)
            cells = [f"{each.value / best[name]:.1%}" for each, name in shares]
            rows.append(["  of the ceiling", *cells])
    return [
        f"Against {READERS} other readers\n{align(rows)}",
        "Against the one grade that each scan has",
    ]


def _ceiling_rows(evaluation: Evaluation) -> list[list[str]]:
    if evaluation.held_out.has_readings:
        return []
    return [[head, "", *cells] for head, *cells in _of_the_ceiling(evaluation, MEASURES.values())]


def _of_the_ceiling(evaluation: Evaluation, names: Iterable[str]) -> list[list[str]]:
    """A row of cells for each observer of the ceiling; none where there is no ceiling."""
    if evaluation.ceiling is None:
        return []
    rows, asked = [], list(names)
    for observer, table in evaluation.ceiling.groupby("observer", sort=False):
        found = table.set_index("metric")["value"]
        cells = [number(found[name]) if name in found else "" for name in asked]
        rows.append([f"ceiling: {observer}", *cells])
    return rows


def confusion_rows(matrix: Array) -> list[list[str]]:
    """A confusion matrix with its heads."""
    names = [f"BAPL {grade}" for grade in GRADES]
    cells = [[str(int(count)) for count in row] for row in matrix]
    return [["", *names], *([name, *row] for name, row in zip(names, cells, strict=True))]


def _certainty(evaluation: Evaluation) -> str:
    if evaluation.results[0].predictions is None:
        return "One fold only: no calibration can be learned; the probabilities are uncalibrated."
    rows = [
        [each.model, *_certainty_cells(each)] for each in evaluation.results if each.predictions
    ]
    learned = "by the bundle" if evaluation.held_out.foreign else "learned on the other folds"
    heading = f"Calibrated, with 90 % sets and at the operating point ({learned})"
    return f"{heading}\n{align([['model', *CERTAINTY], *rows])}"


def _certainty_cells(result: ModelResult) -> list[str]:
    return [
        number(result.figures[name].value, 3 if name.startswith(("ece", "brier")) else 2)
        for name in CERTAINTY.values()
    ]


def _comparisons(evaluation: Evaluation) -> str:
    rows = [
        [
            str(row["model"]),
            str(row["against"]),
            interval(Estimate(row["difference"], row["difference_low"], row["difference_high"]), 3),
            *(p_value(row[name]) for name in ("p", "p_holm")),
            f"{row['right_alone']} : {row['wrong_alone']}",
            p_value(row["p_mcnemar"]),
        ]
        for row in evaluation.comparisons.to_dict("records")
    ]
    head = ["model", "against", "macro-F1 difference", "p", "Holm", "right alone", "McNemar p"]
    return f"Paired, on the same scans\n{align([head, *rows])}"


def align(rows: Sequence[Sequence[str]]) -> str:
    """Cells in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
