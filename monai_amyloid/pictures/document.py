"""Pages as a PDF: fonts embedded, letters that can be searched, the same bytes for the same."""

import io
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from monai_amyloid.pictures.fonts import advance, embeddable, latin_font, pieces
from monai_amyloid.pictures.outline_fonts import as_true_type
from monai_amyloid.pictures.paper import A4_MM, Box, Line, Marker, Paper, Picture, Text

_POINTS = 72 / 25.4  # a mm
_QUALITY = 92  # of JPEG: no difference is seen at four times the size
_RIM = 0.8  # points, of hollow markers and crosses
_DASH = (3.7, 1.6)  # in widths of the line
_RIGHT_TO_LEFT = {"R", "AL"}


def as_pdf(pages: Iterable[Paper], title: str) -> bytes:
    """A document of pages.

    Args:
        pages: Pages of A4, first to last.
        title: Title of the document.
    """
    from reportlab import rl_config
    from reportlab.pdfgen.canvas import Canvas

    rl_config.useA85 = 0  # bytes as they are: a fifth smaller
    buffer = io.BytesIO()
    size = (A4_MM[0] * _POINTS, A4_MM[1] * _POINTS)
    # A font of ours first, or the document names one that it does not embed.
    canvas = Canvas(
        buffer, size, invariant=1, pageCompression=1, initialFontName=_font(latin_font())
    )
    canvas._doc.info = _title_alone()
    canvas.setTitle(title)
    for page in pages:
        drawing = _Drawing(canvas, page, size[1])
        for each in page.drawn:
            drawing.draw(each)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _title_alone() -> Any:
    """What a document tells of itself: not when or by what it was made."""
    from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFInfo, PDFString

    class TitleAlone(PDFInfo):
        def format(self, document: Any) -> Any:
            return PDFDictionary({"Title": PDFString(self.title)}).format(document)

    return TitleAlone()


class _Drawing:
    """A page on a canvas, whose places are points from the lower left corner."""

    def __init__(self, canvas: Any, page: Paper, height: float) -> None:
        self.canvas, self.language, self.height = canvas, page.language, height
        used: dict[Path, set[str]] = {}
        for each in page.drawn:
            if isinstance(each, Text):
                for part, file in pieces(each.text, page.language, bold=each.bold):
                    used.setdefault(file, set()).update(part)
        self.fonts = {
            file: _font(file) if embeddable(file) else _outlined(file, frozenset(letters))
            for file, letters in used.items()
        }

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A place of the paper on the canvas."""
        return x * _POINTS, self.height - y * _POINTS

    def draw(self, each: Text | Box | Line | Marker | Picture) -> None:
        """Draw one thing."""
        match each:
            case Text():
                self._text(each)
            case Box():
                self.canvas.setFillColor(each.colour)
                x, y = self.at(each.x, each.y + each.height)
                self.canvas.rect(
                    x, y, each.width * _POINTS, each.height * _POINTS, stroke=0, fill=1
                )
            case Line():
                self._line(each)
            case Marker():
                self._marker(each)
            case Picture():
                self._picture(each)

    def _text(self, text: Text) -> None:
        parts = pieces(text.text, self.language, bold=text.bold)
        widths = [text.size * sum(advance(each, file) for each in part) for part, file in parts]
        x, y = self.at(text.x, text.y)
        x -= sum(widths) * {"left": 0.0, "center": 0.5, "right": 1.0}[text.side]
        self.canvas.setFillColor(text.colour)
        for (part, file), width in zip(parts, widths, strict=True):
            if any(unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in part):
                self._shaped(part, file, text.size, x, y)
            else:
                self.canvas.setFont(self.fonts[file], text.size)
                self.canvas.drawString(x, y, part)
            x += width

    def _shaped(self, part: str, file: Path, size: float, x: float, y: float) -> None:
        """Letters that join and run from right to left, as matplotlib lays them out."""
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import TextPath

        path, end = self.canvas.beginPath(), (x, y)
        outline: Any = TextPath((x, y), part, size=size, prop=FontProperties(fname=str(file)))
        for points, code in outline.iter_segments(curves=True, simplify=False):
            if code == outline.MOVETO:
                path.moveTo(*points)
            elif code == outline.LINETO:
                path.lineTo(*points)
            elif code == outline.CURVE3:  # PDF knows those of the third degree alone
                bend, last = points[:2], points[2:]
                first, second = (
                    [(one + 2 * other) / 3 for one, other in zip(each, bend, strict=True)]
                    for each in (end, last)
                )
                path.curveTo(*first, *second, *last)
            elif code == outline.CURVE4:
                path.curveTo(*points)
            else:
                path.close()
            end = points[-2:]
        self.canvas.drawPath(path, stroke=0, fill=1)

    def _line(self, line: Line) -> None:
        self.canvas.setStrokeColor(line.colour)
        self.canvas.setLineWidth(line.width)
        self.canvas.setDash([line.width * each for each in _DASH] if line.dashed else [])
        path = self.canvas.beginPath()
        path.moveTo(*self.at(*line.points[0]))
        for point in line.points[1:]:
            path.lineTo(*self.at(*point))
        self.canvas.drawPath(path)

    def _marker(self, marker: Marker) -> None:
        (x, y), half = self.at(marker.x, marker.y), marker.size / 2
        self.canvas.setStrokeColor(marker.colour)
        self.canvas.setFillColor("#ffffff" if marker.hollow else marker.colour)
        self.canvas.setLineWidth(_RIM)
        self.canvas.setDash([])
        path = self.canvas.beginPath()
        if marker.sign == "o":
            path.circle(x, y, half)
        elif marker.sign == "x":
            for side in (1, -1):
                path.moveTo(x - half, y - side * half)
                path.lineTo(x + half, y + side * half)
        else:
            path.moveTo(x - half, y + half)
            path.lineTo(x + half, y + half)
            path.lineTo(x, y - half)
            path.close()
        self.canvas.drawPath(path, stroke=1, fill=marker.sign != "x")

    def _picture(self, picture: Picture) -> None:
        from reportlab.lib.utils import ImageReader

        coded = io.BytesIO()
        Image.fromarray(picture.pixels).save(coded, "JPEG", quality=_QUALITY, subsampling=0)
        coded.seek(0)
        (left, bottom), (right, top) = (
            self.at(picture.left, picture.bottom),
            self.at(picture.right, picture.top),
        )
        self.canvas.drawImage(ImageReader(coded), left, bottom, right - left, top - bottom)


@cache
def _font(file: Path) -> str:
    """Name of a font that a document embeds."""
    from reportlab.pdfbase.pdfmetrics import registerFont

    font = embeddable(file)
    registerFont(font)
    return str(font.fontName)


@cache
def _outlined(file: Path, letters: frozenset[str]) -> str:
    """Name of a font of PostScript's outlines, as far as its letters are used."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    name = f"{file} {''.join(sorted(letters))}"
    registerFont(TTFont(name, as_true_type(file, letters), shapable=False))
    return name
