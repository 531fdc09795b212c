"""Write a PET volume as a DICOM series, as a scanner would send it."""

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid
from pydicom.valuerep import format_number_as_ds

from monai_amyloid.pet.header import UNITS
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.tracers import TRACER_CODES, TRACERS

# A day that is nobody's: the same call writes the same bytes.
_DATE, _TIME = "20000101", "120000"
_LARGEST = 32767  # int16
# PS3.16 CID 4020.
_RADIONUCLIDES = {"18F": ("77004003", "^18^Fluorine"), "11C": ("40565003", "^11^Carbon")}
# NIfTI RAS+ to DICOM LPS+, see :mod:`monai_amyloid.pet.dicom.series`.
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def _decimal(value: float) -> str:
    """Write a number into the 16 characters of a decimal string (PS3.5 6.2)."""
    return format_number_as_ds(value)


def _code(value: str, scheme: str, meaning: str) -> Sequence:
    """Make a code sequence of one item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def _isotope(tracer: str | None) -> Sequence:
    """Make the Radiopharmaceutical Information Sequence, an empty item for an unknown tracer."""
    item = Dataset()
    item.RadionuclideCodeSequence = Sequence()
    if tracer is not None:
        known = TRACERS[tracer]
        nuclide = tracer[:3]
        item.Radiopharmaceutical = known.name.capitalize()
        item.RadionuclideHalfLife = _decimal(known.half_life_seconds)
        value, meaning = _RADIONUCLIDES[nuclide]
        item.RadionuclideCodeSequence = _code(value, "SCT", meaning)
        # Flutafuranol has no code in CID 4021.
        for (scheme, code), label in TRACER_CODES.items():
            if label == tracer and scheme in ("SCT", "DCM"):
                meaning = f"{known.name.capitalize()} {nuclide[2]}^{nuclide[:2]}^"
                item.RadiopharmaceuticalCodeSequence = _code(code, scheme, meaning)
                break
    return Sequence([item])


def _header(image: PetImage, participant: str, seed_uid: str, description: str) -> Dataset:
    """Make everything that the slices of the series share, module by module (PS3.3 A.21)."""
    kept = image.provenance
    header = Dataset()
    # SOP Common, Patient, General Study
    header.SpecificCharacterSet = "ISO_IR 192"
    header.SOPClassUID = PositronEmissionTomographyImageStorage
    header.PatientName = header.PatientID = participant
    header.PatientBirthDate = header.PatientSex = ""
    header.StudyInstanceUID = generate_uid(entropy_srcs=[seed_uid, participant, "study"])
    header.StudyDate, header.StudyTime = _DATE, _TIME
    header.ReferringPhysicianName = header.StudyID = header.AccessionNumber = ""
    # General Series, PET Series
    header.Modality = "PT"
    header.SeriesInstanceUID = generate_uid(entropy_srcs=[seed_uid, participant, "series"])
    header.SeriesNumber = 1
    header.SeriesDate, header.SeriesTime = _DATE, _TIME
    header.SeriesDescription = description
    header.PatientPosition = "HFS"
    header.BodyPartExamined = "HEAD"
    terms = {unit: term for term, unit in UNITS.items()}
    header.Units = terms.get(image.unit, "NONE")
    header.CountsSource = "EMISSION"
    header.SeriesType = ["STATIC", "IMAGE"]
    header.NumberOfSlices = image.data.shape[2]
    # Which corrections were made is known from the image's source or not at all.
    header.CorrectedImage = kept.get("CorrectedImage", "")
    header.DecayCorrection = kept.get("DecayCorrection", "NONE")
    header.TypeOfDetectorMotion = header.CollimatorType = ""
    # PET Isotope, NM/PET Patient Orientation, Frame of Reference, General Equipment
    header.RadiopharmaceuticalInformationSequence = _isotope(image.tracer)
    header.PatientOrientationCodeSequence = Sequence()
    header.PatientGantryRelationshipCodeSequence = Sequence()
    header.FrameOfReferenceUID = generate_uid(entropy_srcs=[seed_uid, participant, "frame"])
    header.PositionReferenceIndicator = ""
    header.Manufacturer = "monai-amyloid"
    header.ManufacturerModelName = kept.get("ManufacturerModelName", "dicom_writer")
    # General Image, Image Pixel, PET Image
    header.ImageType = ["ORIGINAL", "PRIMARY"]
    header.AcquisitionDate, header.AcquisitionTime = _DATE, _TIME
    header.ContentDate, header.ContentTime = _DATE, _TIME
    header.ActualFrameDuration = kept.get("ActualFrameDuration", "")
    header.FrameReferenceTime = "0"
    if header.DecayCorrection != "NONE":
        header.DecayFactor = "1"
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.Columns, header.Rows = image.data.shape[:2]
    header.BitsAllocated, header.BitsStored, header.HighBit = 16, 16, 15
    header.PixelRepresentation = 1
    header.RescaleIntercept = "0"
    return header


def _radiological(image: PetImage) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Turn a RAS+ volume into LPS+: the array ``(Z, Y, X)`` of its slices, and its affine."""
    if np.linalg.det(image.affine[:3, :3]) <= 0:
        raise ValueError("the affine is not right-handed, needed a RAS+ volume; use to_ras first")
    right, anterior = np.array(image.data.shape[:2]) - 1
    flip = np.diag([-1.0, -1.0, 1.0, 1.0])
    flip[:2, 3] = right, anterior
    affine = _RAS_TO_LPS @ image.affine @ flip
    cosines = affine[:3, :2] / image.zooms[:2]
    if abs(cosines[:, 0] @ cosines[:, 1]) > 1e-4:
        raise ValueError("rows and columns are not at a right angle: DICOM cannot hold this affine")
    return image.data[::-1, ::-1].transpose(2, 1, 0), affine


