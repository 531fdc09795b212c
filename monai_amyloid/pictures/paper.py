"""Paper to write a page of the report on."""

from functools import cache
from textwrap import wrap
from typing import Any
from unicodedata import east_asian_width

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Phrase
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.pictures.fonts import font_families

A4_MM = (210.0, 297.02)  # 1240 x 1754 pixels at 150 a inch
LEFT, RIGHT = 16.0, 194.0  # the margins, mm from the page's left edge
INK, SOFT, LINE = "#17242e", "#55646f", "#d5dde2"
_WIDE = 0.62  # letters of Korean on a line against Latin ones


class Paper:
    """A page of A4 with places in mm from its left and upper edge.

    Args:
        language: Code of the language that the page is written in.
    """

    def __init__(self, language: str) -> None:
        from matplotlib.figure import Figure

        self.language = language
        self.fonts = font_families(language)
        width, height = A4_MM
        self.figure = Figure(figsize=(width / 25.4, height / 25.4), facecolor="white")
        self.paper = self.figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        self.paper.set_axis_off()
        self.lines: list[tuple[float, float, str, Any, Any, str]] = []
        self.paper.add_artist(_lines_artist(self.paper, self.lines))

    def say(self, text: Phrase | str) -> str:
        """A text in the page's language."""
        return text if isinstance(text, str) else in_language(text, self.language)

    def write(
        self,
        x: float,
        y: float,
        text: Phrase | str,
        size: float = 9.0,
        *,
        color: Any = INK,
        weight: str = "normal",
        ha: str = "left",
    ) -> None:
        """A line of text on its baseline.

        Args:
            x: Place of the text, mm from the page's left edge.
            y: Place of its baseline, mm from the upper edge.
            text: What is written; a dollar sign begins no formula.
            size: Size of the letters, points.
            color: Colour of the letters, as matplotlib knows it.
            weight: Weight of the letters, ``normal`` or ``bold``.
            ha: Part of the text that lies at ``x``: ``left``, ``center`` or ``right``.
        """
        written = self.say(text)
        if written:
            self.lines.append((x, y, written, color, _face(tuple(self.fonts), size, weight), ha))

    def paragraph(
        self, x: float, y: float, text: Phrase | str, width: int, most: int = 99, **how: Any
    ) -> float:
        """Write at most so many lines and return where the next one begins."""
        written = self.say(text)
        wide = any(east_asian_width(letter) in "WF" for letter in written)
        letters = round(width * _WIDE) if wide else width
        for line in wrap(written, letters, max_lines=max(most, 1), placeholder=" …"):
            self.write(x, y, line, **how)
            y += 0.5 * how.get("size", 9.0)
        return y

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle, placed by its upper left corner."""
        from matplotlib.patches import Rectangle

        self.paper.add_artist(Rectangle((x, y), width, height, color=colour, linewidth=0))

    def rule(self, y: float, colour: str = LINE) -> None:
        """A line from margin to margin."""
        self.paper.plot((LEFT, RIGHT), (y, y), color=colour, linewidth=0.6)

    def picture(
        self, pixels: NDArray[np.uint8], top: float, left: float = LEFT, right: float = RIGHT
    ) -> float:
        """A picture from margin to margin, or elsewhere; returns where it ends."""
        bottom: float = top + (right - left) * pixels.shape[0] / pixels.shape[1]
        self.paper.imshow(pixels, extent=(left, right, bottom, top), aspect="auto")
        self.paper.set(xlim=(0, A4_MM[0]), ylim=(A4_MM[1], 0))
        return bottom


@cache
def _face(fonts: tuple[str, ...], size: float, weight: str) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=list(fonts), size=size, weight=weight)


def _lines_artist(paper: Any, lines: list[tuple[float, float, str, Any, Any, str]]) -> Any:
    """All lines of a page as one thing to draw: matplotlib's own text lays each out twice."""
    from matplotlib.artist import Artist
    from matplotlib.colors import to_rgba

    class Lines(Artist):
        def draw(self, renderer: Any) -> None:
            to_points = paper.transData
            height = renderer.get_canvas_width_height()[1]
            for x, y, text, colour, face, side in lines:
                left, bottom = to_points.transform((x, y))
                if side != "left":
                    wide = renderer.get_text_width_height_descent(text, face, ismath=False)[0]
                    left -= wide * {"center": 0.5, "right": 1.0}[side]
                context = renderer.new_gc()
                context.set_foreground(to_rgba(colour), isRGBA=True)
                top = height - bottom if renderer.flipy() else bottom
                renderer.draw_text(context, left, top, text, face, 0, ismath=False)
                context.restore()

    artist: Any = Lines()
    artist.set_zorder(3)  # as matplotlib's own text
    return artist
