"""Whose and of which day a study is by its own header."""

import re
from dataclasses import dataclass
from pathlib import Path

from monai_amyloid.cohort.spellings import words_of
from monai_amyloid.cohort.table.dates import FIRST_YEAR
from monai_amyloid.pet.identity import identity_of

_DAYS = ("StudyDate", "SeriesDate", "AcquisitionDate", "AcquisitionDateTime")


@dataclass(frozen=True)
class Identity:
    """What the header of a study says of whose it is.

    Attributes:
        people: Words of each PatientID.
        days: Days of the study as ``20190312``, of which any may be meant: a scan may go on after
            midnight.
    """

    people: frozenset[tuple[str, ...]] = frozenset()
    days: frozenset[str] = frozenset()


def study_identity(study: Path) -> Identity:
    """Read whose a study is; of an image without a header, or a broken one, nothing."""
    try:
        found = identity_of(study) or {}
    except Exception:  # reading one study must not stop the others; it is refused when it is read
        return Identity()
    people = (words_of(line) for line in found.get("PatientID", "").splitlines())
    texts = [line for key in _DAYS for line in found.get(key, "").splitlines()]
    days = (re.sub(r"[-.]", "", text)[:8] for text in texts)
    return Identity(
        frozenset(words for words in people if words),
        frozenset(day for day in days if re.fullmatch(r"\d{8}", day) and not _is_filler(day)),
    )


def _is_filler(day: str) -> bool:
    """Whether a date stands where the day of the scan was removed, such as 1900-01-01."""
    # Nobody is scanned for amyloid on New Year's Day, and programs that remove dates write it.
    return int(day[:4]) < FIRST_YEAR or day.endswith("0101")
