"""Fonts for the report's page and pictures."""

import struct
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import ImageFont

from monai_amyloid.errors import UserError
from monai_amyloid.findings.catalogue import language_name, messages

# Fonts with many letters, by how a file of each is called without spaces; those of Windows, Debian
# and macOS. They are tried before the other fonts of the system.
_WELL_KNOWN = (
    "malgun",
    "NanumGothic",
    "NanumBarunGothic",
    "NotoSansCJK",
    "NotoSansKR",
    "AppleSDGothicNeo",
    "AppleGothic",
)
_FORMS = (".ttf", ".ttc", ".otf")
_FOLDERS = {
    "win32": ("C:/Windows/Fonts", "~/AppData/Local/Microsoft/Windows/Fonts"),
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
}
_OTHER_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
# Cuts of one family are files whose names begin alike, such as NanumGothicBold.
_SAME_START = 6
# Letters of a person's Korean name, which a page in any language may hold.
_KOREAN = frozenset("\uac00\ud558\ud7a3")


def font_files(language: str) -> list[Path]:
    """Fonts to draw a page with; the first that has a letter draws it.

    Args:
        language: Code of the page's language.

    Raises:
        UserError: If no font of the system has the letters that the language is written in.
    """
    file = _font_with(_letters(language))
    if file is None:
        name = language_name(language)
        raise UserError(
            f"no font with the letters of {name} found, needed for Korean for example Malgun "
            "Gothic, NanumGothic, Noto Sans CJK KR or Apple SD Gothic Neo; install one (Debian: "
            "fonts-nanum) or choose English"
        )
    return list(dict.fromkeys((file, latin_font())))


def pieces(text: str, language: str, *, bold: bool = False) -> list[tuple[str, Path]]:
    """Cut a line where its font changes.

    Args:
        text: The line. A page in any language may hold a Korean name, for which a Korean font is
            taken where there is one; a letter that no font has is left to the first font.
        language: Code of the page's language.
        bold: Whether the letters are bold; those of a family that has no bold ones are not.

    Returns:
        Each piece with the file of its font.
    """
    found: list[tuple[str, Path]] = []
    for letter in text:
        file = _font_of(letter, language, bold)
        if found and found[-1][1] == file:
            found[-1] = (found[-1][0] + letter, file)
        else:
            found.append((letter, file))
    return found


@cache
def _font_of(letter: str, language: str, bold: bool) -> Path:
    files = [_cut(file, bold) for file in font_files(language)]
    found = next((file for file in files if ord(letter) in letters_of(file)), None)
    if found is None and (names := _font_with(_KOREAN)) is not None:
        found = _cut(names, bold) if ord(letter) in letters_of(_cut(names, bold)) else None
    return found or files[0]


@cache
def latin_font(*, bold: bool = False) -> Path:
    """DejaVu Sans, which comes with matplotlib: that need not be imported for it.

    Args:
        bold: Whether its bold letters, or the plain ones.

    Raises:
        UserError: If matplotlib, of the extra ``report``, is not installed.
    """
    package = find_spec("matplotlib")
    if package is None or package.origin is None:
        raise UserError(
            "pictures need matplotlib; install it with: pip install 'monai-amyloid[report]'"
        )
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(package.origin).parent / "mpl-data" / "fonts" / "ttf" / name


@cache
def _letters(language: str) -> frozenset[str]:
    """Letters of a language's texts that DejaVu Sans lacks."""
    letters = {letter for text in messages(language).values() for letter in text}
    known = letters_of(latin_font())
    return frozenset(each for each in letters if each.isalpha() and ord(each) not in known)


@cache
def _font_with(letters: frozenset[str]) -> Path | None:
    """A font with all these letters; DejaVu Sans where there are none."""
    if not letters:
        return latin_font()
    for files in (_usual_files, _all_files):
        for file in sorted(files(), key=_order):
            known = letters_of(file)
            if all(ord(letter) in known for letter in letters):
                return file
    return None


def _usual_files() -> list[Path]:
    """Well-known fonts in the folders that systems keep fonts in."""
    folders = _FOLDERS.get(sys.platform, _OTHER_FOLDERS)
    files = [file for folder in folders for file in Path(folder).expanduser().rglob("*")]
    known = [file for file in files if file.suffix.lower() in _FORMS]
    return [file for file in known if _order(file)[0] < len(_WELL_KNOWN)]


def _all_files() -> Sequence[Path]:
    from matplotlib.font_manager import findSystemFonts

    return [Path(file) for file in findSystemFonts()]


def _order(file: Path) -> tuple[int, int, str]:
    """Well-known fonts first, the plain cut of each before its bold one."""
    stem = file.stem.replace(" ", "").lower()
    ranks = [rank for rank, start in enumerate(_WELL_KNOWN) if stem.startswith(start.lower())]
    return min(ranks, default=len(_WELL_KNOWN)), len(file.stem), file.stem


@cache
def _cut(file: Path, bold: bool) -> Path:
    """The bold letters of a font's family; the font itself where it has none."""
    if not bold:
        return file
    family, start = _named(file)[0], file.stem[:_SAME_START].lower()
    alike = [
        each
        for each in sorted(file.parent.iterdir())
        if each.suffix.lower() in _FORMS and each.stem.lower().startswith(start)
    ]
    return next((each for each in alike if _named(each) == (family, "Bold")), file)


def _named(file: Path) -> tuple[str | None, str | None]:
    """Name of a font's family, and of its cut."""
    try:
        return ImageFont.truetype(str(file), 10).getname()
    except OSError:
        return None, None


@cache
def letters_of(file: Path) -> Mapping[int, Any]:
    """Code points that a font has; none where the file is no font that can be read."""
    font = embeddable(file)
    if font is not None:
        return dict(font.face.charToGlyph)
    return opened(file).getBestCmap() if opened(file) else {}


@cache
def embeddable(file: Path) -> Any:
    """A font as reportlab embeds it; None where it cannot: of PostScript's outlines, or no font."""
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    try:
        return TTFont(str(file), str(file), shapable=False)
    except (OSError, TTFError, ValueError, KeyError, IndexError, struct.error):
        return None


@cache
def opened(file: Path) -> Any:
    """The tables of a font that :func:`embeddable` cannot read; None where it is no font."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        font = TTFont(str(file), lazy=True, fontNumber=0)
        return font if font.getBestCmap() else None
    except (OSError, TTLibError, AssertionError, KeyError, ValueError, struct.error):
        return None


@cache
def advance(letter: str, file: Path) -> float:
    """How far a letter moves the next one, over the letters' size."""
    font = embeddable(file)
    if font is not None:
        return float(font.face.getCharWidth(ord(letter))) / 1000
    name = letters_of(file).get(ord(letter), ".notdef")
    return float(opened(file)["hmtx"][name][0]) / float(opened(file)["head"].unitsPerEm)
