"""Standardized uptake value by body weight, where the header allows it."""

import math
from datetime import datetime, timedelta
from typing import Any

from pydicom.dataset import Dataset
from pydicom.valuerep import DA, DT, TM

from monai_amyloid.pet.dicom.values import named

# The dose has to be in Bq (PS3.3 C.8.9.2). The smallest injected doses are tens of MBq: a value
# below this is in MBq, kBq or mCi by mistake, and which one cannot be known.
_LEAST_DOSE_BQ = 1e6
_LARGEST_DOSE_BQ = 1e11
_WEIGHT_KG = (1.0, 500.0)
# After 6 half-lives 2 % of the dose is left: no scan is made so late.
_MOST_HALF_LIVES = 6.0


class _Unknown(Exception):  # noqa: N818 (an answer, no error)
    """The factor is not known, with the reason."""


def suv_factor(dataset: Dataset) -> tuple[float | None, str]:
    """Give the factor that turns a DICOM PET image into SUV by body weight.

    Nothing is guessed: a value that is missing, broken or absurd leaves the factor unknown.
    The dose is taken as injected, without what stayed in the syringe.

    Args:
        dataset: Header of the first slice in time of the series.

    Returns:
        The factor from the image's unit (after Rescale Slope) to g/mL, or None where it is not
        known; and a sentence that says how it was found, or why it is not known.

    References:
        QIBA Profile FDG-PET/CT, vendor-neutral calculation of SUV; DICOM PS3.3 C.8.9.
    """
    try:
        factor, how = _factor(dataset)
        if not 0 < factor < math.inf:
            raise _Unknown(f"the factor would be {factor:g}")
    except _Unknown as unknown:
        return None, f"SUV is not known: {unknown}."
    except Exception as error:  # pydicom converts on access and raises whatever bytes lead to
        return None, f"SUV is not known: the header cannot be read ({type(error).__name__})."
    return factor, f"SUV by body weight: {how}."


def _factor(dataset: Dataset) -> tuple[float, str]:
    units = str(dataset.get("Units") or "").strip().upper()
    if units == "GML":
        kind = str(dataset.get("SUVType") or "BW").strip().upper()
        if kind != "BW":
            raise _Unknown(
                f"{named('SUVType')} is {kind!r}, an SUV by something else than body weight"
            )
        return 1.0, f"{named('Units')} is GML, so the image is in SUV already"
    if units not in ("BQML", "CNTS"):
        raise _Unknown(f"{named('Units')} is {units!r}, needed BQML, CNTS or GML")
    _check_corrected(dataset)
    if units == "BQML":
        return _from_activity(dataset)
    factor = _philips(dataset, 0x00)
    if factor is not None:
        return factor, "the Philips SUV scale factor (7053,xx00)"
    activity = _philips(dataset, 0x09)
    if activity is None:
        raise _Unknown(
            f"{named('Units')} is CNTS, and the header holds no Philips scale factor "
            "(7053,xx00) or (7053,xx09) above 0"
        )
    factor, how = _from_activity(dataset)
    return activity * factor, f"the Philips activity scale factor (7053,xx09) and {how}"


def _check_corrected(dataset: Dataset) -> None:
    """Only an image corrected for attenuation and decay is in activity at one time."""
    corrected = dataset.get("CorrectedImage") or []
    terms = [corrected] if isinstance(corrected, str) else [str(term) for term in corrected]
    for term, word in (("ATTN", "attenuation"), ("DECY", "decay")):
        if term not in terms:
            raise _Unknown(
                f"{named('CorrectedImage')} is {'/'.join(terms) or 'absent'}, without {term}: "
                f"the image is not said to be corrected for {word}"
            )


def _from_activity(dataset: Dataset) -> tuple[float, str]:
    """Weight over the dose that is left at the time that the image is decay-corrected to."""
    isotopes = dataset.get("RadiopharmaceuticalInformationSequence") or []
    if len(isotopes) != 1:
        raise _Unknown(
            f"{named('RadiopharmaceuticalInformationSequence')} has {len(isotopes)} items, "
            "needed one"
        )
    correction = str(dataset.get("DecayCorrection") or "").strip().upper() or "absent"
    if correction not in ("ADMIN", "START"):
        raise _Unknown(f"{named('DecayCorrection')} is {correction}, needed START or ADMIN")
    weight = _number(dataset, "PatientWeight")
    if not _WEIGHT_KG[0] <= weight <= _WEIGHT_KG[1]:
        raise _Unknown(f"{named('PatientWeight')} is {weight:g}, which is no weight in kg")
    dose = _number(isotopes[0], "RadionuclideTotalDose")
    if not _LEAST_DOSE_BQ <= dose <= _LARGEST_DOSE_BQ:
        raise _Unknown(
            f"{named('RadionuclideTotalDose')} is {dose:g}, which is no injected dose in Bq; "
            "perhaps it is in MBq by mistake"
        )
    if correction == "ADMIN":
        return 1000 * weight / dose, f"{weight:g} kg and {dose / 1e6:g} MBq, at injection"
    half_life = _number(isotopes[0], "RadionuclideHalfLife")
    if half_life <= 0:
        raise _Unknown(f"{named('RadionuclideHalfLife')} is {half_life:g}, needed seconds above 0")
    scan, clock = _scan_time(dataset)
    waited = (scan - _injection_time(isotopes[0], scan)).total_seconds()
    if not 0 <= waited <= _MOST_HALF_LIVES * half_life:
        raise _Unknown(
            f"the scan by {clock} is {waited / 60:.1f} min after the injection, "
            f"with a half-life of {half_life / 60:.1f} min"
        )
    left = dose * 2 ** (-waited / half_life)
    return (
        1000 * weight / left,
        f"{weight:g} kg and {dose / 1e6:g} MBq, of which {left / 1e6:.4g} MBq were left "
        f"{waited / 60:.1f} min after the injection, by {clock}",
    )


