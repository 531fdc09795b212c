"""One PET volume with everything later steps need to know about it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import StudyRefused

# The most voxels of one volume: 512 x 512 x 512, half a gigabyte as float32. A header can claim
# 65535 along each axis; a whole body at 1.65 mm has 90 million.
MAX_VOXELS = 2**27
# Along one axis; fewer than this cannot hold a brain.
MIN_VOXELS = 8
# From the middle of the scanner; a table moves by two metres.
_FARTHEST_MM = 10_000.0
# Voxels of scanners and of what is made of their scans.
_LEAST_ZOOM_MM, _MOST_ZOOM_MM = 0.3, 10.0
# Noise around no uptake goes below zero, by far less than the brain goes above it; in filtered
# back-projection single voxels go farther.
_MOST_NEGATIVE, _SINGLE_VOXELS = 0.5, 1e-4
# Every scan of a head has air in it, or the zeros of a mask.
_LEAST_RANGE = 0.25


@dataclass(frozen=True)
class PetImage:
    """A static PET volume in RAS+ orientation.

    Attributes:
        data: Tracer uptake ``(X, Y, Z)``, float32, in ``unit``; the array axes run
            closest to right, anterior and superior.
        affine: Voxel index to RAS+ millimetres, ``(4, 4)`` float64; may be oblique.
        tracer: BIDS label, a key of :data:`monai_amyloid.pet.tracers.TRACERS`, or None
            where neither the study nor the user names it.
        unit: Unit of the uptake in BIDS spelling, such as ``"Bq/mL"``, ``"SUV"`` or
            ``"arbitrary"``.
        provenance: Header values by DICOM or BIDS keyword, nothing that names a person; and
            findings of how the volume was made: notes ``series`` (of every image of the study) and
            ``frames``, and ``warnings``.

    Examples:
        >>> import monai_amyloid, numpy
        >>> data = numpy.ones((16, 16, 8), numpy.float32)
        >>> image = monai_amyloid.PetImage(data, numpy.diag([2.0, 2.0, 4.0, 1.0]), tracer="18FFBB")
        >>> image.zooms.tolist()
        [2.0, 2.0, 4.0]
    """

    data: NDArray[np.float32]
    affine: NDArray[np.float64]
    tracer: str | None = None
    unit: str = "arbitrary"
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def zooms(self) -> NDArray[np.float64]:
        """Voxel size ``(3,)`` in mm."""
        return np.asarray(np.linalg.norm(self.affine[:3, :3], axis=0))


def to_ras(
    data: NDArray[Any], affine: NDArray[np.float64]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Reorder and flip the array axes so that they run closest to RAS+.

    No voxel is interpolated: an oblique volume stays oblique.

    Args:
        data: Volume ``(X, Y, Z)`` in any axis order.
        affine: Voxel index of ``data`` to RAS+ millimetres ``(4, 4)``.

    Returns:
        View of the same voxels, and the affine that belongs to their new order.
    """
    orientation = nib.orientations.io_orientation(affine)
    reordered = nib.orientations.apply_orientation(data, orientation)
    return reordered, affine @ nib.orientations.inv_ornt_aff(orientation, data.shape)


def check_shape(shape: tuple[int, ...], source: str) -> None:
    """Refuse a volume by its size alone, before memory is taken for it.

    Args:
        shape: Voxels along each axis, as a header claims them.
        source: File or folder, for the message.

    Raises:
        StudyRefused: If it is not 3D, too small for a brain, or too large for a scan.
    """
    size = tuple(map(int, shape))
    if len(shape) != 3:
        raise StudyRefused(
            "image_not_3d",
            "found a {axes}D image of {voxels:x} voxels, needed one 3D volume",
            where=Path(source),
            axes=len(shape),
            voxels=size,
        )
    if min(shape) < MIN_VOXELS:
        raise StudyRefused(
            "volume_too_small",
            "found {voxels:x} voxels, needed a brain volume of at least {least} along each axis",
            where=Path(source),
            voxels=size,
            least=MIN_VOXELS,
        )
    if math.prod(size) > MAX_VOXELS:
        raise StudyRefused(
            "volume_too_large",
            "the header claims {voxels:x} voxels, needed at most {most:,} in all; cut the volume "
            "to the head",
            where=Path(source),
            voxels=size,
            most=MAX_VOXELS,
        )


