"""Attenuation of annihilation photons, and what a wrong map of it does to uptake."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from monai_amyloid.phantom.people.geometry.anatomy import TISSUES
from monai_amyloid.phantom.scanning.tomography import projector, view_count

# Linear attenuation at 511 keV in 1/mm: water 0.096 cm2/g (NIST Standard Reference Database 126),
# and the skull, tables and marrow together, at 0.151 1/cm as in many brain PET studies (review:
# Wagenknecht et al. 2013, table 2, doi:10.1007/s10334-012-0353-4).
WATER = 0.0096
BONE = 0.0151
_COEFFICIENTS = tuple(BONE if name == "skull" else WATER for name in TISSUES)

# Grid of the errors of a correction: at 2 mm it would agree with OSEM little better (a
# correlation higher by up to 0.03) and take six times as long.
GRID_MM = 4.0


def attenuation_map(fractions: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear attenuation coefficient at 511 keV of each voxel.

    Args:
        fractions: Share of each of
            :data:`~monai_amyloid.phantom.people.geometry.anatomy.TISSUES` in a voxel
            ``(6, X, Y, Z)``; the rest is air.

    Returns:
        Attenuation coefficients, ``(X, Y, Z)`` in 1/mm.
    """
    if len(fractions) != len(TISSUES):
        raise ValueError(
            f"fractions has {len(fractions)} maps; give one for each of {', '.join(TISSUES)}"
        )
    # Air attenuates a thousandth of water: nothing.
    return np.tensordot(np.array(_COEFFICIENTS, np.float32), fractions, axes=1)


