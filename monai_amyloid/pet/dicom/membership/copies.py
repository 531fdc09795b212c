"""Slices that are there more than once: exported into two folders, or downloaded twice."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Finding, StudyRefused, warning
from monai_amyloid.pet.dicom.pixels.jpeg_process import JpegProcess
from monai_amyloid.pet.dicom.pixels.layout import pixel_layout
from monai_amyloid.pet.dicom.pixels.stored import stored_values
from monai_amyloid.pet.dicom.slices import PetSlice
from monai_amyloid.pet.dicom.times.time_frames import instance_number


def without_copies(slices: Sequence[PetSlice]) -> tuple[list[PetSlice], list[Finding]]:
    """Count slices once that are there more than once.

    Two slices are copies where place, time, scale and values are the same, whatever their files
    are named and however they are written.

    Args:
        slices: Slices of one series, in any order.

    Returns:
        Each slice once, in the same order; and a warning where there were copies.

    Raises:
        StudyRefused: If two slices of one place and time differ, and other places have one.
    """
    groups: dict[tuple[object, ...], list[PetSlice]] = defaultdict(list)
    places = np.stack([one.position for one in slices]).round(2).tolist()
    for one, place in zip(slices, places, strict=True):
        groups[(*place, one.begin, one.reference, one.index)].append(one)
    if len(groups) == len(slices):
        return list(slices), []
    with JpegProcess() as jpeg:
        apart = [_unlike(group, jpeg) for group in groups.values()]
    # Time frames that nothing tells apart have other values at every place: they are judged later.
    if len({len(group) for group in apart}) > 1:
        twice = max(apart, key=len)
        raise StudyRefused(
            "dicom_slice_twice",
            "{file} and {other_file} are of one place and time, and their values differ: which is "
            "right cannot be known; remove the wrong one, or export the series again",
            file=twice[0].header.file,
            other_file=twice[1].header.file,
        )
    kept = {id(one) for group in apart for one in group}
    copied = [one for one in slices if id(one) not in kept]
    if not copied:
        return list(slices), []
    copies = warning(
        "dicom_copies",
        "slices are there more than once and were counted once: {count}, such as {file}",
        count=len(copied),
        file=copied[0].header.file,
    )
    return [one for one in slices if id(one) in kept], [copies]


def _unlike(group: Sequence[PetSlice], jpeg: JpegProcess) -> list[PetSlice]:
    """Give the slices of one place and time that differ in their values, mostly one."""
    if len(group) == 1:
        return list(group)
    found: list[tuple[PetSlice, float | None, NDArray[np.float64]]] = []
    for one in group:
        layout = pixel_layout(one.header)
        (stored,) = stored_values(one.header, layout, [one.frame], jpeg)
        values = stored * one.slope + one.intercept
        # Blank slices of time frames without times are alike, but no copies.
        number = instance_number(one)
        if not any(number == each and np.array_equal(values, other) for _, each, other in found):
            found.append((one, number, values))
    return [one for one, *_ in found]
