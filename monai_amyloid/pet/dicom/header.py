"""The header of one DICOM file: opened once, bounded, most of it left unread."""

import re
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.attributes import tag_of, vr_of
from monai_amyloid.pet.dicom.bounded_dataset import is_deflated, read_dataset
from monai_amyloid.pet.dicom.scan import Scan, begins_as_dicom, has_mark, scan_header
from monai_amyloid.pet.dicom.times.moments import moment_in, seconds_of_date, seconds_of_day
from monai_amyloid.pet.dicom.values import TEXT_VRS, numbers_in, plain_text, text_of

# The headers of scanners take some kilobytes; a longer one is left to pydicom.
_SCANNED_BYTES = 2**16
# By whether a file is implicit, and little-endian.
_SYNTAXES = {
    (True, True): ImplicitVRLittleEndian,
    (False, True): ExplicitVRLittleEndian,
    (False, False): ExplicitVRBigEndian,
    (True, False): ExplicitVRBigEndian,  # there is no such file
}
_UID = re.compile(r"\d+(\.\d+)+")

# What all files of one image have in common.
SAME_IN_A_SERIES = (
    *("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SOPClassUID"),
    *("Modality", "Rows", "Columns", "BitsAllocated", "BitsStored", "PixelRepresentation"),
    *("Units", "DecayCorrection", "CorrectedImage", "SeriesType"),
    "RadiopharmaceuticalInformationSequence",
)
# Plain values that are read of every slice.
_OFTEN = (
    *SAME_IN_A_SERIES[1:-1],
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope"),
    *("RescaleIntercept", "SamplesPerPixel", "PhotometricInterpretation", "HighBit"),
    *("NumberOfFrames", "ImageType", "AcquisitionDate", "AcquisitionTime"),
    *("AcquisitionDateTime", "ActualFrameDuration", "FrameReferenceTime", "DecayFactor"),
    *("ImageIndex", "NumberOfSlices", "NumberOfTimeSlices"),
)
# Numbers, for a dictionary compares pydicom's tags by a function of Python.
_TAGS = {keyword: int(tag_of(keyword)) for keyword in (*SAME_IN_A_SERIES, *_OFTEN)}
_SCANNED = {tag: keyword for keyword, tag in _TAGS.items()}
_PLAIN = {keyword: _TAGS[keyword] for keyword in _OFTEN}
_VRS = {tag: vr_of(keyword) for tag, keyword in _SCANNED.items()}
_NUMBERS = tuple(tag for tag in _PLAIN.values() if _VRS[tag] == "US")
_TEXTS = frozenset(keyword for keyword in _PLAIN if vr_of(keyword) in TEXT_VRS)
_PADDED = frozenset(keyword for keyword in _TAGS if vr_of(keyword) in TEXT_VRS | {"LO"})


