"""Register the template to a PET without an MRI.

From a search over poses by an affine transform to a smooth deformation. Uptake itself differs
between a negative and a positive brain, so a fit to either template is pulled by amyloid: the
uptake of grey matter, white matter, bone, scalp and amyloid is estimated with the place (after
adaptive templates, Lundqvist 2013 and Bourgeat 2015).

What lies around the brain must not move it: scalps differ in brightness from person to person, and
some scans come without. Each fit sees the scan through a soft mask about the brain as the fit
before it found it, and smooths only within.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from monai_amyloid.brain.registration.coarse_tissues import coarse_tissues, picture_tissues
from monai_amyloid.brain.registration.gauss_newton import (
    Fit,
    fit_affine,
    fit_warp,
    rigid_freedom,
    weighted,
)
from monai_amyloid.brain.registration.pose import likely_poses
from monai_amyloid.brain.registration.scan_samples import ScanSamples, ScanVoxels, averaged
from monai_amyloid.brain.registration.tissues import Tissues, tissues_on_grid
from monai_amyloid.brain.registration.warp import Warp
from monai_amyloid.brain.template import (
    AMYLOID,
    TEMPLATE_AFFINE,
    distance_from_brain,
    tissue_uptake,
)
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage

# How far around the brain a scan is fitted, and how far its match is judged, mm: a little of what
# is dark around it shows where the brain ends.
_FITTED_MM, _JUDGED_MM = 3.0, 6.0
# How far around the brain the scan is seen, fit after fit, mm, and the width of that mask's edge.
_COARSE_SEEN_MM, _FINE_SEEN_MM, _EDGE_MM = 10.0, (6.0, 4.0), 4.0
# The part of the scan that is looked at reaches so far around the first guess of the brain, mm.
_MARGIN_MM = 24.0
# The scan is smoothed to about the template's 8 mm.
_FINE_FWHM_MM, _FINE_VOXEL_MM, _FINE_SPACING_MM = 5.0, 4.0, 4.0
_COARSE_FWHM_MM, _COARSE_VOXEL_MM = 11.0, 5.0
_COARSE_ENOUGH_MM, _FINE_ENOUGH_MM = 0.3, (0.1, 0.02)
# Coarse fits from several starts that are no farther apart lead to the same place; and where the
# brain alone has such a match, it lies there: in a wrong place none of 301 scans had over 0.83.
_SAME_MM, _SURE_MATCH = 8.0, 0.9
# A mask of more than this is brain; and the highest value that a brain has but for its noise.
_WITHIN, _BRIGHTEST_PERCENTILE = 0.99, 98.0
# For the search all is as bright as grey matter that is brighter: of the voxels with at least this
# share of the highest values, this percentile.
_LEAST_OF_HEAD, _GREY_PERCENTILE = 0.3, 60.0
# The inverse of a deformation of a few millimetres is found so exactly, by so many repetitions at
# most.
_INVERTED_MM, _INVERSION_STEPS = 0.001, 12
# Starts of the search: the few find all but one in a hundred of difficult heads; the many, which
# take two seconds, find a quarter of the rest.
FEW_STARTS, MANY_STARTS = 4, 24


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
            before, place = place, goal - self.warp.displacement(place)
            if float((place - before).abs().max()) < _INVERTED_MM:
                break
        return np.asarray(place.double().numpy().T.reshape(points.shape))

    def jacobian(self) -> NDArray[np.float64]:
        """Growth of volume from the template to the scan, at points of the brain, ``(N,)``."""
        gradient = self.warp.gradient(_tissues(_JUDGED_MM).points).double().numpy()
        size = float(np.linalg.det(self.matrix[:3, :3]))
        return np.asarray(np.linalg.det(np.eye(3) + gradient) * size)


def register(
    image: PetImage,
    start: NDArray[np.float64] | None = None,
    device: torch.device | str = "cpu",
    starts: int = FEW_STARTS,
) -> Registration:
    """Find the transform from the template to a scan.

    Args:
        image: A brain PET in any usual position in the scanner: turned by up to 30 degrees, and
            anywhere in the field of view.
        start: Pose to start from, template to scan millimetres, ``(4, 4)``; it is searched for
            where None.
        device: Device of torch to compute on.
        starts: Number of the likeliest poses from which the search goes, see :data:`MANY_STARTS`.

    Returns:
        The transform, and how well it matches.

    Raises:
        StudyRefused: If the volume holds nothing of a head's size.
    """
    with one_thread():
        coarse = averaged(image, _COARSE_VOXEL_MM, device)
        start = _near_start(coarse, starts) if start is None else _refined(coarse, start).matrix
        fine = _about_brain(averaged(image, _FINE_VOXEL_MM, device), start)
        best, judged = _fine_fit(fine, start)
    return Registration(
        best.matrix, best.warp, judged.weights, _positive_share(judged), judged.match
    )


def _near_start(coarse: ScanVoxels, starts: int) -> NDArray[np.float64]:
    """The likeliest pose of a head, from a search over all usual ones."""
    level = _LEAST_OF_HEAD * float(np.percentile(coarse.volume.cpu().numpy(), 98))
    head = coarse.volume[coarse.volume > level].cpu().numpy()
    grey = float(np.percentile(head, _GREY_PERCENTILE)) if head.size else None
    outline = coarse.smoothed(_COARSE_FWHM_MM, clip=grey)
    tissues = coarse_tissues(_JUDGED_MM).to(coarse.volume.device)
    poses = likely_poses(coarse.smoothed(_COARSE_FWHM_MM), outline, starts)
    fits: list[Fit] = []
    refined: list[Fit] = []
    for pose in poses:
        fit = fit_affine(outline, tissues, pose, 25, rigid_freedom(), _COARSE_ENOUGH_MM)
        if all(_farthest(fit, other) > _SAME_MM for other in fits):
            fits.append(fit)
            refined.append(_refined(coarse, fit.matrix))
        if refined[-1].match > _SURE_MATCH:
            break
    best = max(refined, key=lambda fit: fit.match)
    if best.match < 0:
        raise StudyRefused(
            "too_little_brain",
            "no amyloid brain PET was recognised: too little of a brain is in view; "
            "check that this is a PET of the whole brain in a usual orientation",
        )
    return best.matrix


def _farthest(fit: Fit, other: Fit) -> float:
    """How far two fits lay the same corner of the brain's box, mm."""
    moved = (fit.matrix - other.matrix)[:3]
    return float(np.linalg.norm(moved[:, :3] @ _corners() + moved[:, 3:], axis=0).max())


