"""Text on a picture of pixels, in the fonts of the reports."""

from functools import cache
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from monai_amyloid.findings.finding import Phrase
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.pictures.fonts import font_families, font_file, letters_of

Colour = tuple[int, int, int] | str


class _Face(NamedTuple):
    letters: frozenset[int]
    file: str


class Lettering:
    """Writes texts on a picture.

    Args:
        picture: The picture, which is written on.
        language: Code of the texts' language.

    Raises:
        UserError: If no font with the letters of the language is installed.
    """

    def __init__(self, picture: Image.Image, language: str) -> None:
        self.draw, self.language = ImageDraw.Draw(picture), language
        self.families = tuple(font_families(language))

    def say(self, text: Phrase | str) -> str:
        """A text in the picture's language."""
        return text if isinstance(text, str) else in_language(text, self.language)

    def write(
        self,
        place: tuple[float, float],
        text: Phrase | str,
        size: float,
        *,
        colour: Colour = "black",
        anchor: str = "la",
        bold: bool = False,
    ) -> None:
        """Write lines of text.

        Args:
            place: Place of the text in pixels from the left and the upper edge.
            text: What is written; each line in its own row.
            size: Height of the letters, pixels.
            colour: Colour of the letters.
            anchor: Pillow's letter of the side that ``place`` is at, ``l``, ``m`` or ``r``, and
                ``a`` for the upper or ``d`` for the lower edge.
            bold: Whether the letters are bold.
        """
        x, y = place
        lines = self.say(text).split("\n")
        if anchor[1] == "d":
            y -= 1.35 * size * (len(lines) - 1)
        for line in lines:
            parts = self._parts(line, size, bold)
            width = sum(font.getlength(part) for part, font in parts)
            left = x - width * {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]]
            for part, font in parts:
                self.draw.text((left, y), part, colour, font, anchor=f"l{anchor[1]}")
                left += font.getlength(part)
            y += 1.35 * size

    def width(self, text: Phrase | str, size: float, *, bold: bool = False) -> float:
        """How wide a line of text is, in pixels; arguments as those of :meth:`write`."""
        return sum(font.getlength(part) for part, font in self._parts(self.say(text), size, bold))

    def _parts(
        self, line: str, size: float, bold: bool
    ) -> list[tuple[str, ImageFont.FreeTypeFont]]:
        """The line in pieces, each with the first font that has its letters."""
        faces = [_face(family, bold) for family in self.families]
        parts: list[tuple[str, _Face]] = []
        for letter in line:
            face = next((each for each in faces if ord(letter) in each.letters), faces[0])
            if parts and parts[-1][1] is face:
                parts[-1] = (parts[-1][0] + letter, face)
            else:
                parts.append((letter, face))
        return [(part, _font(face.file, size)) for part, face in parts]


@cache
def _face(family: str, bold: bool) -> _Face:
    file = font_file(family, bold=bold)
    return _Face(frozenset(letters_of(file)), str(file))


@cache
def _font(file: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, size)
