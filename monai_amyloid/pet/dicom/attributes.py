"""The attributes of DICOM as messages name them, and why a file or one of its values is refused."""

import re
from functools import cache
from pathlib import Path

from pydicom.datadict import (
    dictionary_description,
    dictionary_has_tag,
    dictionary_VR,
    tag_for_keyword,
)
from pydicom.tag import BaseTag
from pydicom.uid import UID

from monai_amyloid.findings.finding import Phrase, StudyRefused, Term, Uid, phrase


@cache
def tag_of(keyword: str) -> BaseTag:
    """Give the tag of an attribute.

    Args:
        keyword: DICOM keyword, such as ``"PixelSpacing"``.

    Raises:
        KeyError: If the DICOM dictionary has no such keyword.
    """
    found = tag_for_keyword(keyword)
    if found is None:
        raise KeyError(keyword)
    return BaseTag(found)


@cache
def vr_of(keyword: str) -> str:
    """Give the value representation of an attribute, such as ``"DS"``.

    Args:
        keyword: DICOM keyword, such as ``"PixelSpacing"``.
    """
    return dictionary_VR(tag_of(keyword))


def named(keyword: str) -> Term:
    """Give an attribute its name and tag.

    Args:
        keyword: DICOM keyword, such as ``"PixelSpacing"``.

    Returns:
        Name and tag for messages, such as ``"Pixel Spacing (0028,0030)"``.
    """
    return named_tag(tag_of(keyword))


def named_tag(tag: BaseTag) -> Term:
    """Give an attribute that may be private its name and tag.

    Args:
        tag: Tag of any attribute.
    """
    number = f"({tag.group:04X},{tag.element:04X})"
    known = dictionary_has_tag(tag)
    return Term(f"{dictionary_description(tag)} {number}" if known else number)


def uid_name(uid: str) -> Term | Uid:
    """Give a UID of the standard its name; any other UID stays as it is.

    Args:
        uid: SOP class or transfer syntax, such as ``"1.2.840.10008.1.2.1"``.
    """
    name = UID(uid).name
    return Uid(uid) if name == uid else Term(name)


def missing_value() -> Phrase:
    """Say of an attribute that it is not there."""
    return phrase("value_missing", "missing")


def absent_value() -> Phrase:
    """Say of an attribute that a quantity needs that it is not there."""
    return phrase("value_absent", "absent")


def unknown_value() -> Phrase:
    """Say of a value that nothing is known of it."""
    return phrase("value_unknown", "unknown")


def unreadable(file: Path, reason: Exception | Phrase) -> StudyRefused:
    """Refuse a file whose bytes are not the DICOM that they claim to be.

    Args:
        file: DICOM file.
        reason: What pydicom or a decoder raised, or what was found instead.
    """
    return StudyRefused(
        "dicom_unreadable",
        "truncated or unreadable DICOM ({reason}); export it again",
        where=file,
        reason=reason if isinstance(reason, Phrase) else reason_of(reason),
    )


def broken_attribute(attribute: Term, file: Path) -> StudyRefused:
    """Refuse a file with a value that cannot be read, and do not quote the value.

    Args:
        attribute: Name and tag, of :func:`named`.
        file: File that the value stands in.
    """
    return StudyRefused(
        "dicom_attribute_broken",
        "{attribute} is broken; export it again",
        where=file,
        attribute=attribute,
    )


def missing_attribute(keyword: str, file: Path) -> StudyRefused:
    """Refuse a file that lacks a value.

    Args:
        keyword: DICOM keyword of the attribute.
        file: File that has no such attribute.
    """
    return StudyRefused(
        "dicom_attribute_missing",
        "{attribute} is missing; export the original series",
        where=file,
        attribute=named(keyword),
    )


def series_differ(keyword: str, file: Path, other_file: Path) -> StudyRefused:
    """Refuse files that do not belong to one image; what they say stays out of the message.

    Args:
        keyword: DICOM keyword of the attribute that tells them apart: the patient's ID, perhaps.
        file: File of the series.
        other_file: File that says something else.
    """
    return StudyRefused(
        "dicom_series_differ",
        "{attribute} differs between {file} and {other_file}, needed one series of one patient; "
        "pass a folder of that series alone",
        attribute=named(keyword),
        file=file,
        other_file=other_file,
    )


def reason_of(error: Exception) -> str:
    """Give the first line of an error, without the bytes of the file that pydicom quotes.

    Args:
        error: What pydicom or a decoder raised.
    """
    reason = (str(error).splitlines() or [""])[0]
    return re.split(r"\s*b['\"]", reason)[0] or type(error).__name__
