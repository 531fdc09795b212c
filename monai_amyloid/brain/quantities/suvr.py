"""Uptake over a reference region, by voxel and by region."""

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.template import (
    READ_REGIONS,
    TEMPLATE_AFFINE,
    measured_labels,
    regions,
    voi,
)

Volume = NDArray[np.float32]
Mask = NDArray[np.bool_]

# What SUVR may be over, names of GAAIN volumes of interest. Centiloid and z-scores are always
# over the whole cerebellum: their lines and norms were made with it.
Reference = Literal["whole_cerebellum", "cerebellar_grey", "pons", "cerebellum_brainstem"]
USUAL_REFERENCE: Reference = "whole_cerebellum"


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


def regional_suvr(volume: Volume, seen: Mask | None = None) -> dict[str, float]:
    """Mean SUVR of the GAAIN cortex and of every region of the template, left and right.

    Args:
        volume: SUVR on the template grid ``(91, 109, 91)``.
        seen: True where voxels count, ``(91, 109, 91)``; all do where None. A region of which none
            counts has no mean: NaN.

    Returns:
        ``cortex``; each of :data:`~monai_amyloid.brain.template.READ_REGIONS`, alone and with
        ``_left`` and ``_right``; every other region of the table with its side; ``brainstem``
        and ``cerebellum``.
    """
    cortex = voi("cortex") if seen is None else voi("cortex") & seen
    means = {"cortex": float(volume[cortex].mean(dtype=np.float64))}
    voxels, labels = _labelled_voxels()
    if seen is not None:
        counting = seen.ravel()[voxels]
        voxels, labels = voxels[counting], labels[counting]
    most = len(regions().rows) + 1
    sums = np.bincount(labels, weights=volume.ravel()[voxels], minlength=most)
    counts = np.bincount(labels, minlength=most)
    for name, members in region_labels().items():
        count = counts[members].sum()
        means[name] = float(sums[members].sum() / count) if count else float("nan")
    return means


@cache
def region_labels() -> dict[str, list[int]]:
    """Labels of each region of :func:`regional_suvr` but the cortex, by its name.

    A set of labels has one name: a region that is a whole read region (``lateral_temporal``,
    and ``lateral_parietal`` for ``parietal``) bears the read region's.
    """
    named: dict[str, list[int]] = {}
    for name in READ_REGIONS:
        rows = [row for row in regions().rows if row.read_region == name]
        named[name] = [row.label for row in rows]
        for side in ("left", "right"):
            named[f"{name}_{side}"] = [row.label for row in rows if row.hemisphere == side]
    for label, region, hemisphere, _ in regions().rows:
        side = "" if hemisphere == "both" else f"_{hemisphere}"
        if [label] not in named.values():
            named[f"{region}{side}"] = [label]
    return named


@cache
def _labelled_voxels() -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """Where on the flat grid a region is, and its label there."""
    labels = measured_labels().ravel()
    voxels = np.flatnonzero(labels)
    return voxels, labels[voxels]


def cortex_suvr_in_template(volume: Volume, affine: NDArray[np.float64]) -> float:
    """Cortical SUVR of a volume that lies in template space on a grid of its own.

    Args:
        volume: Uptake ``(X, Y, Z)``, any linear unit.
        affine: Voxel index of ``volume`` to template millimetres, ``(4, 4)``.
    """
    to_voxel = np.linalg.inv(affine) @ TEMPLATE_AFFINE

    def mean_in(name: str) -> float:
        points = np.argwhere(voi(name)).T
        voxels = to_voxel[:3, :3] @ points + to_voxel[:3, 3:]
        return float(ndimage.map_coordinates(volume, voxels, order=1).mean())

    return mean_in("cortex") / mean_in("whole_cerebellum")
