"""Texts of findings and pages: English from the messages, every other language from a catalogue.

A language is one file of gettext, ``catalogues/<language>.po``, an entry a message: ``msgctxt`` is
the code, ``msgid`` the English message, ``msgstr`` the text, with the same values in braces.
``python -m monai_amyloid.findings.extraction`` brings the catalogues up to date with the code.
"""

import string
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from monai_amyloid.findings.finding import LONGEST_TEXT, Phrase, phrase

FOLDER = Path(__file__).parent / "catalogues"
ENGLISH = "en"
# What stands between several values, by the first word of their format.
_JOINED = {
    "": phrase("join", ", "),
    "and": phrase("join_and", " and "),
    "or": phrase("join_or", " or "),
    ";": phrase("join_reasons", "; "),
    "x": phrase("join_sizes", " x "),
}


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


def in_language(text: Phrase, language: str) -> str:
    """A text in one language; in English where its catalogue has none.

    It is one line of printable letters and no longer than :data:`LONGEST_TEXT`, whatever a
    hostile header puts into it.

    Args:
        text: A finding or another phrase.
        language: One of :func:`languages`.
    """
    template = messages(language).get(text.code) or text.message
    whole = _Texts(language).vformat(template, (), text.values)
    if text.values.get("where") is not None:
        whole = f"{text.values['where']}: {whole}"
    line = "".join(letter if letter.isprintable() else "\ufffd" for letter in whole)
    return line if len(line) <= LONGEST_TEXT else f"{line[: LONGEST_TEXT - 1]}…"


class _Texts(string.Formatter):
    """Formats values in a language: phrases are said in it, several values are joined."""

    def __init__(self, language: str) -> None:
        self.language = language

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """A value by its name alone: no attribute or item of it can be reached."""
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        """One value as text."""
        if isinstance(value, Phrase):
            return in_language(value, self.language)
        if isinstance(value, (tuple, list)):
            joined, _, each = format_spec.partition(":")
            between = in_language(_JOINED[joined], self.language)
            return between.join(self.format_field(one, each) for one in value)
        return str(value) if value is None else format(value, format_spec)