def _refined(coarse: ScanVoxels, pose: NDArray[np.float64]) -> Fit:
    """A pose fitted to what lies in and near its brain alone."""
    tissues = coarse_tissues(_FITTED_MM).to(coarse.volume.device)
    seen = _seen(coarse, pose, _COARSE_SEEN_MM, _COARSE_FWHM_MM)
    return fit_affine(seen, tissues, pose, 10, rigid_freedom(), _COARSE_ENOUGH_MM)


def _fine_fit(fine: ScanVoxels, start: NDArray[np.float64]) -> tuple[Fit, Fit]:
    """The place, and there the weights, in the scan's unit, and match of all tissues."""
    tissues = _tissues(_FITTED_MM).to(fine.volume.device)
    pose = start
    for millimetres, enough_mm in zip(_FINE_SEEN_MM, _FINE_ENOUGH_MM, strict=True):
        seen = _seen(fine, pose, millimetres, _FINE_FWHM_MM)
        best = fit_affine(seen, tissues, pose, 15, enough_mm=enough_mm)
        pose = best.matrix
    best = fit_warp(seen, tissues, best, 8)
    # What is brighter than any of the brain counts as that: a bright scalp is no worse a match.
    whole = fine.smoothed(_FINE_FWHM_MM, clip=seen.unit)
    tissues = _tissues(_JUDGED_MM).to(fine.volume.device)
    judged = weighted(whole, tissues, best.matrix, best.warp)
    return best, replace(judged, weights=judged.weights * np.float32(whole.unit))


