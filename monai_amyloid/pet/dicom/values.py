"""The values of a DICOM header: as text, as numbers, as moments, and nothing guessed."""

import datetime
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from monai_amyloid.pet.image import StudyRefused

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
SHORTEST_MOMENT = 10  # characters: a day and an hour
# Value representations of plain characters, which need no character set.
TEXT_VRS = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI"})
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2}(?:\.\d{1,6})?)?")


@cache
def tag_of(keyword: str) -> BaseTag:
    """Give the tag of an attribute.

    Args:
        keyword: Such as ``"PixelSpacing"``.
    """
    found = tag_for_keyword(keyword)
    if found is None:
        raise KeyError(keyword)
    return BaseTag(found)


def named(keyword: str) -> str:
    """Give an attribute its name and tag.

    Args:
        keyword: Such as ``"PixelSpacing"``.

    Returns:
        Such as ``"Pixel Spacing (0028,0030)"``, for messages.
    """
    tag = tag_of(keyword)
    return f"{dictionary_description(tag)} ({tag.group:04X},{tag.element:04X})"


def seconds_of_date(text: str, keyword: str, file: Path) -> float:
    """Read a DICOM date (PS3.5 6.2, DA) in seconds.

    Args:
        text: Such as ``"20251103"``.
        keyword: Of the attribute, for the message.
        file: Its file, for the message.

    Raises:
        StudyRefused: If it is no date.
    """
    match = _DATE.fullmatch(text)
    try:
        if match:
            return datetime.date(*map(int, match.groups())).toordinal() * 86400.0
    except ValueError:
        pass
    raise StudyRefused(f"{file}: {named(keyword)} is not a date; export it again")


def seconds_of_day(text: str, keyword: str, file: Path) -> float:
    """Read a DICOM time (PS3.5 6.2, TM).

    Args:
        text: Such as ``"103045.25"``.
        keyword: Of the attribute, for the message.
        file: Its file, for the message.

    Raises:
        StudyRefused: If it is no time.
    """
    match = _TIME.fullmatch(text)
    hours, minutes, seconds = (
        (float(part or 0) for part in match.groups()) if match else (99.0, 0.0, 0.0)
    )
    if hours > 23 or minutes > 59 or seconds >= 61:
        raise StudyRefused(f"{file}: {named(keyword)} is {text!r}, no time; export it again")
    return hours * 3600 + minutes * 60 + seconds


def moment_of(dataset: Dataset, keyword: str, file: Path) -> float | None:
    """Read a DICOM date and time in one (PS3.5 6.2, DT) in seconds; None where it is missing.

    Args:
        dataset: Header or an item of one.
        keyword: Attribute of type DT.
        file: Its file, for the message.

    Raises:
        StudyRefused: If it is no moment.
    """
    text = text_of(dataset, keyword, file)
    return moment_in(text, keyword, file) if text else None


def moment_in(text: str, keyword: str, file: Path) -> float:
    """Read a DICOM date and time in one in seconds.

    Args:
        text: Such as ``"20251103104512.5+0900"``.
        keyword: Of the attribute, for the message.
        file: Its file, for the message.

    Raises:
        StudyRefused: If it is no moment.
    """
    # All moments of a scanner are on its own clock, so the offset from UTC has no effect.
    text = re.sub(r"[+-]\d{4}$", "", text)
    if len(text) < SHORTEST_MOMENT:
        raise StudyRefused(f"{file}: {named(keyword)} is {text!r}, needed a date and a time")
    day = seconds_of_date(text[:8], keyword, file)
    return day + seconds_of_day(text[8:], keyword, file)


