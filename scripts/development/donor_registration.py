"""Register the template to a donor by their region labels: affine, then a stationary flow.

The flow is that of monai_amyloid.phantom.people.geometry.deformation, here with gradients.
Smoothed region masks, not intensities, are matched: the donors come as labels alone.

References:
    Arsigny et al. 2006, doi:10.1007/11866565_113 (log-Euclidean diffeomorphisms).
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.phantom.people.geometry.anatomy import WARP_AFFINE, WARP_SHAPE
from monai_amyloid.phantom.people.geometry.deformation import flow, grid_points, moved

_HALVINGS = 5
_REFINEMENTS = 8
# Gaussian that makes the velocity smooth, in nodes of 4 mm.
_SIGMA_NODES = 1.5
_POINTS = 30_000  # drawn afresh in each step
_RATE = 0.5  # of Adam, in mm
# Smoothing of the masks in mm, steps, and weight of the velocity's bending.
SCHEDULE = ((5.0, 50, 0.03), (3.0, 60, 0.02), (2.0, 70, 0.012))


@dataclass(frozen=True)
class TemplateToDonor:
    """Affine after flow, template millimetres to donor millimetres, and back."""

    matrix: NDArray[np.float64]
    velocity: NDArray[np.float32]

    def forward(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Template points ``(3, ...)`` to the donor."""
        return affine_points(self.matrix, moved(flow(self.velocity), points))

    def backward(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Donor points ``(3, ...)`` to the template."""
        target = affine_points(np.linalg.inv(self.matrix).astype(np.float64), points)
        forward = flow(self.velocity)
        found = moved(flow(-self.velocity), target)
        # The opposite flow is the inverse up to the grid's own error: take out what is left.
        for _ in range(_REFINEMENTS):
            found = found + 0.5 * (target - moved(forward, found))
        return np.asarray(found, np.float32)


def affine_points(matrix: NDArray[np.float64], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Apply a ``(4, 4)`` matrix to points ``(3, ...)``."""
    turned = np.tensordot(matrix[:3, :3], points, axes=1)
    return np.asarray(turned + matrix[:3, 3].reshape(3, *[1] * (points.ndim - 1)), np.float32)


def fit_matrix(
    source: NDArray[np.float64], target: NDArray[np.float64], *, rigid: bool
) -> NDArray[np.float64]:
    """Least squares from points ``(N, 3)`` to points ``(N, 3)``: rigid (Kabsch) or affine."""
    matrix = np.eye(4)
    if rigid:
        start, end = source.mean(0), target.mean(0)
        u, _, v = np.linalg.svd((source - start).T @ (target - end))
        flip = np.diag([1, 1, np.sign(np.linalg.det(u @ v))])
        matrix[:3, :3] = (u @ flip @ v).T
        matrix[:3, 3] = end - matrix[:3, :3] @ start
    else:
        padded = np.column_stack([source, np.ones(len(source))])
        matrix[:3] = np.linalg.lstsq(padded, target, rcond=None)[0].T
    return matrix


def _smooth(field: torch.Tensor) -> torch.Tensor:
    reach = np.arange(-4, 5)
    weights = np.exp(-0.5 * (reach / _SIGMA_NODES) ** 2)
    kernel = torch.tensor(weights / weights.sum(), dtype=torch.float32)
    for axis in range(3):
        shape, padding = [1, 1, 1, 1, 1], [0, 0, 0]
        shape[2 + axis], padding[axis] = 9, 4
        field = torch.nn.functional.conv3d(
            field[:, None], kernel.reshape(shape), padding=tuple(padding)
        )[:, 0]
    return field


def _sample(volumes: torch.Tensor, voxels: torch.Tensor) -> torch.Tensor:
    """Read ``(C, X, Y, Z)`` at voxel places ``(3, N)``, trilinearly."""
    size = torch.tensor(volumes.shape[1:], dtype=torch.float32)[:, None]
    grid = (voxels * 2 / (size - 1) - 1).flip(0).T[None, None, None]
    read = torch.nn.functional.grid_sample(
        volumes[None], grid, align_corners=True, padding_mode="border"
    )
    return read[0, :, 0, 0]


def _flow(velocity: torch.Tensor, nodes: torch.Tensor) -> torch.Tensor:
    displacement = velocity / 2**_HALVINGS
    for _ in range(_HALVINGS):
        places = (nodes + displacement / float(WARP_AFFINE[0, 0])).reshape(3, -1)
        displacement = displacement + _sample(displacement, places).reshape(displacement.shape)
    return displacement


def smooth_masks(labels: NDArray[np.int_], count: int, sigma_mm: float, spacing: float):
    """Smoothed mask of each label 1 to ``count``, ``(count, X, Y, Z)``."""
    masks = [
        ndimage.gaussian_filter(
            (labels == label).astype(np.float32), sigma_mm / spacing, truncate=3
        )
        for label in range(1, count + 1)
    ]
    return torch.from_numpy(np.stack(masks))


def register(
    template: NDArray[np.int_],
    donor: NDArray[np.int_],
    affine: NDArray[np.float64],
    matrix: NDArray[np.float64],
    near: NDArray[np.bool_],
) -> TemplateToDonor:
    """Find the flow under which template and donor regions coincide.

    Args:
        template: Region labels ``(X, Y, Z)``, 0 outside the cerebrum.
        donor: Region labels of the donor on the same grid, ``(X, Y, Z)``.
        affine: Voxel index to millimetres of both grids, ``(4, 4)``, without rotation.
        matrix: Affine start, template to donor millimetres.
        near: True where the regions are compared in the template.
    """
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    places = np.argwhere(near)
    spacing = float(affine[0, 0])
    origin = torch.tensor(affine[:3, 3], dtype=torch.float32)[:, None]
    warp_origin = torch.tensor(WARP_AFFINE[:3, 3], dtype=torch.float32)[:, None]
    nodes = torch.from_numpy(grid_points(WARP_SHAPE, np.eye(4)))
    turn = torch.tensor(matrix[:3, :3], dtype=torch.float32)
    shift = torch.tensor(matrix[:3, 3], dtype=torch.float32)[:, None]
    raw = torch.zeros((3, *WARP_SHAPE), requires_grad=True)
    count = int(template.max())
    for sigma, steps, weight in SCHEDULE:
        fixed = smooth_masks(template, count, sigma, spacing)
        moving = smooth_masks(donor, count, sigma, spacing)
        optimizer = torch.optim.Adam([raw], lr=_RATE)
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = _RATE * (1 - 0.8 * step / steps)
            chosen = places[random.integers(len(places), size=_POINTS)].T
            voxels = torch.from_numpy(chosen.astype(np.float32))
            points = voxels * spacing + origin
            velocity = _smooth(raw)
            displacement = _flow(velocity, nodes)
            there = points + _sample(displacement, (points - warp_origin) / WARP_AFFINE[0, 0])
            there = turn @ there + shift
            found = _sample(moving, (there - origin) / spacing)
            target = fixed[:, chosen[0], chosen[1], chosen[2]]
            mismatch = ((found - target) ** 2).sum(0).mean()
            bends = [torch.diff(velocity, n=2, dim=axis).square().mean() for axis in (1, 2, 3)]
            bending = bends[0] + bends[1] + bends[2]
            loss = mismatch + weight * bending
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"  {sigma:g} mm: mismatch {mismatch.item():.4f}, bending {bending.item():.4f}")
    return TemplateToDonor(matrix, _smooth(raw.detach()).numpy())
