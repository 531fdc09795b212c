"""The header of one DICOM file: opened once, bounded, its values read without guessing."""

import datetime
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.datadict import dictionary_description, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from monai_amyloid.pet.image import StudyRefused

# A deflated dataset may grow a thousandfold; a whole head as float is 200 MB.
MOST_DEFLATED_BYTES = 2**28
# Longer values than this (private blobs) stay in the file until somebody asks for them.
_DEFERRED_BYTES = 2**16
_TRANSFER_SYNTAX = b"\x02\x00\x10\x00UI"
_UNDEFINED_LENGTH = 0xFFFFFFFF
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_SHORTEST_MOMENT = 10  # characters: a day and an hour
_TEXT_VRS = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI"})
_PADDED_VRS = _TEXT_VRS | {"LO"}
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2}(?:\.\d{1,6})?)?")

# What all files of one image have in common.
SAME_IN_A_SERIES = (
    *("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPClassUID"),
    *("Modality", "Rows", "Columns", "BitsAllocated", "BitsStored", "PixelRepresentation"),
    *("Units", "DecayCorrection", "CorrectedImage", "SeriesType"),
    "RadiopharmaceuticalInformationSequence",
)


def tag_of(keyword: str) -> BaseTag:
    """Give the tag of an attribute.

    Args:
        keyword: Such as ``"PixelSpacing"``.
    """
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return BaseTag(tag)


def named(keyword: str) -> str:
    """Give an attribute its name and tag.

    Args:
        keyword: Such as ``"PixelSpacing"``.

    Returns:
        Such as ``"Pixel Spacing (0028,0030)"``, for messages.
    """
    tag = tag_of(keyword)
    return f"{dictionary_description(tag)} ({tag.group:04X},{tag.element:04X})"


@dataclass(frozen=True, eq=False)
class Header:
    """The header of one DICOM file.

    Attributes:
        file: The file.
        dataset: Everything before the pixels; values are converted when they are asked for.
        pixels_at: Where the element that holds the pixels begins, in bytes; None where the
            file is deflated.
        identity: Values of :data:`SAME_IN_A_SERIES` as they stand in the file, to compare;
            pydicom replaces them when they are converted.
    """

    file: Path
    dataset: Dataset
    pixels_at: int | None
    identity: tuple[Any, ...]

    def text(self, keyword: str) -> str:
        """Give a value as text, ``""`` where it is missing or empty.

        Args:
            keyword: Attribute at the top of the dataset; parts are joined by a backslash.
        """
        return text_of(self.dataset, keyword, self.file)

    def parts(self, keyword: str) -> list[str]:
        """Give the parts of a text of several values.

        Args:
            keyword: Attribute at the top of the dataset.
        """
        return [part.strip() for part in self.text(keyword).split("\\") if part.strip()]

    def numbers(self, keyword: str, count: int) -> NDArray[np.float64]:
        """Give numbers that have to be there, see :func:`numbers_of`."""
        return numbers_of(self.dataset, keyword, self.file, count)

    def number(self, keyword: str) -> float | None:
        """Give a number that may be missing, see :func:`number_of`."""
        return number_of(self.dataset, keyword, self.file)

    def clock(self, name: str) -> float | None:
        """Give a moment in seconds, the same origin for all, None where the file has none.

        Args:
            name: Such as ``"Acquisition"``: its DateTime, or else its Date and Time.

        Raises:
            StudyRefused: If it is there and is no moment.
        """
        together = _TAGS.get(f"{name}DateTime") or tag_for_keyword(f"{name}DateTime")
        # A DateTime may be a day alone (PS3.5 6.2), which says nothing of the time.
        if together is not None and len(self.text(f"{name}DateTime")) >= _SHORTEST_MOMENT:
            return moment_of(self.dataset, f"{name}DateTime", self.file)
        time = self.text(f"{name}Time")
        if not time:
            return None
        return _day(self, f"{name}Date") + seconds_of_day(time, f"{name}Time", self.file)


def _day(header: Header, keyword: str) -> float:
    """Give the seconds at which a day begins; 0 where the header has no date."""
    text = header.text(keyword)
    return _seconds_of_date(text, keyword, header.file) if text else 0.0


