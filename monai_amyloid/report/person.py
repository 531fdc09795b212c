"""Who was scanned and when, as a person writes it; what identifies them otherwise."""

import re
from collections.abc import Callable, Mapping
from datetime import date

from monai_amyloid.findings.finding import Phrase, phrase
from monai_amyloid.report.words import by_name, joined, named

_LABELS = by_name(
    phrase("person_name", "Name"),
    phrase("person_number", "Number"),
    phrase("person_born", "Born"),
    phrase("person_sex", "Sex"),
    phrase("person_age", "Age at the scan"),
    phrase("person_scanned", "Scanned"),
)
_SEXES = {
    "F": phrase("sex_female", "female"),
    "M": phrase("sex_male", "male"),
    "O": phrase("sex_other", "other"),
}
_MONTHS = (
    phrase("month_1", "January"),
    phrase("month_2", "February"),
    phrase("month_3", "March"),
    phrase("month_4", "April"),
    phrase("month_5", "May"),
    phrase("month_6", "June"),
    phrase("month_7", "July"),
    phrase("month_8", "August"),
    phrase("month_9", "September"),
    phrase("month_10", "October"),
    phrase("month_11", "November"),
    phrase("month_12", "December"),
)
# Of the days that a header has, the first that is there.
_SCAN_DAYS = ("StudyDate", "AcquisitionDate", "AcquisitionDateTime", "SeriesDate", "ContentDate")
_SHOWN = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate")
_OLDEST = 130
# A day as DICOM (PS3.5 6.2 DA, and the beginning of DT), ACR-NEMA and ISO 8601 write it.
_DAY = re.compile(r"(\d{4})([-./]?)(\d{2})\2(\d{2})(?!\d)|(\d{4})(\d{2})(\d{2})\d{6}.*")
# Hangul, Han and kana: names in which the family's stands first, without a space.
_EAST_ASIAN = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7a3]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")


def person_rows(patient: Mapping[str, str]) -> list[tuple[Phrase, Phrase]]:
    """What a reader checks first, label and text: name, number, birth, sex, age, day of the scan.

    Args:
        patient: Values by DICOM keyword, several of one joined by a line break.
    """
    scanned = next((patient[key] for key in _SCAN_DAYS if patient.get(key)), "")
    rows = [
        ("name", _each(patient.get("PatientName", ""), person_name)),
        ("number", _each(patient.get("PatientID", ""), named)),
        ("born", _each(patient.get("PatientBirthDate", ""), day_in_words)),
        ("sex", _each(patient.get("PatientSex", ""), _sex)),
        ("age", _age(patient.get("PatientBirthDate", ""), scanned)),
        ("scanned", _each(scanned, day_in_words)),
    ]
    return [(_LABELS[label], text) for label, text in rows if text is not None]


def identifiers(patient: Mapping[str, str]) -> list[tuple[str, Phrase]]:
    """DICOM keyword and value of whatever else leads to a person: UIDs, other days, places.

    Args:
        patient: Values by DICOM keyword, several of one joined by a line break.
    """
    rows = [
        (key, _each(value, day_in_words if key.endswith("Date") else named))
        for key, value in patient.items()
        if key not in _SHOWN
    ]
    return [(key, value) for key, value in rows if value is not None]


def person_name(text: str) -> Phrase:
    """A DICOM person name (PS3.5 6.2.1) as its bearer is called, in Latin letters and in their own.

    Args:
        text: Up to three groups (alphabetic, ideographic, phonetic) parted by ``=``, each of up to
            five components (family, given, middle, prefix, suffix) parted by ``^``.
    """
    groups = [group.split("^") for group in text.split("=") if group.strip("^ ")]
    own = [group for group in groups if _EAST_ASIAN.search("".join(group))]
    latin = [group for group in groups if group not in own]
    own.sort(key=lambda group: not _HANGUL.search("".join(group)))
    if latin and own:
        return phrase(
            "person_in_both_letters",
            "{latin} ({own})",
            latin=_called(latin[0]),
            own=_called(own[0]),
        )
    return named(_called([*latin, *own][0]) if groups else text)


def _called(components: list[str]) -> str:
    """The components of one group in the order in which they are spoken."""
    parts = [*(each.strip() for each in components), *[""] * 5]
    family, first, middle, prefix, suffix = parts[:5]
    if _EAST_ASIAN.search("".join(components)):
        spoken = [f"{family}{first}{middle}", prefix, suffix]
    else:
        spoken = [prefix, first, middle, family, suffix]
    return " ".join(each for each in spoken if each)


def day_in_words(text: str) -> Phrase:
    """A day as it is written out; the header's own text where it is none.

    Args:
        text: Day of a header: ``20240305``, ``2024-03-05``, ``20240305101500``.
    """
    day = _day(text)
    if day is None:
        return named(text)
    return phrase(
        "day_in_words", "{day} {month} {year}", day=day.day, month=_MONTHS[day.month - 1],
        year=day.year,
    )  # fmt: skip


def _day(text: str) -> date | None:
    found = _DAY.match(text.strip())
    if found is None:
        return None
    year, _, month, day, *other = found.groups()
    numbers = [year, month, day] if year else other
    try:
        return date(*map(int, numbers))
    except ValueError:
        return None


def _sex(text: str) -> Phrase:
    return _SEXES.get(text.strip().upper(), named(text))


def _age(born: str, scanned: str) -> Phrase | None:
    """Whole years at the scan; None where a day is not known, or none of a living person."""
    first, last = _day(born), _day(scanned)
    if first is None or last is None or "\n" in born:
        return None
    years = last.year - first.year - ((last.month, last.day) < (first.month, first.day))
    return phrase("person_years", "{years} years", years=years) if 0 <= years <= _OLDEST else None


def _each(values: str, shown: Callable[[str], Phrase]) -> Phrase | None:
    """Every value of a keyword; None where it has none."""
    found = [shown(value) for value in values.splitlines() if value.strip()]
    return joined(found) if len(found) > 1 else (found[0] if found else None)
