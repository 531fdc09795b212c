"""A page as pixels."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from monai_amyloid.pictures.lettering import Lettering
from monai_amyloid.pictures.paper import A4_MM, Box, Line, Marker, Paper, Picture, Point, Text

_FINER = 8  # a sign is drawn so many times as large, for smooth edges
_RIM = 0.8  # points, of hollow markers and crosses
_ANCHORS = {"left": "ls", "center": "ms", "right": "rs"}


def as_pixels(page: Paper, dpi: float) -> NDArray[np.uint8]:
    """Draw a page.

    Args:
        page: Page with all that was drawn on it.
        dpi: Number of pixels an inch.

    Returns:
        Red, green and blue, ``(rows, columns, 3)``.
    """
    width, height = (round(length / 25.4 * dpi) for length in A4_MM)
    picture = Image.new("RGB", (width, height), "white")
    drawing = _Drawing(picture, page, dpi)
    for each in page.drawn:
        drawing.draw(each)
    return np.asarray(picture)


class _Drawing:
    """A page on a picture."""

    def __init__(self, picture: Image.Image, page: Paper, dpi: float) -> None:
        self.picture, self.ink = picture, ImageDraw.Draw(picture)
        self.letters = Lettering(picture, page.language)
        self.mm, self.point = dpi / 25.4, dpi / 72  # in pixels

    def at(self, point: Point) -> Point:
        """A place of the paper on the picture."""
        return point[0] * self.mm, point[1] * self.mm

    def draw(self, each: Text | Box | Line | Marker | Picture) -> None:
        """Draw one thing."""
        match each:
            case Text():
                place, size = self.at((each.x, each.y)), each.size * self.point
                self.letters.write(place, each.text, size, colour=each.colour,
                                   anchor=_ANCHORS[each.side], bold=each.bold)  # fmt: skip
            case Box():
                left, top = map(round, self.at((each.x, each.y)))
                right, bottom = map(round, self.at((each.x + each.width, each.y + each.height)))
                if right > left and bottom > top:
                    self.ink.rectangle((left, top, right - 1, bottom - 1), each.colour)
            case Line():
                width = max(round(each.width * self.point), 1)
                self.ink.line([self.at(point) for point in each.points], each.colour, width)
            case Marker():
                self._marker(each)
            case Picture():
                left, top = map(round, self.at((each.left, each.top)))
                right, bottom = map(round, self.at((each.right, each.bottom)))
                shown = Image.fromarray(each.pixels).resize(
                    (right - left, bottom - top), Image.Resampling.LANCZOS
                )
                self.picture.paste(shown, (left, top))

    def _marker(self, marker: Marker) -> None:
        x, y = self.at((marker.x, marker.y))
        half, rim = marker.size / 2 * self.point, round(_RIM * self.point * _FINER)
        reach = round(half) + 2
        left, top = round(x) - reach, round(y) - reach
        box = (left, top, left + 2 * reach, top + 2 * reach)
        large = self.picture.crop(box).resize((2 * reach * _FINER,) * 2, Image.Resampling.NEAREST)
        ink, inside = ImageDraw.Draw(large), "white" if marker.hollow else marker.colour
        a, b, far = (_FINER * each for each in (x - left, y - top, half))
        if marker.sign == "o":
            ink.ellipse((a - far, b - far, a + far, b + far), inside, marker.colour, rim)
        elif marker.sign == "x":
            ink.line((a - far, b - far, a + far, b + far), marker.colour, rim)
            ink.line((a - far, b + far, a + far, b - far), marker.colour, rim)
        else:
            corners = ((a - far, b - far), (a + far, b - far), (a, b + far))
            ink.polygon(corners, inside, marker.colour, rim)
        self.picture.paste(large.resize((2 * reach,) * 2, Image.Resampling.BOX), (left, top))
