"""Headers of the objects of a PET study, as the patterns of the vendors have them."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import PositronEmissionTomographyImageStorage, generate_uid

from .patterns import (
    PHILIPS_BQML_PER_COUNT,
    VENDORS,
    Pattern,
    add_private,
    stamp,
)
from .pixels import decimal
from .truth import DOSE_BQ, WEIGHT_KG, Truth


@dataclass(frozen=True)
class Form:
    """How a series is written; None leaves it to the vendor's pattern.

    Attributes:
        decay: Decay Correction: ``"START"``, ``"ADMIN"`` or ``"NONE"``.
        series_type: ``"STATIC"``, ``"DYNAMIC"``, ``"GATED"`` or ``"WHOLE BODY"``.
        units: ``"BQML"``, ``"CNTS"``, ``"GML"`` or ``"PROPCPS"``: the voxels are scaled.
        stored: Key of :data:`tests.pet.vendors.pixels.STORED`.
        slope: One for each ``"slice"``, ``"frame"`` or ``"series"``.
        orientation: Where columns, rows and slices count to: any of the 48, such as ``"LPS"``.
        transfer_syntax: Key of :data:`tests.pet.vendors.pixels.TRANSFER_SYNTAXES`, or a UID.
        attenuation: Whether it is corrected; without, the middle of the head is dark.
        tracer: Text of the Radiopharmaceutical (0018,0031).
        code: Value, scheme and meaning of its code, or None.
        names: ``"odd"`` (nested, Korean, without extension) or ``"plain"``.
        beds: Bed positions of a whole body, one after the other in time.
        acquisition_time: ``"frame"``, or ``"series"`` where it is the same everywhere.
        scan_start: Seconds after the injection that Series Time tells; by default the first frame.
        descending: Whether Image Index counts against the order of the slices.
        series: Any text: another text is another series.
        study: The same for the study.
        seed: Of the order in which files get their numbers and names.
    """

    decay: str | None = None
    series_type: str | None = None
    units: str | None = None
    stored: str = "int16"
    slope: str | None = None
    orientation: str = "LPS"
    transfer_syntax: str = "explicit"
    attenuation: bool = True
    tracer: str = "Florbetaben"
    code: tuple[str, str, str] | None = ("712736002", "SCT", "Florbetaben (18F)")
    names: str = "odd"
    beds: int = 1
    acquisition_time: str = "frame"
    scan_start: float | None = None
    descending: bool | None = None
    series: str = "AC"
    study: str = "study"
    seed: int = 0


def code_sequence(value: str, scheme: str, meaning: str) -> Sequence:
    """Make a code sequence of one item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def unit_scale(truth: Truth, units: str, corrected_to: float) -> float:
    """Give what Bq/mL are multiplied with, where they mean ``corrected_to`` s after injection."""
    suv = WEIGHT_KG * 1000 / (DOSE_BQ * math.exp(-truth.rate * corrected_to))
    scales = {"BQML": 1.0, "CNTS": 1 / PHILIPS_BQML_PER_COUNT, "GML": suv, "PROPCPS": 1 / 37}
    return scales[units]


def isotope(truth: Truth, tracer: str, code: tuple[str, str, str] | None) -> Dataset:
    """Make the item of the Radiopharmaceutical Information Sequence (0054,0016)."""
    item = Dataset()
    item.Radiopharmaceutical = tracer
    item.RadionuclideTotalDose = decimal(DOSE_BQ)
    item.RadionuclideHalfLife = decimal(truth.half_life)
    item.RadionuclidePositronFraction = "0.967"
    item.RadionuclideCodeSequence = code_sequence("77004003", "SCT", "^18^Fluorine")
    item.RadiopharmaceuticalStartTime = truth.injection.strftime("%H%M%S.%f")
    item.RadiopharmaceuticalStartDateTime = stamp(truth.injection)
    if code is not None:
        item.RadiopharmaceuticalCodeSequence = code_sequence(*code)
    return item


def patient_and_study(study: str, series: str, modality: str) -> Dataset:
    """Make what every object of the study shares: a participant who is nobody."""
    header = Dataset()
    header.SpecificCharacterSet = "ISO_IR 192"
    header.PatientName = header.PatientID = "sub-1"
    header.PatientBirthDate = header.PatientSex = ""
    header.PatientWeight = decimal(WEIGHT_KG)
    header.StudyInstanceUID = generate_uid(entropy_srcs=[study])
    header.SeriesInstanceUID = generate_uid(entropy_srcs=[study, series])
    header.FrameOfReferenceUID = generate_uid(entropy_srcs=[study, "frame of reference"])
    header.ReferringPhysicianName = header.AccessionNumber = ""
    header.StudyID = "1"
    header.PositionReferenceIndicator = ""
    header.Modality = modality
    header.PatientPosition = "HFS"
    header.SeriesDescription = series
    header.SeriesNumber = 1 + sum(series.encode()) % 900
    return header


