"""The values of a DICOM header: as text and as numbers, and nothing guessed."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.attributes import (
    broken_attribute,
    missing_attribute,
    named,
    tag_of,
    vr_of,
)

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
# Value representations of plain characters, which need no character set.
TEXT_VRS = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI"})


def text_of(dataset: Dataset, keyword: str, file: Path) -> str:
    """Give a value as text, ``""`` where it is missing or empty.

    Args:
        dataset: Header of a file, or an item of a sequence in it.
        keyword: DICOM keyword of the attribute; several values are joined by a backslash.
        file: File that the value stands in, for the message.

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
        raise broken_attribute(named(keyword), file) from error
    return _unbroken(text.strip(), keyword, file)


def number_of(dataset: Dataset, keyword: str, file: Path) -> float | None:
    """Give a number that may be missing.

    Args:
        dataset: Header of a file, or an item of a sequence in it.
        keyword: DICOM keyword of an attribute with one number.
        file: File that the value stands in, for the message.

    Raises:
        StudyRefused: If it is there and is no finite number.
    """
    if not text_of(dataset, keyword, file):
        return None
    return float(numbers_of(dataset, keyword, file, 1)[0])


def numbers_of(dataset: Dataset, keyword: str, file: Path, count: int) -> NDArray[np.float64]:
    """Give the numbers of an attribute that has to be there.

    Args:
        dataset: Header of a file, or an item of a sequence in it.
        keyword: DICOM keyword of an attribute with numbers.
        file: File that the value stands in, for the message.
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
        keyword: DICOM keyword of the attribute, for the message.
        file: File that the value stands in, for the message.
        count: How many numbers it has to hold.

    Returns:
        Finite numbers ``(count,)``.

    Raises:
        StudyRefused: If the text is empty or holds anything else.
    """
    if not text:
        raise missing_attribute(keyword, file)
    parts = [part.strip() for part in text.split("\\")]
    good = len(parts) == count and all(map(_NUMBER.fullmatch, parts))
    found = [float(part) for part in parts] if good else []
    if good and all(map(math.isfinite, found)):
        return np.array(found)
    if count == 1:
        raise StudyRefused(
            "dicom_no_number",
            "{attribute} is {text!r}, needed 1 finite number; export it again",
            where=file,
            attribute=named(keyword),
            text=text,
        )
    raise StudyRefused(
        "dicom_no_numbers",
        "{attribute} is {text!r}, needed {count} finite numbers; export it again",
        where=file,
        attribute=named(keyword),
        text=text,
        count=count,
    )


def plain_text(value: bytes, keyword: str, file: Path) -> str:
    """Decode text of plain characters, without its padding.

    Args:
        value: Bytes of the value as they stand in the file.
        keyword: DICOM keyword of the attribute, for the message.
        file: File that the value stands in, for the message.

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
    raise broken_attribute(named(keyword), file)
