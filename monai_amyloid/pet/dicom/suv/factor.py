"""Standardized uptake value by body weight, where the header allows it."""

import math

from pydicom.dataset import Dataset

from monai_amyloid.findings.finding import Finding, Phrase, Term, Value, note, phrase
from monai_amyloid.pet.dicom.attributes import absent_value, named
from monai_amyloid.pet.dicom.suv.header import (
    SuvUnknownError,
    injection_time,
    is_static_from,
    philips_scale,
    required_number,
    scan_time,
)

# The dose has to be in Bq (PS3.3 C.8.9.2). The smallest injected doses are tens of MBq: a value
# below this is in MBq, kBq or mCi by mistake, and which one cannot be known.
_LEAST_DOSE_BQ = 1e6
_LARGEST_DOSE_BQ = 1e11
_WEIGHT_KG = (1.0, 500.0)
# After 6 half-lives 2 % of the dose is left: no scan is made so late.
_MOST_HALF_LIVES = 6.0


def suv_factor(dataset: Dataset) -> tuple[float | None, Finding]:
    """Give the factor that turns a DICOM PET image into SUV by body weight.

    Nothing is guessed: a value that is missing, broken or absurd leaves the factor unknown.
    The dose is taken as injected, without what stayed in the syringe.

    Args:
        dataset: Header of the first slice in time of the series.

    Returns:
        The factor from the image's unit (after Rescale Slope) to g/mL, or None where it is not
        known; and a note that says how it was found, or why it is not known.

    References:
        QIBA Profile FDG-PET/CT, vendor-neutral calculation of SUV; DICOM PS3.3 C.8.9.
    """
    try:
        factor, how = _factor(dataset)
        if not 0 < factor < math.inf:
            raise SuvUnknownError(
                phrase("suv_factor_impossible", "the factor would be {factor:g}", factor=factor)
            )
    except SuvUnknownError as unknown:
        return None, _not_known(unknown.reason)
    except Exception as error:  # pydicom converts on access and raises whatever bytes lead to
        reason = phrase(
            "suv_header_unreadable",
            "the header cannot be read ({error})",
            error=Term(type(error).__name__),
        )
        return None, _not_known(reason)
    return factor, note("suv_by_weight", "SUV by body weight: {source}.", source=how)


def _not_known(reason: Phrase) -> Finding:
    return note("suv_not_known", "SUV is not known: {reason}.", reason=reason)


def _factor(dataset: Dataset) -> tuple[float, Phrase]:
    """Give the factor to g/mL and what it was made of."""
    units = str(dataset.get("Units") or "").strip().upper()
    if units == "GML":
        kind = str(dataset.get("SUVType") or "BW").strip().upper()
        if kind != "BW":
            raise SuvUnknownError(
                phrase(
                    "suv_type",
                    "{attribute} is {type!r}, an SUV by something else than body weight",
                    attribute=named("SUVType"),
                    type=kind,
                )
            )
        return 1.0, phrase(
            "suv_already",
            "{attribute} is GML, so the image is in SUV already",
            attribute=named("Units"),
        )
    if units not in ("BQML", "CNTS"):
        raise SuvUnknownError(
            phrase(
                "suv_units",
                "{attribute} is {units!r}, needed BQML, CNTS or GML",
                attribute=named("Units"),
                units=units,
            )
        )
    _check_corrected(dataset)
    if units == "BQML":
        return _from_activity(dataset)
    factor = philips_scale(dataset, 0x00)
    if factor is not None:
        return factor, phrase("suv_philips", "the Philips SUV scale factor (7053,xx00)")
    activity = philips_scale(dataset, 0x09)
    if activity is None:
        raise SuvUnknownError(
            phrase(
                "suv_no_philips_factor",
                "{attribute} is CNTS, and the header holds no Philips scale factor (7053,xx00) or "
                "(7053,xx09) above 0",
                attribute=named("Units"),
            )
        )
    factor, how = _from_activity(dataset)
    return activity * factor, phrase(
        "suv_philips_activity",
        "the Philips activity scale factor (7053,xx09) and {dose}",
        dose=how,
    )


