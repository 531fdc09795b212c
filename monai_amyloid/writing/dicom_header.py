"""The header that all images of a written PET series share."""

from datetime import datetime, timedelta

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import PositronEmissionTomographyImageStorage, generate_uid
from pydicom.valuerep import format_number_as_ds

from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.header.content import UNITS
from monai_amyloid.pet.tracers import TRACER_CODES, TRACERS
from monai_amyloid.writing.frames import (
    corrected_to,
    half_life,
    is_eight_bit,
    same_time,
    written_unit,
)

# PS3.16 CID 4020.
_RADIONUCLIDES = {"18F": ("77004003", "^18^Fluorine"), "11C": ("40565003", "^11^Carbon")}
# How the images were made, where the series says it.
_RECONSTRUCTION = (
    *("ReconstructionMethod", "ConvolutionKernel"),
    *("AttenuationCorrectionMethod", "ScatterCorrectionMethod"),
)


def decimal(value: float) -> str:
    """Write a number into the 16 characters of a decimal string (PS3.5 6.2)."""
    return format_number_as_ds(value)


def time_text(moment: datetime) -> str:
    """Write a time of day as DICOM does, with a fraction where there is one."""
    return f"{moment:%H%M%S.%f}" if moment.microsecond else f"{moment:%H%M%S}"


def series_header(
    series: FrameSeries, participant: str, seed_uid: str, description: str, started: datetime
) -> Dataset:
    """Make everything that the images of a series share, module by module (PS3.3 A.21).

    Args:
        series: Frames that are written.
        participant: Patient ID and name.
        seed_uid: Text that is unique to the series; its UIDs follow from it.
        description: Series Description (0008,103E).
        started: Date and time of the first frame's start.

    Raises:
        ValueError: If the decay correction is none that DICOM has a term for.
    """
    kept = series.provenance
    day, time = f"{started:%Y%m%d}", time_text(started)
    header = Dataset()
    # SOP Common, Patient, General Study
    header.SpecificCharacterSet = "ISO_IR 192"
    header.SOPClassUID = PositronEmissionTomographyImageStorage
    header.PatientName = header.PatientID = participant
    header.PatientBirthDate = header.PatientSex = ""
    header.StudyInstanceUID = generate_uid(entropy_srcs=[seed_uid, participant, "study"])
    header.StudyDate, header.StudyTime = day, time
    header.ReferringPhysicianName = header.StudyID = header.AccessionNumber = ""
    # General Series, PET Series
    header.Modality = "PT"
    header.SeriesInstanceUID = generate_uid(entropy_srcs=[seed_uid, participant, "series"])
    header.SeriesNumber = 1
    header.SeriesDate, header.SeriesTime = day, time
    header.SeriesDescription = description
    header.PatientPosition = "HFS"
    header.BodyPartExamined = "HEAD"
    terms = {unit: term for term, unit in UNITS.items()}
    header.Units = terms.get(written_unit(series), "NONE")
    header.CountsSource = "EMISSION"
    several = len(series.frames) > 1
    header.SeriesType = ["DYNAMIC" if several else "STATIC", "IMAGE"]
    header.NumberOfSlices = series.shape[2]
    if several:
        header.NumberOfTimeSlices = len(series.frames)
    header.DecayCorrection = _decay_correction(series)
    # Which other corrections were made is known from the source or not at all.
    header.CorrectedImage = _corrected_image(series, header.DecayCorrection)
    for keyword in _RECONSTRUCTION:
        if kept.get(keyword):
            setattr(header, keyword, str(kept[keyword]))
    header.TypeOfDetectorMotion = header.CollimatorType = ""
    # PET Isotope, NM/PET Patient Orientation, Frame of Reference, General Equipment
    header.RadiopharmaceuticalInformationSequence = _isotope(series, started)
    header.PatientOrientationCodeSequence = Sequence()
    header.PatientGantryRelationshipCodeSequence = Sequence()
    header.FrameOfReferenceUID = generate_uid(entropy_srcs=[seed_uid, participant, "frame"])
    header.PositionReferenceIndicator = ""
    header.Manufacturer = kept.get("Manufacturer", "monai-amyloid")
    header.ManufacturerModelName = kept.get("ManufacturerModelName", "dicom_writer")
    # General Image, Image Pixel, PET Image
    header.ImageType = ["ORIGINAL", "PRIMARY"]
    header.AcquisitionDate = header.ContentDate = day
    header.ContentTime = time
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.Columns, header.Rows = series.shape[:2]
    # PS3.3 C.8.9.4 knows 16 bits alone; programs that export 8 do so under the same IOD.
    bits = 8 if is_eight_bit(series) else 16
    header.BitsAllocated, header.BitsStored, header.HighBit = bits, bits, bits - 1
    header.PixelRepresentation = 0 if bits == 8 else 1
    header.RescaleIntercept = "0"
    return header


def _decay_correction(series: FrameSeries) -> str:
    """Give Decay Correction (0054,1102) of the frames, or of the header that they came from."""
    if not series.decay_known:
        return str(series.provenance.get("DecayCorrection", "NONE"))
    time = corrected_to(series)
    if time is None:
        return "NONE"
    if same_time(time, series.frames[0].start or 0.0):
        return "START"
    if series.from_injection and same_time(time, 0.0):
        return "ADMIN"
    raise ValueError(
        f"{series.source}: the frames are decay-corrected to {time:g} s, needed the injection or "
        "the start of the first frame: DICOM has no term for another time"
    )


def _corrected_image(series: FrameSeries, correction: str) -> list[str] | str:
    """Give Corrected Image (0028,0051), consistent with the decay correction of the frames."""
    terms: list[str] | str = series.provenance.get("CorrectedImage", "")
    if not terms or not series.decay_known:
        return terms
    others = [term for term in ([terms] if isinstance(terms, str) else terms) if term != "DECY"]
    return others if correction == "NONE" else ["DECY", *others]


def _code(value: str, scheme: str, meaning: str) -> Sequence:
    """Make a code sequence of one item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def _isotope(series: FrameSeries, started: datetime) -> Sequence:
    """Make the Radiopharmaceutical Information Sequence, as much of it as is known."""
    item = Dataset()
    item.RadionuclideCodeSequence = Sequence()
    seconds, start = half_life(series), series.frames[0].start
    if seconds is not None:
        item.RadionuclideHalfLife = decimal(seconds)
    if series.from_injection and start is not None:
        injected = started - timedelta(seconds=start)
        item.RadiopharmaceuticalStartTime = time_text(injected)
        item.RadiopharmaceuticalStartDateTime = f"{injected:%Y%m%d}{time_text(injected)}"
    dose = series.provenance.get("RadionuclideTotalDose")  # in Bq
    if dose:
        item.RadionuclideTotalDose = decimal(float(dose))
    if series.tracer is None:
        named = series.provenance.get("Radiopharmaceutical")
        if named:
            item.Radiopharmaceutical = str(named)
        return Sequence([item])
    known, nuclide = TRACERS[series.tracer], series.tracer[:3]
    item.Radiopharmaceutical = known.name.capitalize()
    item.RadionuclideCodeSequence = _code(
        _RADIONUCLIDES[nuclide][0], "SCT", _RADIONUCLIDES[nuclide][1]
    )
    # Flutafuranol has no code in CID 4021.
    for (scheme, code), label in TRACER_CODES.items():
        if label == series.tracer and scheme in ("SCT", "DCM"):
            meaning = f"{known.name.capitalize()} {nuclide[2]}^{nuclide[:2]}^"
            item.RadiopharmaceuticalCodeSequence = _code(code, scheme, meaning)
            break
    return Sequence([item])