def _seen(
    voxels: ScanVoxels, pose: NDArray[np.float64], millimetres: float, fwhm_mm: float
) -> ScanSamples:
    """A scan as far as the brain of a pose, and a little around it, reaches."""
    near = _NearBrain(voxels, pose)
    brain = voxels.volume[near.mask(_EDGE_MM / 2) > _WITHIN].cpu().numpy()
    # What is brighter than the brain counts as its brightest: a scalp in the mask's edge would
    # draw the template towards it.
    clip = float(np.percentile(brain, _BRIGHTEST_PERCENTILE)) if brain.size else None
    return voxels.smoothed(fwhm_mm, near.mask(millimetres), clip)


def _about_brain(voxels: ScanVoxels, pose: NDArray[np.float64]) -> ScanVoxels:
    """The part of a scan that a brain in this pose, and what is smoothed into it, can reach."""
    to_voxel = np.linalg.inv(voxels.affine) @ pose
    found = to_voxel[:3, :3] @ _corners() + to_voxel[:3, 3:]
    shape = np.array(voxels.volume.shape)
    low = np.clip(np.floor(found.min(axis=1)), 0, shape - 1).astype(int)
    high = np.clip(np.ceil(found.max(axis=1)) + 1, low + 1, shape)
    return voxels.part(low, high.astype(int))


class _NearBrain:
    """What lies near the brain of a pose, on a scan's voxels."""

    def __init__(self, voxels: ScanVoxels, pose: NDArray[np.float64]) -> None:
        self.shape, device = voxels.volume.shape, voxels.volume.device
        # The mask's edge is wider than two voxels: every second one is computed.
        axes = [torch.linspace(0, n - 1, n // 2 + 1, device=device) for n in self.shape]
        points = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
        self.distance, self.inside = (
            each.reshape(1, 1, *points.shape[:3])
            for each in _from_brain(device).at(
                points.reshape(-1, 3), np.linalg.inv(pose) @ voxels.affine
            )
        )

    def mask(self, millimetres: float) -> torch.Tensor:
        """A soft mask that reaches so far around the brain, ``(X, Y, Z)``."""
        cover = ((millimetres + _EDGE_MM / 2 - self.distance) / _EDGE_MM).clamp(0, 1)
        return torch.nn.functional.interpolate(
            cover * self.inside, self.shape, mode="trilinear", align_corners=True
        )[0, 0]


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


def load_template() -> None:
    """Load at once what every registration needs of the template, and keep it."""
    _corners()
    _from_brain(torch.device("cpu"))
    for around_mm in (_FITTED_MM, _JUDGED_MM):
        coarse_tissues(around_mm)
        _tissues(around_mm)
    picture_tissues()


@cache
def _corners() -> NDArray[np.float64]:
    """The corners of a box about the brain and a margin, ``(3, 8)`` mm."""
    places = np.argwhere(distance_from_brain() <= _MARGIN_MM)
    ends = np.stack([places.min(axis=0), places.max(axis=0)])
    ends = ends @ TEMPLATE_AFFINE[:3, :3] + TEMPLATE_AFFINE[:3, 3]
    return np.array(np.meshgrid(*zip(*ends, strict=True))).reshape(3, -1)


@cache
def _from_brain(device: torch.device) -> ScanSamples:
    volume = torch.from_numpy(distance_from_brain().astype(np.float32))[None, None].to(device)
    return ScanSamples(volume, np.asarray(np.linalg.inv(TEMPLATE_AFFINE), np.float64), 1.0)


@cache
def _tissues(around_mm: float) -> Tissues:
    near = distance_from_brain() <= around_mm
    return tissues_on_grid(tissue_uptake(), TEMPLATE_AFFINE, near, _FINE_SPACING_MM)


def _positive_share(fit: Fit) -> float:
    grey, amyloid = float(fit.weights[0]), float(fit.weights[AMYLOID])
    return float(np.clip(amyloid / grey, -0.5, 3.0)) if grey > 0 else 0.0