def text_of(dataset: Dataset, keyword: str, file: Path) -> str:
    """Give a value as text, ``""`` where it is missing or empty.

    Args:
        dataset: Header or an item of one.
        keyword: Attribute; parts are joined by a backslash.
        file: Its file, for the message.

    Raises:
        StudyRefused: If its bytes are broken.
    """
    try:
        element: Any = dataset.get_item(tag_of(keyword))
        if element is None:
            return ""
        # Plain text is decoded here: pydicom's own conversion costs more than all else together.
        if isinstance(element, RawDataElement) and (element.VR or vr_of(keyword)) in TEXT_VRS:
            return plain_text(element.value or b"", keyword, file)
        value = dataset.get(keyword)
        several = isinstance(value, (list, MultiValue))
        # A value written under another representation may be anything, and no text.
        text = "\\".join(map(str, value)) if several else str("" if value is None else value)
    except StudyRefused:
        raise
    except Exception as error:  # pydicom converts on access, so broken bytes show up here
        raise StudyRefused(f"{file}: {named(keyword)} is broken; export it again") from error
    return _unbroken(text.strip(), keyword, file)


def number_of(dataset: Dataset, keyword: str, file: Path) -> float | None:
    """Give a number that may be missing.

    Args:
        dataset: Header or an item of one.
        keyword: Attribute with one number.
        file: Its file, for the message.

    Raises:
        StudyRefused: If it is there and is no finite number.
    """
    if not text_of(dataset, keyword, file):
        return None
    return float(numbers_of(dataset, keyword, file, 1)[0])


def numbers_of(dataset: Dataset, keyword: str, file: Path, count: int) -> NDArray[np.float64]:
    """Give the numbers of an attribute that has to be there.

    Args:
        dataset: Header or an item of one.
        keyword: Attribute with a numeric value.
        file: Its file, for the message.
        count: How many numbers it has to hold.

    Returns:
        Finite numbers ``(count,)``.

    Raises:
        StudyRefused: If the attribute is missing or holds anything else.
    """
    return numbers_in(text_of(dataset, keyword, file), keyword, file, count)


def numbers_in(text: str, keyword: str, file: Path, count: int) -> NDArray[np.float64]:
    """Read the numbers of a text.

    Args:
        text: Numbers parted by backslashes; ``""`` where the attribute is missing.
        keyword: Of the attribute, for the message.
        file: Its file, for the message.
        count: How many numbers it has to hold.

    Returns:
        Finite numbers ``(count,)``.

    Raises:
        StudyRefused: If the text is empty or holds anything else.
    """
    if not text:
        raise StudyRefused(f"{file}: {named(keyword)} is missing; export the original series")
    parts = [part.strip() for part in text.split("\\")]
    good = len(parts) == count and all(map(_NUMBER.fullmatch, parts))
    found = [float(part) for part in parts] if good else []
    if not good or not np.isfinite(found).all():
        raise StudyRefused(
            f"{file}: {named(keyword)} is {text!r}, needed {count} finite number"
            f"{'s' if count > 1 else ''}; export it again"
        )
    return np.array(found)


def plain_text(value: bytes, keyword: str, file: Path) -> str:
    """Decode text of plain characters, without its padding.

    Args:
        value: As it stands in the file.
        keyword: Of the attribute, for the message.
        file: Its file, for the message.

    Raises:
        StudyRefused: If it holds what no text holds.
    """
    return _unbroken(value.decode("ascii", "replace").rstrip("\0 ").strip(), keyword, file)


def _unbroken(text: str, keyword: str, file: Path) -> str:
    """Refuse a text with control characters, and do not quote it.

    A wrong length lets a value swallow the elements behind it, the patient's name among them.
    """
    if text.isprintable():
        return text
    raise StudyRefused(f"{file}: {named(keyword)} is broken; export it again")


@cache
def vr_of(keyword: str) -> str:
    """Give the value representation of an attribute, such as ``"DS"``."""
    return dictionary_VR(tag_of(keyword))


def reason_of(error: Exception) -> str:
    """Give the first line of an error, without the bytes of the file that pydicom quotes."""
    reason = (str(error).splitlines() or [""])[0]
    return re.split(r"\s*b['\"]", reason)[0] or type(error).__name__


def broken(error: Exception) -> str:
    """Say in one line that a file cannot be read."""
    return f"truncated or unreadable DICOM ({reason_of(error)}); export it again"
