"""Uptake over the cerebellum, by voxel and by region."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.template import READ_REGIONS, TEMPLATE_AFFINE, regions, voi

Volume = NDArray[np.float32]
Mask = NDArray[np.bool_]


def suvr(pet: Volume, reference: Mask) -> Volume:
    """Divide a PET volume by its mean uptake in the reference region.

    Args:
        pet: Tracer uptake ``(X, Y, Z)``, any linear unit (Bq/mL or SUV).
        reference: True in the reference region, on the grid of ``pet``.

    Returns:
        SUVR ``(X, Y, Z)``, dimensionless, 1 on average inside ``reference``.

    Raises:
        ValueError: If the shapes differ, or the region is empty or has no uptake.

    References:
        Klunk et al. 2015, doi:10.1016/j.jalz.2014.07.003
    """
    if pet.shape != reference.shape:
        raise ValueError(
            f"reference has shape {reference.shape} but pet has {pet.shape}; "
            "resample the mask to the PET grid first"
        )
    if not reference.any():
        raise ValueError("the reference region is empty; choose one that the scan covers")
    mean = float(pet[reference].mean(dtype=np.float64))
    if not mean > 0:  # also where it is NaN
        raise ValueError(f"mean uptake in the reference region is {mean:g}, needed above 0")
    return np.asarray(pet / np.float32(mean), np.float32)


def regional_suvr(volume: Volume) -> dict[str, float]:
    """Mean SUVR of the GAAIN cortex and of the four regions that a reader grades.

    Args:
        volume: SUVR on the template grid ``(91, 109, 91)``.

    Returns:
        ``cortex`` and each of :data:`~monai_amyloid.brain.template.READ_REGIONS`.
    """
    atlas = regions()
    means = {"cortex": float(volume[voi("cortex")].mean(dtype=np.float64))}
    for name in READ_REGIONS:
        indices = atlas.table["label"][atlas.table.read_region == name]
        inside = np.isin(atlas.labels, indices)
        means[name] = float(volume[inside].mean(dtype=np.float64))
    return means


def cortex_suvr_in_template(volume: Volume, affine: NDArray[np.float64]) -> float:
    """Cortical SUVR of a volume that lies in template space on a grid of its own.

    Args:
        volume: Uptake ``(X, Y, Z)``, any linear unit.
        affine: Its voxel index to template millimetres ``(4, 4)``.
    """
    to_voxel = np.linalg.inv(affine) @ TEMPLATE_AFFINE

    def mean_in(name: str) -> float:
        points = np.argwhere(voi(name)).T
        voxels = to_voxel[:3, :3] @ points + to_voxel[:3, 3:]
        return float(ndimage.map_coordinates(volume, voxels, order=1).mean())

    return mean_in("cortex") / mean_in("whole_cerebellum")
