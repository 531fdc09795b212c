"""Smooth, invertible deformations of a head.

A deformation is the flow of a stationary velocity field: it has no folds, and the flow of the
opposite field is its inverse. Fields live on a coarse grid, for they are smooth: ``(3, X, Y, Z)``
millimetres, in RAS+.

References:
    Arsigny et al. 2006, doi:10.1007/11866565_113 (scaling and squaring).
"""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import fft, ndimage

from monai_amyloid.phantom.people.geometry.anatomy import WARP_AFFINE, WARP_SHAPE

Field = NDArray[np.float32]
Points = NDArray[np.float32]

# Heads are scaled and turned about their middle, not about the anterior commissure.
HEAD_CENTRE_MM = (0.0, -18.0, 10.0)

_SPACING = float(WARP_AFFINE[0, 0])
# Halvings before the field is added to itself: first steps of a few millimetres at most.
_HALVINGS = 2
# Frequencies of which a Gaussian leaves less are left out.
_LEAST_TRANSFER = 1e-3
# How far around a space its expansion is felt.
_WALL_SIGMA_MM = 6.0


def interpolate(volumes: Field, affine: NDArray[np.float64], points: Points) -> Field:
    """Read volumes between their voxels, trilinearly; nothing lies beyond their edge.

    Args:
        volumes: Volumes on one grid, ``(C, X, Y, Z)`` float32.
        affine: Voxel index to millimetres ``(4, 4)``, without rotation.
        points: Points to interpolate at, ``(3, ...)`` float32, mm.

    Returns:
        Values of each volume at the points, ``(C, ...)`` float32.
    """
    channels, *shape = volumes.shape
    places = torch.from_numpy(points.reshape(3, -1))
    # grid_sample counts from -1 to 1 between the middles of the outermost voxels, last axis first.
    scale = 2 / (np.diag(affine)[:3] * (np.array(shape) - 1))
    offset = -affine[:3, 3] * scale - 1
    grid = torch.empty(places.shape)
    for row, axis in zip(grid, (2, 1, 0), strict=True):
        torch.mul(places[axis], float(scale[axis]), out=row).add_(float(offset[axis]))
    sampled = torch.nn.functional.grid_sample(
        torch.from_numpy(volumes)[None], grid.T[None, None, None], align_corners=True
    )
    return np.asarray(sampled.numpy().reshape(channels, *points.shape[1:]), np.float32)


def grid_points(shape: tuple[int, ...], affine: NDArray[np.float64]) -> Points:
    """Millimetre coordinates of every voxel, ``(3, X, Y, Z)`` float32, of a grid at any angle."""
    x, y, z = np.ogrid[: shape[0], : shape[1], : shape[2]]
    points = np.empty((3, *shape), np.float32)
    for row, place in zip(affine[:3].astype(np.float32), points, strict=True):
        np.add(row[0] * x.astype(np.float32), row[1] * y.astype(np.float32) + row[3], out=place)
        place += row[2] * z.astype(np.float32)
    return points


def scaled(points: Points, factors: tuple[float, ...]) -> Points:
    """Points ``(3, ...)`` moved apart by a factor along each axis, about the head's middle."""
    shape = (3,) + (1,) * (points.ndim - 1)
    centre = np.array(HEAD_CENTRE_MM, np.float32).reshape(shape)
    return (points - centre) * np.array(factors, np.float32).reshape(shape) + centre


def flow(velocity: Field) -> Field:
    """Displacement of the flow of a velocity field after unit time.

    Args:
        velocity: Stationary velocity field, ``(3, *WARP_SHAPE)`` mm.

    Returns:
        Displacement ``(3, *WARP_SHAPE)``: a point x goes to x + displacement(x). The flow of
        ``-velocity`` is its inverse.
    """
    places = _warp_points()
    displacement = velocity / np.float32(2**_HALVINGS)
    # The first step by the velocity half-way along it.
    displacement = interpolate(displacement, WARP_AFFINE, places + displacement * np.float32(0.5))
    for _ in range(_HALVINGS):
        displacement = displacement + interpolate(displacement, WARP_AFFINE, places + displacement)
    return displacement


@cache
def _warp_points() -> Points:
    return grid_points(WARP_SHAPE, WARP_AFFINE)


