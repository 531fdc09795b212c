"""How far a normalised scan can be trusted, and when it cannot."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.registration import Registration
from monai_amyloid.brain.template import TEMPLATE_AFFINE, voi
from monai_amyloid.pet.image import PetImage, StudyRefused

# Simulated scans of usual noise match at 0.95 to 0.99, a real noisy and atrophied scan at 0.77;
# ellipsoids, cylinders, heads turned over, FDG, T2 and noise reach 0.65 at most.
MINIMUM_MATCH = 0.70
# A T1-weighted MRI, bright in white matter too, matches at 0.91 to 0.96. Amyloid tracers are
# held in the pons: 1.48 to 1.62 of the cerebellum in real and simulated PET, 1.05 to 1.12 in T1.
MINIMUM_PONS_SUVR = 1.25
MINIMUM_CEREBELLUM_COVERED = 0.80
# Edge length of an adult's brain against the template's.
_HEAD_SCALE_RANGE = (0.75, 1.30)


def measure_quality(image: PetImage, registration: Registration) -> dict[str, float]:
    """Measure a registration.

    Args:
        image: The scan as read.
        registration: Its fit to the template.

    Returns:
        ``registration``: correlation with the template mix, -1 to 1;
        ``brain_covered`` and ``cerebellum_covered``: shares inside the field of view, 0 to 1;
        ``head_scale``: edge length of the brain over the template's;
        ``pons_suvr``: uptake of the pons over the whole cerebellum's, 0 where that has none.
    """
    scale = abs(float(np.linalg.det(registration.matrix[:3, :3]))) ** (1 / 3)
    return {
        "registration": registration.match,
        "brain_covered": registration.template_covered,
        "cerebellum_covered": _share_inside(image, registration.matrix, voi("whole_cerebellum")),
        "head_scale": scale,
        "pons_suvr": _pons_suvr(image, registration.matrix),
    }


def refuse_poor_quality(quality: dict[str, float]) -> None:
    """Refuse a scan whose numbers would be wrong.

    Raises:
        StudyRefused: If no brain was found, or the reference region is not in view.
    """
    low, high = _HEAD_SCALE_RANGE
    match, scale = quality["registration"], quality["head_scale"]
    if not (match >= MINIMUM_MATCH and low <= scale <= high):
        raise StudyRefused(
            f"no amyloid brain PET was recognised: match to the template {match:.2f} "
            f"(needed {MINIMUM_MATCH:.2f}), size of the brain {scale:.2f} of the template's "
            f"(needed {low} to {high}); check that this is a brain PET in a usual orientation"
        )
    covered = quality["cerebellum_covered"]
    if covered < MINIMUM_CEREBELLUM_COVERED:
        raise StudyRefused(
            f"the cerebellum, which SUVR is divided by, is {covered:.0%} inside the field of "
            f"view, needed {MINIMUM_CEREBELLUM_COVERED:.0%}; use a scan that covers it"
        )
    if quality["pons_suvr"] < MINIMUM_PONS_SUVR:
        raise StudyRefused(
            f"the pons has {quality['pons_suvr']:.2f} of the cerebellum's uptake, needed "
            f"{MINIMUM_PONS_SUVR} as in every amyloid PET; is this an MRI or another tracer?"
        )


def _share_inside(image: PetImage, matrix: NDArray[np.float64], mask: NDArray[np.bool_]) -> float:
    voxels = _voxels_of(image, matrix, mask)
    inside = (voxels >= -0.5) & (voxels <= np.array(image.data.shape) - 0.5)
    return float(inside.all(axis=1).mean())


def _pons_suvr(image: PetImage, matrix: NDArray[np.float64]) -> float:
    pons, cerebellum = (
        float(ndimage.map_coordinates(image.data, voxels.T, order=1).mean())
        for voxels in (
            _voxels_of(image, matrix, voi(name)) for name in ("pons", "whole_cerebellum")
        )
    )
    return pons / cerebellum if cerebellum > 0 else 0.0


def _voxels_of(
    image: PetImage, matrix: NDArray[np.float64], mask: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Where the voxels of a template mask lie in a scan, ``(n, 3)``."""
    to_voxel = np.linalg.inv(image.affine) @ matrix @ TEMPLATE_AFFINE
    return np.asarray(np.argwhere(mask) @ to_voxel[:3, :3].T + to_voxel[:3, 3])
