"""What tells how far a normalised scan can be trusted, measured on the scan."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.quality.image_noise import noise_cv
from monai_amyloid.brain.quality.resolution import CoarseScan, read_coarsely, resolution_mm
from monai_amyloid.brain.registration.register import Registration
from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask, voi
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.tracers import TRACERS

# Names of what :func:`measure_quality` measures.
MEASURES = (
    *("registration", "brain_covered", "cerebellum_covered", "cortex_covered", "vertex_covered"),
    *("head_scale", "jacobian_min", "jacobian_max", "pons_suvr", "asymmetry", "fwhm_mm"),
    *("noise_cv", "amyloid_load", "motion_mm"),
)

# The positive template's Centiloid, and the tracer that it was made for.
_POSITIVE_CENTILOID = 80.0
_TEMPLATE_TRACER = "18FFBB"
_VERTEX_MM = 50.0
_SMOOTHING_VOXELS = 2.0


def measure_quality(image: PetImage, registration: Registration) -> dict[str, float]:
    """Measure a scan and its registration.

    Args:
        image: Scan as it was read, of a known tracer.
        registration: Registration of the template to the scan.

    Returns:
        ``registration``: correlation with the template mix, -1 to 1;
        ``brain_covered``, ``cerebellum_covered``, ``cortex_covered`` and ``vertex_covered``:
        shares inside the field of view, 0 to 1;
        ``head_scale``: edge length of the brain over the template's;
        ``jacobian_min`` and ``jacobian_max``: growth of volume from the template to the scan;
        ``pons_suvr``: uptake of the pons over the whole cerebellum's, 0 where that has none;
        ``asymmetry``: RMS difference of the scan and its mirror image over its mean, in the brain;
        ``fwhm_mm``: resolution; ``noise_cv``: SD of single voxels over their mean;
        ``amyloid_load``: Centiloid by the weights of the template's tissues;
        ``motion_mm``: the farthest that the head moved between frames, where there were several.
    """
    growth = registration.jacobian()
    scan = read_coarsely(image, registration)
    fwhm_mm = resolution_mm(scan)
    quality = {
        "registration": registration.match,
        "brain_covered": _share_inside(image, registration, "brain"),
        "cerebellum_covered": _share_inside(image, registration, "whole_cerebellum"),
        "cortex_covered": _share_inside(image, registration, "cortex"),
        "vertex_covered": _share_inside(image, registration, "vertex"),
        "head_scale": float(np.cbrt(growth.mean())),
        "jacobian_min": float(growth.min()),
        "jacobian_max": float(growth.max()),
        "pons_suvr": _pons_suvr(scan),
        "asymmetry": asymmetry(scan),
        "fwhm_mm": fwhm_mm,
        "noise_cv": noise_cv(scan, fwhm_mm),
        "amyloid_load": _amyloid_load(registration.positive_share, image.tracer),
    }
    if "motion_mm" in image.provenance:
        quality["motion_mm"] = float(image.provenance["motion_mm"])
    return quality


def asymmetry(scan: CoarseScan) -> float:
    """RMS difference of a scan and its mirror image over its mean, smoothed, in the brain.

    It cannot show whether a header swaps left and right: brains are too symmetric for that.

    Returns:
        Ratio; NaN where no part is seen on both sides.
    """
    # Where a part is not seen, what is seen around it counts.
    weight = ndimage.gaussian_filter(scan.seen.astype(np.float32), _SMOOTHING_VOXELS)
    smooth = ndimage.gaussian_filter(scan.values, _SMOOTHING_VOXELS) / np.maximum(weight, 1e-3)
    inside = scan.seen & brain_mask()[::2, ::2, ::2]
    both = inside & inside[::-1]
    mean = float(smooth[both].mean()) if both.any() else 0.0
    if not mean > 0:
        return float("nan")
    return float(np.sqrt(np.mean(np.square((smooth - smooth[::-1])[both])))) / mean


def _amyloid_load(positive_share: float, tracer: str | None) -> float:
    """Centiloid by the template's weights; the same share is more of it on a steeper line."""
    steepness = TRACERS[tracer or _TEMPLATE_TRACER].centiloid_slope
    steepness /= TRACERS[_TEMPLATE_TRACER].centiloid_slope
    return _POSITIVE_CENTILOID * positive_share * steepness


def _share_inside(image: PetImage, registration: Registration, part: str) -> float:
    to_voxel = np.linalg.inv(image.affine)
    voxels = to_voxel[:3, :3] @ registration.to_scan(_points(part)) + to_voxel[:3, 3:]
    inside = (voxels >= -0.5) & (voxels <= np.array(image.data.shape)[:, None] - 0.5)
    return float(inside.all(axis=0).mean())


@cache
def _points(part: str) -> NDArray[np.float64]:
    """Points of the brain, its vertex or a volume of interest, ``(3, N)`` mm of the template."""
    if part in ("brain", "vertex"):
        height = TEMPLATE_AFFINE[2, 2] * np.arange(brain_mask().shape[2]) + TEMPLATE_AFFINE[2, 3]
        mask = brain_mask() & (height > (_VERTEX_MM if part == "vertex" else -np.inf))
    else:
        mask = voi(part)
    # Every fifth voxel gives a share to a percent.
    return np.asarray(TEMPLATE_AFFINE[:3, :3] @ np.argwhere(mask)[::5].T + TEMPLATE_AFFINE[:3, 3:])


def _pons_suvr(scan: CoarseScan) -> float:
    pons, cerebellum = _coarse("pons") & scan.seen, _coarse("whole_cerebellum") & scan.seen
    if not (pons.any() and cerebellum.any()):
        return 0.0
    mean = float(scan.values[cerebellum].mean())
    return float(scan.values[pons].mean()) / mean if mean > 0 else 0.0


def _coarse(name: str) -> NDArray[np.bool_]:
    return voi(name)[::2, ::2, ::2]
