"""Paper to write a page of the report on: what stands where, drawn as a PDF or as pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, Literal
from unicodedata import east_asian_width

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Phrase
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.pictures.fonts import font_files

A4_MM = (210.0, 297.02)  # 1240 x 1754 pixels at 150 a inch
LEFT, RIGHT = 16.0, 194.0  # the margins, mm from the page's left edge
INK, SOFT, LINE = "#17242e", "#55646f", "#d5dde2"
_WIDE = 0.62  # letters of Korean on a line against Latin ones
Point = tuple[float, float]


@dataclass(frozen=True)
class Text:
    """A line of text; places as :meth:`Paper.write` takes them."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool
    side: str


@dataclass(frozen=True)
class Box:
    """A filled rectangle by its left, top, width and height, mm."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True)
class Line:
    """A line through points, mm; its width in points."""

    points: tuple[Point, ...]
    colour: str
    width: float
    dashed: bool


@dataclass(frozen=True)
class Marker:
    """A sign at a place, mm, of a size in points: a dot, a cross, or a triangle that points down.

    Attributes:
        hollow: Whether it has a rim alone, and is white inside.
    """

    x: float
    y: float
    sign: Literal["o", "x", "v"]
    size: float
    colour: str
    hollow: bool


@dataclass(frozen=True)
class Picture:
    """Pixels ``(rows, columns, 3)`` between edges, mm."""

    pixels: NDArray[np.uint8]
    left: float
    top: float
    right: float
    bottom: float


class Paper:
    """A page of A4 with places in mm from its left and upper edge.

    Args:
        language: Code of the language that the page is written in.

    Raises:
        UserError: If no font with the letters of the language is installed.
    """

    def __init__(self, language: str) -> None:
        font_files(language)
        self.language = language
        self.drawn: list[Text | Box | Line | Marker | Picture] = []

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
        color: str = INK,
        weight: str = "normal",
        ha: str = "left",
    ) -> None:
        """A line of text on its baseline.

        Args:
            x: Place of the text, mm from the page's left edge.
            y: Place of its baseline, mm from the upper edge.
            text: What is written.
            size: Size of the letters, points.
            color: Colour of the letters, ``#rrggbb``.
            weight: Weight of the letters, ``normal`` or ``bold``.
            ha: Part of the text that lies at ``x``: ``left``, ``center`` or ``right``.
        """
        written = self.say(text)
        if written:
            self.drawn.append(Text(x, y, written, size, color, weight == "bold", ha))

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
        self.drawn.append(Box(x, y, width, height, colour))

    def rule(self, y: float, colour: str = LINE) -> None:
        """A line from margin to margin."""
        self.line(((LEFT, y), (RIGHT, y)), colour, 0.6)

    def line(
        self, points: Sequence[Point], colour: str, width: float, *, dashed: bool = False
    ) -> None:
        """A line through points in mm, of a width in points."""
        self.drawn.append(Line(tuple(points), colour, width, dashed))

    def marker(
        self,
        x: float,
        y: float,
        sign: Literal["o", "x", "v"],
        size: float,
        *,
        colour: str = INK,
        hollow: bool = False,
    ) -> None:
        """A sign at a place in mm; arguments as of :class:`Marker`."""
        self.drawn.append(Marker(x, y, sign, size, colour, hollow))

    def picture(
        self, pixels: NDArray[np.uint8], top: float, left: float = LEFT, right: float = RIGHT
    ) -> float:
        """A picture from margin to margin, or elsewhere; returns where it ends."""
        bottom: float = top + (right - left) * pixels.shape[0] / pixels.shape[1]
        self.drawn.append(Picture(pixels, left, top, right, bottom))
        return bottom