def _check_corrected(dataset: Dataset) -> None:
    """Only an image corrected for attenuation and decay is in activity at one time."""
    corrected = dataset.get("CorrectedImage") or []
    terms = [corrected] if isinstance(corrected, str) else [str(term) for term in corrected]
    found: Value = "/".join(terms) or absent_value()
    attribute = named("CorrectedImage")
    if "ATTN" not in terms:
        raise SuvUnknownError(
            phrase(
                "suv_no_attenuation_correction",
                "{attribute} is {terms}, without ATTN: the image is not said to be corrected for "
                "attenuation",
                attribute=attribute,
                terms=found,
            )
        )
    if "DECY" not in terms:
        raise SuvUnknownError(
            phrase(
                "suv_no_decay_correction",
                "{attribute} is {terms}, without DECY: the image is not said to be corrected for "
                "decay",
                attribute=attribute,
                terms=found,
            )
        )


def _from_activity(dataset: Dataset) -> tuple[float, Phrase]:
    """Weight over the dose that is left at the time that the image is decay-corrected to."""
    isotopes = dataset.get("RadiopharmaceuticalInformationSequence") or []
    if len(isotopes) != 1:
        raise SuvUnknownError(
            phrase(
                "suv_isotopes",
                "{attribute} has {items} items, needed one",
                attribute=named("RadiopharmaceuticalInformationSequence"),
                items=len(isotopes),
            )
        )
    correction = str(dataset.get("DecayCorrection") or "").strip().upper()
    if correction not in ("ADMIN", "START"):
        raise SuvUnknownError(
            phrase(
                "suv_decay_correction",
                "{attribute} is {correction}, needed START or ADMIN",
                attribute=named("DecayCorrection"),
                correction=correction or absent_value(),
            )
        )
    weight = required_number(dataset, "PatientWeight")
    if not _WEIGHT_KG[0] <= weight <= _WEIGHT_KG[1]:
        raise SuvUnknownError(
            phrase(
                "suv_weight",
                "{attribute} is {weight_kg:g}, which is no weight in kg",
                attribute=named("PatientWeight"),
                weight_kg=weight,
            )
        )
    dose = required_number(isotopes[0], "RadionuclideTotalDose")
    if not _LEAST_DOSE_BQ <= dose <= _LARGEST_DOSE_BQ:
        raise SuvUnknownError(
            phrase(
                "suv_dose",
                "{attribute} is {dose_bq:g}, which is no injected dose in Bq; perhaps it is in MBq "
                "by mistake",
                attribute=named("RadionuclideTotalDose"),
                dose_bq=dose,
            )
        )
    if correction == "ADMIN":
        return 1000 * weight / dose, phrase(
            "suv_at_injection",
            "{weight_kg:g} kg and {dose_mbq:g} MBq, at injection",
            weight_kg=weight,
            dose_mbq=dose / 1e6,
        )
    half_life = required_number(isotopes[0], "RadionuclideHalfLife")
    if half_life <= 0:
        raise SuvUnknownError(
            phrase(
                "suv_half_life",
                "{attribute} is {half_life_s:g}, needed seconds above 0",
                attribute=named("RadionuclideHalfLife"),
                half_life_s=half_life,
            )
        )
    scan, clock = scan_time(dataset)
    waited = (scan - injection_time(isotopes[0], scan)).total_seconds()
    if not 0 <= waited <= _MOST_HALF_LIVES * half_life:
        raise SuvUnknownError(
            phrase(
                "suv_scan_time",
                "the scan by {clock} is {waited_min:.1f} min after the injection, with a half-life "
                "of {half_life_min:.1f} min",
                clock=clock,
                waited_min=waited / 60,
                half_life_min=half_life / 60,
            )
        )
    if waited == 0 and is_static_from(dataset, scan):
        raise SuvUnknownError(
            phrase(
                "suv_scan_at_injection",
                "the static scan by {clock} begins with the injection, as where a program has "
                "overwritten the times",
                clock=clock,
            )
        )
    left = dose * 2 ** (-waited / half_life)
    return 1000 * weight / left, phrase(
        "suv_at_start",
        "{weight_kg:g} kg and {dose_mbq:g} MBq, of which {left_mbq:.4g} MBq were left "
        "{waited_min:.1f} min after the injection, by {clock}",
        weight_kg=weight,
        dose_mbq=dose / 1e6,
        left_mbq=left / 1e6,
        waited_min=waited / 60,
        clock=clock,
    )
