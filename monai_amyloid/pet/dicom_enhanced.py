"""Multi-frame DICOM: the slices of an enhanced PET, or of a multi-frame capture, in one file."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from monai_amyloid.pet.dicom_header import Header
from monai_amyloid.pet.dicom_slice import (
    ENHANCED,
    NO_GEOMETRY,
    PetSlice,
    positive,
    provenance_of,
    scale_of,
)
from monai_amyloid.pet.dicom_values import (
    broken,
    moment_of,
    named,
    number_of,
    numbers_of,
    seconds_of_day,
    text_of,
)
from monai_amyloid.pet.image import StudyRefused

# A file of a day's dynamic scan: 60 time frames of 700 slices.
MOST_FRAMES = 42_000
# Two scales of one frame may differ by their written digits.
_SAME_SCALE = 1e-4


class _Groups:
    """The functional groups of one frame: its own, or else those that all frames share."""

    def __init__(self, header: Header, own: Dataset, shared: Dataset) -> None:
        self.header = header
        self.places = (own, shared)

    def items(self, keyword: str) -> list[Dataset]:
        """Give the items of a group; none where the file has no such group."""
        for place in self.places:
            found = _sequence(place, keyword, self.header)
            if found:
                return found
        return []

    def item(self, keyword: str) -> Dataset:
        """Give the one item of a group, an empty one where the file has no such group."""
        return (self.items(keyword) or [Dataset()])[0]

    def numbers(self, group: str, keyword: str, count: int) -> NDArray[np.float64]:
        """Give numbers of a group that have to be there."""
        return numbers_of(self.item(group), keyword, self.header.file, count)

    def unassigned(self, keyword: str) -> str:
        """Give what a converter kept of a classic file, in the frame's own items or the shared."""
        for place, name in zip(self.places, _CONVERTED, strict=True):
            for item in _sequence(place, name, self.header):
                text = text_of(item, keyword, self.header.file)
                if text:
                    return text
        return ""

    def unassigned_number(self, keyword: str) -> float | None:
        """Give a number that a converter kept, None where it kept none."""
        for place, name in zip(self.places, _CONVERTED, strict=True):
            for item in _sequence(place, name, self.header):
                found = number_of(item, keyword, self.header.file)
                if found is not None:
                    return found
        return None


_CONVERTED = (
    "UnassignedPerFrameConvertedAttributesSequence",
    "UnassignedSharedConvertedAttributesSequence",
)


def _sequence(dataset: Dataset, keyword: str, header: Header) -> list[Dataset]:
    """Give the items of a sequence, none where it is missing."""
    try:
        value: Any = dataset.get(keyword)
    except Exception as error:  # pydicom parses on access, so broken bytes show up here
        raise StudyRefused(f"{header.file}: {named(keyword)}: {broken(error)}") from error
    return [item for item in value or () if isinstance(item, Dataset)]


def enhanced_slices(header: Header) -> Iterator[PetSlice]:
    """Read where each frame of a multi-frame file lies, its scale and its time.

    Args:
        header: Of the file, checked by :func:`monai_amyloid.pet.dicom_slice.check_kind`.

    Yields:
        One slice for each frame, in the order of the file.

    Raises:
        StudyRefused: If a frame lacks what it needs, or the file says two things of its scale.

    References:
        DICOM PS3.3 A.56 (Enhanced PET), C.7.6.16 (functional groups).
    """
    count = int(header.numbers("NumberOfFrames", 1)[0])
    frames = _sequence(header.dataset, "PerFrameFunctionalGroupsSequence", header)
    shared = _sequence(header.dataset, "SharedFunctionalGroupsSequence", header)
    if not frames and not shared:
        raise StudyRefused(f"{header.file}: {NO_GEOMETRY}")
    if len(frames) != count or not 1 <= count <= MOST_FRAMES:
        raise StudyRefused(
            f"{header.file}: {named('NumberOfFrames')} is {count}, but "
            f"{named('PerFrameFunctionalGroupsSequence')} has {len(frames)} items, needed one for "
            f"each of at most {MOST_FRAMES} frames; export it again"
        )
    ratios = []
    for number, own in enumerate(frames):
        groups = _Groups(header, own, shared[0] if shared else Dataset())
        slope, intercept, ratio = _scale(groups)
        ratios.append(ratio)
        if ratio is not None and abs(ratio / (ratios[0] or ratio) - 1) > _SAME_SCALE:
            raise StudyRefused(
                f"{header.file}: {named('RescaleSlope')} and {named('RealWorldValueSlope')} "
                f"disagree from frame to frame (frame {number + 1}); export it again"
            )
        yield _slice(groups, number, slope, intercept)


def _scale(groups: _Groups) -> tuple[float, float, float | None]:
    """Give slope and intercept of a frame, and the ratio of its two slopes where it has two."""
    header = groups.header
    transformation = groups.item("PixelValueTransformationSequence")
    slope = number_of(transformation, "RescaleSlope", header.file)
    intercept = number_of(transformation, "RescaleIntercept", header.file)
    if slope is None:
        slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    world = [
        item
        for item in groups.items("RealWorldValueMappingSequence")
        if number_of(item, "RealWorldValueSlope", header.file) is not None
    ]
    # An activity is preferred to an SUV; both are one linear scale.
    world.sort(key=lambda item: "bq" not in unit_code(item).lower())
    if not world:
        if slope is None and header.text("Modality") == "PT":
            header.numbers("RescaleSlope", 1)  # names what is missing
        return (*scale_of(1.0 if slope is None else slope, intercept, header), None)
    real = float(numbers_of(world[0], "RealWorldValueSlope", header.file, 1)[0])
    offset = number_of(world[0], "RealWorldValueIntercept", header.file)
    real, offset = scale_of(real, offset, header)
    # A slope of 1 says nothing: some files leave it all to the mapping.
    return real, offset, None if slope in (None, 0, 1) else real / slope


