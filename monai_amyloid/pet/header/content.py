"""What a header says of the image: which of it is kept, and what of it is refused."""

from pathlib import Path

import numpy as np

from monai_amyloid.findings.finding import StudyRefused, refusal
from monai_amyloid.pet.dicom.attributes import absent_value
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.header.attenuation import attenuation_refusal
from monai_amyloid.pet.header.half_life import half_life_of_another
from monai_amyloid.pet.header.map_kinds import map_refusal
from monai_amyloid.pet.header.named_tracer import tracer_refusals
from monai_amyloid.pet.header.statement import header_of

# Everything kept of a header, by its DICOM or BIDS keyword. A list of what to keep, not of what
# to leave out, so that no field that names a person or a day can slip through.
KEPT = (
    "Modality",
    "ImageType",
    "Manufacturer",
    "ManufacturerModelName",
    "ManufacturersModelName",
    "SoftwareVersions",
    "SeriesDescription",
    "StudyDescription",
    "ProtocolName",
    "SeriesInstanceUID",
    "StudyInstanceUID",
    "SeriesType",
    "BodyPart",
    "BodyPartExamined",
    "Units",
    "CountsSource",
    "CorrectedImage",
    "DecayCorrection",
    "ImageDecayCorrected",
    "AttenuationCorrection",
    "AttenuationCorrected",
    "AttenuationCorrectionMethod",
    "ScatterCorrectionMethod",
    "ReconstructionMethod",
    "ReconMethodName",
    "ReconMethodParameterLabels",
    "ReconMethodParameterValues",
    "ReconstructionAlgorithm",
    "IterativeReconstructionMethod",
    "NumberOfIterations",
    "NumberOfSubsets",
    "TimeOfFlightInformationUsed",
    "ConvolutionKernel",
    "PatientPosition",
    "ActualFrameDuration",
    "FrameDuration",
    "LossyImageCompression",
    "Radiopharmaceutical",
    "RadiopharmaceuticalCodeSequence",
    "RadionuclideTotalDose",
    "RadionuclideHalfLife",
    "TracerName",
    "TracerRadionuclide",
    "AcquisitionMode",
    "InjectedRadioactivity",
    "InjectedRadioactivityUnits",
    "ReconFilterType",
    "ReconFilterSize",
)

# DICOM Units (0054,1001), PS3.3 C.8.9.1.1.3, to the BIDS spelling. GML is an SUV by body weight,
# or by what (0054,1006) says; SUVR needs no more than one scale for the volume.
UNITS = {"BQML": "Bq/mL", "GML": "SUV", "CNTS": "counts", "NONE": "arbitrary"}

# The longest axial field of view of one bed position on a conventional scanner is about 320 mm;
# a head with neck fits, a body does not.
LONGEST_HEAD_MM = 400.0


def unit_of(units: object) -> str:
    """Give the BIDS spelling of a unit.

    Args:
        units: DICOM defined term or BIDS unit; empty or None where the header is silent.

    Returns:
        Unit such as ``"Bq/mL"``; ``"arbitrary"`` for an empty text; an unknown text as it is.
    """
    text = str(units or "").strip()
    known = {**UNITS, **{unit.upper(): unit for unit in UNITS.values()}}
    known |= dict.fromkeys(("G/ML", "{SUVBW}G/ML", "{SUV}G/ML"), "SUV")  # UCUM
    return known.get(text.upper(), text) or "arbitrary"


def refuse_wrong_content(series: FrameSeries, *, tracer_is_really: bool = False) -> None:
    """Refuse a PET that, by its header or size, is no corrected amyloid scan with a head.

    A whole body is refused only where no amyloid tracer is named: of an amyloid scan the head
    can be cut out.

    Args:
        series: Frames with the tracer that the header or the user names.
        tracer_is_really: Whether the user's word on the tracer counts against the header's.

    Raises:
        StudyRefused: With every reason: another tracer or contradictory ones, a whole body, a
            map of something else than uptake, no attenuation correction, lossy compression.
    """
    header, where = header_of(series), Path(series.source)
    reasons = [] if tracer_is_really else tracer_refusals(header, where)
    half_life = half_life_of_another(series)
    reasons += [half_life] if half_life else []
    extent = float(np.linalg.norm(series.affine[:3, 2]) * series.shape[2])
    # The length decides, not SeriesType (0054,1000): a real GE series from eyes to thighs calls
    # itself STATIC, and a protocol may call one bed position over a head WHOLE BODY.
    if extent > LONGEST_HEAD_MM and (series.tracer is None or reasons):
        kind = header.get("SeriesType")
        reasons.append(
            refusal(
                "whole_body",
                "it is a whole body scan, {length_mm:.0f} mm long (SeriesType (0054,1000) "
                "{series_type}), needed a head of at most {most_mm:.0f} mm; cut it to the head",
                where=where,
                length_mm=extent,
                series_type=absent_value() if kind is None else str(kind),
                most_mm=LONGEST_HEAD_MM,
            )
        )
    # Of a map it does not matter whether it was corrected.
    content = map_refusal(header, where) or attenuation_refusal(header, where)
    if content is not None:
        reasons.append(content)
    if str(header.get("LossyImageCompression", "")) == "01":
        reasons.append(
            refusal(
                "lossy_compression",
                "Lossy Image Compression (0028,2110) is 01; needed the original voxels",
                where=where,
            )
        )
    if reasons:
        raise StudyRefused.of(reasons)
