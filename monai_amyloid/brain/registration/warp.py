"""A smooth deformation of the template by a few cosines."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

# The box over which the cosines run: the brain with a margin, template mm.
_LOW_MM = (-78.0, -112.0, -72.0)
_HIGH_MM = (78.0, 80.0, 88.0)
# Cosines along x, y and z: half waves down to about 50 mm. More of them fitted the template's
# mismatch of intensity instead of its shape.
ORDERS = (4, 5, 4)
TERMS = int(np.prod(ORDERS))


@dataclass(frozen=True)
class Warp:
    """A displacement field, in template millimetres.

    Attributes:
        coefficients: Coefficient of each cosine, by component, ``(3, TERMS)`` mm.
    """

    coefficients: NDArray[np.float32]

    def displacement(self, points: torch.Tensor) -> torch.Tensor:
        """Displacement ``(N, 3)`` mm at points ``(N, 3)`` mm of the template."""
        return self._summed(points)

    def on_grid(self, *axes: NDArray[np.float64]) -> NDArray[np.float32]:
        """Displacement ``(3, X, Y, Z)`` mm at the nodes of a grid, from its x, y and z in mm."""
        waves = [_waves(torch.from_numpy(mm).float(), axis) for axis, mm in enumerate(axes)]
        coefficients = torch.from_numpy(self.coefficients).reshape(3, *ORDERS)
        field = torch.einsum("cijk,xi,yj,zk->cxyz", coefficients, *waves)
        return np.asarray(field.numpy(), np.float32)

    def gradient(self, points: torch.Tensor) -> torch.Tensor:
        """Derivative of each component along each axis, ``(N, 3, 3)``."""
        return torch.stack([self._summed(points, axis) for axis in range(3)], dim=2)

    def _summed(self, points: torch.Tensor, derivative: int | None = None) -> torch.Tensor:
        """The weighted sum of all cosines, or its derivative along an axis, ``(N, 3)``.

        By two axes and then the third: the products of all three are four times as many numbers.
        """
        x, y, z = (_waves(points[:, axis], axis, slope=axis == derivative) for axis in range(3))
        coefficients = torch.from_numpy(self.coefficients).to(points).reshape(3, *ORDERS)
        both = (y[:, :, None] * z[:, None]).reshape(len(points), -1)
        rest = both @ coefficients.permute(2, 3, 1, 0).reshape(both.shape[1], -1)
        return sum(
            (rest[:, 3 * wave : 3 * wave + 3] * x[:, wave, None] for wave in range(1, ORDERS[0])),
            rest[:, :3] * x[:, :1],
        )


NO_WARP = Warp(np.zeros((3, TERMS), np.float32))


def cosines(points: torch.Tensor) -> torch.Tensor:
    """Every product of three cosines, ``(N, TERMS)``, at points ``(N, 3)`` mm.

    Args:
        points: Points in the template, ``(..., 3)`` mm; beyond the box the field keeps its value at
            the side.
    """
    parts = [_waves(points[:, axis], axis) for axis in range(3)]
    return torch.einsum("na,nb,nc->nabc", *parts).reshape(len(points), -1)


def _waves(millimetres: torch.Tensor, axis: int, *, slope: bool = False) -> torch.Tensor:
    """The cosines along one axis, or their slopes per mm, ``(N, order)``."""
    low, high = _LOW_MM[axis], _HIGH_MM[axis]
    frequency = torch.arange(ORDERS[axis]).to(millimetres) * (np.pi / (high - low))
    place = millimetres.clamp(low, high)[:, None] - low
    if not slope:
        return torch.cos(frequency * place)
    inside = (millimetres > low) & (millimetres < high)
    return -frequency * torch.sin(frequency * place) * inside[:, None]


@cache
def bending() -> torch.Tensor:
    """Bending energy of each cosine, ``(TERMS,)``: 1 at a wavelength of 2 pi 30 mm."""
    sides = zip(ORDERS, _LOW_MM, _HIGH_MM, strict=True)
    squares = [(30 * np.pi * np.arange(order) / (high - low)) ** 2 for order, low, high in sides]
    x, y, z = np.meshgrid(*squares, indexing="ij")
    return torch.tensor((x + y + z).ravel() ** 2, dtype=torch.float32)
