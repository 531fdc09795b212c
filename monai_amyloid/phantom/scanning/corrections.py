"""What is wrong with a scan's corrections: scatter, dead time and the detectors' efficiency.

All of it is smooth, and none of it is mended by smoothing the image. Attenuation has a module of
its own.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.phantom.scanning.attenuation import (
    block_mean,
    coarsening,
    interpolate,
    mean_line_integral,
)

# Scattered over true coincidences of a head in 3D mode, an estimate from usual scatter fractions
# of a third, and how far scatter spreads in the image.
SCATTER_TO_TRUES = 0.5
# Fitted to a reconstruction with that scatter on its lines (benchmarks, ``scanner_corrections``).
_SCATTER_SCALE = 0.34
_SCATTER_FWHM_MM = 110.0
_SPREAD_MM = 12.0  # grid of what is so broad
# Over this distance from the middle of the field of view the efficiency's drift is measured.
_AXIAL_UNIT_MM = 100.0
# Dead time belongs to detectors, which see the activity of this length of the head.
_BLOCK_FWHM_MM = 40.0


def scatter_left(
    uptake: NDArray[np.float32],
    mu: NDArray[np.float32],
    zooms_mm: NDArray[np.float64],
    share: float,
) -> NDArray[np.float32]:
    """Uptake that scatter adds to an image where not all of it is subtracted.

    Args:
        uptake: Image ``(X, Y, Z)`` on a coarse grid, z along the scanner.
        mu: Attenuation in 1/mm, on the same grid.
        zooms_mm: Voxel size in mm.
        share: Share of the scatter that is left; below 0 where too much is subtracted.

    Returns:
        Error ``(X, Y, Z)`` in the units of ``uptake``, to be added to it.
    """
    blocks = coarsening(zooms_mm, _SPREAD_MM)
    steps = np.multiply(zooms_mm, blocks)
    depth = mean_line_integral(block_mean(mu, blocks), steps)
    # Photons that were attenuated scattered.
    source = block_mean(uptake, blocks) * -np.expm1(-depth)
    sigma = _SCATTER_FWHM_MM / FWHM_PER_SIGMA / steps
    broad = ndimage.gaussian_filter(source, sigma, mode="constant", truncate=2.0)
    # A line's correction for attenuation magnifies what is left on it.
    broad *= np.float32(share * _SCATTER_SCALE) * np.exp(depth / 2)
    return interpolate(broad, blocks, uptake.shape)


def axial_efficiency(slices: int, slice_mm: float, slope: float, bow: float) -> NDArray[np.float32]:
    """Factor of each slice ``(Z,)`` where detectors have changed since they were normalised.

    Args:
        slices: Number of slices.
        slice_mm: Distance between slices.
        slope: Change of the efficiency 100 mm above the middle of the field of view.
        bow: Change 100 mm from the middle to either side, beside the slope.
    """
    place = (np.arange(slices) - (slices - 1) / 2) * slice_mm / _AXIAL_UNIT_MM
    return np.asarray(1 + slope * place + bow * place**2, np.float32)


def dead_time_factor(
    uptake: NDArray[np.float32], slice_mm: float, loss: float
) -> NDArray[np.float32]:
    """Factor of each slice ``(Z,)`` where dead time was not corrected in full.

    Args:
        uptake: Image without noise ``(X, Y, Z)``.
        slice_mm: Distance of the slices.
        loss: Share of counts that is lost where detectors see most of them.
    """
    counts = uptake.sum(axis=(0, 1), dtype=np.float64)
    seen = ndimage.gaussian_filter1d(counts, _BLOCK_FWHM_MM / FWHM_PER_SIGMA / slice_mm)
    return np.asarray(1 - loss * seen / max(seen.max(), 1e-9), np.float32)


def widened_outward(
    image: NDArray[np.float32], zooms_mm: tuple[float, ...], fwhm_mm: float, edge_ratio: float
) -> NDArray[np.float32]:
    """Blur an image more, the farther from the scanner's axis: photons enter detectors aslant.

    Args:
        image: Image ``(X, Y, Z)``, the scanner's axis along z through its middle.
        zooms_mm: Voxel size in mm.
        fwhm_mm: Resolution on the axis.
        edge_ratio: Resolution 100 mm from it over that on it.

    Returns:
        The image blurred in its slices, with a variance that grows with the squared distance.
    """
    variance = (fwhm_mm / FWHM_PER_SIGMA) ** 2 * (edge_ratio**2 - 1)
    x, y = (
        (np.arange(n) - (n - 1) / 2) * zoom / 100.0
        for n, zoom in zip(image.shape[:2], zooms_mm[:2], strict=True)
    )
    square = np.minimum(np.add.outer(x**2, y**2), 1.5)
    # A blur of a small variance is a step of diffusion.
    step = (variance / 2 * square / zooms_mm[0] ** 2).astype(np.float32)
    inner = image[1:-1, 1:-1]
    change = image[2:, 1:-1] + image[:-2, 1:-1]
    change += image[1:-1, 2:]
    change += image[1:-1, :-2]
    change -= 4 * inner
    change *= step[1:-1, 1:-1, None]
    wider = image.copy()
    wider[1:-1, 1:-1] += change
    return wider