def correction_error(
    uptake: NDArray[np.float32],
    mu_error: NDArray[np.float32],
    zooms_mm: Sequence[float] | NDArray[np.float64],
) -> NDArray[np.float32]:
    """What a wrong attenuation map adds to the reconstructed uptake.

    A line of response is corrected by the wrong map instead of its own: it is wrong by ``exp``
    of the line integral of the difference. The errors of all lines are filtered and projected
    back, on a coarser grid.

    Args:
        uptake: Image that the right map gives, ``(X, Y, Z)``.
        mu_error: The wrong map less the right one, ``(X, Y, Z)`` in 1/mm, axes along RAS+, z
            along the scanner; voxels outside the circle that fits into a slice count as air.
        zooms_mm: Voxel size, the same along x and y.

    Returns:
        Error ``(X, Y, Z)`` in the units of ``uptake``, to be added to it.
    """
    # Slices stay as they are: bone and air change fast from one to the next.
    factors = (*coarsening(zooms_mm[:2], GRID_MM), 1)
    if not np.isclose(zooms_mm[0], zooms_mm[1]):
        raise ValueError(
            f"zooms_mm is {tuple(zooms_mm)}; projections need voxels as wide as they are high"
        )
    coarse = block_mean(uptake, factors)
    x, y, slices = coarse.shape
    size = max(x, y)
    rest = [((size - n) // 2, (size - n + 1) // 2) for n in (x, y)]
    views = view_count(size, 1)
    matrix = projector(size, views)

    def project(volume: NDArray[np.float32]) -> NDArray[np.float32]:
        square = np.pad(volume, (*rest, (0, 0))).reshape(size**2, slices)
        return np.asarray(matrix @ square)

    width = np.float32(zooms_mm[0] * factors[0])
    lines = project(coarse) * np.expm1(width * project(block_mean(mu_error, factors)))
    filtered = _ramp_filter(size) @ lines.reshape(views, size, slices)
    error = (matrix.T @ filtered.reshape(views * size, slices)) * np.float32(np.pi / views)
    error = error.reshape(size, size, slices)
    inside = error[rest[0][0] : rest[0][0] + x, rest[1][0] : rest[1][0] + y]
    return interpolate(inside, factors, uptake.shape)


def correction_factor(
    mu_error: NDArray[np.float32], zooms_mm: Sequence[float] | NDArray[np.float64]
) -> NDArray[np.float32]:
    """By what a wrong map multiplies the uptake, roughly, whatever the uptake around.

    Every line through a place is taken to count alike, so that the place is wrong by the mean
    of their errors. That holds for a lone source; in a head, :func:`correction_error` is closer.

    Args:
        mu_error: The wrong map less the right one, as for :func:`correction_error`.
        zooms_mm: Voxel size in mm.

    Returns:
        Factor of the uptake, ``(X, Y, Z)``: 1 where there is no error.
    """
    factors = (*coarsening(zooms_mm[:2], GRID_MM), 1)
    zooms = np.multiply(zooms_mm, factors)
    mean_error = mean_line_integral(block_mean(mu_error, factors), zooms)
    return interpolate(np.exp(mean_error), factors, mu_error.shape)


def shifted_ct(
    mu: NDArray[np.float32],
    zooms_mm: Sequence[float] | NDArray[np.float64],
    shift_mm: Sequence[float],
) -> NDArray[np.float32]:
    """Error of the map of a CT that lies beside the PET.

    Args:
        mu: Attenuation of the head at its position in the PET, ``(X, Y, Z)`` in 1/mm.
        zooms_mm: Voxel size in mm.
        shift_mm: Position of the head in the CT minus its position in the PET, RAS+, mm.

    Returns:
        The shifted head's attenuation less the head's.
    """
    # Where the field of view cuts the head, the head goes on.
    seen = ndimage.shift(mu, np.divide(shift_mm, zooms_mm), order=1, mode="nearest")
    return np.asarray(seen - mu, np.float32)


def missed_bone(mu: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Error of a map made from magnetic resonance, which shows no bone.

    Args:
        mu: Attenuation of the head, ``(X, Y, Z)`` in 1/mm.
        share: Share of the bone that the map takes for soft tissue: all of it where a map is
            segmented, some of it where a template or a model fills in bone.

    Returns:
        The map's attenuation less the head's.
    """
    return np.asarray(-np.float32(share) * np.maximum(mu - np.float32(WATER), 0), np.float32)


@lru_cache(maxsize=4)
def _ramp_filter(size: int) -> NDArray[np.float32]:
    """Ramp filter of a projection as a matrix, in units of a bin (Kak and Slaney 1988, 3.3)."""
    distance = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    odd = np.where(distance % 2, distance, np.inf)
    return (np.eye(size) / 4 - 1 / (np.pi * odd) ** 2).astype(np.float32)


def mean_line_integral(
    volume: NDArray[np.float32], zooms_mm: Sequence[float] | NDArray[np.float64]
) -> NDArray[np.float32]:
    """Integral along a transaxial line through each voxel, averaged over all directions.

    With polar coordinates ``(t, angle)`` about the voxel, ``dx dy = |t| dt dangle``; the mean
    over half a turn of the integrals over ``t`` is therefore the convolution of the slice with
    ``1 / (pi r)``.

    Args:
        volume: Volume ``(X, Y, Z)``, taken as 0 outside the grid.
        zooms_mm: Voxel size in mm; only x and y are used.

    Returns:
        Mean line integral through each voxel, ``(X, Y, Z)``, in units of ``volume`` times mm.
    """
    x, y = volume.shape[:2]
    kernel = _kernel_spectrum((x, y), (float(zooms_mm[0]), float(zooms_mm[1])))
    # Slices first: each transform then runs over memory that lies together.
    slices = np.ascontiguousarray(np.moveaxis(volume, -1, 0))
    size = (2 * (kernel.shape[1] - 1), kernel.shape[0])
    spectrum = fft.rfft2(np.swapaxes(slices, 1, 2), s=size[::-1])
    means: NDArray[np.float32] = fft.irfft2(spectrum * kernel, s=size[::-1])[:, :y, :x]
    return np.ascontiguousarray(means.transpose(2, 1, 0))


@lru_cache(maxsize=8)
def _kernel_spectrum(shape: tuple[int, int], zooms: tuple[float, float]) -> NDArray[np.complex64]:
    """Fourier transform of ``1 / (pi r)`` integrated over each voxel, transposed to (y, x)."""
    # Twice the field of view, so that nothing wraps around; even, as rfft2 halves the last axis.
    size = [2 * fft.next_fast_len(n, real=True) for n in shape]
    edges = [
        (fft.fftfreq(n, 1 / n)[:, None] + np.array([-0.5, 0.5])) * zoom
        for n, zoom in zip(size, zooms, strict=True)
    ]
    x, y = edges[0][None, :, None, :], edges[1][:, None, :, None]
    # The integral of 1/r over a rectangle, by the values of its antiderivative at the corners.
    corner = x * np.arcsinh(y / np.abs(x)) + y * np.arcsinh(x / np.abs(y))
    cell = (corner[:, :, 1] - corner[:, :, 0]) @ np.array([-1.0, 1.0])
    spectrum: NDArray[np.complex64] = fft.rfft2((cell / np.pi).astype(np.float32))
    return spectrum


def coarsening(zooms_mm: Sequence[float] | NDArray[np.float64], grid_mm: float) -> tuple[int, ...]:
    """How many voxels along each axis make one of about ``grid_mm``."""
    return tuple(max(1, round(grid_mm / zoom)) for zoom in zooms_mm)


def block_mean(volume: NDArray[np.float32], factors: Sequence[int]) -> NDArray[np.float32]:
    """Mean of each block of ``factors`` voxels; the last one is filled with its border."""
    rest = [(0, -n % k) for n, k in zip(volume.shape, factors, strict=True)]
    if any(after for _, after in rest):
        volume = np.pad(volume, rest, mode="edge")
    for axis, k in enumerate(factors):
        # Every k-th voxel, k times: several times faster than a mean over a short axis.
        along = np.moveaxis(volume, axis, 0)
        total = along[::k].copy()
        for start in range(1, k):
            total += along[start::k]
        volume = np.moveaxis(total, 0, axis)
    volume = np.ascontiguousarray(volume)
    volume /= np.float32(np.prod(factors))
    return volume


def interpolate(
    coarse: NDArray[np.float32], factors: Sequence[int], shape: Sequence[int]
) -> NDArray[np.float32]:
    """Linear interpolation of block means back to the voxels of ``shape``."""
    x, y, z = (
        _interpolation(n, k, voxels)
        for n, k, voxels in zip(coarse.shape, factors, shape, strict=True)
    )
    # As products with small matrices: several times faster than ndimage.zoom.
    rows = np.matmul(y, coarse @ z.T)
    fine: NDArray[np.float32] = x @ rows.reshape(len(coarse), -1)
    return fine.reshape(tuple(shape))


@lru_cache(maxsize=16)
def _interpolation(coarse: int, factor: int, fine: int) -> NDArray[np.float32]:
    place = np.clip((np.arange(fine) + 0.5) / factor - 0.5, 0, coarse - 1)
    distance: NDArray[np.float64] = np.abs(place[:, None] - np.arange(coarse))
    return np.clip(1 - distance, 0, None).astype(np.float32)
