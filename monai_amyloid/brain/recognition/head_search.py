"""Find a head of any contrast in any orientation.

The shares of the tissues are fitted to the scan, with their weights and the pose, from each of
the 24 ways in which the axes of a header can be wrong. Mirrored heads are found too, for a brain
is nearly its own mirror image.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.brain.recognition.signature import TISSUE_AFFINE, near_brain, tissue_templates
from monai_amyloid.brain.registration.gauss_newton import (
    Fit,
    fit_affine,
    rigid_freedom,
)
from monai_amyloid.brain.registration.largest_object import LargestObject, largest_object
from monai_amyloid.brain.registration.register import one_thread
from monai_amyloid.brain.registration.scan_samples import smoothed
from monai_amyloid.brain.registration.tissues import Tissues, tissues_on_grid
from monai_amyloid.pet.image import PetImage

# Edge lengths of an adult's brain against the template's.
SIZES = (0.75, 1.30)
# Enough to stop looking for another orientation.
_CERTAIN = 0.80
# Voxel sizes that are wrong by a factor are looked for at these, along x, y and z.
_WRONG_SIZES = ((2, 2, 2), (0.5, 0.5, 0.5), (1, 1, 2), (1, 1, 0.5), (2, 2, 1), (0.5, 0.5, 1))
_CLEARLY_BETTER = 0.08
# A head of impossible size must fit by this much better: stretched, it fits much by chance.
_STRETCHED = 0.15

_VOXEL_MM = 4.0
_COARSE_FWHM_MM = 8.0
_LEAST_VOXELS = 8
# Four classes are enough for a start: grey, white, fluid, and what is around.
_JOINED = ((0, 2, 3, 5), (1, 4, 6), (7,), (8, 9))


@dataclass(frozen=True)
class HeadPose:
    """Where the template lies in a scan, and how well its tissues fit.

    Attributes:
        matrix: Template millimetres to scan millimetres, ``(4, 4)``.
        match: Correlation of the fitted tissues with the scan.
        object_litres: Volume of the largest object in the scan.
    """

    matrix: NDArray[np.float64]
    match: float
    object_litres: float = 0.0

    @property
    def plausible(self) -> bool:
        """Whether an adult's brain can be as large."""
        return plausible(self.matrix)

    def to_scan(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where points ``(3, ...)`` of the template lie in the scan, mm."""
        flat = points.reshape(3, -1)
        return np.asarray(self.matrix[:3, :3] @ flat + self.matrix[:3, 3:]).reshape(points.shape)


def sizes(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edge lengths of the brain over the template's, largest first."""
    return np.asarray(np.linalg.svd(matrix[:3, :3], compute_uv=False))


def plausible(matrix: NDArray[np.float64]) -> bool:
    """Whether an adult's brain can be as large, as a transform from the template makes it."""
    largest, *_, least = sizes(matrix)
    return bool(SIZES[0] <= least and largest <= SIZES[1])


def find_head(image: PetImage) -> HeadPose:
    """Fit the tissues of a head to a scan, whatever it shows and however its header turns it.

    The axes as the header has them are believed unless others fit clearly better.
    """
    with one_thread():
        return _Search(image).best()


class _Search:
    """One scan, smoothed for the search, and what is tried on it."""

    def __init__(self, image: PetImage) -> None:
        self.coarse = smoothed(image, _COARSE_FWHM_MM, _VOXEL_MM, "cpu")
        self.fine = smoothed(image, 0.0, _VOXEL_MM, "cpu")
        self.object: LargestObject = largest_object(self.coarse)

    def best(self) -> HeadPose:
        if len(self.object.places) < _LEAST_VOXELS:
            return HeadPose(np.eye(4), 0.0)
        best = self._best_of([_tilted(degrees) for degrees in (0, -15, 15, -30, 30)])
        if best.match < _CERTAIN or not plausible(best.matrix):
            turned = self._best_of(_turns()[1:])
            resized = self._best_of([np.diag(factors) for factors in _WRONG_SIZES])
            other = max(turned, resized, key=_by_match)
            best = other if other.match > best.match + _CLEARLY_BETTER else best
        return HeadPose(best.matrix, best.match, self.object.litres)

    def _best_of(self, turns: list[NDArray[np.float64]]) -> Fit:
        joined, rigid = _joined_tissues(), rigid_freedom()
        starts = [self.object.head_pose(turn) for turn in turns]
        fits = [fit_affine(self.coarse, joined, start, 5, rigid) for start in starts]
        fits = sorted(fits, key=_by_match)[-5:]
        fits = [fit_affine(self.coarse, joined, fit.matrix, 10, rigid) for fit in fits]
        fits = sorted(fits, key=_by_match)[-4:]
        every = _tissues()
        fits = [fit_affine(self.fine, every, fit.matrix, 10) for fit in fits]
        return max(fits, key=lambda fit: fit.match - _STRETCHED * (not plausible(fit.matrix)))


def _by_match(fit: Fit) -> float:
    return fit.match


def _tilted(degrees: float) -> NDArray[np.float64]:
    from scipy.spatial.transform import Rotation  # few scans need this search

    return np.asarray(Rotation.from_euler("x", degrees, degrees=True).as_matrix())


@cache
def _turns() -> list[NDArray[np.float64]]:
    """The 24 rotations that map axes on axes, the identity first."""
    from scipy.spatial.transform import Rotation

    turns = np.rint(Rotation.create_group("O").as_matrix())
    return sorted(turns, key=lambda turn: -np.trace(turn))


@cache
def _tissues() -> Tissues:
    return tissues_on_grid(tissue_templates(), TISSUE_AFFINE, near_brain(), TISSUE_AFFINE[0, 0])


@cache
def _joined_tissues() -> Tissues:
    sums = np.stack([tissue_templates()[list(which)].sum(axis=0) for which in _JOINED])
    spacing = 2 * TISSUE_AFFINE[0, 0]
    return tissues_on_grid(sums, TISSUE_AFFINE, near_brain(), spacing, _COARSE_FWHM_MM)
