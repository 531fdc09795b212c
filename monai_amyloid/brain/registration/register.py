"""Register the template to a PET without an MRI.

From a search over poses by an affine transform to a smooth deformation. Uptake itself differs
between a negative and a positive brain, so a fit to either template is pulled by amyloid: the
uptake of grey matter, white matter, bone, scalp and amyloid is estimated with the place (after
adaptive templates, Lundqvist 2013 and Bourgeat 2015).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.registration.gauss_newton import (
    Fit,
    fit_affine,
    fit_warp,
    rigid_freedom,
)
from monai_amyloid.brain.registration.pose import likely_poses
from monai_amyloid.brain.registration.scan_samples import smoothed
from monai_amyloid.brain.registration.tissues import Tissues, tissues_on_grid
from monai_amyloid.brain.registration.warp import Warp
from monai_amyloid.brain.template import AMYLOID, TEMPLATE_AFFINE, brain_mask, tissue_uptake
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage

# How far around the brain the scan is fitted: skull and scalp show where the brain ends.
_RIM_MM = 6.0
# The scan is smoothed to about the template's 8 mm.
_FINE_FWHM_MM, _FINE_VOXEL_MM, _FINE_SPACING_MM = 5.0, 4.0, 4.0
_COARSE_FWHM_MM, _COARSE_VOXEL_MM, _COARSE_SPACING_MM = 11.0, 5.0, 8.0
# The inverse of a deformation of a few millimetres is found to 0.001 mm by so many repetitions.
_INVERSION_STEPS = 12


@dataclass(frozen=True)
class Registration:
    """Position and shape of the template in a scan.

    Attributes:
        matrix: Template millimetres to scan millimetres, both RAS+, ``(4, 4)``; applied after the
            warp.
        warp: Displacement in the template, applied first.
        weights: Weight of each map of :func:`~monai_amyloid.brain.template.tissue_uptake`,
            ``(5,)``, in the unit of the scan.
        positive_share: Weight of amyloid over grey matter's: 0 in the negative template, 1 in the
            positive one; a second opinion on the amyloid load.
        match: Correlation with the weighted tissues in and about the brain, -1 to 1.
    """

    matrix: NDArray[np.float64]
    warp: Warp
    weights: NDArray[np.float32]
    positive_share: float
    match: float

    def to_scan(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where points ``(3, ...)`` of the template lie in the scan, mm."""
        flat = torch.from_numpy(np.ascontiguousarray(points.reshape(3, -1).T, np.float32))
        warped = (flat + self.warp.displacement(flat)).double().numpy()
        laid = warped @ self.matrix[:3, :3].T + self.matrix[:3, 3]
        return np.asarray(laid.T.reshape(points.shape))

    def to_template(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where points ``(3, ...)`` of the scan lie in the template, mm: the inverse."""
        inverse = np.linalg.inv(self.matrix)
        flat = points.reshape(3, -1).T @ inverse[:3, :3].T + inverse[:3, 3]
        goal = torch.from_numpy(np.ascontiguousarray(flat, np.float32))
        place = goal.clone()
        for _ in range(_INVERSION_STEPS):
            place = goal - self.warp.displacement(place)
        return np.asarray(place.double().numpy().T.reshape(points.shape))

    def jacobian(self) -> NDArray[np.float64]:
        """Growth of volume from the template to the scan, at points of the brain, ``(N,)``."""
        gradient = self.warp.gradient(_fine().points).double().numpy()
        size = float(np.linalg.det(self.matrix[:3, :3]))
        return np.asarray(np.linalg.det(np.eye(3) + gradient) * size)


def register(
    image: PetImage,
    start: NDArray[np.float64] | None = None,
    device: torch.device | str = "cpu",
) -> Registration:
    """Find the transform from the template to a scan.

    Args:
        image: A brain PET in any usual position in the scanner: turned by up to 30 degrees, and
            anywhere in the field of view.
        start: Pose to start from, template to scan millimetres, ``(4, 4)``; it is searched for
            where None.
        device: Device of torch to compute on.

    Returns:
        The transform, and how well it matches.

    Raises:
        StudyRefused: If the volume holds nothing of a head's size.
    """
    with one_thread():
        coarse = smoothed(image, _COARSE_FWHM_MM, _COARSE_VOXEL_MM, device)
        tissues = _coarse().to(device)
        starts = likely_poses(coarse) if start is None else [start]
        fits = [fit_affine(coarse, tissues, pose, 25, rigid_freedom()) for pose in starts]
        best = max(fits, key=lambda fit: fit.match)
        if best.match < 0:
            raise StudyRefused(
                "too_little_brain",
                "no amyloid brain PET was recognised: too little of a brain is in view; "
                "check that this is a PET of the whole brain in a usual orientation",
            )
        fine = smoothed(image, _FINE_FWHM_MM, _FINE_VOXEL_MM, device)
        tissues = _fine().to(device)
        best = fit_affine(fine, tissues, best.matrix, 15)
        best = fit_warp(fine, tissues, best, 8)
    return Registration(
        best.matrix,
        best.warp,
        best.weights * np.float32(fine.unit),
        _positive_share(best),
        best.match,
    )


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread sums in one order, so that a scan gives the same bytes on any machine.

    It is faster, too, where several scans are worked on at once.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@cache
def _near_brain() -> NDArray[np.bool_]:
    outside = ndimage.distance_transform_edt(~brain_mask(), sampling=TEMPLATE_AFFINE[0, 0])
    return np.asarray(outside <= _RIM_MM)


@cache
def _fine() -> Tissues:
    return tissues_on_grid(tissue_uptake(), TEMPLATE_AFFINE, _near_brain(), _FINE_SPACING_MM)


@cache
def _coarse() -> Tissues:
    return tissues_on_grid(
        tissue_uptake(), TEMPLATE_AFFINE, _near_brain(), _COARSE_SPACING_MM, fwhm_mm=8.0
    )


def _positive_share(fit: Fit) -> float:
    grey, amyloid = float(fit.weights[0]), float(fit.weights[AMYLOID])
    return float(np.clip(amyloid / grey, -0.5, 3.0)) if grey > 0 else 0.0
