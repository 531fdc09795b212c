"""Resolution of a scan, measured on the scan itself.

The tissues of a typical head, blurred by several widths, are registered to the scan
and fitted to it. The width that explains it best is its resolution, a little wider for how much
brains differ.
"""

from dataclasses import dataclass
from functools import cache

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.registration.register import Registration
from monai_amyloid.brain.template import DATA, TEMPLATE_AFFINE, distance_from_brain
from monai_amyloid.pet.image import PetImage

# Every second voxel of the template: read at single voxels of the scan, so that nothing is blurred
# or averaged, and few enough to be fast.
COARSE_SHAPE = (46, 55, 46)
COARSE_AFFINE = TEMPLATE_AFFINE @ np.diag([2.0, 2.0, 2.0, 1.0])
# Bone holds as little as fluid.
TISSUES = ("grey matter", "white matter", "fluid and bone", "scalp")
BLURS_MM = (3.0, 5.0, 7.0, 9.0, 12.0)
RIM_MM = 14.0
STEPS_OF_SHARE = 100

# The fit is made below this height and within this distance of the brain: base of the brain,
# cerebellum and edge of the head differ least among people, and least with amyloid.
_HIGHEST_MM = 20.0
_FARTHEST_MM = 10.0
# What people's differences add to the square of the best blur, mean of simulated scans.
_DIFFERENCE_MM2 = 1.2
# No PET scanner lies outside.
_RANGE_MM = (2.5, 15.0)


@dataclass(frozen=True)
class CoarseScan:
    """A scan on every second voxel of the template, near the brain.

    Attributes:
        values: Values of the nearest voxel, ``(46, 55, 46)``, in the scan's unit; 0 outside the
            field of view.
        seen: True near the brain and inside the field of view, ``(46, 55, 46)``.
    """

    values: NDArray[np.float32]
    seen: NDArray[np.bool_]


def read_coarsely(image: PetImage, registration: Registration) -> CoarseScan:
    """Read a scan where every second voxel of the template lies."""
    near = distance_from_brain()[::2, ::2, ::2] <= RIM_MM
    points = COARSE_AFFINE[:3, :3] @ np.argwhere(near).T + COARSE_AFFINE[:3, 3:]
    places = registration.to_scan(points)
    to_voxel = np.linalg.inv(image.affine)
    voxels = np.rint(to_voxel[:3, :3] @ places + to_voxel[:3, 3:]).astype(np.intp)
    inside = ((voxels >= 0) & (voxels < np.array(image.data.shape)[:, None])).all(axis=0)
    read = np.zeros(inside.shape, np.float32)
    read[inside] = image.data[tuple(voxels[:, inside])]
    values, seen = np.zeros(COARSE_SHAPE, np.float32), np.zeros(COARSE_SHAPE, np.bool_)
    values[near], seen[near] = read, inside
    return CoarseScan(values, seen)


def resolution_mm(scan: CoarseScan) -> float:
    """Estimate the full width at half maximum of a scan's blur, voxels and motion included.

    On simulated scans of 4.1 to 8.3 mm it has no bias, and an error of 0.4 mm (SD).

    Args:
        scan: Scan resampled to the template.

    Returns:
        Millimetres; NaN where too little of the base of the brain is seen.
    """
    nodes, tissues = _base()
    seen = scan.seen.ravel()[nodes]
    values = scan.values.ravel()[nodes[seen]].astype(np.float64)
    if seen.mean() < 0.3 or values.std() == 0:
        return float("nan")
    values /= values.mean()
    left = np.array([_unexplained(shares[seen], values) for shares in tissues])
    squares = np.square(BLURS_MM)
    best = int(np.clip(left.argmin(), 1, len(squares) - 2))
    around = slice(best - 1, best + 2)
    bend, slope, _ = np.polyfit(squares[around], left[around], 2)
    square = -slope / (2 * bend) if bend > 0 else squares[left.argmin()]
    low, high = _RANGE_MM
    return float(np.sqrt(np.clip(square - _DIFFERENCE_MM2, low**2, high**2)))


def _unexplained(shares: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Mean square of what no mix of the tissues explains."""
    gram = shares.T @ shares
    # A little ridge: a tissue out of view gets nothing instead of anything.
    gram += 1e-4 * np.trace(gram) / len(gram) * np.eye(len(gram))
    weights = np.linalg.solve(gram, shares.T @ values)
    return float(np.mean(np.square(values - shares @ weights)))


@cache
def blurred_tissues() -> NDArray[np.float32]:
    """Share of each of :data:`TISSUES` at each of :data:`BLURS_MM`, ``(5, 4, 46, 55, 46)``.

    Of ICBM 152 in the shape of a typical head (``scripts/development/make_blurred_tissues.py``).
    """
    stored = np.asarray(nib.load(DATA / "blurred_tissues.nii.gz").dataobj)
    shares = np.moveaxis(stored, -1, 0).astype(np.float32) / np.float32(STEPS_OF_SHARE)
    shares = shares.reshape(len(BLURS_MM), len(TISSUES), *COARSE_SHAPE)
    shares.flags.writeable = False
    return shares


@cache
def _base() -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Nodes on the flat grid around the base of the brain, and the tissues there ``(5, N, 4)``."""
    height = COARSE_AFFINE[2, 2] * np.arange(COARSE_SHAPE[2]) + COARSE_AFFINE[2, 3]
    use = (distance_from_brain()[::2, ::2, ::2] <= _FARTHEST_MM) & (height < _HIGHEST_MM)
    tissues = np.moveaxis(blurred_tissues()[:, :, use], 1, 2)
    return np.flatnonzero(use), np.ascontiguousarray(tissues, np.float64)
