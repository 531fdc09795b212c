"""What else lies in a PET series under its Series Instance UID, and is no slice of the volume."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Finding, Phrase, StudyRefused, phrase, warning
from monai_amyloid.pet.dicom.attributes import named
from monai_amyloid.pet.dicom.header import Header
from monai_amyloid.pet.dicom.slices import PET_CLASSES, kind_name
from monai_amyloid.pet.image import MIN_VOXELS

# Words of Image Type (0008,0008) for what is computed from slices or guides their planning
# (PS3.3 C.7.6.1.1.2, C.8.16.1, and vendors' own).
_NO_SLICE = frozenset(
    (
        *("MIP", "MAX_IP", "MINIP", "MIN_IP", "PROJECTION", "MPR", "CPR", "REFORMATTED"),
        *("LOCALIZER", "SCOUT", "TOPOGRAM"),
    )
)
# A part that lies or is cut otherwise than this share of the files is no part of their volume.
_CLEAR_MAJORITY = 0.75
# Direction cosines of one volume differ by rounding, a reformat turns by tens of degrees.
_TURNED = 0.1
_SAME_SPACING = 0.01
# A step between slices that is wider than so many usual ones leaves one out.
_GAP = 1.5
_SAME_PLACE_MM = 0.1
# What tells how an image lies and what it is, besides what is the same in all slices.
_FORM = ("ImageType", "ImageOrientationPatient", "PixelSpacing")


class _Form(NamedTuple):
    """How the image of a file lies and is cut.

    Attributes:
        orientation: Direction cosines of a row, then of a column ``(6,)``.
        position: Centre of the first voxel in LPS+ mm ``(3,)``.
        size: Rows and columns.
        spacing: Distance between rows, then columns, in mm ``(2,)``.
    """

    orientation: NDArray[np.float64]
    position: NDArray[np.float64]
    size: tuple[str, str]
    spacing: NDArray[np.float64]

    def is_like(self, other: "_Form") -> bool:
        """Whether two images may be parallel slices of one volume."""
        return (
            self.size == other.size
            and bool(np.abs(self.orientation - other.orientation).max() <= _TURNED)
            and bool(np.allclose(self.spacing, other.spacing, rtol=_SAME_SPACING))
        )


def without_strays(headers: Sequence[Header]) -> tuple[list[Header], list[Finding]]:
    """Leave out of a PET series what is no slice of its volume.

    Reports, presentation states and raw data, scouts and pictures, projections and reformatted
    images are stored into a series by programs that look at it. What might be a slice stays: the
    series is then refused for it.

    Args:
        headers: Headers of the files of one series, in any order.

    Returns:
        Headers of the slices, and a warning of each kind of file that was left out.
    """
    first = headers[0]
    if all(_written_alike(header, first) for header in headers):
        return list(headers), []
    pet = [header for header in headers if _is_pet(header)]
    if not pet:
        return list(headers), []
    slices = [header for header in pet if not _computed(header)]
    if len(slices) < MIN_VOXELS:
        slices = pet
    forms = {id(header): _form_of(header) for header in headers}
    odd = _odd(slices, forms)
    slices = [header for header in slices if id(header) not in odd]
    belonging = set(map(id, slices))
    volume = [form for header in slices if (form := forms[id(header)]) is not None]
    reasons: dict[int, Phrase] = {}
    for header in headers:
        if id(header) in belonging or not _same_patient(header, slices[0]):
            continue
        if not _is_pet(header):
            if not _may_be_a_slice(forms[id(header)], volume):
                kind = kind_name(header.text("SOPClassUID"))
                reasons[id(header)] = phrase("stray_of_another_kind", "{kind}", kind=kind)
        elif id(header) in odd:
            reasons[id(header)] = phrase(
                "stray_of_another_form", "another orientation, size or voxel size"
            )
        else:
            reasons[id(header)] = phrase(
                "stray_computed_image",
                "{attribute} says {words}",
                attribute=named("ImageType"),
                words=_computed(header),
            )
    return [header for header in headers if id(header) not in reasons], _warnings(headers, reasons)


def _warnings(headers: Sequence[Header], reasons: dict[int, Phrase]) -> list[Finding]:
    """Say of each kind of file how many were left out."""
    counts = Counter(str(reason) for reason in reasons.values())
    warnings: dict[str, Finding] = {}
    for header in headers:
        reason = reasons.get(id(header))
        if reason is not None and str(reason) not in warnings:
            warnings[str(reason)] = warning(
                "dicom_stray_left_out",
                "files were left out of the PET series, for they are no slices of it: {count} "
                "({reason}), such as {file}",
                count=counts[str(reason)],
                reason=reason,
                file=header.file,
            )
    return list(warnings.values())


def _is_pet(header: Header) -> bool:
    try:
        return header.text("SOPClassUID") in PET_CLASSES and header.text("Modality") == "PT"
    except StudyRefused:  # judged when the series is read
        return True


def _written_alike(header: Header, other: Header) -> bool:
    """Whether two files say the same of what they are and how they lie, byte by byte."""
    return header.identity == other.identity and all(
        header.raw(keyword) == other.raw(keyword) for keyword in _FORM
    )


def _same_patient(header: Header, other: Header) -> bool:
    """Whether two files are of one patient, as far as their bytes tell; some name none."""
    one, another = (
        raw.strip(b" \0") if isinstance(raw, bytes) else raw
        for raw in (header.identity[0], other.identity[0])
    )
    return not one or one == another


def _computed(header: Header) -> tuple[str, ...]:
    """Give the words of Image Type that no slice has."""
    try:
        parts = header.parts("ImageType")
    except StudyRefused:  # judged when the series is read
        return ()
    return tuple(part for part in parts if _NO_SLICE & {part, *re.split("[ _]", part)})


def _form_of(header: Header) -> _Form | None:
    """Give how an image lies; None for what does not say, such as a report."""
    try:
        return _Form(
            header.numbers("ImageOrientationPatient", 6),
            header.numbers("ImagePositionPatient", 3),
            (header.text("Rows"), header.text("Columns")),
            header.numbers("PixelSpacing", 2),
        )
    except StudyRefused:
        return None


def _may_be_a_slice(form: _Form | None, volume: Sequence[_Form]) -> bool:
    """Whether an image of another kind lies where a slice of the volume would be missing."""
    if form is None or not volume or not form.is_like(_usual(volume)):
        return False
    away = min(float(np.abs(form.position - slice_.position).max()) for slice_ in volume)
    return away > _SAME_PLACE_MM


def _odd(slices: Sequence[Header], forms: Mapping[int, _Form | None]) -> set[int]:
    """Find images that lie otherwise than a clear majority that is an even volume without them."""
    known = [form for header in slices if (form := forms[id(header)]) is not None]
    if len(known) < len(slices):
        return set()
    usual = _usual(known)
    like = [form for form in known if form.is_like(usual)]
    odd = len(known) - len(like)
    if not odd or len(like) < max(_CLEAR_MAJORITY * len(known), MIN_VOXELS):
        return set()
    normal = np.cross(usual.orientation[:3], usual.orientation[3:])
    steps = np.diff(np.unique(np.round([form.position @ normal for form in like], 1)))
    # A slice that is counted, or that leaves a gap, belongs to the volume: its header is wrong.
    is_counted = _written_count(slices[0]) == str(len(steps) + 1 + odd)
    if is_counted or not len(steps) or steps.max() > _GAP * np.median(steps):
        return set()
    return {
        id(header) for header, form in zip(slices, known, strict=True) if not form.is_like(usual)
    }


def _written_count(header: Header) -> str:
    """Give the Number of Slices that a header states, as it stands there."""
    try:
        return header.text("NumberOfSlices")
    except StudyRefused:  # judged when the series is read
        return ""


def _usual(forms: Sequence[_Form]) -> _Form:
    """Give the form that most images have."""
    written = [(form.size, *form.orientation.round(1), *form.spacing.round(1)) for form in forms]
    return forms[written.index(Counter(written).most_common(1)[0][0])]