def _seconds_of_date(text: str, keyword: str, file: Path) -> float:
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
    # All moments of a scanner are on its own clock, so the offset from UTC has no effect.
    text = re.sub(r"[+-]\d{4}$", "", text_of(dataset, keyword, file))
    if not text:
        return None
    if len(text) < _SHORTEST_MOMENT:
        raise StudyRefused(f"{file}: {named(keyword)} is {text!r}, needed a date and a time")
    day = _seconds_of_date(text[:8], keyword, file)
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
    element: Any = dataset.get_item(_TAGS.get(keyword) or tag_of(keyword))
    if element is None:
        return ""
    # Plain text is decoded here: pydicom's own conversion costs more than all else together.
    if isinstance(element, RawDataElement) and (element.VR or _VRS.get(keyword)) in _TEXT_VRS:
        value = element.value or b""
        return value.decode("ascii", "replace").rstrip("\0 ").strip()
    try:
        value = dataset.get(keyword)
    except Exception as error:  # pydicom converts on access, so broken bytes show up here
        raise StudyRefused(f"{file}: {named(keyword)} is broken; export it again") from error
    if value is None:
        return ""
    if isinstance(value, (list, pydicom.multival.MultiValue)):
        return "\\".join(str(part) for part in value)
    return str(value).strip()


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
    text = text_of(dataset, keyword, file)
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


def broken(error: Exception) -> str:
    """Say in one line that a file cannot be read."""
    reason = (str(error).splitlines() or [""])[0] or type(error).__name__
    return f"truncated or unreadable DICOM ({reason}); export it again"


def open_header(file: Path) -> Header | None:
    """Open a DICOM file and read everything before its pixels.

    Args:
        file: Any file.

    Returns:
        The header, or None where the file is not DICOM.

    Raises:
        StudyRefused: If the file is DICOM but broken, or a bomb.
        OSError: If the file cannot be opened.
    """
    with file.open("rb") as stream:
        deflated = _is_deflated(stream)
        try:
            if deflated:
                _check_deflated(stream)
            dataset = pydicom.dcmread(stream, stop_before_pixels=True, defer_size=_DEFERRED_BYTES)
            _check_claims(dataset, file.stat().st_size)
            identity = tuple(_raw(dataset, keyword) for keyword in SAME_IN_A_SERIES)
        except InvalidDicomError:
            return None
        except StudyRefused as refusal:
            raise StudyRefused(f"{file}: {refusal}") from refusal
        except Exception as error:  # pydicom raises whatever the broken bytes lead it to
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk, not the bytes
            raise StudyRefused(f"{file}: {broken(error)}") from error
        return Header(file, dataset, None if deflated else stream.tell(), identity)


def _check_claims(dataset: Dataset, size: int) -> None:
    """Refuse values that are longer than what the file holds of them."""
    for element in dataset.values():
        if not isinstance(element, RawDataElement) or element.length == _UNDEFINED_LENGTH:
            continue
        if element.value is None and element.length > size:  # left in the file
            raise ValueError(f"an element claims {element.length} bytes, the file has {size}")
        if element.value is not None and len(element.value) < element.length:
            raise ValueError("the file ends within its header")


def _raw(dataset: Dataset, keyword: str) -> Any:
    """Give a value that was not converted yet, None where it is missing."""
    element: Any = dataset.get_item(_TAGS[keyword])
    if element is None:
        return None
    is_text = isinstance(element.value, bytes) and _VRS[keyword] in _PADDED_VRS
    return element.value.rstrip(b"\0 ") if is_text else element.value


def _is_deflated(stream: BinaryIO) -> bool:
    """Whether a file names the deflated transfer syntax, without trust in its lengths."""
    head = stream.read(4096)
    if head[128:132] == b"DICM" and _TRANSFER_SYNTAX not in head:
        head += stream.read(2**20)
    stream.seek(0)
    return DeflatedExplicitVRLittleEndian.encode() in head


def _check_deflated(stream: BinaryIO) -> None:
    """Inflate a file once without keeping it, and refuse it where it grows too large."""
    pydicom.filereader.read_preamble(stream, force=False)
    pydicom.filereader._read_file_meta_info(stream)  # the public one takes names alone
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    size, left = 0, stream.read()
    while left:
        size += len(inflate.decompress(left, 2**20))
        left = inflate.unconsumed_tail
        if size > MOST_DEFLATED_BYTES:
            raise StudyRefused(
                f"the deflated dataset holds more than {MOST_DEFLATED_BYTES:,} bytes; "
                "export it without compression"
            )
    stream.seek(0)


# Attributes read of every slice: their tags are looked up once.
_OFTEN = (
    *SAME_IN_A_SERIES,
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope"),
    *("RescaleIntercept", "SamplesPerPixel", "PhotometricInterpretation", "HighBit"),
    *("NumberOfFrames", "SeriesDescription"),
    *("AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "ActualFrameDuration"),
    *("FrameReferenceTime", "DecayFactor", "ImageIndex", "ImageType", "NumberOfSlices"),
    *("NumberOfTimeSlices", "TemporalPositionIndex"),
)
_TAGS = {keyword: tag_of(keyword) for keyword in _OFTEN}
_VRS = {keyword: pydicom.datadict.dictionary_VR(tag) for keyword, tag in _TAGS.items()}
