"""One static DICOM PET series: from its files to a volume with the geometry of the scanner."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from monai_amyloid.pet.dicom_slice import (
    check_slice,
    named,
    numbers,
    open_dicom,
    provenance_of,
    uptake,
)
from monai_amyloid.pet.header import tracer_of, unit_of
from monai_amyloid.pet.image import PetImage, StudyRefused, check_volume, to_ras

# A slice may lie this fraction of the slice distance off the even grid. Real scanners round the
# table position (a GE series steps 3.19 to 3.29 mm); a tenth of a slice is far below the
# resolution of PET, 4 mm and more, while a missing slice shifts its neighbours by half a slice.
POSITION_TOLERANCE = 0.1
# Two slices closer than this along the normal are at the same place; DS text keeps micrometres.
SAME_PLACE_MM = 0.01
# Direction cosines have about six digits in real headers.
COSINE_TOLERANCE = 1e-3

# DICOM is LPS+, NIfTI RAS+: negate x and y (PS3.3 C.7.6.2.1.1).
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

_SAME_IN_A_SERIES = (
    *("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"),
    *("Rows", "Columns", "Units", "DecayCorrection", "CorrectedImage", "SeriesType"),
)


class _Slice(NamedTuple):
    """One file of the series and where it lies in LPS+ millimetres."""

    file: Path
    dataset: Dataset
    position: NDArray[np.float64]


def _check_one_series(slices: Sequence[_Slice]) -> None:
    """Refuse files that do not belong to one image."""
    first = slices[0]
    for other in slices[1:]:
        for keyword in _SAME_IN_A_SERIES:
            if other.dataset.get(keyword) != first.dataset.get(keyword):
                # The values stay out of the message: one of them is the patient's ID.
                raise StudyRefused(
                    f"{named(keyword)} differs between {first.file} and {other.file}, "
                    "needed one series of one patient; pass a folder of that series alone"
                )
        for keyword, count in (("ImageOrientationPatient", 6), ("PixelSpacing", 2)):
            found = numbers(other.dataset, keyword, other.file, count)
            needed = numbers(first.dataset, keyword, first.file, count)
            if not np.allclose(found, needed, rtol=0, atol=COSINE_TOLERANCE):
                raise StudyRefused(
                    f"{named(keyword)} differs between {first.file} and {other.file}, "
                    "needed parallel slices of one grid; pass a folder of that series alone"
                )


def _sorted_along_normal(slices: Sequence[_Slice], normal: NDArray[np.float64]) -> list[_Slice]:
    """Sort slices by place, and refuse places that repeat, are left out or are uneven."""
    source = slices[0].file.parent
    if len(slices) < 2:
        raise StudyRefused(f"{slices[0].file}: found 1 PET slice, needed a volume of them")
    ordered = sorted(slices, key=lambda one: float(one.position @ normal))
    places = np.array([one.position @ normal for one in ordered])
    steps = np.diff(places)
    if (steps < SAME_PLACE_MM).any():
        repeats = np.diff(np.flatnonzero(np.r_[True, steps >= SAME_PLACE_MM, True]))
        if len(set(repeats)) == 1:
            raise StudyRefused(
                f"{source}: every slice position is there {repeats[0]} times, needed once: this is "
                "a dynamic series; average the frames of the uptake window first"
            )
        at = int(np.argmin(steps))
        raise StudyRefused(
            f"{source}: {ordered[at].file.name} and {ordered[at + 1].file.name} are at the same "
            "place, needed each slice once; remove the duplicates"
        )
    expected = slices[0].dataset.get("NumberOfSlices")
    if expected and int(expected) != len(slices):
        raise StudyRefused(
            f"{source}: found {len(slices)} images, but {named('NumberOfSlices')} is {expected}; "
            "export the whole series again"
        )
    usual = float(np.median(steps))
    at = int(np.argmax(steps))
    if steps[at] > 1.5 * usual:
        raise StudyRefused(
            f"{source}: a gap of {steps[at]:.2f} mm after {ordered[at].file.name}, elsewhere "
            f"{usual:.2f} mm: slices are missing; export the whole series again"
        )
    positions = np.stack([one.position for one in ordered])
    even = np.linspace(positions[0], positions[-1], len(positions))
    off = float(np.linalg.norm(positions - even, axis=1).max())
    if off > POSITION_TOLERANCE * usual:
        raise StudyRefused(
            f"{source}: slices lie up to {off:.2f} mm off an even grid of {usual:.2f} mm, needed "
            f"at most {POSITION_TOLERANCE * usual:.2f} mm; export the original series"
        )
    return ordered


def _in_plane(one: _Slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the steps ``(3,)`` in LPS+ mm to the next column and to the next row."""
    cosines = numbers(one.dataset, "ImageOrientationPatient", one.file, 6)
    between_rows, between_columns = numbers(one.dataset, "PixelSpacing", one.file, 2)
    along_row, along_column = cosines[:3], cosines[3:]
    lengths = np.array([along_row @ along_row, along_column @ along_column])
    if (
        abs(lengths - 1).max() > COSINE_TOLERANCE
        or abs(along_row @ along_column) > COSINE_TOLERANCE
    ):
        raise StudyRefused(
            f"{one.file}: {named('ImageOrientationPatient')} is {cosines.tolist()}, "
            "needed two unit vectors at a right angle; export it again"
        )
    return along_row * between_columns, along_column * between_rows


def read_series(files: Iterable[Path]) -> PetImage:
    """Read one static PET series, one slice a file.

    Each slice is scaled by its own Rescale Slope before the slices are put together, and the
    slices are sorted by where they lie (Image Position along the normal), never by Instance
    Number or file name. Oblique orientation and a tilted gantry go into the affine.

    Args:
        files: The files of one series, in any order, with any names.

    Returns:
        The volume, RAS+, in the unit of the header, with the tracer where the header names
        one amyloid tracer. What the image shows is not judged here, see
        :func:`monai_amyloid.pet.header.refuse_wrong_content`.

    Raises:
        StudyRefused: If a file is broken or no classic PET slice, if the files do not make up
            exactly one evenly spaced volume, or if the series is dynamic.

    References:
        DICOM PS3.3 C.7.6.2 (Image Plane) and C.8.9 (PET).
    """
    slices = []
    for file in sorted(Path(file) for file in files):
        dataset = open_dicom(file)
        if dataset is None:
            raise StudyRefused(f"{file}: not a DICOM file (no DICM at byte 128)")
        check_slice(dataset, file)
        slices.append(_Slice(file, dataset, numbers(dataset, "ImagePositionPatient", file, 3)))
    if not slices:
        raise StudyRefused("found no files, needed those of one PET series")
    _check_one_series(slices)
    next_column, next_row = _in_plane(slices[0])
    normal = np.cross(next_column, next_row)
    slices = _sorted_along_normal(slices, normal / np.linalg.norm(normal))

    first, last = slices[0], slices[-1]
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = next_column, next_row
    affine[:3, 2] = (last.position - first.position) / (len(slices) - 1)
    affine[:3, 3] = first.position
    affine = _LPS_TO_RAS @ affine
    voxels = np.stack([uptake(one.dataset, one.file) for one in slices]).transpose(2, 1, 0)
    check_volume(voxels, affine, str(first.file.parent))
    voxels, affine = to_ras(voxels, affine)
    provenance = provenance_of(first.dataset)
    return PetImage(
        voxels, affine, tracer_of(provenance), unit_of(provenance.get("Units")), provenance
    )
