"""What an iterative reconstruction makes of a head: how far each frequency has come back.

One update of expectation maximisation multiplies what is still missing at a spatial frequency by
``1 - rate`` (see :mod:`~monai_amyloid.phantom.scanning.noise` for the rate of a plain projector).
Where the projector holds the detectors' blur ``D`` (PSF modelling), the rate is smaller by
``D^2`` and the image comes back sharp instead of blurred. After ``n`` updates and a filter ``G``

    transfer = G * D * (1 - (1 - rate)^n),         without PSF modelling
    transfer = G * (1 - (1 - rate * D^2)^n),       with it: edges overshoot

The rate goes with the uptake of the place: cold places come last. Time of flight makes lines of
response short and rates large. ``benchmarks/studies/simulator/scanner_physics.py`` compares all
of it with a real reconstruction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage, optimize

from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.phantom.scanning.attenuation import GRID_MM, block_mean, coarsening, interpolate

Volume = NDArray[np.float32]

# Rate at uptake 1, per mm and frequency times pi, where lines hold 180 mm of it and a third more
# of background.
USUAL_RATE = 1 / 240
# The image is mixed of two: one where frequencies come back this much faster than at uptake 1, one
# where they come back this much slower.
_FAST, _SLOW = 1.2, 0.3
# Between 0, the pace of the beginning, and 1, that of the end; fitted to OSEM (benchmarks,
# ``scanner_corrections``).
_PACE_POWER = 0.7
_NOTHING = 1e-7
# The uptake so far around a place sets its pace, an estimate: about the wavelengths that come back
# late.
_AROUND_MM = 6.0
# Where a Gaussian transfers half: this over its FWHM.
_HALF_FREQUENCY = np.sqrt(np.log(2) / 2) / np.pi * FWHM_PER_SIGMA
# The detectors' blur lies in between, FWHM in mm.
_DETECTORS_MM = (1.0, 12.0)


@dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """A way from counts to an image.

    Attributes:
        subsets: Number of subsets of the views.
        iterations: Passes over all subsets.
        psf: Whether the detectors' blur is in the projector.
        time_of_flight: Factor by which timing shortens the lines of response in a head; 1 without.
        filter_ratio: FWHM of the post-filter over that of the detectors' blur.
        resolution: FWHM of its images over that of plain OSEM at the same scanner.
        converged: Whether all frequencies have come back, as after updates without end.
    """

    subsets: int
    iterations: int
    psf: bool = False
    time_of_flight: float = 1.0
    filter_ratio: float = 1.0
    resolution: float = 1.0
    converged: bool = False

    @property
    def updates(self) -> int:
        """How often the image is updated."""
        return self.subsets * self.iterations


# Estimates: usual protocols, and lines of 240 mm, background included, that timing makes 110 mm
# (500 ps) or 55 mm (215 ps).
RECONSTRUCTIONS = {
    "osem": Reconstruction(subsets=21, iterations=4, filter_ratio=1.6),
    "osem_short": Reconstruction(subsets=16, iterations=3, filter_ratio=2.0),
    "osem_tof": Reconstruction(subsets=21, iterations=3, time_of_flight=2.2, filter_ratio=1.6),
    "psf": Reconstruction(subsets=21, iterations=6, psf=True, filter_ratio=0.6, resolution=0.85),
    "psf_tof": Reconstruction(
        subsets=21,
        iterations=4,
        psf=True,
        time_of_flight=2.2,
        filter_ratio=0.6,
        resolution=0.85,
    ),
    "psf_tof_fast": Reconstruction(
        subsets=5, iterations=8, psf=True, time_of_flight=4.4, filter_ratio=0.5, resolution=0.85
    ),
    # No scanner's: an image that is blurred by a Gaussian and nothing else.
    "converged": Reconstruction(subsets=21, iterations=4, converged=True),
}
USUAL = RECONSTRUCTIONS["osem"]


@lru_cache(maxsize=64)
def widths(fwhm_mm: float, reconstruction: Reconstruction) -> tuple[float, float]:
    """FWHM of the detectors' blur and of the post-filter behind an image's resolution.

    Args:
        fwhm_mm: FWHM of the Gaussian that transfers one half at the same frequency as the image
            does in tissue of uptake 1.
        reconstruction: How the image is made.

    Returns:
        Both in mm. Where even the sharpest detectors give no such image, those of 1 mm.
    """
    half = np.array(_HALF_FREQUENCY / fwhm_mm)

    def excess(detectors_mm: float) -> float:
        blurs = detectors_mm, reconstruction.filter_ratio * detectors_mm
        return float(_transfers(half, np.zeros(()), blurs, reconstruction, (1.0,))[0]) - 0.5

    sharpest, broadest = _DETECTORS_MM
    detectors_mm = sharpest
    if excess(sharpest) > 0:
        detectors_mm = optimize.brentq(excess, sharpest, broadest, xtol=1e-3)
    return detectors_mm, reconstruction.filter_ratio * detectors_mm


def recovered(
    rho: NDArray[np.floating],
    rate: NDArray[np.floating] | float,
    updates: int,
) -> NDArray[np.floating]:
    """Share of a frequency that has come back.

    Args:
        rho: Spatial frequency in the slices, per mm.
        rate: Rate of an update, per mm, where ``pi rho`` is 1.
        updates: Number of updates.
    """
    update = np.minimum(1 - 1e-6, rate / (np.pi * np.maximum(rho, 1e-6)))
    return np.asarray(-np.expm1(updates * np.log1p(-update)))


def _transfers(
    in_plane: NDArray[np.floating],
    axial: NDArray[np.floating],
    blurs_mm: tuple[float, float],
    reconstruction: Reconstruction,
    paces: Sequence[float],
) -> list[NDArray[np.floating]]:
    """Transfer at frequencies per mm, for each pace at which they come back; the usual one is 1."""
    square = in_plane**2 + axial**2
    detectors, post = (
        np.exp(np.maximum(-2 * (np.pi * width / FWHM_PER_SIGMA) ** 2 * square, -40))
        for width in blurs_mm
    )
    if reconstruction.converged:
        return [post * detectors for _ in paces]
    rate = USUAL_RATE * reconstruction.time_of_flight
    if reconstruction.psf:
        known, lost = detectors**2, post
    else:
        known, lost = np.ones_like(in_plane), post * detectors
    return [
        lost * recovered(in_plane, pace * rate * known, reconstruction.updates) for pace in paces
    ]


def reconstructed(
    sharp: Volume,
    zooms_mm: Sequence[float],
    fwhm_mm: float,
    reconstruction: Reconstruction,
    reading_mm2: float = 0.0,
) -> tuple[Volume, Volume]:
    """See a head by an ideal scanner, and by a real one.

    Args:
        sharp: Tracer ``(X, Y, Z)``, z along the scanner, whole cerebellum 1.
        zooms_mm: Voxel size in mm.
        fwhm_mm: Resolution of the images.
        reconstruction: How the real scanner makes its image.
        reading_mm2: Variance of the blur that the head has had and that both images are going to
            have by being read between voxels, mm2; it is part of the resolution.

    Returns:
        The head blurred by a Gaussian, and the image without noise, both ``(X, Y, Z)``; with a
        margin of some slices of nothing above the head.
    """
    # A margin of nothing along z, where the neck is cut, so that it does not wrap around.
    margin = int(np.ceil(1.5 * fwhm_mm / zooms_mm[2]))
    size = (*sharp.shape[:2], 8 * -(-(sharp.shape[2] + margin) // 8))
    padded = torch.zeros(size)
    padded[..., : sharp.shape[2]] = torch.from_numpy(sharp)
    spectrum = torch.fft.rfftn(padded)
    x, y, z = (
        np.arange(n // 2 + 1, dtype=np.float32) / np.float32(n * zoom)
        for n, zoom in zip(size, zooms_mm, strict=True)
    )
    in_plane, axial = np.hypot(x[:, None, None], y[None, :, None]), z[None, None]
    square = in_plane**2 + axial**2
    unread = np.exp(2 * np.float32(np.pi**2 * reading_mm2) * square)
    gaussian = np.exp(-2 * np.float32((np.pi * fwhm_mm / FWHM_PER_SIGMA) ** 2) * square)
    blurs = widths(fwhm_mm, reconstruction)
    fast, slow = _transfers(in_plane, axial, blurs, reconstruction, (_FAST, _SLOW))

    product = torch.empty_like(spectrum)

    def seen(transfer: NDArray[np.floating]) -> Volume:
        # Even along each axis: an eighth of the frequencies tells all of them.
        eighth = (transfer * unread).astype(np.float32)
        # Numbers too small for single precision are slow to reckon with.
        eighth[np.abs(eighth) < _NOTHING] = 0
        whole = eighth[_mirrored(size[0])][:, _mirrored(size[1])]
        torch.mul(spectrum, torch.from_numpy(whole), out=product)
        return np.asarray(torch.fft.irfftn(product, s=size).numpy())

    ideal, image, late = seen(gaussian), seen(fast), seen(slow - fast)
    # The image begins at 1 everywhere: on its way to an uptake its pace is about this power of it.
    blocks = coarsening(zooms_mm, GRID_MM)
    sigma = _AROUND_MM / FWHM_PER_SIGMA / np.multiply(zooms_mm, blocks)
    around = ndimage.gaussian_filter(block_mean(ideal, blocks), sigma, truncate=3.0)
    pace = np.maximum(around, 0) ** np.float32(_PACE_POWER)
    lateness = np.clip((_FAST - pace) / np.float32(_FAST - _SLOW), 0, 1)
    # Air comes fast, for lines that pass the head by measure nothing.
    lateness *= block_mean(padded.numpy(), blocks) > 0
    late *= interpolate(lateness, blocks, ideal.shape)
    image += late
    return ideal, image


def _mirrored(count: int) -> NDArray[np.int_]:
    """Index of each frequency of a transform among those that are not negative."""
    place = np.arange(count)
    return np.minimum(place, count - place)
