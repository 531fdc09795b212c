"""Fonts for the report's page and pictures."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from monai_amyloid.errors import UserError
from monai_amyloid.report.words import Language

_LATIN = "DejaVu Sans"  # comes with matplotlib
# By how a file of it is called without spaces; those of Windows, Debian and macOS.
_KOREAN = (
    "malgun",
    "NanumGothic",
    "NanumBarunGothic",
    "NotoSansCJK",
    "NotoSansKR",
    "AppleSDGothicNeo",
    "AppleGothic",
)


def font_families(language: Language) -> list[str]:
    """Families to draw text with, the first that has a letter draws it.

    Args:
        language: Of the page. An English one may hold a Korean name, for which a Korean font is
            taken where there is one.

    Raises:
        UserError: If the page is Korean and the system has no Korean font.
    """
    korean = _korean_family()
    if language == "ko":
        if korean is None:
            raise UserError(
                "no Korean font found, needed Malgun Gothic, NanumGothic, Noto Sans CJK KR or "
                "Apple SD Gothic Neo; install one (Debian: fonts-nanum) or choose English"
            )
        return [korean, _LATIN]
    return [_LATIN, *([korean] if korean else [])]


@cache
def _korean_family() -> str | None:
    """A Korean font of the system, made known to matplotlib, whose own list may be older."""
    from matplotlib.font_manager import FontProperties, findSystemFonts, fontManager

    files = sorted(map(Path, findSystemFonts()), key=lambda file: (len(file.stem), file.stem))
    for start in _KOREAN:
        found = [
            file for file in files if file.stem.replace(" ", "").lower().startswith(start.lower())
        ]
        if not found:
            continue
        family = str(FontProperties(fname=str(found[0])).get_name())
        known = {Path(entry.fname) for entry in fontManager.ttflist}
        for file in found:
            if file not in known and _is_of(file, family):
                fontManager.addfont(str(file))
        return family
    return None


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
