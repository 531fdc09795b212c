"""Where the slices of the source series lie, and which images and frames show each place."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from monai_amyloid.errors import UserError
from monai_amyloid.pet.dicom.grid import SAME_PLACE_MM


@dataclass(frozen=True, eq=False)
class ImagePlane:
    """One slice of one time frame.

    Attributes:
        image: Header of the file that holds the plane.
        frame: Number of the frame in a file of several frames, from 1; None in a classic file.
        position: Centre of the first voxel in LPS+ mm ``(3,)``.
        orientation: Direction cosines of a row, then of a column ``(6,)``.
        spacing: Distance of rows, then of columns, in mm ``(2,)``.
    """

    image: Dataset
    frame: int | None
    position: NDArray[np.float64]
    orientation: NDArray[np.float64]
    spacing: NDArray[np.float64]

    @property
    def place(self) -> float:
        """Place of the plane along the normal of the slices, in mm."""
        return float(self.position @ np.cross(self.orientation[:3], self.orientation[3:]))


@dataclass(frozen=True, eq=False)
class Place:
    """One place that the series shows, once or in several time frames.

    Attributes:
        first: The plane there that comes first in the series.
        planes: All planes at this place.
    """

    first: ImagePlane
    planes: list[ImagePlane] = field(default_factory=list)


def image_planes(source: Sequence[Dataset]) -> list[ImagePlane]:
    """Read where each slice of a series lies.

    Args:
        source: Headers of the files of the series, classic or of several frames.

    Returns:
        The planes in the order of the files and frames.

    Raises:
        UserError: If a slice does not say where it lies.
    """
    planes = []
    for image in source:
        frames = image.get("PerFrameFunctionalGroupsSequence")
        if not frames:
            planes.append(_plane(image, None, [image], "", "", ""))
            continue
        shared = list(image.get("SharedFunctionalGroupsSequence") or ())[:1]
        groups = ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")
        for number, own in enumerate(frames, start=1):
            planes.append(_plane(image, number, [own, *shared], *groups))
    return planes


def _plane(
    image: Dataset, frame: int | None, items: list[Dataset], at: str, turned: str, measured: str
) -> ImagePlane:
    try:
        return ImagePlane(
            image,
            frame,
            _numbers(items, at, "ImagePositionPatient", 3),
            _numbers(items, turned, "ImageOrientationPatient", 6),
            _numbers(items, measured, "PixelSpacing", 2),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"SOP instance {image.get('SOPInstanceUID')}: does not say where its slices lie "
            f"({error}), needed position, orientation and spacing; leave DICOM results out"
        ) from error


def _numbers(items: list[Dataset], group: str, keyword: str, count: int) -> NDArray[np.float64]:
    """Numbers of a frame's own functional group, or of what all frames share."""
    for item in items:
        holder = (list(item.get(group) or ()) or [None])[0] if group else item
        if holder is not None and holder.get(keyword) is not None:
            values = np.array([float(value) for value in holder[keyword].value])
            if values.shape != (count,) or not np.isfinite(values).all():
                raise ValueError(f"{keyword} is {holder[keyword].value}")
            return values
    raise KeyError(keyword)


def places_of(source: Sequence[Dataset]) -> list[Place]:
    """Put together what lies at the same place, from one end of the series to the other.

    Args:
        source: Headers of the files of the series.

    Raises:
        UserError: If a slice does not say where it lies.
    """
    places: list[Place] = []
    for plane in sorted(image_planes(source), key=lambda plane: plane.place):
        if not places or plane.place - places[-1].first.place >= SAME_PLACE_MM:
            places.append(Place(plane))
        places[-1].planes.append(plane)
    return places
