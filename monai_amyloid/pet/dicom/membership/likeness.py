"""Whether files are of one image: what describes it says the same in all of them."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from pydicom.dataset import Dataset

from monai_amyloid.findings.finding import Finding, StudyRefused, warning
from monai_amyloid.pet.dicom.attributes import named, series_differ
from monai_amyloid.pet.dicom.functional_groups import sequence_items
from monai_amyloid.pet.dicom.header import SAME_IN_A_SERIES, Header
from monai_amyloid.pet.dicom.membership.same_injection import check_same_injection
from monai_amyloid.pet.image import MIN_VOXELS

_INJECTION = "RadiopharmaceuticalInformationSequence"
# What a de-identifier may make anew for every file that it sees.
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")


def check_one_image(headers: Sequence[Header], *, several_series: bool = False) -> list[Finding]:
    """Refuse files that do not belong to one image.

    One series may come in two encodings, so where bytes differ their meaning is compared.

    Args:
        headers: Headers of the files, at least one.
        several_series: Whether they are known to be the frames of several series.

    Returns:
        Warnings of what differs although they are one image.

    Raises:
        StudyRefused: If they differ in what an image is made of, or in what a number needs.
    """
    first = headers[0]
    if all(other.identity == first.identity for other in headers):
        return []
    own: list[str] = []
    warnings: list[Finding] = []
    for keyword, values in zip(
        SAME_IN_A_SERIES, zip(*(header.identity for header in headers), strict=True), strict=True
    ):
        if all(value == values[0] for value in values):
            continue
        if keyword == "SeriesInstanceUID" and several_series:
            continue
        if keyword in _UIDS and _one_for_each(values):
            own.append(keyword)
            continue
        _check_none_missing(keyword, values, headers)
        if keyword == _INJECTION:
            found = _meanings(headers, values, _injection)
            warnings += check_same_injection([(header.file, item) for header, item in found])
        else:
            _check_same(keyword, values, headers)
    if own:
        warnings.append(
            warning(
                "dicom_uid_for_each_file",
                "every file has its own {attributes:and}, as a de-identifier leaves it; all else "
                "says that the files are one image, and they were read as one",
                attributes=tuple(map(named, own)),
            )
        )
    return warnings


def _one_for_each(values: Sequence[Any]) -> bool:
    """Whether files, some of which may be there twice, have a value each, not one of a few."""
    return None not in values and len(set(values)) >= max(MIN_VOXELS, len(values) / 2)


def _check_none_missing(keyword: str, values: Sequence[Any], headers: Sequence[Header]) -> None:
    """Refuse a file that lacks what others have."""
    for header, value in zip(headers, values, strict=True):
        if not value and value != 0:
            raise StudyRefused(
                "dicom_attribute_missing_in_slice",
                "{attribute} is missing, other slices of the series have it; export it again",
                where=header.file,
                attribute=named(keyword),
            )


def _check_same(keyword: str, values: Sequence[Any], headers: Sequence[Header]) -> None:
    """Refuse files whose values mean different things."""

    def meaning(header: Header) -> Hashable:
        if keyword == "PatientID":  # in letters of any kind: compared, never decoded
            raw = header.identity[0]
            return raw.strip(b" \0") if isinstance(raw, bytes) else str(raw).strip()
        # In which order corrections are listed says nothing (PS3.3 C.8.9.1).
        parts = header.parts(keyword)
        return tuple(sorted(parts) if keyword == "CorrectedImage" else parts)

    (first, expected), *others = _meanings(headers, values, meaning)
    for other, means in others:
        if means != expected:
            # The values stay out of the message: one of them is the patient's ID.
            raise series_differ(keyword, first.file, other.file)


def _meanings(
    headers: Sequence[Header], values: Sequence[Any], meaning: Callable[[Header], Any]
) -> list[tuple[Header, Any]]:
    """Give the meaning of every value that is written otherwise, and the file it stands in."""
    seen: dict[Hashable, tuple[Header, Any]] = {}
    for header, value in zip(headers, values, strict=True):
        written = (value if isinstance(value, bytes | str | int) else id(header), header.encoding)
        if written not in seen:
            seen[written] = header, meaning(header)
    return list(seen.values())


def _injection(header: Header) -> Dataset:
    """Give the first item of what a file says of the injection."""
    return (sequence_items(header.dataset, _INJECTION, header) or [Dataset()])[0]
