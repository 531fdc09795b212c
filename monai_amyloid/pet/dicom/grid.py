"""Where the slices of a DICOM series lie: sorted by place and time, on one even grid."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.attributes import named
from monai_amyloid.pet.dicom.slices import PetSlice
from monai_amyloid.pet.dicom.times.time_frames import name_of, sorted_by_time

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


class Grid(NamedTuple):
    """The slices of a series in order.

    Attributes:
        frames: Slices of each time frame along their normal, the earliest frame first.
        affine: (column, row, slice) index to RAS+ mm ``(4, 4)``.
    """

    frames: list[list[PetSlice]]
    affine: NDArray[np.float64]


def make_grid(slices: Sequence[PetSlice], source: Path) -> Grid:
    """Sort slices by where they lie and when they were measured.

    Args:
        slices: Slices of one series, in any order.
        source: Folder or file of the series, for messages.

    Returns:
        One or more time frames on one grid.

    Raises:
        StudyRefused: If the slices are not parallel, or places are missing, uneven or there
            more than once without a time that tells frames apart.
    """
    next_column, next_row = _in_plane(slices)
    normal = np.cross(next_column, next_row)
    normal /= np.linalg.norm(normal)
    positions = np.stack([one.position for one in slices])
    places = positions @ normal
    order = np.argsort(places, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(places[order]) >= SAME_PLACE_MM])
    counts = np.diff(np.r_[starts, len(order)])
    if len(starts) < 2:
        raise StudyRefused(
            "dicom_one_place",
            "found PET slices at {places} place, needed a volume of them; export the whole series "
            "again",
            where=slices[0].header.file,
            places=len(starts),
        )
    steps = np.diff(places[order][starts])
    _check_steps(steps, [slices[order[start]] for start in starts], source)
    if len(set(counts)) > 1:
        usual = int(np.bincount(counts).argmax())
        at = int(np.flatnonzero(counts != usual)[0])
        odd = slices[order[starts[at]]]
        raise StudyRefused(
            "dicom_slices_missing_or_duplicate",
            "{slice} lies where there are {count} slices, elsewhere {usual}: slices are missing or "
            "duplicate; export the whole series again",
            where=source,
            slice=name_of(odd),
            count=int(counts[at]),
            usual=usual,
        )
    by_place = order.reshape(len(starts), -1)
    by_time = sorted_by_time(slices, by_place, source)
    frames = [[slices[index] for index in by_time[:, frame]] for frame in range(by_time.shape[1])]

    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = next_column, next_row
    first, last = positions[by_time[0]].mean(0), positions[by_time[-1]].mean(0)
    affine[:3, 2] = (last - first) / (len(starts) - 1)
    affine[:3, 3] = first
    _check_even(positions[by_time], affine, source)
    return Grid(frames, _LPS_TO_RAS @ affine)


def _in_plane(slices: Sequence[PetSlice]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the steps ``(3,)`` in LPS+ mm to the next column and row, the same for all slices."""
    first = slices[0]
    for keyword, values in (
        ("ImageOrientationPatient", np.stack([one.orientation for one in slices])),
        ("PixelSpacing", np.stack([one.spacing for one in slices])),
    ):
        off = np.abs(values - values[0]).max(axis=1)
        if (off > COSINE_TOLERANCE).any():
            other = slices[int(off.argmax())]
            raise StudyRefused(
                "dicom_slices_differ",
                "{attribute} differs between {file} and {other_file} ({slice}, {other_slice}), "
                "needed parallel slices of one grid; pass a folder of that series alone",
                attribute=named(keyword),
                file=first.header.file,
                other_file=other.header.file,
                slice=name_of(first),
                other_slice=name_of(other),
            )
    along_row, along_column = first.orientation[:3], first.orientation[3:]
    lengths = np.array([along_row @ along_row, along_column @ along_column])
    if (
        abs(lengths - 1).max() > COSINE_TOLERANCE
        or abs(along_row @ along_column) > COSINE_TOLERANCE
    ):
        raise StudyRefused(
            "dicom_axes_not_at_right_angles",
            "{attribute} is [{cosines}], needed two unit vectors at a right angle; export it again",
            where=first.header.file,
            attribute=named("ImageOrientationPatient"),
            cosines=tuple(first.orientation.tolist()),
        )
    if first.spacing.min() <= 0:
        raise StudyRefused(
            "dicom_spacing_not_positive",
            "{attribute} is [{spacing_mm}], needed more than 0; export it again",
            where=first.header.file,
            attribute=named("PixelSpacing"),
            spacing_mm=tuple(first.spacing.tolist()),
        )
    between_rows, between_columns = first.spacing
    return along_row * between_columns, along_column * between_rows


def _check_steps(steps: NDArray[np.float64], at: Sequence[PetSlice], source: Path) -> None:
    """Refuse a series that a slice is missing from."""
    usual = float(np.median(steps))
    widest = int(np.argmax(steps))
    if steps[widest] > 1.5 * usual:
        raise StudyRefused(
            "dicom_gap",
            "a gap of {gap_mm:.2f} mm after {slice}, elsewhere {usual_mm:.2f} mm: slices are "
            "missing; export the whole series again",
            where=source,
            gap_mm=float(steps[widest]),
            slice=name_of(at[widest]),
            usual_mm=usual,
        )


def _check_even(positions: NDArray[np.float64], affine: NDArray[np.float64], source: Path) -> None:
    """Refuse slices off the grid; positions ``(slice, frame, 3)``, affine of the LPS+ grid."""
    index = np.arange(len(positions))[:, None, None]
    off = np.linalg.norm(positions - (affine[:3, 3] + index * affine[:3, 2]), axis=-1).max()
    usual = float(np.linalg.norm(affine[:3, 2]))
    if off > POSITION_TOLERANCE * usual:
        raise StudyRefused(
            "dicom_slices_off_grid",
            "slices lie up to {off_mm:.2f} mm off an even grid of {spacing_mm:.2f} mm, needed at "
            "most {most_mm:.2f} mm; export the original series",
            where=source,
            off_mm=float(off),
            spacing_mm=usual,
            most_mm=POSITION_TOLERANCE * usual,
        )
