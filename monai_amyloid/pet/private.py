"""What is said of a study without what may tell who was scanned: by what each value is.

A number and a :class:`~monai_amyloid.findings.finding.Term` tell nothing and stay; a
:class:`~monai_amyloid.findings.finding.Uid` does not; of a path and of any other text, which came
out of a header, a table or another library, only :mod:`~monai_amyloid.pet.known_words` stay. For
this nothing has to be known of the person. What the study's headers say of the person decides only
on the study's name: a research label of BIDS (``sub-0001``) or a number may be the person's own.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from unicodedata import normalize

from monai_amyloid.findings.finding import Finding, Phrase, StudyRefused, Term, Uid
from monai_amyloid.pet.known_words import (
    HIDDEN,
    is_label,
    is_path,
    known_name,
    known_path,
    only_known,
)
from monai_amyloid.pet.spellings import (
    folded,
    hide,
    spellings_of_date,
    spellings_of_name,
    spellings_of_number,
)
from monai_amyloid.study_names import real_path

_Text = TypeVar("_Text", bound=Phrase)
# What a study is called in place of its own name.
NUMBERED = "study-{:04d}"
_PSEUDONYM = re.compile(r"sub-([A-Za-z0-9]+)(?:_ses-([A-Za-z0-9]+))?")
_PICTURE = re.compile(r"[123]gr_\d{1,4}_\d{1,4}")  # of the pictures that this network began with
# Values that are texts of another library, and names of files.
_ERRORS, _FILES = ("error", "reason"), ("file", "other_file", "file_id", "first", "key")
_PERSONS = (
    *("PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName"),
    *("ReferringPhysicianName", "RequestingPhysician", "NameOfPhysiciansReadingStudy"),
    *("PhysiciansOfRecord", "PerformingPhysicianName", "OperatorsName"),
)
# Words and machines that say nothing of a person, and are in names of series.
_LEFT_ALONE = ("PatientSex", "StationName")


def private(found: _Text, study: Path | None = None, name: str = "study") -> _Text:
    """A finding or phrase of which every value may leave.

    Args:
        found: What is said of a study.
        study: Path that the study was read from.
        name: Name that stands in place of that path.
    """

    def clean(key: str, value: Any) -> Any:
        if isinstance(value, Phrase):
            return private(value, study, name)
        if isinstance(value, tuple | list):
            return tuple(clean(key, each) for each in value)
        if isinstance(value, Uid):
            return Term(HIDDEN)
        if isinstance(value, Path):
            return Term(_shown(value, study, name))
        if isinstance(value, str) and not isinstance(value, Term):
            if key in _FILES or is_path(value):
                return Term(known_path(value))
            return Term(only_known(value, of_error=key in _ERRORS))
        return value

    return replace(found, values={key: clean(key, value) for key, value in found.values.items()})


def private_reason(findings: Iterable[Finding], study: Path, name: str = "study") -> str:
    """The reasons for which a study was refused, as one line that may leave.

    Args:
        findings: The reasons, one or more.
        study: Path that the study was read from.
        name: Name that stands in place of that path.
    """
    return str(StudyRefused.of(private(each, study, name) for each in findings))


def is_pseudonym(name: str) -> bool:
    """Whether a name is a research label of BIDS, alone or with its session."""
    found = _PSEUDONYM.fullmatch(name)
    return found is not None and all(map(is_label, filter(None, found.groups())))


def tells(name: str, identity: Mapping[str, str] | None) -> bool:
    """Whether a study's name tells who was scanned, or is not known to tell nothing.

    Args:
        name: Name of a folder, or of a file without its extensions.
        identity: What the headers say of the person, from
            :func:`~monai_amyloid.pet.identity.identity_of`.
    """
    plain = normalize("NFC", name)
    if not (is_pseudonym(plain) or _PICTURE.fullmatch(plain) or known_name(plain) == plain):
        return True
    return hide(plain, _spelled(identity or {})) != plain


def _spelled(identity: Mapping[str, str]) -> set[str]:
    """How what headers say of a person may be written."""
    found: set[str] = set()
    for keyword, values in identity.items():
        for value in values.split("\n"):
            # A pseudonym may stay, also where the header calls it the patient's name.
            if keyword in _LEFT_ALONE or is_pseudonym(value.strip(" ^")):
                continue
            if keyword in _PERSONS:
                found |= spellings_of_name(value)
            elif keyword.endswith(("Date", "DateTime")):
                found |= spellings_of_date(value)
            elif keyword.endswith("UID"):
                found |= {folded(value)} - {""}
            else:
                found |= spellings_of_number(value)
    return found


def _shown(path: Path, study: Path | None, name: str) -> str:
    """A path from its study on; of one elsewhere, its last part."""
    for base in () if study is None else (study, study.absolute(), real_path(study)):
        if path.is_relative_to(base):
            inside = path.relative_to(base).parts
            return "/".join([name, *map(known_name, inside)])
    above = f"{HIDDEN}/" if len(path.parts) > 1 else ""
    return above + known_name(path.name)
