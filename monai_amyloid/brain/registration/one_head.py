"""Register several scans of one person as one head.

The skull holds the brain's place between two visits, and its size: what parts two scans is a rigid
transform. The scan that fits best is the picture to which the others are registered, with the
template's tissues beside it, so that amyloid that came or went does not move the head. The mean of
the scans, with less noise than any of them, then decides where the template lies in all.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import linalg, ndimage

from monai_amyloid.brain.registration.gauss_newton import fit_affine, rigid_freedom
from monai_amyloid.brain.registration.register import Registration, one_thread, register
from monai_amyloid.brain.registration.scan_samples import smoothed
from monai_amyloid.brain.registration.tissues import Tissues, tissues_on_grid
from monai_amyloid.brain.template import (
    TEMPLATE_AFFINE,
    brain_mask,
    distance_from_brain,
    tissue_uptake,
)
from monai_amyloid.pet.image import PetImage

# Scans are compared in the brain and so far around it, on a grid so wide, mm, smoothed to this.
_AROUND_MM, _SPACING_MM, _FWHM_MM, _VOXEL_MM = 2.0, 4.0, 7.0, 3.0
# Voxels of the mean of the scans, mm.
_MEAN_MM = 3.0
_MARGIN_MM = 30.0
# Three turns and three shifts, without the size.
_SIX = rigid_freedom()[:6]


def register_visits(
    images: Sequence[PetImage], found: Sequence[Registration]
) -> tuple[Registration, ...]:
    """Register the template to all scans of one person at once.

    Args:
        images: Scans of one person, in any order.
        found: Registration of the template to each of them alone.

    Returns:
        Registration to each scan: of one size, shape and deformation, which differ by a rigid
        transform; the weights and the match are those of ``found``.
    """
    if len(images) == 1:
        return tuple(found)
    best = max(range(len(images)), key=lambda visit: found[visit].match)
    with one_thread():
        head, to_best = _head(images[best], found[best])
        undone = np.linalg.inv(found[best].matrix)
        poses = [
            to_best if visit == best else _posed(head, image, found[visit].matrix @ undone, to_best)
            for visit, image in enumerate(images)
        ]
        # Where the mean of the scans lies, in the head's millimetres, the pose of each is undone.
        mean = _mean(images, poses, found)
        upright = np.linalg.inv(to_best) @ found[best].matrix
        shared = register(mean, upright)
    return tuple(
        replace(each, matrix=pose @ shared.matrix, warp=shared.warp)
        for each, pose in zip(found, poses, strict=True)
    )


def _head(image: PetImage, found: Registration) -> tuple[Tissues, NDArray[np.float64]]:
    """A scan as a template of the same head, in upright millimetres, and its pose.

    Its points keep the size and shape that the head has in the scan, so that other scans of it
    differ from them by a rigid transform.
    """
    turn, stretch = linalg.polar(found.matrix[:3, :3])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turn, found.matrix[:3, 3]
    picture = _read(image, found)
    maps = np.concatenate([picture[None], tissue_uptake()])
    laid = tissues_on_grid(maps, TEMPLATE_AFFINE, distance_from_brain() <= _AROUND_MM, _SPACING_MM)
    moved = laid.points + found.warp.displacement(laid.points)
    growth = torch.from_numpy(stretch).float()
    inner = torch.eye(3) + found.warp.gradient(laid.points)
    slope = torch.linalg.solve((growth @ inner).mT[:, None], laid.slope[..., None])[..., 0]
    return Tissues(moved @ growth.T, laid.uptake, slope), pose


def _read(image: PetImage, found: Registration) -> NDArray[np.float32]:
    """A scan, smoothed, on the template's grid."""
    samples = smoothed(image, _FWHM_MM, _VOXEL_MM, "cpu")
    axes = [
        TEMPLATE_AFFINE[axis, 3] + TEMPLATE_AFFINE[axis, axis] * np.arange(count)
        for axis, count in enumerate(brain_mask().shape)
    ]
    points = np.stack(np.meshgrid(*axes, indexing="ij")) + found.warp.on_grid(*axes)
    flat = torch.from_numpy(np.ascontiguousarray(points.reshape(3, -1).T, np.float32))
    values, _ = samples.at(flat, found.matrix)
    return np.asarray(values.reshape(brain_mask().shape).numpy(), np.float32)


def _posed(
    head: Tissues, image: PetImage, between: NDArray[np.float64], to_best: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The rigid pose of the head in another scan, from what leads there by two registrations."""
    start = _rigid(between @ to_best, head)
    fit = fit_affine(smoothed(image, _FWHM_MM, _VOXEL_MM, "cpu"), head, start, 20, _SIX)
    return start if fit.match < 0 else _rigid(fit.matrix, head)


def _rigid(matrix: NDArray[np.float64], head: Tissues) -> NDArray[np.float64]:
    """The rigid transform that is nearest to another and takes the head's middle where it does."""
    turn, _ = linalg.polar(matrix[:3, :3])
    middle = head.points.mean(dim=0).double().numpy()
    found = np.eye(4)
    found[:3, :3] = turn
    found[:3, 3] = matrix[:3, :3] @ middle + matrix[:3, 3] - turn @ middle
    return found


def _mean(
    images: Sequence[PetImage],
    poses: Sequence[NDArray[np.float64]],
    found: Sequence[Registration],
) -> PetImage:
    """The mean of the scans in the head's millimetres, each as bright as the others."""
    corners = np.argwhere(brain_mask()) @ TEMPLATE_AFFINE[:3, :3] + TEMPLATE_AFFINE[:3, 3]
    low, high = corners.min(axis=0) - _MARGIN_MM, corners.max(axis=0) + _MARGIN_MM
    shape = tuple(np.ceil((high - low) / _MEAN_MM).astype(int).tolist())
    affine = np.diag([_MEAN_MM, _MEAN_MM, _MEAN_MM, 1.0])
    affine[:3, 3] = low
    total, count = np.zeros((2, *shape), np.float32)
    for image, pose, own in zip(images, poses, found, strict=True):
        step = np.linalg.inv(image.affine) @ pose @ affine
        laid = ndimage.affine_transform(
            image.data / own.weights[:2].mean(),
            step[:3, :3],
            step[:3, 3],
            output_shape=shape,
            order=1,
            cval=np.nan,
            output=np.float32,
        )
        seen = np.isfinite(laid)
        total[seen] += laid[seen]
        count[seen] += 1
    return PetImage(np.asarray(total / np.maximum(count, 1), np.float32), affine)
