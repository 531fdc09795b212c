"""Fonts for the report's page and pictures."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from monai_amyloid.errors import UserError
from monai_amyloid.findings.catalogue import language_name, messages

_LATIN = "DejaVu Sans"  # comes with matplotlib
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
# Cuts of one family are files whose names begin alike, such as NanumGothicBold.
_SAME_START = 6
# Letters of a person's Korean name, which a page in any language may hold.
_KOREAN = frozenset("\uac00\ud558\ud7a3")


def font_families(language: str) -> list[str]:
    """Families to draw text with; the first that has a letter draws it.

    Args:
        language: Code of the page's language. A page in any language may hold a Korean name, for
            which a Korean font is taken where there is one.

    Raises:
        UserError: If no font of the system has the letters that the language is written in.
    """
    family = _family_with(_letters(language))
    if family is None:
        name = language_name(language)
        raise UserError(
            f"no font with the letters of {name} found, needed for Korean for example Malgun "
            "Gothic, NanumGothic, Noto Sans CJK KR or Apple SD Gothic Neo; install one (Debian: "
            "fonts-nanum) or choose English"
        )
    names = _family_with(_KOREAN)
    return list(dict.fromkeys(each for each in (family, _LATIN, names) if each is not None))


@cache
def _letters(language: str) -> frozenset[str]:
    """Letters of a language's texts that matplotlib's own font lacks."""
    from matplotlib.font_manager import findfont

    letters = {letter for text in messages(language).values() for letter in text}
    known = letters_of(Path(findfont(_LATIN)))
    return frozenset(each for each in letters if each.isalpha() and ord(each) not in known)


@cache
def _family_with(letters: frozenset[str]) -> str | None:
    """A font with all these letters; :data:`_LATIN` where there are none.

    A font of the system is made known to matplotlib, whose own list may be older.
    """
    from matplotlib.font_manager import FontProperties, findSystemFonts, fontManager

    if not letters:
        return _LATIN
    files = sorted(map(Path, findSystemFonts()), key=_order)
    found = next((file for file in files if _has(file, letters)), None)
    if found is None:
        return None
    family = str(FontProperties(fname=str(found)).get_name())
    known = {Path(entry.fname) for entry in fontManager.ttflist}
    start = found.stem[:_SAME_START].lower()
    for file in files:
        alike = file.stem.lower().startswith(start)
        if alike and file not in known and _is_of(file, family):
            fontManager.addfont(str(file))
    return family


def _order(file: Path) -> tuple[int, int, str]:
    """Well-known fonts first, the plain cut of each before its bold one."""
    stem = file.stem.replace(" ", "").lower()
    ranks = [rank for rank, start in enumerate(_WELL_KNOWN) if stem.startswith(start.lower())]
    return min(ranks, default=len(_WELL_KNOWN)), len(file.stem), file.stem


def _has(file: Path, letters: frozenset[str]) -> bool:
    """Whether a font has all these letters."""
    known = letters_of(file)
    return all(ord(letter) in known for letter in letters)


def font_file(family: str, *, bold: bool) -> Path:
    """The file of a family that :func:`font_families` named.

    Args:
        family: Name of the family.
        bold: Whether to take its bold letters; the plain ones where it has none.
    """
    from matplotlib.font_manager import FontProperties, findfont

    with without_remarks():
        return Path(findfont(FontProperties(family=family, weight="bold" if bold else "normal")))


def letters_of(file: Path) -> Mapping[int, int]:
    """Code points that a font has; none where the file is no font that matplotlib can read."""
    from matplotlib.ft2font import FT2Font

    try:
        return FT2Font(str(file)).get_charmap()
    except (OSError, RuntimeError):
        return {}


def _is_of(file: Path, family: str) -> bool:
    from matplotlib.font_manager import FontProperties

    return str(FontProperties(fname=str(file)).get_name()) == family


@contextmanager
def without_remarks() -> Iterator[None]:
    """Leave out what matplotlib says of fonts whose bold is called otherwise, and of letters.

    A name may hold a letter that no font here has: it is drawn as a box.
    """
    logger = logging.getLogger("matplotlib.font_manager")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from")
            yield
    finally:
        logger.setLevel(before)
