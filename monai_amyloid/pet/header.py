"""What a header says of the image: tracer, unit, correction; and which of it is kept."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from monai_amyloid.findings.finding import StudyRefused, Term, refusal
from monai_amyloid.pet.dicom.attributes import absent_value
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.half_life import half_life_of_another
from monai_amyloid.pet.tracers import TRACER_CODES, TRACERS, names_other_tracer, tracer_label

# Everything kept of a header, by its DICOM or BIDS keyword. A list of what to keep, not of what
# to leave out, so that no field that names a person or a day can slip through.
KEPT = (
    "Modality",
    "ImageType",
    "Manufacturer",
    "ManufacturerModelName",
    "ManufacturersModelName",
    "SeriesDescription",
    "SeriesInstanceUID",
    "StudyInstanceUID",
    "SeriesType",
    "BodyPart",
    "BodyPartExamined",
    "Units",
    "CorrectedImage",
    "DecayCorrection",
    "ImageDecayCorrected",
    "AttenuationCorrection",
    "AttenuationCorrectionMethod",
    "ScatterCorrectionMethod",
    "ReconstructionMethod",
    "ReconMethodName",
    "ConvolutionKernel",
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
_LONGEST_NAME = 200  # letters of a tracer's name; DICOM allows 64


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


def _tracer_codes(provenance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the code items of the radiopharmaceutical; a sidecar may hold anything there."""
    codes = provenance.get("RadiopharmaceuticalCodeSequence")
    return [code for code in codes if isinstance(code, dict)] if isinstance(codes, list) else []


def _tracer_texts(provenance: Mapping[str, Any]) -> list[str]:
    """List every text of a header that may name the tracer."""
    meanings = [code.get("CodeMeaning") for code in _tracer_codes(provenance)]
    named = (provenance.get("TracerName"), provenance.get("Radiopharmaceutical"), *meanings)
    return [str(text)[:_LONGEST_NAME] for text in named if text]


def _named_tracers(provenance: Mapping[str, Any]) -> list[str]:
    """List the amyloid tracers that a header names, by text or code; more than one is a clash."""
    coded = (
        TRACER_CODES.get((str(code.get("CodingSchemeDesignator")), str(code.get("CodeValue"))))
        for code in _tracer_codes(provenance)
    )
    found = {*map(tracer_label, _tracer_texts(provenance)), *coded}
    return sorted(label for label in found if label)


def tracer_of(provenance: Mapping[str, Any]) -> str | None:
    """Find the one amyloid tracer that a header names.

    Args:
        provenance: Header values by DICOM or BIDS keyword.

    Returns:
        The BIDS label; None where the header is vague, or contradicts itself.
    """
    named = _named_tracers(provenance)
    other = any(map(names_other_tracer, _tracer_texts(provenance)))
    return named[0] if len(named) == 1 and not other else None


def check_label(tracer: str | None) -> None:
    """Refuse a tracer label that this software does not know.

    Args:
        tracer: BIDS label as the user gave it, or None.

    Raises:
        StudyRefused: If the label is unknown; the message lists the known ones.
    """
    if tracer is not None and tracer not in TRACERS:
        raise StudyRefused(
            "tracer_label_unknown",
            "unknown tracer {tracer!r}; needed a BIDS label, one of {labels}",
            tracer=tracer,
            labels=tuple(map(Term, TRACERS)),
        )


def with_tracer(series: FrameSeries, tracer: str | None) -> FrameSeries:
    """Fill in the tracer that the user names where the header does not.

    Args:
        series: Frames as read.
        tracer: BIDS label from the user, or None to rely on the header.

    Returns:
        The series with its tracer, still None where nobody names it.

    Raises:
        StudyRefused: If the label is unknown, or the header names another one.
    """
    check_label(tracer)
    if tracer is None or series.tracer == tracer:
        return series
    if series.tracer is not None:
        raise StudyRefused(
            "tracer_contradicts_option",
            "the header names the tracer {tracer} ({texts:;}), but {option} was given; leave the "
            "option out or correct it",
            where=Path(series.source),
            tracer=Term(series.tracer),
            texts=tuple(_tracer_texts(series.provenance)) or (Term(series.tracer),),
            option=Term(tracer),
        )
    return replace(series, tracer=tracer)


def other_tracers(provenance: Mapping[str, Any]) -> list[str]:
    """List what a header says of tracers that do not show amyloid.

    Args:
        provenance: Header values by DICOM or BIDS keyword.
    """
    return list(dict.fromkeys(filter(names_other_tracer, _tracer_texts(provenance))))


def lacks_attenuation_correction(provenance: Mapping[str, Any]) -> bool:
    """Tell whether a header says that attenuation was not corrected.

    Args:
        provenance: Header values by DICOM or BIDS keyword.

    Returns:
        False also where the header is silent.
    """
    corrected = provenance.get("CorrectedImage")
    if corrected and "ATTN" not in corrected:
        return True
    methods = (
        provenance.get("AttenuationCorrectionMethod"),
        provenance.get("AttenuationCorrection"),
    )
    return any(
        str(method).strip().lower() in ("none", "no", "false")
        for method in methods
        if method is not None
    )


def refuse_wrong_content(series: FrameSeries) -> None:
    """Refuse a PET that, by its header or size, is no corrected amyloid scan with a head.

    A whole body is refused only where no amyloid tracer is named: of an amyloid scan the head
    can be cut out.

    Args:
        series: Frames with the tracer that the header or the user names.

    Raises:
        StudyRefused: With every reason: another tracer or contradictory ones, a whole body, no
            attenuation correction, lossy compression.
    """
    header, where = series.provenance, Path(series.source)
    reasons = [
        refusal(
            "tracer_not_of_amyloid",
            "the radiopharmaceutical (0054,0016) is {text!r}, needed an amyloid tracer ({labels})",
            where=where,
            text=text,
            labels=tuple(map(Term, TRACERS)),
        )
        for text in other_tracers(header)
    ]
    named = _named_tracers(header)
    if len(named) > 1:
        reasons.append(
            refusal(
                "tracers_contradict",
                "the header (0054,0016) names {tracers:and}, needed one tracer",
                where=where,
                tracers=tuple(map(Term, named)),
            )
        )
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
    if lacks_attenuation_correction(header):
        found = header.get("CorrectedImage") or header.get("AttenuationCorrectionMethod")
        reasons.append(
            refusal(
                "attenuation_not_corrected",
                "Corrected Image (0028,0051) is {corrections}, without ATTN; needed the "
                "attenuation-corrected series",
                where=where,
                corrections=str(found),
            )
        )
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
