"""Which time frame each slice of a DICOM series belongs to."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import EnhancedPETImageStorage

from monai_amyloid.findings.finding import Phrase, StudyRefused, phrase
from monai_amyloid.pet.dicom.attributes import named
from monai_amyloid.pet.dicom.slices import PetSlice
from monai_amyloid.pet.dicom.times.timing import over_midnight


def sorted_by_time(
    slices: Sequence[PetSlice], by_place: NDArray[np.intp], source: Path
) -> NDArray[np.intp]:
    """Order the slices at each place by time.

    Args:
        slices: Slices of one series, in any order.
        by_place: Indices of ``slices`` ``(place, frame)``, the frames of a place in any order.
        source: Folder or file of the series, for messages.

    Returns:
        Indices ``(place, frame)``, the frames of each place in the order of time.

    Raises:
        StudyRefused: If no attribute tells the time frames apart, or two of them disagree.
    """
    places, count = by_place.shape
    if count == 1:
        return by_place
    taken: tuple[str, NDArray[np.intp]] | None = None
    for keyword, values in (
        ("AcquisitionTime", over_midnight([one.begin for one in slices])),
        ("FrameReferenceTime", [one.reference for one in slices]),
        ("ImageIndex", [_time_index(one, places) for one in slices]),
        ("InstanceNumber", ()),
    ):
        if keyword == "InstanceNumber" and taken is None:
            values = [instance_number(one) for one in slices]
        if None in values or not values:
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
                "dicom_time_frames_disagree",
                "{attribute} and {other} disagree on the time frame of {slice}; export the whole "
                "series again",
                where=source,
                attribute=named(taken[0]),
                other=named(keyword),
                slice=name_of(odd),
            )
    if taken is not None:
        return taken[1]
    raise _same_place(slices[by_place[0, 0]], slices[by_place[0, 1]], count)


def _same_place(one: PetSlice, other: PetSlice, count: int) -> StudyRefused:
    """Refuse slices of one place that nothing sorts into time frames.

    Their paths are given in full: a series that is there twice has the same names in two folders.
    """
    times, index = ("AcquisitionTime", "FrameReferenceTime"), named("ImageIndex")
    if one.header.file == other.header.file:
        return StudyRefused(
            "dicom_frames_at_same_place",
            "{file} and {other_file} (frames {frame} and {other_frame}) are at the same place, "
            "and neither {attributes} nor {index_attribute} makes them {count} time frames; "
            "remove the duplicates or export the series again",
            file=one.header.file,
            other_file=other.header.file,
            frame=one.frame + 1,
            other_frame=other.frame + 1,
            attributes=tuple(map(named, times)),
            index_attribute=index,
            count=count,
        )
    return StudyRefused(
        "dicom_files_at_same_place",
        "{file} and {other_file} are at the same place, and neither {attributes} nor "
        "{index_attribute} makes them {count} time frames; remove the duplicates or export the "
        "series again",
        file=one.header.file,
        other_file=other.header.file,
        attributes=tuple(map(named, times)),
        index_attribute=index,
        count=count,
    )


def _check_frames_named(
    keyword: str,
    slices: Sequence[PetSlice],
    by_place: NDArray[np.intp],
    ordered: NDArray[np.float64],
    source: Path,
) -> None:
    """Refuse values that name as many frames as there are, but not once at every place."""
    ordered = ordered.round(1)  # seconds, written with different numbers of digits
    frames = np.unique(ordered)
    if len(frames) != ordered.shape[1]:
        return  # the same in all frames, or another in every bed position: it names no frames
    at = int(np.flatnonzero((ordered != frames).any(axis=1))[0])
    raise StudyRefused(
        "dicom_time_frame_twice",
        "{attribute} of the slices at the place of {slice} gives one time frame twice; export the "
        "whole series again",
        where=source,
        attribute=named(keyword),
        slice=name_of(slices[by_place[at, 0]]),
    )


def _time_index(one: PetSlice, places: int) -> int | None:
    """Give the number of a slice's time frame, by PS3.3 C.8.9.4.1.9 in a classic series."""
    if one.index is None or one.header.text("SOPClassUID") == EnhancedPETImageStorage:
        return one.index
    return (one.index - 1) // places


def number_of_frame(frame: Sequence[PetSlice]) -> int | None:
    """Give the number of a time frame among all that were measured, from 1.

    Args:
        frame: Slices of one whole time frame.

    Returns:
        The number that Image Index (0054,1330) gives all its slices; None where it gives none.
    """
    numbers = {_time_index(one, len(frame)) for one in frame}
    number = numbers.pop()
    if numbers or number is None:
        return None
    return number if frame[0].header.text("SOPClassUID") == EnhancedPETImageStorage else number + 1


def instance_number(one: PetSlice) -> float | None:
    """Give the number of a slice in its series where that may tell time frames apart.

    Args:
        one: Slice of any file.

    Returns:
        Instance Number (0020,0013) of a slice of a dynamic series. In another one, numbers that run
        on may be those of a second reconstruction: None.
    """
    header = one.header
    return (
        header.known_number("InstanceNumber")
        if header.parts("SeriesType")[:1] == ["DYNAMIC"]
        else None
    )


def name_of(one: PetSlice) -> Path | Phrase:
    """Name a slice by its file, and its frame where the file has many.

    Args:
        one: Slice of any file.
    """
    file = Path(one.header.file.name)
    if one.header.text("NumberOfFrames") in ("", "1"):
        return file
    return phrase("frame_of_file", "{file} frame {frame}", file=file, frame=one.frame + 1)
