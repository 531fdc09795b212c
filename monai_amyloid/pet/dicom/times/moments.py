"""Dates and times of headers: as DICOM writes them, and as people do where that is clear.

A de-identifier or a form typed by hand writes ``10:30``, ``01-01-2000 10:30:00`` or zeros where
DICOM has ``103000`` and ``20000101103000``. What has one meaning is read, what has two is not.
"""

import datetime
import re
from dataclasses import dataclass

# PS3.5 6.2: DA, TM and DT, and the points and colons of ACR-NEMA before it.
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2}(?:\.\d{1,6})?)?")
_MOMENT = re.compile(r"(?P<day>\d{8})(?P<time>\d{2,6}(?:\.\d{1,6})?)(?P<offset>[+-]\d{4})?")
_OFFSET = r"Z|[+-]\d{2}:?\d{2}"
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ]+(\d{1,2})[-/. ]+(\d{1,2})\.?")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2})[-/. ]+(\d{4})")
_NAMED_MONTH = re.compile(r"(\d{1,2})[-/. ]*([A-Za-z]{3,9})[-/., ]*(\d{4})")
_COLONS = r"(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d*)?))?(?: ?([ap])\.?m\.?)?"
_SPELLED_TIME = re.compile(_COLONS, re.IGNORECASE)
# A spreadsheet drops the first zero; programs write a comma, or more digits than microseconds.
_DIGITS = re.compile(r"(\d{3,6})(?:[.,](\d*))?")
_SPELLED_MOMENT = re.compile(
    r"(?P<day>.+?)[T ]+(?P<time>\d{1,2}:[\d:.,]+(?: ?[ap]\.?m\.?)?|\d{4,6}(?:[.,]\d*)?)"
    rf" ?(?P<offset>{_OFFSET})?",
    re.IGNORECASE,
)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_LONGEST_TEXT = 64  # letters; a longer one is no date, and takes long to be searched for one
_MOST_OFFSET_SECONDS = 14 * 3600.0  # PS3.5 6.2: from -1200 to +1400


@dataclass(frozen=True)
class Moment:
    """A date and a time in one.

    Attributes:
        seconds: Seconds since the year 1, on the clock that it was written by.
        offset: How far that clock is ahead of UTC in seconds; None where it does not say.
    """

    seconds: float
    offset: float | None = None

    def on_clock(self, offset: float | None) -> float:
        """Give the seconds that another clock showed, unchanged where an offset is not known.

        Args:
            offset: How far that clock is ahead of UTC in seconds; None where it does not say.
        """
        if self.offset is None or offset is None:
            return self.seconds
        return self.seconds - self.offset + offset


def seconds_of_date(text: str) -> float | None:
    """Read a date in seconds since the year 1.

    Args:
        text: Value as it stands in the file, such as ``"20251103"`` or ``"3-Nov-2025"``.

    Returns:
        Seconds; None where it is no date, or day and month cannot be told apart.
    """
    if len(text) > _LONGEST_TEXT:
        return None
    if match := _DATE.fullmatch(text) or _YEAR_FIRST.fullmatch(text):
        year, month, day = map(int, match.groups())
    elif match := _YEAR_LAST.fullmatch(text):
        day, month, year = map(int, match.groups())
        if day != month and day <= 12 and month <= 12:
            return None
        if month > 12:
            day, month = month, day
    elif match := _NAMED_MONTH.fullmatch(text):
        name = match[2].lower()
        named = [number for number, full in enumerate(_MONTHS, 1) if full.startswith(name)]
        day, month, year = int(match[1]), named[0] if named else 0, int(match[3])
    else:
        return None
    try:
        return datetime.date(year, month, day).toordinal() * 86400.0
    except ValueError:
        return None


def seconds_of_day(text: str) -> float | None:
    """Read a time of day in seconds after midnight.

    Args:
        text: Value as it stands in the file, such as ``"103045.25"`` or ``"9:28"``.

    Returns:
        Seconds; None where it is no time.
    """
    if len(text) > _LONGEST_TEXT:
        return None
    later = 0.0
    if match := _TIME.fullmatch(text):
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
    elif match := _SPELLED_TIME.fullmatch(text):
        hours, minutes, seconds = (
            float((part or "0").replace(",", ".")) for part in match.groups()[:3]
        )
        if match[4]:
            if not 1 <= hours <= 12:
                return None
            hours, later = hours % 12, 12.0 if match[4].lower() == "p" else 0.0
    elif (match := _DIGITS.fullmatch(text)) and len(match[1]) != 4:
        digits = match[1].zfill(6) if len(match[1]) > 4 else f"0{match[1]}00"
        hours, minutes = float(digits[:2]), float(digits[2:4])
        seconds = float(f"{digits[4:]}.{match[2] or 0}")
    else:
        return None
    if hours > 23 or minutes > 59 or seconds >= 61:
        return None
    return (hours + later) * 3600 + minutes * 60 + seconds


def moment_in(text: str) -> Moment | None:
    """Read a date and time in one.

    Args:
        text: Value as it stands in the file, such as ``"20251103104512.5+0900"`` or
            ``"2025-11-03T10:45"``.

    Returns:
        The moment; None where it is none, such as a day alone, which PS3.5 6.2 allows.
    """
    if len(text) > _LONGEST_TEXT:
        return None
    match = _MOMENT.fullmatch(text) or _SPELLED_MOMENT.fullmatch(text)
    if match is None:
        return None
    day, time = seconds_of_date(match["day"].strip()), seconds_of_day(match["time"])
    if day is None or time is None:
        return None
    return Moment(day + time, offset_in(match["offset"] or ""))


def offset_in(text: str) -> float | None:
    """Read how far a clock is ahead of UTC, in seconds.

    Args:
        text: Offset such as ``"+0900"``, ``"-05:00"`` or ``"Z"``.

    Returns:
        Seconds; None where it is no offset.
    """
    if re.fullmatch(_OFFSET, text, re.IGNORECASE) is None:
        return None
    digits = re.sub(r"[^0-9]", "", text) or "0000"
    seconds = (int(digits[:2]) * 60 + int(digits[2:])) * 60.0
    if seconds > _MOST_OFFSET_SECONDS:
        return None
    return -seconds if text.startswith("-") else seconds


def is_of_dicom(text: str) -> bool:
    """Tell whether a date or time that can be read is written as DICOM writes it.

    Args:
        text: Value as it stands in the file.
    """
    return any(form.fullmatch(text) for form in (_DATE, _TIME, _MOMENT))
