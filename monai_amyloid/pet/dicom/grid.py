"""Where the slices of a DICOM series lie: sorted by place and time, on one even grid."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import EnhancedPETImageStorage

from monai_amyloid.pet.dicom.slices import PetSlice
from monai_amyloid.pet.dicom.timing import over_midnight
from monai_amyloid.pet.dicom.values import named
from monai_amyloid.pet.image import StudyRefused

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
        frames: For each time frame, the earliest first, its slices along their normal.
        affine: (column, row, slice) index to RAS+ mm ``(4, 4)``.
    """

    frames: list[list[PetSlice]]
    affine: NDArray[np.float64]


def make_grid(slices: Sequence[PetSlice], source: str) -> Grid:
    """Sort slices by where they lie and when they were measured.

    Args:
        slices: Of one series, in any order.
        source: Folder or file, for messages.

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
            f"{slices[0].header.file}: found PET slices at {len(starts)} place, needed a volume "
            "of them; export the whole series again"
        )
    steps = np.diff(places[order][starts])
    _check_steps(steps, [slices[order[start]] for start in starts], source)
    if len(set(counts)) > 1:
        usual = int(np.bincount(counts).argmax())
        at = int(np.flatnonzero(counts != usual)[0])
        odd = slices[order[starts[at]]]
        raise StudyRefused(
            f"{source}: {_names(odd)} lies where there are {counts[at]} slices, elsewhere {usual}: "
            "slices are missing or duplicate; export the whole series again"
        )
    by_place = order.reshape(len(starts), -1)
    by_time = _sorted_by_time(slices, by_place, source)
    frames = [[slices[index] for index in by_time[:, frame]] for frame in range(by_time.shape[1])]

    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = next_column, next_row
    first, last = positions[by_time[0]].mean(0), positions[by_time[-1]].mean(0)
    affine[:3, 2] = (last - first) / (len(starts) - 1)
    affine[:3, 3] = first
    _check_even(positions[by_time], affine, source)
    return Grid(frames, _LPS_TO_RAS @ affine)


def _names(one: PetSlice) -> str:
    """Name a slice by its file, and its frame where the file has many."""
    kind = one.header.text("NumberOfFrames")
    return one.header.file.name + (f" frame {one.frame + 1}" if kind not in ("", "1") else "")


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
                f"{named(keyword)} differs between {first.header.file} and {other.header.file} "
                f"({_names(first)}, {_names(other)}), needed parallel slices of one grid; "
                "pass a folder of that series alone"
            )
    along_row, along_column = first.orientation[:3], first.orientation[3:]
    lengths = np.array([along_row @ along_row, along_column @ along_column])
    if (
        abs(lengths - 1).max() > COSINE_TOLERANCE
        or abs(along_row @ along_column) > COSINE_TOLERANCE
    ):
        raise StudyRefused(
            f"{first.header.file}: {named('ImageOrientationPatient')} is "
            f"{first.orientation.tolist()}, needed two unit vectors at a right angle; "
            "export it again"
        )
    if first.spacing.min() <= 0:
        raise StudyRefused(
            f"{first.header.file}: {named('PixelSpacing')} is {first.spacing.tolist()}, "
            "needed more than 0; export it again"
        )
    between_rows, between_columns = first.spacing
    return along_row * between_columns, along_column * between_rows


def _check_steps(steps: NDArray[np.float64], at: Sequence[PetSlice], source: str) -> None:
    """Refuse a series that a slice is missing from."""
    usual = float(np.median(steps))
    widest = int(np.argmax(steps))
    if steps[widest] > 1.5 * usual:
        raise StudyRefused(
            f"{source}: a gap of {steps[widest]:.2f} mm after {_names(at[widest])}, elsewhere "
            f"{usual:.2f} mm: slices are missing; export the whole series again"
        )


def _check_even(positions: NDArray[np.float64], affine: NDArray[np.float64], source: str) -> None:
    """Refuse slices off the grid; positions ``(slice, frame, 3)``, affine of the LPS+ grid."""
    index = np.arange(len(positions))[:, None, None]
    off = np.linalg.norm(positions - (affine[:3, 3] + index * affine[:3, 2]), axis=-1).max()
    usual = float(np.linalg.norm(affine[:3, 2]))
    if off > POSITION_TOLERANCE * usual:
        raise StudyRefused(
            f"{source}: slices lie up to {off:.2f} mm off an even grid of {usual:.2f} mm, needed "
            f"at most {POSITION_TOLERANCE * usual:.2f} mm; export the original series"
        )


def _sorted_by_time(
    slices: Sequence[PetSlice], by_place: NDArray[np.intp], source: str
) -> NDArray[np.intp]:
    """Order the slices at each place by time; ``(place, frame)`` in and out."""
    places, count = by_place.shape
    if count == 1:
        return by_place
    taken: tuple[str, NDArray[np.intp]] | None = None
    for keyword, values in (
        ("AcquisitionTime", over_midnight([one.begin for one in slices])),
        ("FrameReferenceTime", [one.reference for one in slices]),
        ("ImageIndex", [_time_index(one, places) for one in slices]),
    ):
        if None in values:
            continue
        keys = np.array(values, dtype=np.float64)[by_place]
        ranks = keys.argsort(axis=1, kind="stable")
        ordered = np.take_along_axis(keys, ranks, axis=1)
        # Every slice of a frame comes before every slice of the next.
        if not (ordered[:, :-1].max(axis=0) < ordered[:, 1:].min(axis=0)).all():
            _check_frames_named(keyword, slices, by_place, ordered, source)
            continue
        by_time = np.take_along_axis(by_place, ranks, axis=1)
        if taken is None:
            taken = keyword, by_time
            continue
        first = taken[1][:, np.argsort(taken[1][0])]
        apart = np.argwhere(first != by_time[:, np.argsort(by_time[0])])
        if apart.size:
            odd = slices[first[tuple(apart[0])]]
            raise StudyRefused(
                f"{source}: {named(taken[0])} and {named(keyword)} disagree on the time frame of "
                f"{_names(odd)}; export the whole series again"
            )
    if taken is not None:
        return taken[1]
    one, other = slices[by_place[0, 0]], slices[by_place[0, 1]]
    same = one.header.file == other.header.file
    of_file = f" (frames {one.frame + 1} and {other.frame + 1})" if same else ""
    raise StudyRefused(
        # In full: a series that is there twice has the same names in two folders.
        f"{one.header.file} and {other.header.file}{of_file} are at the same place, and neither "
        f"{named('AcquisitionTime')}, {named('FrameReferenceTime')} nor {named('ImageIndex')} "
        f"makes them {count} time frames; remove the duplicates or export the series again"
    )


def _check_frames_named(
    keyword: str,
    slices: Sequence[PetSlice],
    by_place: NDArray[np.intp],
    ordered: NDArray[np.float64],
    source: str,
) -> None:
    """Refuse values that name as many frames as there are, but not once at every place."""
    ordered = ordered.round(1)  # seconds, written with different numbers of digits
    frames = np.unique(ordered)
    if len(frames) != ordered.shape[1]:
        return  # the same in all frames, or another in every bed position: it names no frames
    at = int(np.flatnonzero((ordered != frames).any(axis=1))[0])
    place = _names(slices[by_place[at, 0]])
    raise StudyRefused(
        f"{source}: {named(keyword)} of the slices at the place of {place} gives one time frame "
        "twice; export the whole series again"
    )


def _time_index(one: PetSlice, places: int) -> int | None:
    """Give the number of a slice's time frame, by PS3.3 C.8.9.4.1.9 in a classic series."""
    if one.index is None or one.header.text("SOPClassUID") == EnhancedPETImageStorage:
        return one.index
    return (one.index - 1) // places