def moved(displacement: Field, points: Points) -> Points:
    """Where points ``(3, ...)`` go by a displacement on the warp's grid."""
    return points + interpolate(displacement, WARP_AFFINE, points)


def refined(field: Field) -> Field:
    """A field on the grid of twice as many nodes, linear between them; its last node repeated.

    Args:
        field: Vector field on the coarse grid, ``(3, X, Y, Z)``.

    Returns:
        Field on the finer grid, ``(3, 2 X, 2 Y, 2 Z)``: from the warp's grid to that of the
        anatomies.
    """
    # The last axis first, while there is little to move in small steps.
    for axis in (3, 2, 1):
        shape = list(field.shape)
        shape[axis] *= 2
        fine = np.empty(shape, np.float32)
        # The same memory, seen with the axis in front.
        nodes, voxels = np.moveaxis(field, axis, 0), np.moveaxis(fine, axis, 0)
        voxels[::2] = nodes
        voxels[1:-1:2] = (nodes[:-1] + nodes[1:]) * np.float32(0.5)
        voxels[-1] = nodes[-1]
        field = fine
    return field


def jacobian(displacement: Field) -> NDArray[np.float32]:
    """Growth of volume at each point of the warp's grid, ``WARP_SHAPE``: 1 where nothing moves."""
    (a, b, c), (d, e, f), (g, h, i) = (np.gradient(part, _SPACING) for part in displacement)
    a, e, i = a + 1, e + 1, i + 1
    return np.asarray(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g), np.float32)


def smooth_noise(sigma_mm: float, random: np.random.Generator) -> NDArray[np.float32]:
    """Draw a smooth field of mean 0 and variance 1 on the warp's grid, ``WARP_SHAPE``.

    Args:
        sigma_mm: Sigma of the Gaussian that smooths the noise; the correlation at distance d is
            exp(-d^2 / 4 sigma^2).
        random: Source of randomness.
    """
    sigma = sigma_mm / _SPACING
    # Wrapped around, so that the variance is the same at the edge; drawn on a grid as coarse as
    # the frequencies allow that are left.
    highest = np.sqrt(-np.log(_LEAST_TRANSFER) / 2) / (np.pi * sigma)
    coarse = [min(count, 2 * int(np.ceil(highest * count)) + 2) for count in WARP_SHAPE]
    spectrum = fft.rfftn(random.standard_normal(coarse, dtype=np.float32))
    *rows, last = (fft.fftfreq(few, 1 / few).astype(int) for few in coarse)
    last = np.abs(last[: coarse[2] // 2 + 1])
    for axis, (places, count) in enumerate(zip((*rows, last), WARP_SHAPE, strict=True)):
        shape = [1, 1, 1]
        shape[axis] = -1
        part = np.exp(-2 * (np.pi * sigma * places / count) ** 2)
        spectrum *= part.astype(np.float32).reshape(shape)
    whole = np.zeros((*WARP_SHAPE[:2], WARP_SHAPE[2] // 2 + 1), np.complex64)
    whole[np.ix_(*rows, last)] = spectrum
    smooth = fft.irfftn(whole, s=WARP_SHAPE)
    # White noise behind a Gaussian of s nodes keeps 1 / (8 pi^1.5 s^3) of its variance.
    more = np.prod(WARP_SHAPE) / np.prod(coarse) * 8 * np.pi**1.5 * sigma**3
    return np.asarray(smooth * np.float32(np.sqrt(more)), np.float32)


def expansion(space: NDArray[np.float32]) -> Field:
    """Velocity field that widens a space, of 1 mm where it is fastest.

    Args:
        space: Share of the space in each voxel ``(X, Y, Z)`` of an anatomy's grid, 2 mm.

    Returns:
        ``(3, *WARP_SHAPE)`` mm, away from the space at its walls and 0 far from it.
    """
    smooth = space
    # The field needs every other voxel alone.
    for axis in range(3):
        smooth = ndimage.gaussian_filter1d(smooth, _WALL_SIGMA_MM / 2, axis)
        smooth = smooth[(slice(None),) * axis + (slice(None, None, 2),)]
    outward = -np.stack(tuple(np.gradient(smooth)))
    return np.asarray(outward / np.abs(outward).max(), np.float32)