def _scan_time(dataset: Dataset) -> tuple[datetime, str]:
    """Give the time that START refers to, and which attribute says so."""
    series = _date_and_time(dataset, "SeriesDate", "SeriesTime")
    acquisition = _date_and_time(dataset, "AcquisitionDate", "AcquisitionTime")
    if series <= acquisition:
        return series, named("SeriesTime")
    # The series was made later, from the images of another one.
    private = _private(dataset, 0x0009, "GEMS_PETD_01", 0x0D)
    if private is None:
        return acquisition, named("AcquisitionTime")
    scan = _local(private, "the GE scan time (0009,xx0D)")
    if scan > acquisition:
        raise _Unknown("the GE scan time (0009,xx0D) is after the acquisition")
    return scan, "the GE scan time (0009,xx0D)"


def _injection_time(isotope: Dataset, scan: datetime) -> datetime:
    """Give the time of the injection; without a date, the last such time before the scan."""
    moment = isotope.get("RadiopharmaceuticalStartDateTime")
    if moment:
        return _local(moment, named("RadiopharmaceuticalStartDateTime"))
    text = _required(isotope, "RadiopharmaceuticalStartTime")
    try:
        clock = TM(str(text))
    except (TypeError, ValueError):
        clock = None
    if clock is None:
        raise _Unknown(f"{named('RadiopharmaceuticalStartTime')} is {str(text)!r}, no time")
    injection = datetime.combine(scan.date(), clock)
    return injection if injection <= scan else injection - timedelta(days=1)


def _date_and_time(dataset: Dataset, date_keyword: str, time_keyword: str) -> datetime:
    found = [_required(dataset, keyword) for keyword in (date_keyword, time_keyword)]
    try:
        date, time = DA(str(found[0])), TM(str(found[1]))
        if date is not None and time is not None:
            return datetime.combine(date, time)
    except (TypeError, ValueError):
        pass
    raise _Unknown(
        f"{named(date_keyword)} and {named(time_keyword)} are {str(found[0])!r} and "
        f"{str(found[1])!r}, no date and time"
    )


def _local(value: Any, name: str) -> datetime:
    """Give a moment on the clock of the scanner, which dates and times have no zone."""
    try:
        moment = DT(str(value).strip("\0 "))
    except (TypeError, ValueError):
        moment = None
    if moment is None or len(str(value).strip("\0 ")) < 12:
        raise _Unknown(f"{name} is {str(value)!r}, no date and time to the minute")
    if moment.tzinfo is not None:
        raise _Unknown(f"{name} is {str(value)!r}, with a time zone that the scan's time lacks")
    return datetime.combine(moment.date(), moment.time())


def _required(dataset: Dataset, keyword: str) -> Any:
    value = dataset.get(keyword)
    if value is None or value == "":
        raise _Unknown(f"{named(keyword)} is absent")
    return value


def _number(dataset: Dataset, keyword: str) -> float:
    value = _required(dataset, keyword)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise _Unknown(f"{named(keyword)} is {str(value)!r}, no number")
    return number


def _private(dataset: Dataset, group: int, creator: str, element: int) -> Any:
    """Give a private value as text or number, or None where it is absent or empty."""
    try:
        value = dataset.private_block(group, creator)[element].value
    except KeyError:
        return None
    # Implicit transfer syntaxes say nothing of the type.
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else value
    return None if text is None or str(text).strip("\0 ") == "" else text


def _philips(dataset: Dataset, element: int) -> float | None:
    """Give a Philips scale factor, or None where it is absent; Philips writes 0 for unknown."""
    value = _private(dataset, 0x7053, "Philips PET Private Group", element)
    if value is None:
        return None
    try:
        factor = float(str(value).strip("\0 "))
    except ValueError:
        factor = math.nan
    if not 0 <= factor < math.inf:
        raise _Unknown(f"the Philips scale factor (7053,xx{element:02X}) is {str(value)!r}")
    return factor or None
