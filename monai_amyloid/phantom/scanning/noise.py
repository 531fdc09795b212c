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
less noise; low frequencies, which all lines measure, hold less than high ones. The module
``tomography`` counts simulated photons; ``benchmarks/studies/simulator/scanner_physics.py``
compares the two.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from monai_amyloid.phantom.scanning.attenuation import (
    block_mean,
    coarsening,
    interpolate,
    mean_line_integral,
)
from monai_amyloid.phantom.scanning.tomography import BACKGROUND_TO_TRUES, FWHM_PER_SIGMA

# Noise over mean at the usual dose and duration, in brain of uptake 1.
USUAL_CV = 0.08
# Updates of the image: 21 subsets times 4 iterations.
_UPDATES = 84
# The reconstruction's own filter, as a share of the image's resolution: as wide as what the
# detectors blur. Only the filter blurs the noise.
_FILTER_SHARE = np.sqrt(0.5)
# Rate at uptake 1 where lines hold 180 mm of it and a third more of background.
_USUAL_RATE = 1 / 240
_LARGEST_RATE = 0.05
_TABLE_STEPS = 4097
# Line integrals vary slowly: a grid this fine is enough for them.
_GRID_MM = 8.0


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

    Returns:
        Noise of mean 0, ``(X, Y, Z)``.
    """
    filter_mm = fwhm_mm * _FILTER_SHARE
    noise = texture(mean.shape, filter_mm, zooms_mm, random)
    noise *= relative_sd(mean, mu, filter_mm, zooms_mm)
    noise *= np.float32(cv)
    return noise


def texture(
    shape: Sequence[int],
    filter_mm: float,
    zooms_mm: Sequence[float],
    random: np.random.Generator,
) -> NDArray[np.float32]:
    """Stationary noise ``(X, Y, Z)`` of SD 1 with the spectrum of a filtered reconstruction."""
    x, y, z = shape
    amplitude, kernel = _filters((x, y), filter_mm, tuple(float(zoom) for zoom in zooms_mm))
    white = random.standard_normal((z, x, y), dtype=np.float32)
    # Wrapping around keeps the variance the same up to the border.
    white = ndimage.convolve1d(white, kernel, axis=0, mode="wrap")
    noise: NDArray[np.float32] = fft.irfft2(fft.rfft2(white) * amplitude, s=(x, y))
    return np.ascontiguousarray(np.moveaxis(noise, 0, -1))


@lru_cache(maxsize=8)
def _filters(
    shape: tuple[int, int], filter_mm: float, zooms: tuple[float, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What white noise is multiplied with in the plane's spectrum, and convolved with along z.

    Both leave the variance of white noise as it is.
    """
    rho = np.hypot(
        fft.fftfreq(shape[0], zooms[0])[:, None], fft.fftfreq(shape[1], zooms[1])[None, :]
    )
    amplitude = np.sqrt(_spectrum(rho, _USUAL_RATE, filter_mm))
    amplitude /= np.sqrt(np.mean(amplitude**2))
    sigma = filter_mm / FWHM_PER_SIGMA / zooms[2]
    place = np.arange(-np.ceil(4 * sigma), np.ceil(4 * sigma) + 1)
    kernel = np.exp(-((place / sigma) ** 2) / 2)
    kernel /= np.sqrt(np.sum(kernel**2))
    half: NDArray[np.float32] = amplitude[:, : shape[1] // 2 + 1].astype(np.float32)
    return half, np.asarray(kernel, np.float32)


def _spectrum(
    rho: NDArray[np.float64], rate: NDArray[np.float64] | float, filter_mm: float
) -> NDArray[np.float64]:
    """Noise power at ``rho`` per mm over ``V``; ``rate`` per mm is that of ``pi rho = 1``."""
    sigma = filter_mm / FWHM_PER_SIGMA
    gaussian = np.exp(-((2 * np.pi * rho * sigma) ** 2))
    update = np.minimum(1.0, rate / (np.pi * np.maximum(rho, 1e-9)))
    return np.asarray(rho * gaussian * (1 - (1 - update) ** _UPDATES) ** 2)


@lru_cache(maxsize=8)
def _sd_table(filter_mm: float) -> NDArray[np.float32]:
    """Root of the noise power over all frequencies, by the square root of the rate."""
    rho = np.linspace(0, 2.5 / filter_mm, 200)
    roots = np.linspace(0, np.sqrt(_LARGEST_RATE), _TABLE_STEPS)
    known = roots[::16]
    power = 2 * np.pi * rho * _spectrum(rho, known[:, None] ** 2, filter_mm)
    table = np.interp(roots, known, np.sqrt(power.sum(axis=1) * rho[1]))
    return np.asarray(table, np.float32)


def relative_sd(
    mean: NDArray[np.float32],
    mu: NDArray[np.float32] | None,
    filter_mm: float,
    zooms_mm: Sequence[float],
) -> NDArray[np.float32]:
    """SD of the noise ``(X, Y, Z)``: 1 in tissue of uptake 1 in the middle of the head."""
    factors = coarsening(zooms_mm, _GRID_MM)
    zooms = np.multiply(zooms_mm, factors)
    activity = mean_line_integral(block_mean(np.maximum(mean, 0), factors), zooms)
    depth = np.zeros_like(activity)
    if mu is not None:
        depth = mean_line_integral(block_mean(mu, factors), zooms)
    if not activity.max() > 0:
        raise ValueError("mean holds no uptake; noise needs an image of a head to scale with")
    middle = np.unravel_index(activity.argmax(), activity.shape)
    background = BACKGROUND_TO_TRUES * np.max(activity * np.exp(-depth))
    # Of a corrected line: the trues' variance grows by one factor of attenuation, the
    # background's by two.
    burden = activity + background * np.exp(depth)
    variance = burden * np.exp(depth)
    table = _sd_table(filter_mm)
    step = (len(table) - 1) / np.sqrt(_LARGEST_RATE)
    at_middle = np.sqrt(variance[middle]) * np.interp(
        step / np.sqrt(burden[middle]), np.arange(len(table)), table
    )
    # A table by the root of the rate, for speed: the rate is the place's uptake over the burden.
    per_uptake = step / np.sqrt(np.maximum(burden, 1))
    rate = interpolate(np.asarray(per_uptake, np.float32), factors, mean.shape)
    rate *= np.sqrt(np.maximum(mean, 0))
    sd: NDArray[np.float32] = table[np.minimum(rate, len(table) - 1).astype(np.int16)]
    by_lines = np.sqrt(variance) / at_middle
    sd *= interpolate(np.asarray(by_lines, np.float32), factors, mean.shape)
    return sd
