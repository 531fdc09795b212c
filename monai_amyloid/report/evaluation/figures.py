"""Plots of an evaluation as SVG, with a legend; the page writes their words in every language."""

import io
import re
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.evaluation.deciding.calibration import reliability
from monai_amyloid.evaluation.results import Evaluation, ModelResult
from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.report.evaluation.words import EVALUATION_WORDS, model_name

# Told apart by colour-blind readers (Okabe and Ito) and, by dash, on a black and white print.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#595959")
_GREY = "#808080"
# As SVG's stroke-dasharray has them, in widths of the line.
_DASHES = ("", "4 2", "6 2 1 2", "1 2", "5 1 1 1")
_SIZE = 4.2  # inches


@dataclass(frozen=True)
class Entry:
    """A line of a plot's legend.

    Attributes:
        name: What the line or mark stands for.
        colour: Colour of the line as ``#rrggbb``.
        dashes: ``stroke-dasharray`` of a line; empty for an unbroken one.
        mark: ``circle``, ``square`` or ``ring`` for a mark; empty for a line.
    """

    name: Phrase
    colour: str
    dashes: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Plot:
    """A drawing without words.

    Attributes:
        drawing: SVG element, as markup that is not escaped again.
        legend: What its lines and marks stand for.
    """

    drawing: Any
    legend: tuple[Entry, ...] = ()


def confusion_plot(result: ModelResult) -> Plot:
    """Confusion matrix: counts, and shares of each true grade as shades."""
    figure, panel = _figure()
    matrix = result.confusion
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    panel.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        colour = "white" if share[row, column] > 0.5 else "black"
        label = f"{count:.0f}\n{share[row, column]:.0%}"
        panel.text(column, row, label, ha="center", va="center", color=colour)
    names = [f"BAPL {grade}" for grade in GRADES]
    panel.set_xticks(range(3), names)
    panel.set_yticks(range(3), names, rotation=90, va="center")
    return Plot(_svg(figure))


def reliability_plot(evaluation: Evaluation) -> Plot:
    """Accuracy by confidence of the network, own and calibrated, with intervals."""
    figure, panel = _figure()
    network = evaluation.results[0]
    truth = evaluation.held_out.rows["bapl"].to_numpy(int)
    states = [("own", network.probabilities)]
    if network.predictions is not None:
        states.append(("calibrated", network.predictions.probabilities))
    panel.plot([1 / 3, 1], [1 / 3, 1], color=_GREY, linewidth=0.8)
    legend = [Entry(EVALUATION_WORDS["perfect"], _GREY)]
    marks = (("circle", "o"), ("square", "s"))
    for (name, probabilities), (mark, form), colour in zip(
        states, marks, reversed(_COLOURS[:2]), strict=False
    ):
        table = reliability(truth, probabilities)
        accuracy = table["accuracy"].to_numpy()
        bars = np.abs(table[["accuracy_low", "accuracy_high"]].to_numpy().T - accuracy)
        panel.errorbar(
            table["confidence"],
            accuracy,
            yerr=bars,
            fmt=form,
            color=colour,
            markersize=4,
            elinewidth=0.8,
            capsize=2,
        )
        legend.append(Entry(EVALUATION_WORDS[name], colour, mark=mark))
    panel.set_xlim(0.33, 1.01)
    panel.set_ylim(0, 1.02)
    return Plot(_svg(figure), tuple(legend))


def roc_plot(evaluation: Evaluation) -> Plot:
    """Sensitivity by specificity of BAPL 2 or 3, every model, with the operating point."""
    from sklearn.metrics import roc_curve

    figure, panel = _figure()
    legend = []
    rows = evaluation.held_out.rows
    positive = rows["bapl"].to_numpy(int) >= 2
    first = (rows["repeat"] == rows["repeat"].min()).to_numpy()
    for place, result in enumerate(evaluation.results):
        score = 1 - result.probabilities[first, 0]
        if positive[first].all() or not positive[first].any():
            continue
        wrongly, rightly, _ = roc_curve(positive[first], score)
        area = result.measures["auc_positive"].value
        colour, dashes = _COLOURS[place % 5], _DASHES[place % 5]
        panel.plot(
            wrongly,
            rightly,
            color=colour,
            linestyle=(0, tuple(map(float, dashes.split()))) if dashes else "-",
            linewidth=1.8 if place == 0 else 1.1,
        )
        name = phrase(
            "evaluation_curve",
            "{model} (AUC {area:.3f})",
            model=model_name(result.model),
            area=area,
        )
        legend.append(Entry(name, colour, dashes))
    figures = evaluation.results[0].figures
    if "sensitivity" in figures:
        point = 1 - figures["specificity"].value, figures["sensitivity"].value
        panel.plot(*point, "o", color="black", markersize=7, fillstyle="none", zorder=5)
        legend.append(Entry(EVALUATION_WORDS["operating_point"], "#000000", mark="ring"))
    return Plot(_svg(figure), tuple(legend))


def difference_plot(means: Any, differences: Any, lines: tuple[float, float, float]) -> Plot:
    """Differences of two measures by their mean, with bias and limits of agreement.

    Args:
        means: Mean of both, ``(N,)``.
        differences: One less the other, ``(N,)``.
        lines: Lower limit, bias and upper limit.
    """
    figure, panel = _figure()
    panel.plot(means, differences, "o", color=_COLOURS[0], markersize=3)
    for line, dashes in zip(lines, ("--", "-", "--"), strict=True):
        panel.axhline(line, color=_GREY, linewidth=1.0, linestyle=dashes)
    return Plot(_svg(figure))


def _figure() -> tuple[Any, Any]:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_SIZE, _SIZE), layout="constrained")
    FigureCanvasSVG(figure)
    return figure, figure.subplots()


def _svg(figure: Any) -> Any:
    """An SVG element whose ids are its own, and whose bytes depend on nothing but the figure."""
    import matplotlib as mpl
    from markupsafe import Markup

    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "evaluation", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    drawn = buffer.getvalue()
    element = drawn[drawn.index("<svg") :]
    # Metadata names vocabularies by address; nothing on the page may point elsewhere.
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    # Several stand on one page: names of parts must not meet.
    mark = f"p{zlib.crc32(element.encode()):08x}-"
    element = re.sub(r'(\bid="|"#|url\(#)', rf"\g<1>{mark}", element)
    return Markup(element)  # noqa: S704 (of numbers and names of grades alone)