def check_affine(affine: NDArray[np.float64], source: str) -> None:
    """Refuse an affine that leads to no volume of plausible voxels.

    Args:
        affine: Voxel index to RAS+ millimetres ``(4, 4)``.
        source: File or folder, for the message.

    Raises:
        StudyRefused: If it is not finite, its axes span no volume, or its voxels have an
            impossible size or place.
    """
    if not np.isfinite(affine).all():
        raise StudyRefused(
            "affine_not_finite",
            "the affine has values that are not finite; export it again",
            where=Path(source),
        )
    zooms = np.linalg.norm(affine[:3, :3], axis=0)
    if zooms.min() < _LEAST_ZOOM_MM or zooms.max() > _MOST_ZOOM_MM:
        raise StudyRefused(
            "voxel_size_implausible",
            "found voxels of {zooms_mm:x:g} mm, needed {least_mm:g} to {most_mm:g} mm; check the "
            "header",
            where=Path(source),
            zooms_mm=tuple(map(float, zooms)),
            least_mm=_LEAST_ZOOM_MM,
            most_mm=_MOST_ZOOM_MM,
        )
    if np.abs(affine[:3, 3]).max() > _FARTHEST_MM:
        raise StudyRefused(
            "first_voxel_too_far",
            "the first voxel lies at {place_mm:x:g} mm, needed within {most_m:g} m of the scanner; "
            "check the header",
            where=Path(source),
            place_mm=tuple(map(float, affine[:3, 3])),
            most_m=_FARTHEST_MM / 1000,
        )
    # Volume of a voxel against that of a box with its edges: 1 where they are at right angles.
    if abs(np.linalg.det(affine[:3, :3])) < 0.1 * zooms.prod():
        raise StudyRefused(
            "affine_flat",
            "the affine's axes do not span a volume; the geometry is broken, export it again",
            where=Path(source),
        )


def check_volume(data: NDArray[Any], affine: NDArray[np.float64], source: str) -> None:
    """Refuse a volume that cannot hold a brain's uptake.

    Args:
        data: Uptake ``(X, Y, Z)`` in any linear unit, as read.
        affine: Voxel index to RAS+ millimetres ``(4, 4)``.
        source: File or folder, for the message.

    Raises:
        StudyRefused: If the volume is not 3D, tiny, not finite, constant, far below zero,
            without background, or has an impossible voxel size.
    """
    check_shape(data.shape, source)
    check_affine(affine, source)
    lowest, highest = float(data.min()), float(data.max())  # NaN and infinity show in them
    if not math.isfinite(lowest) or not math.isfinite(highest):
        count = int((~np.isfinite(data)).sum())
        raise StudyRefused(
            "voxels_not_finite",
            "{count} of {voxels} voxels are NaN or infinite; export it again",
            where=Path(source),
            count=count,
            voxels=data.size,
        )
    if lowest < (limit := -_MOST_NEGATIVE * highest) and (
        np.count_nonzero(data < limit) > _SINGLE_VOXELS * data.size
    ):
        raise StudyRefused(
            "values_negative",
            "values run from {lowest:g} to {highest:g}, but uptake is not negative; these are no "
            "uptake (a CT, z-scores, a difference), or the stored type or its sign is wrong",
            where=Path(source),
            lowest=lowest,
            highest=highest,
        )
    if lowest != highest and lowest > _LEAST_RANGE * highest:
        raise StudyRefused(
            "values_without_background",
            "values run from {lowest:g} to {highest:g}, without any at no uptake, so the scale has "
            "an offset; export it again with its background",
            where=Path(source),
            lowest=lowest,
            highest=highest,
        )
    if lowest == highest:
        raise StudyRefused(
            "values_all_the_same",
            "every voxel is {value:g}, so there is no image in it; export it again",
            where=Path(source),
            value=lowest,
        )
