"""Nothing that tells who was scanned leaves, unless that was asked for.

What is written of a study is checked against what its own headers say of the person: names,
numbers, dates and UIDs. A research label of BIDS (``sub-0001``) is a pseudonym and may stay.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from monai_amyloid.report.result import Result

HIDDEN = "…"
_PSEUDONYM = re.compile(r"sub-[A-Za-z0-9]+(_ses-[A-Za-z0-9]+)?")
_UID = re.compile(r"(?<![\d.])\d+(?:\.\d+){4,}\.?")
# Hospital numbers and dates have six digits or more.
_LONG_NUMBER = re.compile(r"\d{6,}|(?:19|20)\d\d[-_. ]\d\d[-_. ]\d\d")
_PERSONS = (
    *("PatientName", "OtherPatientNames", "ReferringPhysicianName"),
    *("PerformingPhysicianName", "OperatorsName"),
)
_SHORTEST_LATIN, _SHORTEST_OTHER = 3, 2
# Sexes, study numbers and stations of a letter or two are in every word.
_SHORTEST_VALUE = 4
_LEFT_ALONE = ("PatientSex", "InstitutionName")


class Privacy:
    """What must not be written of one study.

    Args:
        identity: Of :func:`~monai_amyloid.pet.identity.identity_of`; None where its headers
            cannot be read.
    """

    def __init__(self, identity: Mapping[str, str] | None) -> None:
        self.identity = dict(identity or {})
        found: set[str] = set()
        for keyword, values in self.identity.items():
            for value in values.split("\n"):
                if keyword in _PERSONS:
                    found |= _names(value)
                elif keyword not in _LEFT_ALONE and len(value) >= _SHORTEST_VALUE:
                    found |= _forms(value)
        # A pseudonym may stay, also where the header calls it the patient's name.
        kept = {text for text in found if not _PSEUDONYM.fullmatch(text)}
        # The longest first: a name before its parts.
        self._patterns = [_pattern(text) for text in sorted(kept, key=len, reverse=True)]

    def tells(self, name: str) -> bool:
        """Whether a name tells who was scanned, or looks as if it did."""
        if self.clean(name) != name:
            return True
        return not _PSEUDONYM.fullmatch(name) and bool(_LONG_NUMBER.search(name))

    def clean(self, text: str) -> str:
        """A text without what names the person or a UID."""
        for pattern in self._patterns:
            text = pattern.sub(HIDDEN, text)
        return _UID.sub(HIDDEN, text)

    def clean_result(self, result: Result, study: Path) -> Result:
        """A result whose every text is clean, the path of its study its name.

        Args:
            result: With the name that it is written under.
            study: Where it was read from.
        """
        study_paths = sorted({str(study), str(study.absolute()), str(study.resolve())}, key=len)

        def clean(text: str) -> str:
            for path in reversed(study_paths):
                text = _without_path(text, path, result.name, self)
            return self.clean(text)

        kept = {key: value for key, value in result.study.items() if key != "series_instance_uid"}
        return replace(
            result,
            reasons=tuple(map(clean, result.reasons)),
            study=_in_texts(kept, clean),
            patient=None,
        )


def _without_path(text: str, path: str, name: str, privacy: Privacy) -> str:
    """Put a study's name where its path was, and check the names of the files after it."""
    parts = text.split(path)
    cleaned = [parts[0]]
    for part in parts[1:]:
        # Up to what ends a file's name in a sentence.
        inside = re.match(r"(?:[/\\][^\s:;,'\")\]]*)?", part)
        below = inside.group() if inside else ""
        names = [
            HIDDEN if privacy.tells(each) else each
            for each in re.split(r"[/\\]", below)[1:]
            if each
        ]
        cleaned.append("/".join([name, *names]) + part[len(below) :])
    return "".join(cleaned)


def _in_texts(value: Any, change: Any) -> Any:
    """Change every text within lists and mappings."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _in_texts(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_in_texts(item, change) for item in value]
    return value


def _names(value: str) -> set[str]:
    """A person's name in its spellings, whole and in parts (PS3.5 6.2, value representation PN)."""
    found = set()
    for spelling in value.split("="):
        parts = [part for part in re.split(r"[\^\s,]+", spelling) if part]
        found |= {part for part in parts if len(part) >= _shortest(part)}
        for order in (parts, parts[::-1]):
            found |= {joint.join(order) for joint in ("", " ", "_", "-", "^")} if order else set()
    return {text for text in found if len(text) >= _shortest(text)}


def _shortest(text: str) -> int:
    return _SHORTEST_LATIN if text.isascii() else _SHORTEST_OTHER


def _forms(value: str) -> set[str]:
    """A number as it stands, and a date as people write it."""
    forms = {value, value.lstrip("0")}
    if re.fullmatch(r"(19|20)\d{6}", value):
        year, month, day = value[:4], value[4:6], value[6:]
        forms |= {joint.join((year, month, day)) for joint in "-./_ "}
        forms |= {value[2:]}
    return {form for form in forms if len(form) >= _SHORTEST_VALUE}


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Finds a text in any case, as a word of its own where its letters could be in other words."""
    escaped = re.escape(text)
    if text.isascii() and not any(map(str.isdigit, text)):
        return re.compile(rf"(?<![A-Za-z]){escaped}(?![A-Za-z])", re.IGNORECASE)
    if text.isdecimal():
        return re.compile(rf"(?<!\d){escaped}(?!\d)")
    return re.compile(escaped, re.IGNORECASE)
