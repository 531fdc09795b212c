"""Nothing that tells who was scanned leaves, unless that was asked for.

What is written of a study is checked against what its own headers say of the person: names,
numbers, dates and UIDs. A research label of BIDS (``sub-0001``) is a pseudonym and may stay.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import normalize

from monai_amyloid.report.result import Result
from monai_amyloid.study_names import study_name

HIDDEN = "…"
_PSEUDONYM = re.compile(r"sub-[A-Za-z0-9]+(_ses-[A-Za-z0-9]+)?")
_UID = re.compile(r"(?<![\d.])\d+(?:\.\d+){4,}\.?")
# Hospital numbers and dates have six digits or more.
_LONG_NUMBER = re.compile(r"\d{6,}|(?:19|20)\d\d[-_. ]\d\d[-_. ]\d\d")
# Three syllables of which the first is a common family name: more often a name than a word.
_KOREAN_NAME = re.compile(
    "(?<![가-힣])[김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허남심노하곽성차주우구민][가-힣]{2}(?![가-힣])"
)
_QUOTED = re.compile(r"'([^']*)'")
# What stands for a name where there is none, and words that are in every sentence.
_NO_NAMES = {
    *("anonymous", "anonymized", "anonymised", "unknown", "none", "test", "patient", "phantom"),
    *("pet", "brain", "scan", "study", "series", "image", "dicom", "amyloid", "the", "not", "and"),
}
_LONGEST_VALUE = 256  # PS3.5 6.2 allows 64 letters in each of three spellings
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
            for value in normalize("NFC", values).split("\n"):
                value = value[:_LONGEST_VALUE]
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
        plain = normalize("NFC", name)
        if self.clean(plain) != plain:
            return True
        looks = _LONG_NUMBER.search(plain) or _KOREAN_NAME.search(plain)
        return bool(looks) and not _PSEUDONYM.fullmatch(plain)

    def clean(self, text: str) -> str:
        """A text without what names the person or a UID."""
        text = normalize("NFC", text)  # macOS writes names of files in parts of letters
        for pattern in self._patterns:
            text = pattern.sub(HIDDEN, text)
        return _UID.sub(HIDDEN, text)

    def clean_result(self, result: Result, study: Path) -> Result:
        """A result whose every text is clean, the path of its study its name.

        Args:
            result: With the name that it is written under.
            study: Where it was read from.
        """
        own = study_name(study)

        def clean(text: str) -> str:
            text = self._without_paths(normalize("NFC", text), study, result.name)
            if result.name != own:  # a hidden name, wherever else it stands
                for name in (study.name, own):
                    text = text.replace(normalize("NFC", name), result.name)
            return self.clean(_QUOTED.sub(self._quoted, text))

        kept = {key: value for key, value in result.study.items() if key != "series_instance_uid"}
        return replace(
            result,
            reasons=tuple(map(clean, result.reasons)),
            study=_in_texts(kept, clean),
            patient=None,
        )

    def _quoted(self, found: re.Match[str]) -> str:
        """What a text quotes, part by part of its path."""
        return f"'{'/'.join(map(self._part, found.group(1).split('/')))}'"

    def _part(self, name: str) -> str:
        return HIDDEN if self.tells(name) else name

    def _without_paths(self, text: str, study: Path, name: str) -> str:
        """Put a study's name where its path was, and check the names of the files after it."""
        paths = {str(study), str(study.absolute()), str(study.resolve())}
        for path in sorted((normalize("NFC", each) for each in paths), key=len, reverse=True):
            if not any(map(str.isalnum, path)):
                continue  # "." is in every sentence
            after = "" if "/" in path or "\\" in path else r"(?=[/\\:])"
            # Then what lies below it, up to what ends a file's name in a sentence.
            pattern = rf"(?<![\w/\\.-]){re.escape(path)}{after}((?:[/\\][^\s:;,'\")\]]*)?)"

            def shortened(found: re.Match[str]) -> str:
                below = [part for part in re.split(r"[/\\]", found.group(1)) if part]
                return "/".join([name, *map(self._part, below)])

            text = re.sub(pattern, shortened, text)
        return text


def _in_texts(value: Any, change: Callable[[str], str]) -> Any:
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
        parts = [part for part in parts if part.lower() not in _NO_NAMES]
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
