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
        coefficients: Of each cosine, by component, ``(3, TERMS)`` mm.
    """

    coefficients: NDArray[np.float32]

    def displacement(self, points: torch.Tensor) -> torch.Tensor:
        """Displacement ``(N, 3)`` mm at points ``(N, 3)`` mm of the template."""
        return cosines(points) @ torch.from_numpy(self.coefficients).T.to(points)

    def gradient(self, points: torch.Tensor) -> torch.Tensor:
        """Derivative of each component along each axis, ``(N, 3, 3)``."""
        coefficients = torch.from_numpy(self.coefficients).to(points)
        by_axis = [cosines(points, axis) @ coefficients.T for axis in range(3)]
        return torch.stack(by_axis, dim=2)


NO_WARP = Warp(np.zeros((3, TERMS), np.float32))


def cosines(points: torch.Tensor, derivative: int | None = None) -> torch.Tensor:
    """Every product of three cosines, ``(N, TERMS)``, at points ``(N, 3)`` mm.

    Args:
        points: Template millimetres; beyond the box the field stays as it is at its side.
        derivative: Axis along which to take the derivative per millimetre, if any.
    """
    parts = []
    for axis, (order, low, high) in enumerate(zip(ORDERS, _LOW_MM, _HIGH_MM, strict=True)):
        frequency = torch.arange(order).to(points) * (np.pi / (high - low))
        place = points[:, axis].clamp(low, high)[:, None] - low
        if axis == derivative:
            inside = (points[:, axis] > low) & (points[:, axis] < high)
            parts.append(-frequency * torch.sin(frequency * place) * inside[:, None])
        else:
            parts.append(torch.cos(frequency * place))
    return torch.einsum("na,nb,nc->nabc", *parts).reshape(len(points), -1)


@cache
def bending() -> torch.Tensor:
    """Bending energy of each cosine, ``(TERMS,)``: 1 at a wavelength of 2 pi 30 mm."""
    sides = zip(ORDERS, _LOW_MM, _HIGH_MM, strict=True)
    squares = [(30 * np.pi * np.arange(order) / (high - low)) ** 2 for order, low, high in sides]
    x, y, z = np.meshgrid(*squares, indexing="ij")
    return torch.tensor((x + y + z).ravel() ** 2, dtype=torch.float32)
