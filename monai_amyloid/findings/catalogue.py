"""Texts of findings and pages: English from the messages, every other language from a catalogue.

A language is one file of gettext, ``catalogues/<language>.po``, an entry a message: ``msgctxt`` is
the code, ``msgid`` the English message, ``msgstr`` the text, with the same values in braces.
``python -m monai_amyloid.findings.extraction`` brings the catalogues up to date with the code.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "catalogues"
ENGLISH = "en"


@cache
def languages() -> tuple[str, ...]:
    """Codes of the languages that there are texts in (ISO 639), English first."""
    return (ENGLISH, *sorted(path.stem for path in FOLDER.glob("*.po")))


@cache
def language_name(language: str) -> str:
    """Name of a language in that language, such as ``한국어``."""
    from babel import Locale

    return (Locale.parse(language).get_display_name() or language).capitalize()


@cache
def messages(language: str) -> Mapping[str, str]:
    """Texts of a language by code; empty for English, whose texts are the messages."""
    if language == ENGLISH:
        return {}
    from babel.messages.pofile import read_po

    with (FOLDER / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {str(entry.context): str(entry.string) for entry in catalogue if entry.context}


@cache
def originals() -> Mapping[str, str]:
    """English messages by code, as far as a catalogue has them; a result keeps its text alone."""
    from babel.messages.pofile import read_po

    found: dict[str, str] = {}
    for path in sorted(FOLDER.glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.stem)
        found |= {str(each.context): str(each.id) for each in catalogue if each.context}
    return found
