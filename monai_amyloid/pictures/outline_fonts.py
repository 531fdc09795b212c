"""Fonts whose outlines are PostScript's, as Noto Sans CJK, made into ones that a PDF can embed."""

import io
from collections.abc import Iterable
from pathlib import Path

from monai_amyloid.pictures.fonts import letters_of, opened

_FINE = 0.5  # units of the font, of a thousand or more a letter, that a curve may move


def as_true_type(file: Path, letters: Iterable[str]) -> io.BytesIO:
    """A font's outlines as TrueType's, for some of its letters.

    Args:
        file: File of the font.
        letters: Letters that are kept; those that the font lacks are left out.

    Returns:
        The font's file.
    """
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    font = opened(file)
    outlines, known = font.getGlyphSet(), letters_of(file)
    kept = {ord(letter): known[ord(letter)] for letter in letters if ord(letter) in known}
    names = list(dict.fromkeys([".notdef", *(kept[code] for code in sorted(kept))]))
    glyphs = {}
    for name in names:
        pen = TTGlyphPen(None)
        outlines[name].draw(Cu2QuPen(pen, _FINE, reverse_direction=True))
        glyphs[name] = pen.glyph()
    made = FontBuilder(font["head"].unitsPerEm, isTTF=True)
    made.setupGlyphOrder(names)
    made.setupCharacterMap(kept)
    made.setupGlyf(glyphs)
    made.setupHorizontalMetrics({name: font["hmtx"][name] for name in names})
    made.setupHorizontalHeader(ascent=font["hhea"].ascent, descent=font["hhea"].descent)
    own = font["name"].getDebugName
    named = {"familyName": own(1), "styleName": own(2), "psName": own(6)}
    made.setupNameTable({key: text for key, text in named.items() if text})
    made.setupOS2()
    made.setupPost()
    written = io.BytesIO()
    made.save(written)
    written.seek(0)
    return written
