"""The report of one study on one A4 page, as a PDF and as a picture."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.catalogue import ENGLISH
from monai_amyloid.pictures.fonts import without_remarks
from monai_amyloid.pictures.slices import Shown, sliced
from monai_amyloid.report.study.page_parts import PageParts
from monai_amyloid.report.study.picture import require_matplotlib
from monai_amyloid.report.study.sentences import what_drove
from monai_amyloid.result.result import Result

_DPI = 150
# TrueType by fontTools costs four times the time of the whole page; both are embedded and can be
# searched.
FONT_TYPE = 3


def page_pdf(
    result: Result,
    shown: Shown,
    activation: NDArray[np.float32] | None = None,
    language: str = ENGLISH,
) -> bytes:
    """The page as a PDF with its fonts, the same bytes for the same content.

    Args:
        result: The study's result.
        shown: The normalised scan, or its
            :class:`~monai_amyloid.pictures.slices.SlicedScan` where that was made
            already; the pictures ``(X, Y, n)`` that were graded; or None.
        activation: What drove the grade, 0 to 1, ``(91, 109, 91)`` on the template's grid.
        language: Code of the page's language.

    Returns:
        The PDF.

    Raises:
        UserError: If matplotlib, or a font with the letters of the language, is not installed.
    """
    require_matplotlib()
    import matplotlib
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    buffer = io.BytesIO()
    without = {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None}
    with matplotlib.rc_context({"pdf.fonttype": FONT_TYPE}), without_remarks():
        figure = _page(result, shown, activation, language)
        canvas: Any = FigureCanvasPdf(figure)  # matplotlib leaves it untyped
        canvas.print_pdf(buffer, metadata={"Title": result.name, **without})
    return buffer.getvalue()


def page_image(
    result: Result,
    shown: Shown,
    activation: NDArray[np.float32] | None = None,
    language: str = ENGLISH,
) -> NDArray[np.uint8]:
    """The page as a picture ``(1754, 1240, 3)``; arguments and errors as :func:`page_pdf`."""
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(_page(result, shown, activation, language))
    canvas.figure.dpi = _DPI
    with without_remarks():
        canvas.draw()
    return np.array(np.asarray(canvas.buffer_rgba())[..., :3], np.uint8)


def _page(
    result: Result, shown: Shown, activation: NDArray[np.float32] | None, language: str
) -> Any:
    page = PageParts(language)
    page.heading(result)
    if result.status == "refused":
        page.refusal(result)
    else:
        page.answer(result)
        scan = sliced(shown, activation)
        if scan is not None:
            page.scan(scan, what_drove(result))
        elif isinstance(shown, np.ndarray):
            page.pictures(shown)
        page.regions(result)
    page.foot(result)
    return page.figure
