"""One PET volume with everything later steps need to know about it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import StudyRefused as StudyRefused

# The most voxels of one volume: 512 x 512 x 512, half a gigabyte as float32. A header can claim
# 65535 along each axis; a whole body at 1.65 mm has 90 million.
MAX_VOXELS = 2**27
# Along one axis; fewer than this cannot hold a brain.
MIN_VOXELS = 8
# From the middle of the scanner; a table moves by two metres.
_FARTHEST_MM = 10_000.0
# Noise around no uptake goes below zero, by far less than the brain goes above it.
_MOST_NEGATIVE = 0.5
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
        unit: BIDS spelling, such as ``"Bq/mL"``, ``"SUV"`` or ``"arbitrary"``.
        provenance: What the source said of itself, keyed by its DICOM or BIDS keyword,
            without anything that names a person.
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
        affine: Its voxel index to RAS+ millimetres ``(4, 4)``.

    Returns:
        The same voxels, a view of them, and the affine that belongs to their new order.
    """
    orientation = nib.orientations.io_orientation(affine)
    reordered = nib.orientations.apply_orientation(data, orientation)
    return reordered, affine @ nib.orientations.inv_ornt_aff(orientation, data.shape)


def check_shape(shape: tuple[int, ...], source: str) -> None:
    """Refuse a volume by its size alone, before memory is taken for it.

    Args:
        shape: As a header claims it.
        source: File or folder, for the message.

    Raises:
        StudyRefused: If it is not 3D, too small for a brain, or too large for a scan.
    """
    size = " x ".join(map(str, shape))
    if len(shape) != 3:
        raise StudyRefused(
            f"{source}: found a {len(shape)}D image of {size} voxels, needed one 3D volume"
        )
    if min(shape) < MIN_VOXELS:
        raise StudyRefused(
            f"{source}: found {size} voxels, needed a brain volume of at least {MIN_VOXELS} "
            "along each axis"
        )
    if math.prod(map(int, shape)) > MAX_VOXELS:
        raise StudyRefused(
            f"{source}: the header claims {size} voxels, needed at most {MAX_VOXELS:,} in all; "
            "cut the volume to the head"
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
        raise StudyRefused(f"{source}: the affine has values that are not finite; export it again")
    zooms = np.linalg.norm(affine[:3, :3], axis=0)
    if zooms.min() < 0.3 or zooms.max() > 10:
        raise StudyRefused(
            f"{source}: found voxels of {' x '.join(f'{z:g}' for z in zooms)} mm, "
            "needed 0.3 to 10 mm; check the header"
        )
    if np.abs(affine[:3, 3]).max() > _FARTHEST_MM:
        raise StudyRefused(
            f"{source}: the first voxel lies at {' x '.join(f'{x:g}' for x in affine[:3, 3])} mm, "
            f"needed within {_FARTHEST_MM / 1000:g} m of the scanner; check the header"
        )
    # Volume of a voxel against that of a box with its edges: 1 where they are at right angles.
    if abs(np.linalg.det(affine[:3, :3])) < 0.1 * zooms.prod():
        raise StudyRefused(
            f"{source}: the affine's axes do not span a volume; the geometry is broken, "
            "export it again"
        )


def check_volume(data: NDArray[Any], affine: NDArray[np.float64], source: str) -> None:
    """Refuse a volume that cannot hold a brain's uptake.

    Args:
        data: Volume as read.
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
            f"{source}: {count} of {data.size} voxels are NaN or infinite; export it again"
        )
    if lowest < -_MOST_NEGATIVE * highest:
        raise StudyRefused(
            f"{source}: values run from {lowest:g} to {highest:g}, but uptake is not negative; "
            "the stored type or its sign is wrong, export it again"
        )
    if lowest != highest and lowest > _LEAST_RANGE * highest:
        raise StudyRefused(
            f"{source}: values run from {lowest:g} to {highest:g}, without any at no uptake, so "
            "the scale has an offset; export it again with its background"
        )
    if lowest == highest:
        raise StudyRefused(
            f"{source}: every voxel is {lowest:g}, so there is no image in it; export it again"
        )
