"""The images of a study that may be the PET to grade, whatever files they are in."""

from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from monai_amyloid.findings.finding import Phrase, StudyRefused, Term, phrase
from monai_amyloid.pet.dicom.enhanced import enhanced_slices
from monai_amyloid.pet.dicom.membership.gathering import Gathered
from monai_amyloid.pet.dicom.provenance import enhanced_provenance, provenance_of
from monai_amyloid.pet.dicom.slices import CAPTURES, ENHANCED, PET_CLASSES
from monai_amyloid.pet.dicom.times.injection import uptake_seconds
from monai_amyloid.pet.dicom.times.timing import over_midnight
from monai_amyloid.pet.formats.file_format import FileFormat
from monai_amyloid.pet.formats.image_names import name_shows
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.header.attenuation import attenuation_of
from monai_amyloid.pet.header.named_tracer import tracer_of
from monai_amyloid.pet.header.statement import header_of


class Candidate(ABC):
    """One image of a study, by its headers alone.

    Attributes:
        key: Name of the image for the option ``--series``.
        label: The image as it is listed for a person.
        images: Number of files or frames that hold it.
    """

    key: str
    label: Phrase
    images: int

    @abstractmethod
    def read(self) -> FrameSeries:
        """Read its frames; raises :class:`StudyRefused` if it cannot be read rightly."""

    def answers_to(self, name: str) -> bool:
        """Whether ``--series name`` names this image."""
        return name == self.key

    @property
    def patient(self) -> Any:
        """Number of the patient, to compare only; None where the file has none."""
        return None

    @property
    @abstractmethod
    def provenance(self) -> dict[str, Any]:
        """Values of the image's header, by DICOM or BIDS keyword."""

    @property
    def is_capture(self) -> bool:
        """Whether a program exported it rather than a scanner."""
        return False

    @property
    @abstractmethod
    def is_dynamic(self) -> bool:
        """Whether it has several time frames."""

    @property
    @abstractmethod
    def minutes(self) -> tuple[float, float] | None:
        """Start and end after injection in minutes, None where not known."""

    @property
    def shows(self) -> Phrase | None:
        """What its name says that it shows, where that is no PET."""
        return None

    @property
    def tracer(self) -> str | None:
        """BIDS label of the tracer that the header names."""
        return tracer_of(self.provenance)

    @property
    @abstractmethod
    def size(self) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Voxels along the axes, and their sizes in mm; empty where the header has none."""

    @property
    def is_uncorrected(self) -> bool:
        """Whether anything says that attenuation was not corrected."""
        return attenuation_of(self.provenance).not_corrected is not None


class DicomCandidate(Candidate):
    """A DICOM series.

    Args:
        gathered: Files of the series, at least one.
    """

    def __init__(self, gathered: Gathered) -> None:
        self.gathered, self.headers, self.key = gathered, gathered.headers, gathered.key
        headers, first = self.headers, self.headers[0]
        self.uid = first.text("SeriesInstanceUID")
        self.description = first.text("SeriesDescription")
        self.images = sum(int(header.known_number("NumberOfFrames") or 1) for header in headers)
        self.modality = first.text("Modality") or "unknown"
        self.label = _series_label(self.modality, self.description, self.images, gathered.key)

    @property
    def is_pet(self) -> bool:
        """Whether it holds PET, or a grey volume that may have been one."""
        first = self.headers[0]
        kind = first.text("SOPClassUID")
        if kind in PET_CLASSES:
            return first.text("Modality") == "PT"
        return self.is_capture and not self.is_picture

    @property
    def is_capture(self) -> bool:
        """Whether it is a secondary capture."""
        return self.headers[0].text("SOPClassUID") in CAPTURES

    @property
    def is_picture(self) -> bool:
        """Whether it is a picture that does not say where it lies, or in colour."""
        first = self.headers[0]
        lies = first.text("ImagePositionPatient") or (
            first.dataset.get_item("PerFrameFunctionalGroupsSequence") is not None
        )
        return not lies or first.text("PhotometricInterpretation") != "MONOCHROME2"

    def read(self) -> FrameSeries:
        """Read its frames."""
        return self.gathered.read()

    def answers_to(self, name: str) -> bool:
        """Whether a name is its number, the end of its UID, or its description."""
        return bool(name) and (name in (self.key, self.description) or self.uid.endswith(name))

    @property
    def patient(self) -> Any:
        """The raw Patient ID, to compare only."""
        raw = self.headers[0].identity[0]
        # Programs pad text with a space or a zero.
        return raw.strip(b" \0") if isinstance(raw, bytes) else raw

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Values of the first header."""
        first = self.headers[0]
        return provenance_of(first.dataset) | enhanced_provenance(first)

    @property
    def size(self) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Columns and rows of a slice, and their distances."""
        try:
            first = self.headers[0]
            columns, rows = (int(first.number(key) or 0) for key in ("Columns", "Rows"))
            between_rows, between_columns = map(float, first.numbers("PixelSpacing", 2))
        except StudyRefused:  # broken, or in the functional groups of an enhanced file
            return (), ()
        return (columns, rows), (between_columns, between_rows)

    @cached_property
    def is_dynamic(self) -> bool:
        """Whether it has several time frames, by Series Type or by what repeats."""
        if self.gathered.frames > 1:
            return True
        if "SeriesType" in self.provenance:
            return "DYNAMIC" in self.provenance["SeriesType"]
        return (self.headers[0].known_number("NumberOfTimeSlices") or 1) > 1

    @cached_property
    def minutes(self) -> tuple[float, float] | None:
        """Start and end after injection; a header that is broken here is judged when read."""
        first = self.headers[0]
        try:
            if first.text("SOPClassUID") in ENHANCED:
                slices = list(enhanced_slices(first))
                begins = [one.begin for one in slices]
                durations = [one.duration or 0.0 for one in slices]
            else:
                begins = [header.clock("Acquisition") for header in self.headers]
                durations = [
                    (header.known_number("ActualFrameDuration") or 0.0) / 1000
                    for header in self.headers
                ]
            times = [
                (begin, begin + duration)
                for begin, duration in zip(over_midnight(begins), durations, strict=True)
                if begin is not None
            ]
            start, end = (min(times)[0], max(end for _, end in times)) if times else (None, 0.0)
            uptake = None if start is None else uptake_seconds(first, start, [])
        except StudyRefused:
            return None
        if start is None or uptake is None:
            return None
        return uptake / 60, (uptake + end - start) / 60


class FileCandidate(Candidate):
    """An image in one file.

    Args:
        file: Path of the image.
        name: The path of the file within the study.
        file_format: The format that the file was recognised as.
    """

    def __init__(self, file: Path, name: str, file_format: FileFormat) -> None:
        self.file, self.key, self.format = file, name, file_format
        self.images = 1
        self.label = phrase(
            "image_file", "{format} {file!r}", format=Term(file_format.name), file=name
        )

    def read(self) -> FrameSeries:
        """Read its frames."""
        return self._series or self.format.read_frames(self.file)

    def answers_to(self, name: str) -> bool:
        """Whether a name is its path within the study, or its file name."""
        return name in (self.key, self.file.name)

    @cached_property
    def _series(self) -> FrameSeries | None:
        try:
            return self.format.read_frames(self.file)
        except StudyRefused:  # raised again where this image is taken
            return None

    @property
    def provenance(self) -> dict[str, Any]:
        """Values of its header and sidecar, and its name; none where they cannot be read."""
        return header_of(self._series) if self._series else {}

    @property
    def shows(self) -> Phrase | None:
        """What its file name says that it shows, where that is no PET."""
        return name_shows(self.file)

    @property
    def is_capture(self) -> bool:
        """Whether its format is one that no scanner writes."""
        return self.format.is_export

    @property
    def is_dynamic(self) -> bool:
        """Whether it has several time frames."""
        return self._series is not None and len(self._series.frames) > 1

    @property
    def size(self) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Voxels along each axis, and their sizes."""
        if self._series is None:
            return (), ()
        zooms = np.linalg.norm(self._series.affine[:3, :3], axis=0)
        return self._series.shape, tuple(map(float, zooms))

    @property
    def minutes(self) -> tuple[float, float] | None:
        """Start and end after injection."""
        series = self._series
        if series is None or not series.from_injection:
            return None
        first, last = series.frames[0], series.frames[-1]
        if first.start is None or last.start is None:
            return None
        return first.start / 60, (last.start + (last.duration or 0.0)) / 60


def _series_label(modality: str, description: str, images: int, number: Term) -> Phrase:
    """List a DICOM series for a person, with the number by which ``--series`` takes it."""
    if images == 1:
        return phrase(
            "dicom_series_of_one_image",
            "{modality} {description!r} (1 image, number {number})",
            modality=modality,
            description=description,
            number=number,
        )
    return phrase(
        "dicom_series",
        "{modality} {description!r} ({count} images, number {number})",
        modality=modality,
        description=description,
        count=images,
        number=number,
    )
