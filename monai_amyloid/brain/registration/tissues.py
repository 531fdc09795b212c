"""The tissues of a template, sampled for a fit."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.pet.widths import FWHM_PER_SIGMA


@dataclass(frozen=True)
class Tissues:
    """A template's tissues at points of a coarse grid.

    Attributes:
        points: Points in the template, ``(N, 3)`` mm.
        uptake: Uptake of each tissue at each point, ``(N, K)``.
        slope: Gradient of the uptake, ``(N, K, 3)`` per mm.
    """

    points: torch.Tensor
    uptake: torch.Tensor
    slope: torch.Tensor

    def to(self, device: torch.device | str) -> "Tissues":
        """The same on another device."""
        return Tissues(self.points.to(device), self.uptake.to(device), self.slope.to(device))

    def weights(self, values: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
        """Least-squares weights of the tissues, ``(K,)``, for a scan's values ``(N,)``."""
        seen = self.uptake * inside[:, None]
        gram = seen.T @ seen
        # A tissue that is not in view, or looks like another, has little weight.
        gram.diagonal().add_(1e-5 * gram.diagonal().mean() + 1e-9)
        weights: torch.Tensor = torch.linalg.solve(gram, seen.T @ values)
        return weights


def tissues_on_grid(
    volumes: NDArray[np.float32],
    affine: NDArray[np.float64],
    mask: NDArray[np.bool_],
    spacing_mm: float,
    fwhm_mm: float = 0.0,
) -> Tissues:
    """Sample a template on a coarse grid.

    Args:
        volumes: Uptake of each tissue ``(K, X, Y, Z)``.
        affine: Voxel index to template millimetres, ``(4, 4)``, without rotation and with one
            spacing.
        mask: Voxels to use, ``(X, Y, Z)``.
        spacing_mm: Spacing of the coarse grid, a multiple of the voxel size.
        fwhm_mm: FWHM of additional smoothing.
    """
    zoom = float(affine[0, 0])
    smooth = volumes
    if fwhm_mm:  # without, a copy of 18 MB
        smooth = ndimage.gaussian_filter(volumes, (0, *(fwhm_mm / FWHM_PER_SIGMA / zoom,) * 3))
    index = index_on_grid(mask, affine, spacing_mm)
    slopes = np.stack([_slope(smooth, index, axis) / zoom for axis in range(3)], axis=1)
    return Tissues(
        places_mm(index, affine),
        torch.from_numpy(np.ascontiguousarray(smooth[:, *index.T].T)),
        torch.from_numpy(np.ascontiguousarray(np.moveaxis(slopes, 2, 0))),
    )


def index_on_grid(
    mask: NDArray[np.bool_], affine: NDArray[np.float64], spacing_mm: float
) -> NDArray[np.intp]:
    """The voxels ``(N, 3)`` of a coarse grid.

    Args:
        mask: Voxels to use, ``(X, Y, Z)``.
        affine: Voxel index to template millimetres, ``(4, 4)``, without rotation.
        spacing_mm: Spacing of the coarse grid, a multiple of the voxel size.
    """
    step = round(spacing_mm / float(affine[0, 0]))
    first = step // 2
    return np.asarray(first + step * np.argwhere(mask[first::step, first::step, first::step]))


def places_mm(index: NDArray[np.intp], affine: NDArray[np.float64]) -> torch.Tensor:
    """Where voxels ``(N, 3)`` lie in the template, ``(N, 3)`` mm."""
    return torch.tensor(index @ affine[:3, :3].T + affine[:3, 3], dtype=torch.float32)


def _slope(volumes: NDArray[np.float32], index: NDArray[np.intp], axis: int) -> NDArray[np.float32]:
    """Central differences of volumes at some voxels, ``(K, N)`` a voxel; one-sided at the edge."""
    before, after = index.copy(), index.copy()
    before[:, axis] = np.maximum(index[:, axis] - 1, 0)
    after[:, axis] = np.minimum(index[:, axis] + 1, volumes.shape[1 + axis] - 1)
    apart = (after - before)[:, axis].astype(np.float32)
    return np.asarray((volumes[:, *after.T] - volumes[:, *before.T]) / apart)
