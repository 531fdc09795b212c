"""Noise of a reconstructed PET image, without the counting and the reconstruction.

Theory: one update of expectation maximisation adds ``(x / s) A' (y / Ax - 1)`` to the image
``x``, with ``s`` the sensitivity. Linearised about the noise-free image (Barrett, Wilson and Tsui
1994, Phys Med Biol 39:833) and taken as locally stationary (Fessler 1996, IEEE Trans Image
Process 5:493; Qi and Leahy 2000, IEEE Trans Med Imaging 19:493), the relative error at a spatial
frequency ``rho`` approaches its maximum-likelihood value by the rate ``x F / s`` an update.
``F = 1 / (pi rho V)`` is the Fisher information of lines of response that have, once corrected
for attenuation, the variance ``V`` through this place. After ``n`` updates and a filter ``G``

    variance = V * integral of rho * G^2 * (1 - (1 - rate)^n)^2 over the plane of frequencies.

Deep places, whose lines lose most photons, are noisy; cold places converge late and so hold
less noise; low frequencies, which all lines measure, hold less than high ones. Where the
projector holds the detectors' blur ``D``, the rate is smaller by ``D^2`` and the variance larger:
``G`` gives way to ``G / D``. Time of flight makes the lines' variance smaller and the rate larger.
The module ``tomography`` counts simulated photons;
``benchmarks/studies/simulator/scanner_physics.py`` compares the two.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import fft

from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.phantom.scanning.attenuation import (
    GRID_MM,
    block_mean,
    coarsening,
    interpolate,
    mean_line_integral,
)
from monai_amyloid.phantom.scanning.reconstruction import (
    USUAL,
    USUAL_RATE,
    Reconstruction,
    recovered,
    widths,
)
from monai_amyloid.phantom.scanning.tomography import BACKGROUND_TO_TRUES

# Noise over mean at the usual dose and duration, in brain of uptake 1.
USUAL_CV = 0.08
_LARGEST_RATE = 0.05
_TABLE_STEPS = 4097
# Line integrals vary slowly: a grid this fine is enough for them.
_LINES_MM = 8.0


def cv_of_counts(relative_counts: float) -> float:
    """Noise over mean in brain of uptake 1 when ``relative_counts`` of the usual are measured."""
    if not relative_counts > 0:
        raise ValueError(f"relative_counts is {relative_counts}; it must be above 0")
    return float(USUAL_CV / np.sqrt(relative_counts))


def correlated_noise(
    mean: NDArray[np.float32],
    mu: NDArray[np.float32] | None,
    fwhm_mm: float,
    zooms_mm: Sequence[float],
    cv: float,
    random: np.random.Generator,
    reconstruction: Reconstruction = USUAL,
) -> NDArray[np.float32]:
    """Noise to add to a noise-free image, as ordered-subsets reconstruction would leave it.

    Args:
        mean: The image without noise ``(X, Y, Z)``, z along the scanner, whole cerebellum 1.
        mu: Attenuation in 1/mm, ``(X, Y, Z)``; None to leave attenuation out.
        fwhm_mm: Resolution of the image, FWHM.
        zooms_mm: Voxel size in mm.
        cv: SD over mean in tissue of uptake 1 in the middle of the head, where most activity
            lies along the lines.
        random: Source of randomness; the same state gives the same noise.
        reconstruction: How the image is made.

    Returns:
        Noise of mean 0, ``(X, Y, Z)``.
    """
    filter_mm = widths(fwhm_mm, reconstruction)[1]
    noise = texture(mean.shape, filter_mm, zooms_mm, random, reconstruction)
    noise *= relative_sd(mean, mu, filter_mm, zooms_mm, reconstruction)
    noise *= np.float32(cv)
    return noise


def texture(
    shape: Sequence[int],
    filter_mm: float,
    zooms_mm: Sequence[float],
    random: np.random.Generator,
    reconstruction: Reconstruction = USUAL,
) -> NDArray[np.float32]:
    """Stationary noise ``(X, Y, Z)`` of SD 1 with the spectrum of a reconstruction.

    Args:
        shape: Voxels along each axis.
        filter_mm: FWHM of the post-filter, which alone blurs the noise.
        zooms_mm: Voxel size in mm.
        random: Source of randomness.
        reconstruction: How the image is made.
    """
    size = tuple(2 * fft.next_fast_len((n + 1) // 2, real=True) for n in shape)
    in_plane, axial = _amplitudes(
        size, filter_mm, tuple(float(zoom) for zoom in zooms_mm), reconstruction
    )
    # Each voxel is a sum over so many frequencies that those need not be normal themselves.
    parts = random.random((*in_plane.shape, axial.size, 2), dtype=np.float32)
    parts -= np.float32(0.5)
    spectrum = parts.view(np.complex64)[..., 0]
    spectrum *= in_plane[..., None]
    spectrum *= axial
    noise = torch.fft.irfftn(torch.from_numpy(spectrum), s=size)
    return np.ascontiguousarray(noise[tuple(slice(n) for n in shape)].numpy())


@lru_cache(maxsize=8)
def _amplitudes(
    size: tuple[int, ...],
    filter_mm: float,
    zooms: tuple[float, ...],
    reconstruction: Reconstruction,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Factors of evenly drawn frequencies ``(X, Y)`` and ``(Z / 2 + 1,)``, for an SD of 1."""
    rho = np.hypot(fft.fftfreq(size[0], zooms[0])[:, None], fft.fftfreq(size[1], zooms[1]))
    in_plane = np.sqrt(_spectrum(rho, USUAL_RATE, filter_mm, reconstruction))
    sigma = filter_mm / FWHM_PER_SIGMA
    frequency = fft.rfftfreq(size[2], zooms[2])
    axial = np.exp(-2 * (np.pi * sigma * frequency) ** 2)
    # All frequencies but the first and the last stand for two.
    counted = np.full(axial.size, 2.0)
    counted[[0, -1]] = 1
    # Parts drawn evenly have a variance of 1/12 each; the inverse transform divides by the voxels.
    variance = np.mean(in_plane**2) * np.sum(counted * axial**2) / size[2] / (6 * np.prod(size))
    # Of the first and the last only the real part counts.
    axial[[0, -1]] *= np.sqrt(2)
    axial /= np.sqrt(variance)
    return in_plane.astype(np.float32), axial.astype(np.float32)


