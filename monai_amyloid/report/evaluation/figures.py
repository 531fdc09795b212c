"""Plots of an evaluation, as SVG to stand inside a page."""

import io
import re
import zlib
from typing import Any

import numpy as np

from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.evaluation.calibration import reliability
from monai_amyloid.evaluation.results import Evaluation, ModelResult

# Told apart by colour-blind readers (Okabe and Ito) and, by dash, on a black and white print.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#595959")
_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)))
_SIZE = 4.2  # inches


def confusion_plot(result: ModelResult) -> str:
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
    panel.set_xlabel("predicted")
    panel.set_ylabel("true")
    panel.set_title(result.model, fontsize=11)
    return _svg(figure)


def reliability_plot(evaluation: Evaluation) -> str:
    """Accuracy by confidence of the network, own and calibrated, with 95 % intervals."""
    figure, panel = _figure()
    network = evaluation.results[0]
    truth = evaluation.held_out.rows["bapl"].to_numpy(int)
    states = {"its own": network.probabilities}
    if network.predictions is not None:
        states["calibrated"] = network.predictions.probabilities
    panel.plot([1 / 3, 1], [1 / 3, 1], color="#808080", linewidth=0.8, label="what is promised")
    for place, (name, probabilities) in enumerate(states.items()):
        table = reliability(truth, probabilities)
        accuracy = table["accuracy"].to_numpy()
        bars = np.abs(table[["accuracy_low", "accuracy_high"]].to_numpy().T - accuracy)
        panel.errorbar(
            table["confidence"],
            accuracy,
            yerr=bars,
            fmt="os"[place],
            color=_COLOURS[1 - place],
            markersize=4,
            elinewidth=0.8,
            capsize=2,
            label=name,
        )
    panel.set_xlim(0.33, 1.01)
    panel.set_ylim(0, 1.02)
    panel.set_xlabel("probability of the told grade")
    panel.set_ylabel("share that is right")
    panel.legend(loc="lower right", fontsize=8, frameon=False)
    return _svg(figure)


def roc_plot(evaluation: Evaluation) -> str:
    """Sensitivity by specificity of BAPL 2 or 3, every model, with the operating point."""
    from sklearn.metrics import roc_curve

    figure, panel = _figure()
    rows = evaluation.held_out.rows
    positive = rows["bapl"].to_numpy(int) >= 2
    first = (rows["repeat"] == rows["repeat"].min()).to_numpy()
    for place, result in enumerate(evaluation.results):
        score = 1 - result.probabilities[first, 0]
        if positive[first].all() or not positive[first].any():
            continue
        wrongly, rightly, _ = roc_curve(positive[first], score)
        area = result.measures["auc_positive"].value
        panel.plot(
            wrongly,
            rightly,
            color=_COLOURS[place % 5],
            linestyle=_DASHES[place % 5],
            linewidth=1.8 if place == 0 else 1.1,
            label=f"{result.model} ({area:.3f})",
        )
    figures = evaluation.results[0].figures
    if "sensitivity" in figures:
        point = 1 - figures["specificity"].value, figures["sensitivity"].value
        panel.plot(*point, "o", color="black", markersize=7, fillstyle="none", zorder=5)
        panel.annotate("operating point", point, (12, -14), textcoords="offset points", fontsize=8)
    panel.set_xlabel("1 - specificity")
    panel.set_ylabel("sensitivity")
    panel.legend(loc="lower right", fontsize=8, frameon=False, title="area under the curve")
    return _svg(figure)


def _figure() -> tuple[Any, Any]:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_SIZE, _SIZE), layout="constrained")
    FigureCanvasSVG(figure)
    return figure, figure.subplots()


def _svg(figure: Any) -> str:
    """An SVG element whose ids are its own, and whose bytes depend on nothing but the figure."""
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "evaluation", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    drawn = buffer.getvalue()
    element = drawn[drawn.index("<svg") :]
    # Metadata names vocabularies by address; nothing on the page may point elsewhere.
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    # Several stand on one page: names of parts must not meet.
    mark = f"p{zlib.crc32(element.encode()):08x}-"
    return re.sub(r'(\bid="|"#|url\(#)', rf"\g<1>{mark}", element)
