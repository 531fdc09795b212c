"""What the slices of one image say of the injection: what a number needs, and what none does."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from monai_amyloid.findings.finding import Finding, StudyRefused, warning
from monai_amyloid.pet.dicom.attributes import named_tag, series_differ
from monai_amyloid.pet.dicom.provenance import provenance_of
from monai_amyloid.pet.dicom.times.moments import moment_in, seconds_of_day
from monai_amyloid.pet.dicom.values import numbers_in, text_of
from monai_amyloid.pet.header.named_tracer import other_tracers, tracer_of

# Seconds that a value which a number needs may differ by: programs round to minutes.
_ROUNDED = {
    "RadionuclideHalfLife": 60.0,
    "RadiopharmaceuticalStartTime": 60.0,
    "RadiopharmaceuticalStartDateTime": 60.0,
}


def check_same_injection(files: Sequence[tuple[Path, Dataset]]) -> list[Finding]:
    """Refuse slices that tell of several injections.

    Numbers need the tracer, its dose and half-life and the time of injection. Another stop time or
    remark in every slice is an accident of the program that wrote them.

    Args:
        files: Files that are written differently there, each with the first item of its
            Radiopharmaceutical Information Sequence (0054,0016), the one that is read.

    Returns:
        A warning of what differs; none if only the writing does.

    Raises:
        StudyRefused: If they differ in what a number needs.
    """
    file, item = files[0]
    needed = _needed(item, file)
    unlike: set[BaseTag] = set()
    for other_file, other in files[1:]:
        for keyword, value in _needed(other, other_file).items():
            if not _alike(value, needed[keyword], _ROUNDED.get(keyword)):
                raise series_differ(keyword, file, other_file)
        unlike |= {
            tag for tag in {*item.keys(), *other.keys()} if _text(item, tag) != _text(other, tag)
        }
    if not unlike:
        return []
    return [
        warning(
            "dicom_injection_differs",
            "the slices differ in {attributes:and}, but not by as much as a number needs",
            attributes=tuple(map(named_tag, sorted(unlike))),
        )
    ]


def _needed(item: Dataset, file: Path) -> dict[str, Any]:
    """Give what a number needs, by keyword; None where it is missing."""
    header = provenance_of(item)
    tracer = tracer_of(header), *other_tracers(header)
    name = text_of(item, "Radiopharmaceutical", file).casefold()
    found: dict[str, Any] = {"Radiopharmaceutical": tracer if any(tracer) else name}
    for keyword, read in _READ.items():
        text = text_of(item, keyword, file)
        value = read(text, keyword, file) if text else None
        # What cannot be read is judged when it is used.
        found[keyword] = text or None if value is None else value
    return found


def _number(text: str, keyword: str, file: Path) -> float | None:
    try:
        return float(numbers_in(text, keyword, file, 1)[0])
    except StudyRefused:
        return None


def _time(text: str, keyword: str, file: Path) -> float | None:
    return seconds_of_day(text)


def _moment(text: str, keyword: str, file: Path) -> float | None:
    moment = moment_in(text)
    return None if moment is None else moment.seconds


_READ: dict[str, Callable[[str, str, Path], float | None]] = {
    "RadionuclideTotalDose": _number,
    "RadionuclideHalfLife": _number,
    "RadiopharmaceuticalStartTime": _time,
    "RadiopharmaceuticalStartDateTime": _moment,
}


def _alike(one: Any, other: Any, tolerance: float | None) -> bool:
    """Whether two values are the same but for rounding."""
    if tolerance is not None and isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= tolerance
    return bool(one == other)


def _text(item: Dataset, tag: BaseTag) -> str | None:
    """Give a value to compare; nobody is shown it."""
    try:
        return str(item[tag].value) if tag in item else None
    except Exception:  # pydicom converts on access and raises whatever broken bytes lead it to
        return None
