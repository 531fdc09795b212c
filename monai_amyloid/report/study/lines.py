"""Text on paper by its measured width: however long a name or a reason is, no line is cut."""

from functools import cache
from unicodedata import east_asian_width

from monai_amyloid.pictures.fonts import advance, latin_font
from monai_amyloid.report.words import NO_BREAK, unbroken

_MM_OF_POINT = 25.4 / 72
# Lines of one text stand so far apart, in sizes of its letters.
_SPACING = 1.32


def width_mm(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a text in the widest of the fonts that pages are written in.

    Args:
        text: Text of one line.
        size: Size of the letters in points.
        bold: Whether they are bold.
    """
    return sum(_width_in_sizes(letter, bold) for letter in text) * size * _MM_OF_POINT


def line_height(size: float) -> float:
    """How far apart lines stand, in mm, of letters of a size in points."""
    return size * _MM_OF_POINT * _SPACING


def lines_within(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines; a word that is longer than a line is broken within.

    Args:
        text: The text, whose spaces may become ends of lines.
        width: Width of the lines in mm.
        size: Size of the letters in points.
        bold: Whether they are bold.
    """
    lines, line = list[str](), ""
    for word in unbroken(text).split(" "):
        longer = f"{line} {word}" if line else word
        if width_mm(longer, size, bold=bold) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while width_mm(line, size, bold=bold) > width:
            fits = _letters_within(line, width, size, bold)
            lines.append(line[:fits])
            line = line[fits:]
    return [each.replace(NO_BREAK, " ") for each in (*lines, line)]


def _letters_within(text: str, width: float, size: float, bold: bool) -> int:
    count, left = 0, width / (size * _MM_OF_POINT)
    for letter in text:
        left -= _width_in_sizes(letter, bold)
        if left < 0:
            break
        count += 1
    return max(count, 1)


@cache
def _width_in_sizes(letter: str, bold: bool) -> float:
    """Width of a letter over its size: Korean ones fill a square, the widest of any font.

    Latin ones are those of DejaVu Sans, wider than in fonts that have Korean ones too.
    """
    if east_asian_width(letter) in "WF":
        return 1.0
    return advance(letter, latin_font(bold=bold))
