"""One PET slice, whichever kind of DICOM file holds it: where it lies, its scale, its time."""

from dataclasses import dataclass
from pathlib import Path

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

from monai_amyloid.findings.finding import StudyRefused, Term, Value, phrase
from monai_amyloid.pet.dicom.attributes import named, uid_name, unknown_value
from monai_amyloid.pet.dicom.header import Header
from monai_amyloid.pet.dicom.philips import philips_factor

CAPTURES = (
    SecondaryCaptureImageStorage,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
)
ENHANCED = (EnhancedPETImageStorage, LegacyConvertedEnhancedPETImageStorage)
PET_CLASSES = (PositronEmissionTomographyImageStorage, *ENHANCED)

# Defined terms of Modality (0008,0060), PS3.3 C.7.3.1.1.1, of images that lie beside a PET.
_MODALITIES = frozenset(
    ("CR", "CT", "DX", "MG", "MR", "NM", "OT", "PT", "RF", "SC", "SR", "US", "XA")
)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PetSlice:
    """One slice of one time frame.

    Attributes:
        header: Header of the file that holds the slice.
        frame: Number of the slice in its file, from 0.
        position: Centre of the first voxel in LPS+ mm ``(3,)``.
        orientation: Direction cosines of a row, then of a column ``(6,)``.
        spacing: Distance between rows, then between columns, in mm ``(2,)``.
        slope: What a stored value is multiplied by, in the unit of the series.
        intercept: What is added after ``slope``, in the unit of the series.
        begin: Start of the acquisition in seconds on the scanner's clock, None where unknown.
        reference: Frame Reference Time in seconds, None where unknown.
        index: Number of the slice among all slices and frames of the series, or, in a
            multi-frame file, of its time frame; from 1, None where unknown.
        duration: Duration of the time frame in seconds, None where unknown.
        decay_factor: Factor that the scanner multiplied by for decay, None where unknown.
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
        header: Header of the file.

    Raises:
        StudyRefused: If it is no PET image, or a maximum intensity projection.
    """
    file = header.file
    kind = header.text("SOPClassUID")
    modality = header.text("Modality")
    known = (kind in PET_CLASSES and modality == "PT") or kind in CAPTURES
    if not known:
        raise StudyRefused(
            "dicom_no_pet",
            "{attribute} says {kind}, of modality {modality}; needed Positron Emission Tomography "
            "Image Storage of modality PT; pass the original series",
            where=file,
            attribute=named("SOPClassUID"),
            kind=kind_name(kind),
            modality=_modality(modality),
        )
    if "MIP" in header.parts("ImageType"):
        raise StudyRefused(
            "dicom_projection",
            "{attribute} names a maximum intensity projection (MIP), needed the slices it was "
            "made of",
            where=file,
            attribute=named("ImageType"),
        )


def kind_name(kind: str) -> Value:
    """Give what an object is, for messages.

    Args:
        kind: SOP Class UID of a file; ``""`` where it has none.
    """
    return uid_name(kind) if kind else phrase("dicom_object", "an unknown kind of object")


def no_geometry(where: Path) -> StudyRefused:
    """Refuse pictures of slices that do not say where they lie in the patient.

    Args:
        where: File or study.
    """
    return StudyRefused(
        "picture_without_geometry",
        "found a picture without Image Position (0020,0032) and Image Orientation (0020,0037), "
        "needed the volume: pass the original series; pictures of slices are for a slice model, "
        "not for this reader",
        where=where,
    )


def _modality(text: str) -> Value:
    """Give what a header says of the modality as a term where it is one of the standard's."""
    return (Term(text) if text in _MODALITIES else text) or unknown_value()


def classic_slice(header: Header) -> PetSlice:
    """Read the one slice of a classic PET file.

    Args:
        header: Header of the file, checked by :func:`check_kind`.

    Raises:
        StudyRefused: If what every slice needs is missing or broken.
    """
    if (header.number("NumberOfFrames") or 1) != 1:
        raise StudyRefused(
            "dicom_several_frames",
            "{attribute} is {count}, needed one slice a file; export it again",
            where=header.file,
            attribute=named("NumberOfFrames"),
            count=header.text("NumberOfFrames"),
        )
    slope, intercept = scale_of(
        header.numbers("RescaleSlope", 1)[0], header.number("RescaleIntercept"), header
    )
    private = philips_factor(header) if header.text("Units") == "CNTS" else None
    factor, unit = private or (1.0, None)
    duration = header.known_number("ActualFrameDuration")
    reference = header.known_number("FrameReferenceTime")
    return PetSlice(
        header=header,
        frame=0,
        position=header.numbers("ImagePositionPatient", 3),
        orientation=header.numbers("ImageOrientationPatient", 6),
        spacing=header.numbers("PixelSpacing", 2),
        slope=slope * factor,
        intercept=intercept * factor,
        begin=header.clock("Acquisition"),
        reference=None if reference is None else reference / 1000,
        index=positive(header.known_number("ImageIndex")),
        duration=duration / 1000 if duration and duration > 0 else None,
        decay_factor=header.known_number("DecayFactor"),
        unit=unit,
    )


def captured_slice(header: Header) -> PetSlice:
    """Read one slice of a volume that a program exported as secondary capture.

    Args:
        header: Header of the file, checked by :func:`check_kind`.

    Raises:
        StudyRefused: If the picture does not say where it lies.
    """
    if not header.text("ImagePositionPatient") or not header.text("ImageOrientationPatient"):
        raise no_geometry(header.file)
    slope, intercept = scale_of(
        header.number("RescaleSlope") or 1.0, header.number("RescaleIntercept"), header
    )
    return PetSlice(
        header=header,
        frame=0,
        position=header.numbers("ImagePositionPatient", 3),
        orientation=header.numbers("ImageOrientationPatient", 6),
        spacing=header.numbers("PixelSpacing", 2),
        slope=slope,
        intercept=intercept,
        begin=header.clock("Acquisition"),
    )


def positive(value: float | None) -> int | None:
    """Give an index from 1 on; None for anything else, for scanners write 0 for unknown."""
    return int(value) if value is not None and value >= 1 else None


def scale_of(slope: float, intercept: float | None, header: Header) -> tuple[float, float]:
    """Check the line from stored values to uptake.

    Args:
        slope: Rescale Slope of the file or frame.
        intercept: Rescale Intercept of the file or frame. PS3.3 C.8.9.4 says zero for every PET
            image, and older exports leave it out.
        header: Header of the file, for the message.

    Raises:
        StudyRefused: If the slope is below zero. A blank slice may have 0: the pixels show it.
    """
    if slope < 0:
        raise slope_not_positive(slope, header.file)
    return float(slope), float(intercept or 0.0)


def slope_not_positive(slope: float, file: Path) -> StudyRefused:
    """Refuse a slice whose values lose their order or their differences.

    Args:
        slope: Rescale Slope of the slice.
        file: File of the slice.
    """
    return StudyRefused(
        "dicom_slope_not_positive",
        "{attribute} is {slope:g}, needed more than 0; export the original series",
        where=file,
        attribute=named("RescaleSlope"),
        slope=float(slope),
    )
