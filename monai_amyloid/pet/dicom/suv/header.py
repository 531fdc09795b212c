"""What a DICOM header says of dose, weight and times, or why no SUV follows from it."""

import math
from datetime import datetime, timedelta
from typing import Any

from pydicom.dataset import Dataset
from pydicom.valuerep import DA, DT, TM

from monai_amyloid.findings.finding import Phrase, Term, phrase
from monai_amyloid.pet.dicom.attributes import named


class SuvUnknownError(Exception):
    """No factor to SUV follows from a header.

    Args:
        reason: What the header lacks, or what cannot be right in it.
    """

    def __init__(self, reason: Phrase) -> None:
        super().__init__(str(reason))
        self.reason = reason


def scan_time(dataset: Dataset) -> tuple[datetime, Term | Phrase]:
    """Give the time that START of Decay Correction (0054,1102) refers to.

    Args:
        dataset: Header of the first slice in time of the series.

    Returns:
        Time on the clock of the scanner, and the name of the attribute that says so.

    Raises:
        SuvUnknownError: If a date or time is missing or broken, or the times contradict each other.
    """
    series = _date_and_time(dataset, "SeriesDate", "SeriesTime")
    acquisition = _date_and_time(dataset, "AcquisitionDate", "AcquisitionTime")
    if series <= acquisition:
        return series, named("SeriesTime")
    # The series was made later, from the images of another one.
    private = _private(dataset, 0x0009, "GEMS_PETD_01", 0x0D)
    if private is None:
        return acquisition, named("AcquisitionTime")
    clock = phrase("ge_scan_time", "the GE scan time (0009,xx0D)")
    scan = _local(private, clock)
    if scan > acquisition:
        raise SuvUnknownError(
            phrase("suv_scan_time_late", "{clock} is after the acquisition", clock=clock)
        )
    return scan, clock


def is_static_from(dataset: Dataset, scan: datetime) -> bool:
    """Tell whether an image is static by its header and was acquired from a time on.

    Args:
        dataset: Header of the first slice in time of the series.
        scan: Time of the scan, of :func:`scan_time`.

    Raises:
        SuvUnknownError: If the date or time of acquisition is missing or broken.
    """
    acquisition = _date_and_time(dataset, "AcquisitionDate", "AcquisitionTime")
    return acquisition == scan and "DYNAMIC" not in (dataset.get("SeriesType") or ())


def injection_time(isotope: Dataset, scan: datetime) -> datetime:
    """Give the time of the injection; without a date, the last such time before the scan.

    Args:
        isotope: Item of the Radiopharmaceutical Information Sequence (0054,0016).
        scan: Time of the scan, of :func:`scan_time`.

    Returns:
        Time on the clock of the scanner.

    Raises:
        SuvUnknownError: If it is missing or broken.
    """
    moment = isotope.get("RadiopharmaceuticalStartDateTime")
    if moment:
        return _local(moment, named("RadiopharmaceuticalStartDateTime"))
    text = _required(isotope, "RadiopharmaceuticalStartTime")
    try:
        clock = TM(str(text))
    except (TypeError, ValueError):
        clock = None
    if clock is None:
        raise SuvUnknownError(
            phrase(
                "suv_no_time",
                "{attribute} is {text!r}, no time",
                attribute=named("RadiopharmaceuticalStartTime"),
                text=str(text),
            )
        )
    injection = datetime.combine(scan.date(), clock)
    return injection if injection <= scan else injection - timedelta(days=1)


def _date_and_time(dataset: Dataset, date_keyword: str, time_keyword: str) -> datetime:
    """Put a date and a time together that both have to be there."""
    found = [_required(dataset, keyword) for keyword in (date_keyword, time_keyword)]
    try:
        date, time = DA(str(found[0])), TM(str(found[1]))
        if date is not None and time is not None:
            return datetime.combine(date, time)
    except (TypeError, ValueError):
        pass
    raise SuvUnknownError(
        phrase(
            "suv_no_date_and_time",
            "{attributes:and} are {date!r} and {time!r}, no date and time",
            attributes=(named(date_keyword), named(time_keyword)),
            date=str(found[0]),
            time=str(found[1]),
        )
    )


def _local(value: Any, name: Term | Phrase) -> datetime:
    """Give a moment on the clock of the scanner, whose dates and times have no zone."""
    try:
        moment = DT(str(value).strip("\0 "))
    except (TypeError, ValueError):
        moment = None
    if moment is None or len(str(value).strip("\0 ")) < 12:
        raise SuvUnknownError(
            phrase(
                "suv_no_moment",
                "{name} is {text!r}, no date and time to the minute",
                name=name,
                text=str(value),
            )
        )
    if moment.tzinfo is not None:
        raise SuvUnknownError(
            phrase(
                "suv_time_zone",
                "{name} is {text!r}, with a time zone that the scan's time lacks",
                name=name,
                text=str(value),
            )
        )
    return datetime.combine(moment.date(), moment.time())


def _required(dataset: Dataset, keyword: str) -> Any:
    """Give a value that has to be there."""
    value = dataset.get(keyword)
    if value is None or value == "":
        raise SuvUnknownError(
            phrase("suv_absent", "{attribute} is absent", attribute=named(keyword))
        )
    return value


def required_number(dataset: Dataset, keyword: str) -> float:
    """Give a number that has to be there.

    Args:
        dataset: Header, or an item of a sequence in it.
        keyword: DICOM keyword of the attribute.

    Raises:
        SuvUnknownError: If it is missing, or no finite number.
    """
    value = _required(dataset, keyword)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise SuvUnknownError(
            phrase(
                "suv_no_number",
                "{attribute} is {text!r}, no number",
                attribute=named(keyword),
                text=str(value),
            )
        )
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


def philips_scale(dataset: Dataset, element: int) -> float | None:
    """Give a Philips scale factor; Philips writes 0 for unknown.

    Args:
        dataset: Header of any slice of the series.
        element: Last two digits of its tag: 0x00 for the factor to SUV, 0x09 for that to Bq/mL.

    Returns:
        The factor, or None where it is absent or 0.

    Raises:
        SuvUnknownError: If it is no number, or negative.
    """
    value = _private(dataset, 0x7053, "Philips PET Private Group", element)
    if value is None:
        return None
    try:
        factor = float(str(value).strip("\0 "))
    except ValueError:
        factor = math.nan
    if not 0 <= factor < math.inf:
        raise SuvUnknownError(
            phrase(
                "suv_philips_factor_wrong",
                "the Philips scale factor (7053,xx{element:02X}) is {text!r}",
                element=element,
                text=str(value),
            )
        )
    return factor or None
