"""When the tracer was injected, on the clock of the scan; headers may contradict themselves."""

from typing import Any

from pydicom.dataset import Dataset

from monai_amyloid.findings.finding import Finding, StudyRefused, warning
from monai_amyloid.pet.dicom.attributes import broken_attribute, named
from monai_amyloid.pet.dicom.functional_groups import converted_attributes, first_groups
from monai_amyloid.pet.dicom.header import Header
from monai_amyloid.pet.dicom.times.moments import (
    is_of_dicom,
    moment_in,
    offset_in,
    seconds_of_date,
    seconds_of_day,
)
from monai_amyloid.pet.dicom.values import text_of
from monai_amyloid.pet.frames.window import LATEST_SECONDS
from monai_amyloid.pet.tracers import TRACERS

DAY_SECONDS = 86400.0
# Two statements of one injection may be rounded to a minute.
_SAME_SECONDS = 60.0
# What rests on half a statement counts only up to the latest end of an amyloid scan.
_LATEST_USUAL_SECONDS = 60.0 * max(tracer.accepted_minutes[1] for tracer in TRACERS.values())
_MOMENT, _TIME = "RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime"
_READ = {"Date": seconds_of_date, "Time": seconds_of_day, "DateTime": moment_in}


def isotope_of(header: Header) -> Dataset:
    """Give the first item of the Radiopharmaceutical Information Sequence, empty if missing."""
    try:
        for place in (header.dataset, *converted_attributes(header)):
            found: Any = place.get("RadiopharmaceuticalInformationSequence")
            if found:
                return Dataset(found[0])
        return Dataset()
    except StudyRefused:
        raise
    except Exception as error:  # pydicom parses on access, so broken bytes show up here
        attribute = named("RadiopharmaceuticalInformationSequence")
        raise broken_attribute(attribute, header.file) from error


def odd_times(header: Header) -> list[Finding]:
    """Warn of dates and times that cannot be read, and of those that are not written as DICOM has.

    Args:
        header: Header of any file of the series.

    Returns:
        A warning of each kind, with the attributes.
    """
    isotope = isotope_of(header)
    texts = {
        keyword: header.text(keyword)
        for keyword in ("AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime")
    }
    content = first_groups(header).item("FrameContentSequence")
    texts["FrameAcquisitionDateTime"] = text_of(content, "FrameAcquisitionDateTime", header.file)
    texts |= {keyword: text_of(isotope, keyword, header.file) for keyword in (_MOMENT, _TIME)}
    unread, spelled = [], []
    for keyword, text in texts.items():
        kind = next(kind for kind in ("DateTime", "Date", "Time") if keyword.endswith(kind))
        # A DateTime may be a day alone (PS3.5 6.2), which says nothing of the time.
        if not text or (kind == "DateTime" and seconds_of_date(text) is not None):
            continue
        if _READ[kind](text) is None:
            unread.append(named(keyword))
        elif not is_of_dicom(text):
            spelled.append(named(keyword))
    unread += [
        named(keyword)
        for keyword in ("ActualFrameDuration", "FrameReferenceTime", "DecayFactor")
        if header.text(keyword) and header.known_number(keyword) is None
    ]
    warnings = []
    if unread:
        warnings.append(
            warning(
                "dicom_times_unread",
                "no clear date, time or number stands in {attributes:and}; taken as missing",
                attributes=tuple(unread),
            )
        )
    if spelled:
        warnings.append(
            warning(
                "dicom_times_spelled",
                "a date or time in {attributes:and} is not written as DICOM has it, but is clear; "
                "taken as it reads",
                attributes=tuple(spelled),
            )
        )
    return warnings


def zone_of(header: Header) -> float | None:
    """Give how far the scan's clock is ahead of UTC in seconds, None where it does not say.

    Args:
        header: Header of any file of the series.
    """
    own = moment_in(header.text("AcquisitionDateTime"))
    if own is not None and own.offset is not None:
        return own.offset
    return offset_in(header.text("TimezoneOffsetFromUTC"))