def set_time(dataset: Dataset, truth: Truth, seconds: float, *whats: str) -> None:
    """Set the date and time of ``"Study"``, ``"Series"``, ``"Acquisition"`` or ``"Content"``."""
    when = truth.time(seconds)
    for what in whats:
        setattr(dataset, f"{what}Date", when.strftime("%Y%m%d"))
        setattr(dataset, f"{what}Time", when.strftime("%H%M%S.%f"))


def set_geometry(dataset: Dataset, affine: NDArray[np.float64]) -> None:
    """Set the plane of slices whose (column, row, slice) go to LPS+ mm by ``affine``."""
    zooms = np.linalg.norm(affine[:3, :3], axis=0)
    dataset.ImageOrientationPatient = [decimal(c) for c in (affine[:3, :2] / zooms[:2]).T.ravel()]
    # Between rows first, then between columns (PS3.3 10.7.1.3).
    dataset.PixelSpacing = [decimal(zooms[1]), decimal(zooms[0])]
    dataset.SliceThickness = decimal(zooms[2])


def place(affine: NDArray[np.float64], number: int) -> list[str]:
    """Give the Image Position (Patient) of a slice."""
    return [decimal(part) for part in affine[:3, 3] + number * affine[:3, 2]]


def series_header(truth: Truth, vendor: str, form: Form, frames: int, count: int) -> Dataset:
    """Make what the files of a series share, module by module (PS3.3 A.21)."""
    pattern: Pattern = VENDORS[vendor]
    decay, units = form.decay or pattern.decay, form.units or pattern.units
    start = truth.starts[0] if form.scan_start is None else form.scan_start
    header = patient_and_study(form.study, form.series, "PT")
    header.SOPClassUID = PositronEmissionTomographyImageStorage
    header.ImageType = ["ORIGINAL", "PRIMARY"]
    header.BodyPartExamined = "HEAD"
    header.Manufacturer, header.ManufacturerModelName = pattern.manufacturer, pattern.model
    for keyword, text in pattern.texts.items():
        setattr(header, keyword, text)
    if not form.attenuation:
        header.AttenuationCorrectionMethod = "NONE"
    set_time(header, truth, truth.starts[0], "Study", "Acquisition")
    set_time(header, truth, start, "Series")
    set_time(header, truth, truth.starts[-1] + truth.durations[-1] + 60, "Content")
    kind = form.series_type or ("DYNAMIC" if frames > 1 else pattern.static[0])
    header.SeriesType = [kind, "IMAGE"]
    header.Units, header.CountsSource, header.DecayCorrection = units, "EMISSION", decay
    made = [*pattern.corrected, *["ATTN"] * form.attenuation, *["DECY"] * (decay != "NONE")]
    header.CorrectedImage = made
    header.TypeOfDetectorMotion, header.CollimatorType = "NONE", "NONE"
    header.NumberOfSlices = count
    if kind == "DYNAMIC":
        header.NumberOfTimeSlices = frames
    elif kind == "GATED":
        header.NumberOfRRIntervals, header.NumberOfTimeSlots = 1, frames
    elif pattern.time_slices is not None:
        header.NumberOfTimeSlices = pattern.time_slices
    item = isotope(truth, form.tracer, form.code)
    if not pattern.start_datetime:
        del item.RadiopharmaceuticalStartDateTime
    if not pattern.start_time:
        del item.RadiopharmaceuticalStartTime
    header.RadiopharmaceuticalInformationSequence = Sequence([item])
    header.PatientOrientationCodeSequence = code_sequence("102538003", "SCT", "recumbent")
    header.PatientGantryRelationshipCodeSequence = code_sequence("102540008", "SCT", "headfirst")
    header.RescaleIntercept = "0"
    to = truth.time(0.0 if decay == "ADMIN" else start)
    add_private(
        header,
        vendor,
        injected=truth.injection,
        scan=truth.time(truth.starts[0]),
        corrected_to=to,
        tracer=form.tracer,
        suv_per_bqml=unit_scale(truth, "GML", 0.0 if decay == "ADMIN" else start),
        bqml_per_count=PHILIPS_BQML_PER_COUNT,
    )
    return header