class Header:
    """The header of one DICOM file.

    Attributes:
        file: Path of the file.
        pixels_at: Offset in bytes of the element that holds the pixels; None where the file is
            deflated.
        identity: Values of :data:`SAME_IN_A_SERIES` as they stand in the file, to compare.
    """

    def __init__(
        self, file: Path, pixels_at: int | None, scan: Scan | None, dataset: Dataset | None
    ) -> None:
        self.file, self.pixels_at, self._scan = file, pixels_at, scan
        if dataset is not None:
            self.dataset = dataset
        self.identity = tuple(self.raw(keyword) for keyword in SAME_IN_A_SERIES)

    @cached_property
    def dataset(self) -> Dataset:
        """Everything before the pixels; values are converted when they are asked for."""
        with self.file.open("rb") as stream:
            return read_dataset(stream, self.file, SAME_IN_A_SERIES)

    @property
    def transfer_syntax(self) -> str:
        """UID of how the file is written."""
        if self._scan is not None:
            return self._scan.transfer_syntax
        named = text_of(self.dataset.file_meta, "TransferSyntaxUID", self.file)
        return named or str(_SYNTAXES[self.encoding])

    @property
    def is_assumed(self) -> bool:
        """Whether the file does not name its transfer syntax, so that it was seen in its bytes."""
        if self._scan is not None:
            return self._scan.is_assumed
        return "TransferSyntaxUID" not in self.dataset.file_meta

    @property
    def encoding(self) -> tuple[bool, bool]:
        """Whether the file is really written implicit, and little-endian."""
        if self._scan is not None:
            return self._scan.implicit, True
        implicit, little = self.dataset.original_encoding
        return bool(implicit), bool(little)

    def raw(self, keyword: str) -> Any:
        """Give a value before pydicom converts it, without padding; None where it is missing.

        Args:
            keyword: DICOM keyword, of those that a header is scanned for.
        """
        if self._scan is not None:
            value: Any = self._scan.values.get(_TAGS[keyword])
        else:
            element = self.dataset.get_item(tag_of(keyword))
            value = None if element is None else element.value
        is_padded = isinstance(value, bytes) and keyword in _PADDED
        return value.rstrip(b"\0 ") if is_padded else value

    def text(self, keyword: str) -> str:
        """Give a value as text, ``""`` where it is missing or empty.

        Args:
            keyword: DICOM keyword of an attribute at the top of the dataset; several values are
                joined by a backslash.

        Raises:
            StudyRefused: If its bytes are broken.
        """
        tag = _PLAIN.get(keyword)
        if self._scan is None or tag is None:
            return text_of(self.dataset, keyword, self.file)
        value = self._scan.values.get(tag, b"")
        if keyword in _TEXTS:
            return plain_text(value, keyword, self.file)
        return "\\".join(map(str, np.frombuffer(value, "<u2").tolist()))

    def parts(self, keyword: str) -> list[str]:
        """Give the parts of a text of several values.

        Args:
            keyword: DICOM keyword of an attribute at the top of the dataset.
        """
        return [part.strip() for part in self.text(keyword).split("\\") if part.strip()]

    def numbers(self, keyword: str, count: int) -> NDArray[np.float64]:
        """Give numbers that have to be there.

        Args:
            keyword: DICOM keyword of an attribute at the top of the dataset.
            count: How many numbers it has to hold.

        Returns:
            Finite numbers ``(count,)``.

        Raises:
            StudyRefused: If the attribute is missing or holds anything else.
        """
        return numbers_in(self.text(keyword), keyword, self.file, count)

    def number(self, keyword: str) -> float | None:
        """Give a number that may be missing.

        Args:
            keyword: DICOM keyword of an attribute at the top of the dataset.

        Raises:
            StudyRefused: If it is there and is no finite number.
        """
        text = self.text(keyword)
        return float(numbers_in(text, keyword, self.file, 1)[0]) if text else None

    def known_number(self, keyword: str) -> float | None:
        """Give a number that no grade needs, None where it is missing or cannot be read.

        Args:
            keyword: DICOM keyword of an attribute at the top of the dataset.
        """
        try:
            return self.number(keyword)
        except StudyRefused:
            return None

    def clock(self, name: str) -> float | None:
        """Give a moment in seconds, the same origin for all, None where the file has none.

        What cannot be read counts as missing: of a static image no number needs it, and
        :func:`monai_amyloid.pet.dicom.times.injection.odd_times` says so.

        Args:
            name: What was timed, such as ``"Acquisition"``: its DateTime is read, or else its
                Date and Time.
        """
        together = self.text(f"{name}DateTime")
        moment = moment_in(together) if together else None
        if moment is not None:
            return moment.seconds
        seconds = seconds_of_day(self.text(f"{name}Time"))
        if seconds is None:
            return None
        return seconds + (seconds_of_date(self.text(f"{name}Date")) or 0.0)


def open_header(file: Path) -> Header | None:
    """Open a DICOM file and find what stands before its pixels.

    Args:
        file: Path of any file, DICOM or not.

    Returns:
        The header, or None where the file is not DICOM.

    Raises:
        StudyRefused: If the file is DICOM but broken, or a bomb.
        OSError: If the file cannot be opened.
    """
    with file.open("rb") as stream:
        head = stream.read(_SCANNED_BYTES)
        scan = scan_header(head, _SCANNED)
        if scan is not None and _as_expected(scan):
            header = Header(file, scan.pixels_at, scan, None)
        elif not begins_as_dicom(head):
            return None
        else:
            stream.seek(0)
            deflated = is_deflated(stream)
            dataset = read_dataset(stream, file, SAME_IN_A_SERIES)
            header = Header(file, None if deflated else stream.tell(), None, dataset)
    # What begins like a dataset by chance names neither what it is nor its series.
    if has_mark(head) or all(
        _UID.fullmatch(header.text(keyword)) for keyword in ("SOPClassUID", "SeriesInstanceUID")
    ):
        return header
    return None


def _as_expected(scan: Scan) -> bool:
    """Whether the plain values are written as the dictionary says, so that bytes are enough."""
    if any(vr != _VRS[tag] for tag, vr in scan.vrs.items()):
        return False
    return all(len(scan.values.get(tag, b"")) % 2 == 0 for tag in _NUMBERS)
