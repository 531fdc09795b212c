"""What a DICOM header counts, held against the slices and time frames that are there."""

from collections.abc import Sequence

import numpy as np

from monai_amyloid.findings.finding import Finding, Phrase, StudyRefused, phrase, warning
from monai_amyloid.pet.dicom.attributes import named
from monai_amyloid.pet.dicom.slices import PetSlice
from monai_amyloid.pet.dicom.times.time_frames import number_of_frame

# A distance and a thickness that are written with few digits differ by so much.
_ROUNDED = 0.05


def counter_warnings(frames: Sequence[Sequence[PetSlice]]) -> tuple[Finding, ...]:
    """Say where the header counts other than what is there.

    The slices have been found to make up whole frames on one even grid. A counter that
    contradicts them is that of a body whose head was cut out, or counts an edge of air that a
    workstation dropped, or frames that were not sent. Whether enough of the brain is left is seen
    in the image.

    Args:
        frames: Slices of each time frame, in the order of time, every frame whole.

    Raises:
        StudyRefused: If slices are missing evenly, such as every second one.
    """
    header = frames[0][0].header
    found: list[Finding] = []
    stated, slices = header.known_number("NumberOfSlices"), len(frames[0])
    # Some scanners count the slices of all frames.
    if stated and stated not in (slices, slices * len(frames)):
        _refuse_every_other(frames[0], stated)
        found.append(
            warning(
                "dicom_slices_counted_otherwise",
                "{attribute} is {stated:g}, but there are {slices} slices without a gap between "
                "them: they were read as the whole image; look if an end is missing",
                attribute=named("NumberOfSlices"),
                stated=stated,
                slices=slices,
            )
        )
    # Number of Time Slices has a meaning for dynamic series alone (PS3.3 C.8.9.1): a real static
    # GE series writes 6.
    times = header.known_number("NumberOfTimeSlices")
    if header.parts("SeriesType")[:1] == ["DYNAMIC"] and times and times != len(frames):
        found.append(_frames_counted_otherwise(frames, times))
    return tuple(found)


def _refuse_every_other(frame: Sequence[PetSlice], stated: float) -> None:
    """Refuse a frame from which every second slice is missing, or more, in an even order."""
    header = frame[0].header
    thickness, step = header.known_number("SliceThickness"), _step(frame)
    times = round(stated / len(frame))
    is_counted_so = times > 1 and abs(stated - times * len(frame)) < times
    if thickness and is_counted_so and abs(step / thickness - times) < _ROUNDED * times:
        raise StudyRefused(
            "dicom_every_other_slice",
            "the slices lie {step_mm:.2f} mm apart, {times} times {thickness}, and {attribute} is "
            "{stated:g}, {times} times as many as there are: slices are missing between them; "
            "export the whole series again",
            where=header.file.parent,
            step_mm=step,
            times=times,
            thickness=named("SliceThickness"),
            attribute=named("NumberOfSlices"),
            stated=stated,
        )


def _step(frame: Sequence[PetSlice]) -> float:
    """Give the distance between slices in mm."""
    first, last = frame[0].position, frame[-1].position
    return float(np.linalg.norm(last - first)) / (len(frame) - 1)


def _frames_counted_otherwise(frames: Sequence[Sequence[PetSlice]], stated: float) -> Finding:
    """Say that there are other time frames than the header counts, and which are missing."""
    numbers = [number_of_frame(frame) for frame in frames]
    known = {number for number in numbers if number is not None}
    missing = sorted(set(range(1, int(stated) + 1)) - known) if len(frames) < stated <= 1000 else []
    if len(known) == len(frames) and len(missing) == stated - len(frames):
        return warning(
            "dicom_time_frames_missing",
            "{attribute} is {stated:g}, but {frames} whole time frames are there, without number "
            "{missing}: they were read without it",
            attribute=named("NumberOfTimeSlices"),
            stated=stated,
            frames=len(frames),
            missing=_ranges(missing),
        )
    return warning(
        "dicom_time_frames_counted_otherwise",
        "{attribute} is {stated:g}, but {frames} whole time frames are there: those were read",
        attribute=named("NumberOfTimeSlices"),
        stated=stated,
        frames=len(frames),
    )


def _ranges(numbers: Sequence[int]) -> tuple[int | Phrase, ...]:
    """Put together numbers that follow one another."""
    starts = [number for number in numbers if number - 1 not in numbers]
    ends = [number for number in numbers if number + 1 not in numbers]
    return tuple(
        start
        if start == end
        else phrase("from_to_numbers", "{first} to {last}", first=start, last=end)
        for start, end in zip(starts, ends, strict=True)
    )
