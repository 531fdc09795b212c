"""A phrase: a text that depends on values, in every language that there is a catalogue of.

What a value may hold decides how it is kept private before anything is written: a number or a
:class:`Term` tells nothing of a person, a :class:`~pathlib.Path`, a :class:`Uid` and any other
text, which came out of a header, a table or another library, may.
"""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from monai_amyloid.findings.catalogue import ENGLISH, messages
from monai_amyloid.shown import visible

LONGEST_TEXT = 2000


class Term(str):
    """A word of a standard or of this program: a DICOM keyword, a BIDS label, a unit, an option."""


class Uid(str):
    """A DICOM unique identifier, which leads to a person in a hospital's archive."""


Value: TypeAlias = "str | int | float | bool | Path | Phrase | tuple[Value, ...] | None"


@dataclass(frozen=True)
class Phrase:
    """A text that depends on values, in every language that has a catalogue.

    Attributes:
        code: Name of the text, ``lower_case``; the same code always has the same message.
        message: English text with the values' names in braces, such as ``{covered:.0%}``. Values
            that are several are joined: ``{names}`` by a comma, ``{names:and}`` by "and",
            ``{sizes:x:g}`` by "x" with each formatted by ``g``.
        values: What the text speaks of, by name; names end in their unit (``_mm``, ``_s``), shares
            are between 0 and 1. A phrase among them is said in the same language.
    """

    code: str
    message: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        """The text in English."""
        return in_language(self, ENGLISH)


def phrase(code: str, message: str, /, **values: Value) -> Phrase:
    """A text of a page or a part of a finding."""
    return Phrase(code, message, values)


# What stands between several values, by the first word of their format.
_JOINED = {
    "": phrase("join", ", "),
    "and": phrase("join_and", " and "),
    "or": phrase("join_or", " or "),
    ";": phrase("join_reasons", "; "),
    "x": phrase("join_sizes", " x "),
}


def in_language(text: Phrase, language: str) -> str:
    """A text in one language; in English where its catalogue has none.

    It is one line in which everything can be seen (:mod:`monai_amyloid.shown`), and no longer than
    :data:`LONGEST_TEXT`, whatever a hostile header puts into it.

    Args:
        text: A finding or another phrase.
        language: One of :func:`languages`.
    """
    template = messages(language).get(text.code) or text.message
    whole = _Texts(language).vformat(template, (), text.values)
    if text.values.get("where") is not None:
        whole = f"{text.values['where']}: {whole}"
    line = visible(whole)
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
