"""One resolution for scans of different cameras: the sharper ones are smoothed."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.pet.widths import FWHM_PER_SIGMA


def matched_resolution(
    volume: NDArray[np.float32],
    fwhm_mm: float,
    common_mm: float,
    voxel_mm: float = float(TEMPLATE_AFFINE[0, 0]),
) -> NDArray[np.float32]:
    """Smooth a volume from its own resolution to a common one.

    Widths of Gaussian blurs add in quadrature: the kernel's square is the difference of theirs.

    Args:
        volume: SUVR or uptake ``(X, Y, Z)``, by default on the 2 mm template grid.
        fwhm_mm: Full width at half maximum of the volume's own blur, as
            :func:`~monai_amyloid.brain.quality.resolution.resolution_mm` measures it.
        common_mm: Full width at half maximum that the result has.
        voxel_mm: Edge of the volume's voxels, the same along each axis.

    Returns:
        Smoothed volume ``(X, Y, Z)``; its reference region has to be divided by anew.

    Raises:
        ValueError: If a width is not known, or the volume is coarser than the common resolution,
            which no smoothing makes sharper.
    """
    if not (math.isfinite(fwhm_mm) and math.isfinite(common_mm) and fwhm_mm > 0):
        raise ValueError(
            f"resolution is {fwhm_mm:g} mm and the common one {common_mm:g} mm, needed two widths "
            "above 0; measure the scan's resolution first"
        )
    if fwhm_mm > common_mm:
        raise ValueError(
            f"resolution is {fwhm_mm:.1f} mm, which smoothing cannot bring to {common_mm:.1f} mm; "
            "choose a common one that is as coarse"
        )
    sigma = math.sqrt(common_mm**2 - fwhm_mm**2) / FWHM_PER_SIGMA / voxel_mm
    return np.asarray(ndimage.gaussian_filter(volume, sigma, mode="nearest"), np.float32)