def _spectrum(
    rho: NDArray[np.float64],
    rate: NDArray[np.float64] | float,
    filter_mm: float,
    reconstruction: Reconstruction,
) -> NDArray[np.float64]:
    """Noise power at ``rho`` per mm over ``V``; ``rate`` per mm is that of ``pi rho = 1``."""
    detectors, post = (
        np.exp(-2 * (np.pi * rho * width / FWHM_PER_SIGMA) ** 2)
        for width in (filter_mm / reconstruction.filter_ratio, filter_mm)
    )
    known = np.maximum(detectors, 1e-6) if reconstruction.psf else np.ones_like(detectors)
    rate = rate * reconstruction.time_of_flight * known**2
    back = recovered(rho, rate, reconstruction.updates)
    return np.asarray(rho * (post * back / known) ** 2)


@lru_cache(maxsize=8)
def _sd_table(filter_mm: float, reconstruction: Reconstruction) -> NDArray[np.float32]:
    """Root of the noise power over all frequencies, by the square root of the rate."""
    rho = np.linspace(0, 2.5 / filter_mm, 200)
    roots = np.linspace(0, np.sqrt(_LARGEST_RATE), _TABLE_STEPS)
    known = roots[::16]
    power = 2 * np.pi * rho * _spectrum(rho, known[:, None] ** 2, filter_mm, reconstruction)
    table = np.interp(roots, known, np.sqrt(power.sum(axis=1) * rho[1]))
    return np.asarray(table, np.float32)


def relative_sd(
    mean: NDArray[np.float32],
    mu: NDArray[np.float32] | None,
    filter_mm: float,
    zooms_mm: Sequence[float],
    reconstruction: Reconstruction = USUAL,
) -> NDArray[np.float32]:
    """SD of the noise ``(X, Y, Z)``: 1 in tissue of uptake 1 in the middle of the head.

    Args:
        mean: The image without noise ``(X, Y, Z)``, whole cerebellum 1.
        mu: Attenuation in 1/mm, on the grid of ``mean`` or on that of its blocks of
            :data:`~monai_amyloid.phantom.scanning.attenuation.GRID_MM`; None to leave attenuation
            out.
        filter_mm: FWHM of the post-filter, which alone blurs the noise.
        zooms_mm: Voxel size in mm.
        reconstruction: How the image is made.
    """
    factors = coarsening(zooms_mm, GRID_MM)
    steps = np.multiply(zooms_mm, factors)
    lines = coarsening(steps, _LINES_MM)
    sparse = np.multiply(steps, lines)
    uptake = block_mean(np.maximum(mean, 0), factors)
    activity = mean_line_integral(block_mean(uptake, lines), sparse)
    depth = np.zeros_like(activity)
    if mu is not None:
        coarse = mu if mu.shape == uptake.shape else block_mean(mu, factors)
        depth = mean_line_integral(block_mean(coarse, lines), sparse)
    if not activity.max() > 0:
        raise ValueError("mean holds no uptake; noise needs an image of a head to scale with")
    middle = np.unravel_index(activity.argmax(), activity.shape)
    background = BACKGROUND_TO_TRUES * np.max(activity * np.exp(-depth))
    # Of a corrected line: the trues' variance grows by one factor of attenuation, the
    # background's by two.
    burden = activity + background * np.exp(depth)
    variance = burden * np.exp(depth)
    table = _sd_table(filter_mm, reconstruction)
    step = (len(table) - 1) / np.sqrt(_LARGEST_RATE)
    at_middle = np.sqrt(variance[middle]) * np.interp(
        step / np.sqrt(burden[middle]), np.arange(len(table)), table
    )
    # A table by the root of the rate, for speed: the rate is the place's uptake over the burden.
    per_uptake = step / np.sqrt(np.maximum(burden, 1))
    rate = interpolate(np.asarray(per_uptake, np.float32), lines, uptake.shape)
    rate *= np.sqrt(uptake)
    sd: NDArray[np.float32] = table[np.minimum(rate, len(table) - 1).astype(np.int16)]
    by_lines = np.sqrt(variance) / at_middle
    sd *= interpolate(np.asarray(by_lines, np.float32), lines, uptake.shape)
    return interpolate(sd, factors, mean.shape)
