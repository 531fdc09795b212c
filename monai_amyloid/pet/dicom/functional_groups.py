"""The functional groups of multi-frame DICOM: what each frame says, or all say together."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.attributes import named, reason_of
from monai_amyloid.pet.dicom.header import Header
from monai_amyloid.pet.dicom.values import number_of, numbers_of, text_of

# Where a converter keeps what it found no place for, frame by frame and for all.
CONVERTED = (
    "UnassignedPerFrameConvertedAttributesSequence",
    "UnassignedSharedConvertedAttributesSequence",
)


class FunctionalGroups:
    """The functional groups of one frame: its own, or else those that all frames share.

    Args:
        header: Header of the file.
        own: Item of the Per-Frame Functional Groups Sequence for this frame.
        shared: Item of the Shared Functional Groups Sequence, for all frames.
    """

    def __init__(self, header: Header, own: Dataset, shared: Dataset) -> None:
        self.header = header
        self.places = (own, shared)

    def items(self, keyword: str) -> list[Dataset]:
        """Give the items of a group; none where the file has no such group."""
        for place in self.places:
            found = sequence_items(place, keyword, self.header)
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
        for place, name in zip(self.places, CONVERTED, strict=True):
            for item in sequence_items(place, name, self.header):
                text = text_of(item, keyword, self.header.file)
                if text:
                    return text
        return ""

    def unassigned_number(self, keyword: str) -> float | None:
        """Give a number that a converter kept, None where it kept none."""
        for place, name in zip(self.places, CONVERTED, strict=True):
            for item in sequence_items(place, name, self.header):
                found = number_of(item, keyword, self.header.file)
                if found is not None:
                    return found
        return None


def sequence_items(dataset: Dataset, keyword: str, header: Header) -> list[Dataset]:
    """Give the items of a sequence.

    Args:
        dataset: Header of a file, or an item of a sequence in it.
        keyword: DICOM keyword of the sequence.
        header: Header of the file, for the message.

    Returns:
        Items of the sequence; none where it is missing.

    Raises:
        StudyRefused: If its bytes are broken.
    """
    try:
        value: Any = dataset.get(keyword)
    except Exception as error:  # pydicom parses on access, so broken bytes show up here
        raise StudyRefused(
            "dicom_sequence_unreadable",
            "{attribute}: truncated or unreadable DICOM ({reason}); export it again",
            where=header.file,
            attribute=named(keyword),
            reason=reason_of(error),
        ) from error
    return [item for item in value or () if isinstance(item, Dataset)]


def converted_attributes(header: Header) -> list[Dataset]:
    """Give what a converter kept of the classic files and found no place for (PS3.3 C.7.6.16.2.25).

    Args:
        header: Header of a file, multi-frame or not.

    Returns:
        Items of the first frame and of all frames; none for a file that was not converted.

    Raises:
        StudyRefused: If a sequence is broken.
    """
    groups = first_groups(header)
    return [
        item
        for place, name in zip(groups.places, CONVERTED, strict=True)
        for item in sequence_items(place, name, header)
    ]


def first_groups(header: Header) -> FunctionalGroups:
    """Give the groups of the first frame, empty ones where the file has none.

    Args:
        header: Header of a file, multi-frame or not.
    """
    frames = sequence_items(header.dataset, "PerFrameFunctionalGroupsSequence", header)
    shared = sequence_items(header.dataset, "SharedFunctionalGroupsSequence", header)
    return FunctionalGroups(header, *((part or [Dataset()])[0] for part in (frames, shared)))


def unit_code(item: Dataset) -> str:
    """Give the UCUM code of a Real World Value Mapping item, ``""`` where it has none."""
    try:
        return str(item.MeasurementUnitsCodeSequence[0].CodeValue)
    except Exception:  # missing or broken: the unit is not known
        return ""
