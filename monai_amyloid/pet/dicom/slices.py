"""One PET slice, whichever kind of DICOM file holds it: where it lies, its scale, its time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import (
    EnhancedPETImageStorage,
    LegacyConvertedEnhancedPETImageStorage,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    PositronEmissionTomographyImageStorage,
    SecondaryCaptureImageStorage,
)

from monai_amyloid.pet.dicom.header import Header
from monai_amyloid.pet.dicom.philips import philips_factor
from monai_amyloid.pet.dicom.values import named
from monai_amyloid.pet.image import StudyRefused

CAPTURES = (
    SecondaryCaptureImageStorage,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
)
ENHANCED = (EnhancedPETImageStorage, LegacyConvertedEnhancedPETImageStorage)
PET_CLASSES = (PositronEmissionTomographyImageStorage, *ENHANCED)

NO_GEOMETRY = (
    "found a picture without Image Position (0020,0032) and Image Orientation (0020,0037), needed "
    "the volume: pass the original series; pictures of slices are for a slice model, not for this "
    "reader"
)


@dataclass(frozen=True, eq=False, slots=True)
class PetSlice:
    """One slice of one time frame.

    Attributes:
        header: Of its file.
        frame: Its number in the file, from 0.
        position: Centre of the first voxel in LPS+ mm ``(3,)``.
        orientation: Direction cosines of a row, then of a column ``(6,)``.
        spacing: Between rows, then between columns, in mm ``(2,)``.
        slope: Unit of the series for one stored value.
        intercept: Added after ``slope``.
        begin: Start of the acquisition in seconds on the scanner's clock, None where unknown.
        reference: Frame Reference Time in seconds, None where unknown.
        index: Of the slice among all slices and frames of the series, or, in a multi-frame
            file, of its time frame; from 1, None where unknown.
        duration: Of the time frame in seconds, None where unknown.
        decay_factor: By which the scanner multiplied for decay, None where unknown.
        unit: DICOM term of what slope and intercept lead to, None for what the series says.
    """

    header: Header
    frame: int
    position: NDArray[np.float64]
    orientation: NDArray[np.float64]
    spacing: NDArray[np.float64]
    slope: float
    intercept: float
    begin: float | None = None
    reference: float | None = None
    index: int | None = None
    duration: float | None = None
    decay_factor: float | None = None
    unit: str | None = None


def check_kind(header: Header) -> None:
    """Refuse an image that is no grey slice of a static or dynamic PET.

    Args:
        header: Of the file.

    Raises:
        StudyRefused: If it is no PET image, or a maximum intensity projection.
    """
    file = header.file
    kind = header.text("SOPClassUID")
    modality = header.text("Modality")
    known = (kind in PET_CLASSES and modality == "PT") or kind in CAPTURES
    if not known:
        found = header.dataset.get("SOPClassUID", "an unknown kind of object")
        raise StudyRefused(
            f"{file}: found {getattr(found, 'name', found)} of modality {modality or 'unknown'}, "
            "needed Positron Emission Tomography Image Storage of modality PT; pass the original "
            "series"
        )
    if "MIP" in header.parts("ImageType"):
        raise StudyRefused(
            f"{file}: {named('ImageType')} names a maximum intensity projection (MIP), "
            "needed the slices it was made of"
        )


def classic_slice(header: Header) -> PetSlice:
    """Read the one slice of a classic PET file.

    Args:
        header: Of the file, checked by :func:`check_kind`.

    Raises:
        StudyRefused: If what every slice needs is missing or broken.
    """
    if (header.number("NumberOfFrames") or 1) != 1:
        raise StudyRefused(
            f"{header.file}: {named('NumberOfFrames')} is {header.text('NumberOfFrames')}, "
            "needed one slice a file; export it again"
        )
    slope, intercept = scale_of(
        header.numbers("RescaleSlope", 1)[0], header.number("RescaleIntercept"), header
    )
    private = philips_factor(header) if header.text("Units") == "CNTS" else None
    factor, unit = private or (1.0, None)
    duration = header.number("ActualFrameDuration")
    reference = header.number("FrameReferenceTime")
    return PetSlice(
        header,
        0,
        header.numbers("ImagePositionPatient", 3),
        header.numbers("ImageOrientationPatient", 6),
        header.numbers("PixelSpacing", 2),
        slope * factor,
        intercept * factor,
        begin=header.clock("Acquisition"),
        reference=None if reference is None else reference / 1000,
        index=positive(header.number("ImageIndex")),
        duration=duration / 1000 if duration and duration > 0 else None,
        decay_factor=header.number("DecayFactor"),
        unit=unit,
    )


def captured_slice(header: Header) -> PetSlice:
    """Read one slice of a volume that a program exported as secondary capture.

    Args:
        header: Of the file, checked by :func:`check_kind`.

    Raises:
        StudyRefused: If the picture does not say where it lies.
    """
    if not header.text("ImagePositionPatient") or not header.text("ImageOrientationPatient"):
        raise StudyRefused(f"{header.file}: {NO_GEOMETRY}")
    slope, intercept = scale_of(
        header.number("RescaleSlope") or 1.0, header.number("RescaleIntercept"), header
    )
    return PetSlice(
        header,
        0,
        header.numbers("ImagePositionPatient", 3),
        header.numbers("ImageOrientationPatient", 6),
        header.numbers("PixelSpacing", 2),
        slope,
        intercept,
        begin=header.clock("Acquisition"),
    )


def positive(value: float | None) -> int | None:
    """Give an index from 1 on; None for anything else, for scanners write 0 for unknown."""
    return int(value) if value is not None and value >= 1 else None


def scale_of(slope: float, intercept: float | None, header: Header) -> tuple[float, float]:
    """Check the line from stored values to uptake.

    Args:
        slope: Rescale Slope.
        intercept: Rescale Intercept. PS3.3 C.8.9.4 says zero for every PET image, and older
            exports leave it out.
        header: Of the file, for the message.

    Raises:
        StudyRefused: If the slope is not above zero.
    """
    if slope <= 0:
        raise StudyRefused(
            f"{header.file}: {named('RescaleSlope')} is {slope:g}, needed more than 0"
        )
    return float(slope), float(intercept or 0.0)
