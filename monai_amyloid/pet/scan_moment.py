"""When a study's PET was scanned and whose it is, by the headers of its PET images alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.header import Header, open_header
from monai_amyloid.pet.dicom.times.moments import moment_in, seconds_of_date, seconds_of_day
from monai_amyloid.pet.files.sources import open_study
from monai_amyloid.pet.formats.table import format_of
from monai_amyloid.pet.identity import spread, texts_of_image

_DAY_SECONDS = 86400.0
# The nearest to the scan first: a study may be of the day before, a series that was made again
# later has another day.
_DAYS = ("AcquisitionDate", "StudyDate", "SeriesDate")
_TOGETHER, _TIME = "AcquisitionDateTime", "AcquisitionTime"
_READ = (_TOGETHER, _TIME, *_DAYS, "PatientID", "SeriesInstanceUID", "Modality")


@dataclass(frozen=True, order=True)
class ScanMoment:
    """When a scan began.

    Attributes:
        day: Day of the scan, which a de-identifier may have shifted.
        seconds: Seconds after midnight; -1 where the time is not known, which sorts first.
    """

    day: date
    seconds: float = -1.0


@dataclass(frozen=True)
class ScanHeaders:
    """What the headers of a study's PET images say.

    Attributes:
        moment: Start of the earliest image; None where no header says it, or where they are of
            several days, so that the study holds more than one scan.
        patients: Values of PatientID, pseudonyms among them.
        series: Values of SeriesInstanceUID.
        several_days: Whether the images are of days that are more than one apart.
    """

    moment: ScanMoment | None = None
    patients: frozenset[str] = frozenset()
    series: frozenset[str] = frozenset()
    several_days: bool = False


def scan_headers(study: Path) -> ScanHeaders:
    """Read the headers of a study's PET images.

    Args:
        study: Any study that :func:`~monai_amyloid.pet.study.read_study` takes; it may be broken.

    Returns:
        What they say; nothing of a study that cannot be opened, which reading it will say.
    """
    try:
        with open_study(study) as files:
            found = [texts for file in spread(files.files) if (texts := _texts(file))]
    except (StudyRefused, OSError, ValueError, RuntimeError):
        return ScanHeaders()
    moments = sorted(moment for texts in found if (moment := _moment(texts)) is not None)
    # A scan may go on after midnight.
    several = len(moments) > 1 and (moments[-1].day - moments[0].day).days > 1
    return ScanHeaders(
        None if several or not moments else moments[0],
        frozenset(text for texts in found if (text := texts.get("PatientID", "").strip())),
        frozenset(text for texts in found if (text := texts.get("SeriesInstanceUID", ""))),
        several,
    )


def moment_of_text(text: str) -> ScanMoment | None:
    """Read a day, or a day and a time, that can be read in one way alone.

    Args:
        text: Text such as ``2019-03-12``, ``20190312`` or ``2019-03-12T10:45:00``.
    """
    together = moment_in(text)
    if together is not None:
        return _of_seconds(together.seconds, with_time=True)
    seconds = seconds_of_date(text)
    return None if seconds is None else _of_seconds(seconds, with_time=False)


def _of_seconds(seconds: float, *, with_time: bool) -> ScanMoment:
    day, rest = divmod(seconds, _DAY_SECONDS)
    return ScanMoment(date.fromordinal(int(day)), rest if with_time else -1.0)


def _texts(file: Path) -> Mapping[str, str]:
    """Some values of a PET image's header; none of any other file."""
    try:
        image = format_of(file)
        if image is not None:
            texts = texts_of_image(file, image)
            return {key: str(next(iter(texts[key]), "")) for key in _READ if key in texts}
        header = open_header(file)
        return {} if header is None or not _is_pet(header) else _of_dicom(header)
    except (StudyRefused, OSError, ValueError):  # broken, which reading it will say
        return {}


def _is_pet(header: Header) -> bool:
    return header.text("Modality").strip().upper() == "PT"


def _of_dicom(header: Header) -> dict[str, str]:
    found = {}
    for key in _READ:
        try:
            found[key] = header.text(key).strip()
        except StudyRefused:  # one broken value costs itself alone
            continue
    return found


def _moment(texts: Mapping[str, str]) -> ScanMoment | None:
    """When an image was begun, by the first of its dates that can be read."""
    together = moment_of_text(texts.get(_TOGETHER, ""))
    if together is not None:
        return together
    for key in _DAYS:
        day = seconds_of_date(texts.get(key, ""))
        if day is not None:
            time = seconds_of_day(texts.get(_TIME, ""))
            return _of_seconds(day + (time or 0.0) % _DAY_SECONDS, with_time=time is not None)
    return None
