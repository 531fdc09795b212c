"""One DICOM PET slice: open its file, check that it is one, read its numbers and voxels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.datadict import dictionary_description, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.uid import (
    EnhancedPETImageStorage,
    LegacyConvertedEnhancedPETImageStorage,
    PositronEmissionTomographyImageStorage,
)

from monai_amyloid.pet.header import KEPT
from monai_amyloid.pet.image import StudyRefused


def named(keyword: str) -> str:
    """Give an attribute its name and tag.

    Args:
        keyword: Such as ``"PixelSpacing"``.

    Returns:
        Such as ``"Pixel Spacing (0028,0030)"``, for messages.
    """
    tag = BaseTag(tag_for_keyword(keyword) or 0)
    return f"{dictionary_description(tag)} ({tag.group:04X},{tag.element:04X})"


def open_dicom(file: Path, keywords: Sequence[str] | None = None) -> Dataset | None:
    """Open a DICOM file.

    Args:
        file: Any file.
        keywords: Attributes to read of the header alone; None for everything with the voxels.

    Returns:
        The dataset, or None where the file is not DICOM.

    Raises:
        StudyRefused: If the file is DICOM but broken.
    """
    try:
        return pydicom.dcmread(
            file,
            stop_before_pixels=keywords is not None,
            specific_tags=list(keywords) if keywords is not None else None,
        )
    except InvalidDicomError:
        return None
    except Exception as error:  # pydicom raises whatever the broken bytes lead it to
        raise StudyRefused(f"{file}: {_broken(error)}") from error


def _broken(error: Exception) -> str:
    """Say in one line that a file cannot be read."""
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return f"truncated or unreadable DICOM ({reason}); export it again"


def _value(dataset: Dataset, keyword: str, file: Path) -> Any:
    """Give the value of an attribute that has to be there."""
    try:
        value = dataset.get(keyword)
    except Exception as error:  # pydicom converts on access, so broken bytes show up here
        raise StudyRefused(f"{file}: {named(keyword)} is broken; export it again") from error
    if value is None or value == "":
        raise StudyRefused(f"{file}: {named(keyword)} is missing; export the original series")
    return value


def numbers(dataset: Dataset, keyword: str, file: Path, count: int) -> NDArray[np.float64]:
    """Give the numbers of an attribute that has to be there.

    Args:
        dataset: The slice.
        keyword: Attribute with a numeric value.
        file: Its file, for the message.
        count: How many numbers it has to hold.

    Returns:
        Finite numbers ``(count,)``.

    Raises:
        StudyRefused: If the attribute is missing or holds anything else.
    """
    value = _value(dataset, keyword, file)
    try:
        found = np.atleast_1d(np.asarray(value, dtype=np.float64))
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.shape != (count,) or not np.isfinite(found).all():
        raise StudyRefused(
            f"{file}: {named(keyword)} is {value!s}, needed {count} finite number"
            f"{'s' if count > 1 else ''}; export it again"
        )
    return found


def check_slice(dataset: Dataset, file: Path) -> None:
    """Refuse an image that is no single grey slice of a classic static PET series.

    Args:
        dataset: The slice.
        file: Its file, for the message.

    Raises:
        StudyRefused: If it is no PET image, enhanced PET, colour, dynamic or gated, a maximum
            intensity projection, or of an unknown depth.
    """
    kind = _value(dataset, "SOPClassUID", file)
    if kind in (EnhancedPETImageStorage, LegacyConvertedEnhancedPETImageStorage):
        raise StudyRefused(
            f"{file}: found {kind.name}, needed one classic PET image a slice; "
            "export it as Positron Emission Tomography Image Storage"
        )
    if kind != PositronEmissionTomographyImageStorage or dataset.get("Modality") != "PT":
        raise StudyRefused(
            f"{file}: found {kind.name} of modality {dataset.get('Modality') or 'unknown'}, needed "
            "Positron Emission Tomography Image Storage of modality PT; pass the original series"
        )
    samples = int(numbers(dataset, "SamplesPerPixel", file, 1)[0])
    photometric = _value(dataset, "PhotometricInterpretation", file)
    if samples != 1 or photometric != "MONOCHROME2":
        raise StudyRefused(
            f"{file}: {named('PhotometricInterpretation')} is {photometric} with {samples} "
            "samples a pixel, needed MONOCHROME2 with 1; pass the original series"
        )
    bits = int(numbers(dataset, "BitsAllocated", file, 1)[0])
    if bits not in (8, 16, 32):
        raise StudyRefused(
            f"{file}: {named('BitsAllocated')} is {bits}, needed 8, 16 or 32; export it again"
        )
    # Number of Time Slices (0054,0101) has a meaning for dynamic series alone (PS3.3 C.8.9.1):
    # a real static GE series writes 6. Frames that do repeat a position are found by position.
    series_type = dataset.get("SeriesType") or ["absent"]
    series_type = series_type if isinstance(series_type, str) else series_type[0]
    frames = int(dataset.get("NumberOfTimeSlices") or 1) if series_type == "absent" else 1
    if series_type in ("DYNAMIC", "GATED") or frames > 1:
        raise StudyRefused(
            f"{file}: {named('SeriesType')} is {series_type}, needed STATIC: this is a dynamic "
            "or gated series; average the frames of the uptake window first"
        )
    if "MIP" in (dataset.get("ImageType") or ()):
        raise StudyRefused(
            f"{file}: {named('ImageType')} names a maximum intensity projection (MIP), "
            "needed the slices it was made of"
        )


def uptake(dataset: Dataset, file: Path) -> NDArray[np.float32]:
    """Read the voxels of one slice, scaled by its own slope.

    Args:
        dataset: The slice with its pixel data.
        file: Its file, for the message.

    Returns:
        Uptake ``(rows, columns)`` in the unit of the header.

    Raises:
        StudyRefused: If the voxels are cut off, cannot be decoded, or have no slope.
    """
    slope = float(numbers(dataset, "RescaleSlope", file, 1)[0])
    # PS3.3 C.8.9.4: the intercept of a PET image is always zero; older exports leave it out.
    intercept = 0.0
    if dataset.get("RescaleIntercept") is not None:
        intercept = float(numbers(dataset, "RescaleIntercept", file, 1)[0])
    if slope <= 0:
        raise StudyRefused(f"{file}: {named('RescaleSlope')} is {slope:g}, needed more than 0")
    try:
        stored = dataset.pixel_array
    except Exception as error:  # the decoders raise whatever the broken bytes lead them to
        raise StudyRefused(f"{file}: {_broken(error)}") from error
    if stored.ndim != 2:
        raise StudyRefused(f"{file}: found {stored.shape[0]} frames, needed one slice a file")
    return stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)


def _plain(value: Any) -> Any:
    """Turn a DICOM value into what JSON can hold."""
    if isinstance(value, MultiValue):
        return [_plain(part) for part in value]
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else str(value)


def provenance_of(dataset: Dataset) -> dict[str, Any]:
    """Keep what the header says of the image, without anything that names a person.

    Args:
        dataset: Any slice of the series.

    Returns:
        Values by DICOM keyword, all of which JSON can hold, and ``"source": "dicom"``.
    """
    kept: dict[str, Any] = {"source": "dicom"}
    isotopes = dataset.get("RadiopharmaceuticalInformationSequence") or [Dataset()]
    for keyword in KEPT:
        for part in (dataset, isotopes[0]):
            value = part.get(keyword)
            if keyword == "RadiopharmaceuticalCodeSequence" and value:
                names = ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
                kept[keyword] = [
                    {name: str(item.get(name, "")) for name in names} for item in value
                ]
            elif value is not None and value != "":
                kept[keyword] = _plain(value)
    return kept