def write_series(
    image: PetImage,
    folder: Path,
    *,
    participant: str,
    seed_uid: str,
    description: str = "PET amyloid AC static",
) -> None:
    """Write a static PET series, one file a slice, ``0001.dcm`` the lowest.

    The voxels become int16 with a slope for each slice, as scanners do: the error is at most
    half of the slice's largest value / 32767. UIDs follow from ``seed_uid`` and ``participant``
    and all dates are constant, so that the same call writes the same bytes.

    Args:
        image: RAS+ volume; may be oblique, or sheared along the slices as by a tilted gantry.
            ``CorrectedImage``, ``DecayCorrection``, ``ActualFrameDuration`` (ms) and
            ``ManufacturerModelName`` are taken from its provenance.
        folder: Folder to make; must not exist or be empty.
        participant: Patient ID and name to write, such as ``"sub-001"``.
        seed_uid: Any text that is the series' own, such as ``"sub-001_ses-01"``.
        description: Series Description (0008,103E).

    Raises:
        FileExistsError: If the folder has anything in it.
        ValueError: If the affine is left-handed or its rows and columns are not at a right angle.

    References:
        DICOM PS3.3 A.21, Positron Emission Tomography Image IOD.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty, needed a new folder for the series")
    slices, affine = _radiological(image)
    header = _header(image, participant, seed_uid, description)
    cosines = affine[:3, :2] / image.zooms[:2]
    normal = np.cross(cosines[:, 0], cosines[:, 1])
    header.ImageOrientationPatient = [_decimal(part) for part in cosines.T.ravel()]
    # Between rows first, then between columns (PS3.3 10.7.1.3).
    header.PixelSpacing = [_decimal(image.zooms[1]), _decimal(image.zooms[0])]
    header.SliceThickness = _decimal(float(abs(affine[:3, 2] @ normal)))

    # The slices appear all at once: nobody can read half a series.
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for number, values in enumerate(slices, start=1):
        peak = float(np.abs(values).max())
        slope = _decimal(peak / _LARGEST if peak > 0 else 1.0)
        stored = np.rint(values / np.float64(slope)).clip(-_LARGEST, _LARGEST).astype("<i2")
        position = affine[:3, 3] + (number - 1) * affine[:3, 2]
        header.SOPInstanceUID = generate_uid(entropy_srcs=[seed_uid, participant, str(number)])
        header.InstanceNumber = header.ImageIndex = number
        header.ImagePositionPatient = [_decimal(part) for part in position]
        header.SliceLocation = _decimal(float(position @ normal))
        header.RescaleSlope = slope
        header.PixelData = stored.tobytes()
        header.file_meta = FileMetaDataset()
        header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        header.save_as(partial / f"{number:04d}.dcm", enforce_file_format=True)
    if folder.exists():
        folder.rmdir()
    partial.rename(folder)
