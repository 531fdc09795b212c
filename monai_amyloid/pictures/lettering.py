"""Text on a picture of pixels, in the fonts of the reports."""

from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from monai_amyloid.findings.finding import Phrase
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.pictures.fonts import font_files, pieces

Colour = tuple[int, int, int] | str


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
        font_files(language)

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
                ``a`` for the upper edge, ``d`` for the lower one or ``s`` for the base of letters.
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
        found = pieces(line, self.language, bold=bold)
        return [(part, _font(file, size)) for part, file in found]


@cache
def _font(file: Path, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(file), size)
