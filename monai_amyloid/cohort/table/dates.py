"""Dates as people and programs write them, read for a whole column at once.

``3/12/2019`` is in March or in December, and ``19.03.12`` could be of three years: the other rows
of the column may tell which. Where they do not, the date is in doubt, and nothing is guessed.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Order = Literal["ymd", "dmy", "mdy"]
_ORDERS: tuple[Order, ...] = ("ymd", "dmy", "mdy")
FIRST_YEAR, LAST_YEAR = 1990, 2099
# Amyloid tracers were first given in 2002; two digits of a year are of this century.
_CENTURY = 2000
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s./-]*([^\W\d_]{3,})[\s.,/-]*(\d{4}|\d{2})")
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,})[\s./-]*(\d{1,2})(?:st|nd|rd|th)?[\s.,/-]+(\d{4})")
_YEAR_FIRST = re.compile(
    r"(\d{4})\s*[-./년年_]\s*(\d{1,2})\s*[-./월月_]\s*(\d{1,2})\s*[일日.]?(?:\s+\D*)?"
)
_SHORT_YEAR = re.compile(r"'?(\d{2})\s*[년年]\s*(\d{1,2})\s*[월月]\s*(\d{1,2})\s*[일日]?")
_TWO_DIGITS = re.compile(r"'?(\d{1,2})\s*([-./])\s*(\d{1,2})\s*\2\s*(\d{4}|\d{2})\.?")
_MONTH = re.compile(r"(\d{4})\s*[-./년年]\s*(\d{1,2})\s*[월月.]?")
_MONTH_OF_YEAR = re.compile(r"([^\W\d_]{3,})(?:[\s.,'-]+(\d{4})|[-'](\d{2}))")  # Excel's Mar-19
_NO_YEAR = re.compile(r"\d{1,2}[\s.-]*([^\W\d_]{3,})|([^\W\d_]{3,})[\s.-]*\d{1,2}")
_TIME = re.compile(
    r"(?:[T\s,]+|(?<=일))(?:오전|오후|am|pm)?\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
    r"\s*(?:am|pm|z|utc|[+-]\d{2}:?\d{2})?$",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"\(?\b(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)(?:day|nesday|rsday|urday)?\b\)?,?"
    r"|\(?[월화수목금토일]요일\)?|\([월화수목금토일月火水木金土日]\)",
    re.IGNORECASE,
)
_REMARK = re.compile(r"\s*\([^\d()]*\)$")
_LOOKS_LIKE = re.compile(r"\d{1,4}\s*[-./년年]\s*\d{1,2}\s*[-./월月]\s*\d{1,4}|\d{6,14}$")
# Days from the start of a workbook's calendar; Excel's takes 1900 for a leap year.
_STARTS = {False: date(1899, 12, 30), True: date(1904, 1, 1)}


@dataclass(frozen=True)
class Day:
    """What a cell says of a day.

    Attributes:
        digits: ``20190312``, or ``201903`` of a month; empty where it says none, or not surely.
        doubt: Why it is none, in a few words; empty for a day, and for a text that is no date.
    """

    digits: str = ""
    doubt: str = ""


def read_days(texts: Sequence[str], *, from_1904: bool = False) -> list[Day]:
    """Read the dates of a column.

    Args:
        texts: Cells of the column, in any usual form: ``2019-03-12``, ``2019. 3. 12.``,
            ``2019년 3월 12일``, ``20190312``, ``12 Mar 2019``, ``12.03.2019``, ``190312``, with a
            time or weekday, or the number of days of a workbook.
        from_1904: Whether such numbers are counted from 1904.

    Returns:
        The day of each cell.
    """
    readings = [_readings(text, from_1904) for text in texts]
    orders = [order for order in _ORDERS if all(order in each for each in readings if each)]
    return [_decided(text, each, orders) for text, each in zip(texts, readings, strict=True)]


def _decided(text: str, readings: dict[Order, date], orders: Sequence[Order]) -> Day:
    if not readings:
        whole = _plain(text)
        if (month := _MONTH.fullmatch(whole)) and 1 <= int(month[2]) <= 12:
            return Day(f"{month[1]}{int(month[2]):02d}")
        if (month := _MONTH_OF_YEAR.fullmatch(whole)) and _month(month[1]) != "0":
            year = int(month[2] or _CENTURY + int(month[3]))
            return Day(f"{year}{_month(month[1]):0>2}")
        if (day := _NO_YEAR.fullmatch(whole)) and _month(day[1] or day[2]) != "0":
            return Day(doubt="has no year")
        return Day(doubt="is no date" if _LOOKS_LIKE.match(whole) else "")
    days = sorted({readings[order] for order in orders} or set(readings.values()))
    if len(days) == 1:
        return Day(f"{days[0]:%Y%m%d}")
    return Day(doubt=f"could be {' or '.join(map(str, days))}; write which")


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).strip()
    text = _REMARK.sub("", re.sub(r"^(\d{6,})\.0+$", r"\1", text))
    text = _TIME.sub("", _WEEKDAY.sub("", text).strip())
    return text.strip(" ,")


def _readings(text: str, from_1904: bool) -> dict[Order, date]:
    """The days that a text can be, by the order of its numbers; all are one where it is sure."""
    plain = _plain(text)
    if found := _YEAR_FIRST.fullmatch(plain):
        return _sure(*found.groups())
    if found := _SHORT_YEAR.fullmatch(plain):
        return _sure(f"20{found[1]}", found[2], found[3])
    if found := _DAY_FIRST.fullmatch(plain):
        return _sure(found[3], _month(found[2]), found[1])
    if found := _MONTH_FIRST.fullmatch(plain):
        return _sure(found[3], _month(found[1]), found[2])
    if found := _TWO_DIGITS.fullmatch(plain):
        return _any_order(found[1], found[3], found[4])
    if re.fullmatch(r"\d{8}(\d{4}|\d{6})?", plain):
        return _sure(plain[:4], plain[4:6], plain[6:8]) or _any_order(
            plain[:2], plain[2:4], plain[4:8]
        )
    if re.fullmatch(r"\d{6}", plain):
        return _any_order(plain[:2], plain[2:4], plain[4:])
    if re.fullmatch(r"\d{5}([.,]\d+)?", plain):
        day = _STARTS[from_1904] + timedelta(days=int(plain[:5]))
        return dict.fromkeys(_ORDERS, day) if FIRST_YEAR <= day.year <= LAST_YEAR else {}
    return {}


def _month(name: str) -> str:
    """The number of a month by its name or the beginning of it; 0 for another word."""
    plain = name.lower()
    found = [number for number, month in enumerate(_MONTHS, 1) if month.startswith(plain)]
    return str(found[0]) if len(plain) >= 3 and len(found) == 1 else "0"


def _sure(year: str, month: str, day: str) -> dict[Order, date]:
    found = day_of(year, month, day)
    return dict.fromkeys(_ORDERS, found) if found else {}


def _any_order(first: str, second: str, third: str) -> dict[Order, date]:
    days = {"dmy": day_of(third, second, first), "mdy": day_of(third, first, second)}
    if len(third) == 2:
        days["ymd"] = day_of(first.zfill(2), second, third)
    return {order: day for order in _ORDERS if (day := days.get(order))}


def day_of(year: str, month: str, day: str) -> date | None:
    """A day of the years in which there is PET, or None.

    Args:
        year: Four digits, or two of this century.
        month: One or two digits.
        day: One or two digits.
    """
    number = int(year) + (_CENTURY if len(year) == 2 else 0)
    # A scan is not of the future, to which only two digits can lead by mistake.
    last = date.today().year if len(year) == 2 else LAST_YEAR
    if not FIRST_YEAR <= number <= last:
        return None
    try:
        return date(number, int(month), int(day))
    except ValueError:
        return None