def uptake_seconds(header: Header, begin: float, warnings: list[Finding]) -> float | None:
    """Give the time from injection to the start of a scan.

    Start DateTime counts before Start Time, which has no date, and an offset from UTC is applied
    where the scan's clock has one too. A reading that contradicts the rest of the header counts
    only where nothing speaks against it, and is warned of.

    Args:
        header: Header of any file of the series.
        begin: Start of the scan in seconds on the scanner's clock.
        warnings: List that a warning is added to where the header contradicts itself.

    Returns:
        Time in seconds, or None where the header does not say, or says what cannot be.
    """
    isotope, file = isotope_of(header), header.file
    moment = moment_in(text_of(isotope, _MOMENT, file))
    time = seconds_of_day(text_of(isotope, _TIME, file))
    by_time = None if time is None else (begin - time) % DAY_SECONDS
    if moment is None:
        if by_time is None or by_time <= LATEST_SECONDS:
            return by_time
        warnings.append(_impossible(_TIME, by_time))
        return None
    zone = zone_of(header)
    at = moment.on_clock(zone)
    by_moment = begin - at if begin > DAY_SECONDS else (begin - at) % DAY_SECONDS
    if moment.offset is not None and zone is None:
        return _without_zone(by_moment, by_time, moment.offset, warnings)
    if not 0 <= by_moment <= LATEST_SECONDS:
        # The dates do not belong together, as where a de-identifier shifted one of them.
        by_clock = by_moment % DAY_SECONDS if by_time is None else by_time
        if by_clock > _LATEST_USUAL_SECONDS:
            warnings.append(_impossible(_MOMENT, by_moment))
            return None
        warnings.append(
            warning(
                "dicom_injection_by_time_of_day",
                "{attribute} and {other} are {apart_min:.0f} min apart, which cannot be; by the "
                "times of day the scan began {uptake_min:.0f} min after injection, which was taken",
                attribute=named(_MOMENT),
                other=named("AcquisitionTime"),
                apart_min=by_moment / 60,
                uptake_min=by_clock / 60,
            )
        )
        return by_clock
    if by_time is not None and abs(by_time - by_moment) > _SAME_SECONDS:
        warnings.append(
            warning(
                "dicom_injection_times_differ",
                "the scan began {uptake_min:.0f} min after injection by {attribute}, but "
                "{other_min:.0f} min by {other}: the time after injection is not known",
                uptake_min=by_moment / 60,
                attribute=named(_MOMENT),
                other_min=by_time / 60,
                other=named(_TIME),
            )
        )
        return None
    return by_moment


def _without_zone(
    by_moment: float, by_time: float | None, offset: float, warnings: list[Finding]
) -> float | None:
    """Give the time from injection where its moment has an offset from UTC and the scan has none.

    Start Time has no offset, as the scan, so that it counts. Without it, a moment with an offset
    other than zero was written by a clock that knows its zone: the scanner's own. One of zero may
    be that, or UTC.
    """
    by_clock = by_moment if by_time is None else by_time
    agree = by_time is not None and abs(by_time - by_moment) <= _SAME_SECONDS
    latest = LATEST_SECONDS if agree or offset != 0 else _LATEST_USUAL_SECONDS
    known = 0 <= by_clock <= latest
    if known and (agree or (by_time is None and offset != 0)):
        return by_clock
    if not known:
        warnings.append(
            warning(
                "dicom_time_zone_unknown",
                "{attribute} has an offset from UTC, but {other} does not say the scan's: the "
                "time after injection is not known",
                attribute=named(_MOMENT),
                other=named("TimezoneOffsetFromUTC"),
            )
        )
        return None
    warnings.append(
        warning(
            "dicom_time_zone_assumed",
            "{attribute} has an offset from UTC, but {other} does not say the scan's; by {clock} "
            "the scan began {uptake_min:.0f} min after injection, which was taken",
            attribute=named(_MOMENT),
            other=named("TimezoneOffsetFromUTC"),
            clock=named(_MOMENT if by_time is None else _TIME),
            uptake_min=by_clock / 60,
        )
    )
    return by_clock


def _impossible(keyword: str, apart: float) -> Finding:
    attribute, other = named(keyword), named("AcquisitionTime")
    return warning(
        "dicom_injection_time",
        "{attribute} and {other} are {apart_min:.0f} min apart, which cannot be: the time "
        "after injection is not known",
        attribute=attribute,
        other=other,
        apart_min=apart / 60,
    )