def unit_code(item: Dataset) -> str:
    """Give the UCUM code of a Real World Value Mapping item, ``""`` where it has none."""
    try:
        return str(item.MeasurementUnitsCodeSequence[0].CodeValue)
    except Exception:  # missing or broken: the unit is not known
        return ""


# Image Type, value 3, of an enhanced PET says what Series Type says in a classic one.
_SERIES_TYPES = ("STATIC", "DYNAMIC", "GATED", "WHOLE BODY")
# Flags of an enhanced PET (PS3.3 C.8.22.4), and the terms of Corrected Image for the same.
_CORRECTIONS = {
    "AttenuationCorrected": "ATTN",
    "DecayCorrected": "DECY",
    "ScatterCorrected": "SCAT",
    "RandomsCorrected": "RAN",
    "DeadTimeCorrected": "DTIM",
}


def converted_attributes(header: Header) -> list[Dataset]:
    """Give what a converter kept of the classic files and found no place for (PS3.3 C.7.6.16.2.25).

    Args:
        header: Of any file.

    Returns:
        Items of the first frame and of all frames; none for a file that was not converted.

    Raises:
        StudyRefused: If a sequence is broken.
    """
    groups = _first_groups(header)
    return [
        item
        for place, name in zip(groups.places, _CONVERTED, strict=True)
        for item in _sequence(place, name, header)
    ]


def _first_groups(header: Header) -> _Groups:
    """Give the groups of the first frame."""
    frames = _sequence(header.dataset, "PerFrameFunctionalGroupsSequence", header)
    shared = _sequence(header.dataset, "SharedFunctionalGroupsSequence", header)
    return _Groups(header, *((part or [Dataset()])[0] for part in (frames, shared)))


def enhanced_provenance(header: Header) -> dict[str, Any]:
    """Give what a multi-frame file says of the image where a classic one says it elsewhere.

    Args:
        header: Of the file; of any kind.

    Returns:
        Values by DICOM keyword, in the spelling of a classic file; nothing for a classic file.
    """
    if header.text("SOPClassUID") not in ENHANCED:
        return {}
    groups, converted = _first_groups(header), converted_attributes(header)
    isotopes = [
        item
        for part in converted
        for item in _sequence(part, "RadiopharmaceuticalInformationSequence", header)[:1]
    ]
    found = provenance_of(header.dataset, [*converted, *isotopes])
    kind = header.parts("ImageType")[2:3]
    if "SeriesType" not in found and kind and kind[0] in _SERIES_TYPES:
        found["SeriesType"] = kind
    flags = {term: header.text(keyword) for keyword, term in _CORRECTIONS.items()}
    if any(flags.values()):
        found["CorrectedImage"] = [term for term, flag in flags.items() if flag == "YES"]
    codes = [unit_code(item) for item in groups.items("RealWorldValueMappingSequence")]
    codes.sort(key=lambda code: "bq" not in code.lower())
    if codes and codes[0]:
        found["Units"] = codes[0]
    return found


def _slice(groups: _Groups, number: int, slope: float, intercept: float) -> PetSlice:
    """Put together what the groups of a frame say."""
    file = groups.header.file
    if not groups.items("PlanePositionSequence") or not groups.items("PlaneOrientationSequence"):
        raise StudyRefused(f"{file}: {NO_GEOMETRY}")
    content = groups.item("FrameContentSequence")
    begin = moment_of(content, "FrameAcquisitionDateTime", file)
    time = groups.unassigned("AcquisitionTime")
    if begin is None and time:
        begin = seconds_of_day(time, "AcquisitionTime", file)
    reference = moment_of(content, "FrameReferenceDateTime", file)
    offset = groups.unassigned_number("FrameReferenceTime")
    if reference is None and offset is not None:
        reference = offset / 1000
    index = number_of(content, "TemporalPositionIndex", file)
    duration = number_of(content, "FrameAcquisitionDuration", file)
    if duration is None:
        duration = groups.unassigned_number("ActualFrameDuration")
    factor = number_of(groups.item("PETFrameCorrectionFactorsSequence"), "DecayFactor", file)
    return PetSlice(
        groups.header,
        number,
        groups.numbers("PlanePositionSequence", "ImagePositionPatient", 3),
        groups.numbers("PlaneOrientationSequence", "ImageOrientationPatient", 6),
        groups.numbers("PixelMeasuresSequence", "PixelSpacing", 2),
        slope,
        intercept,
        begin=begin,
        reference=reference,
        index=positive(groups.unassigned_number("ImageIndex") if index is None else index),
        duration=duration / 1000 if duration and duration > 0 else None,
        decay_factor=groups.unassigned_number("DecayFactor") if factor is None else factor,
    )
