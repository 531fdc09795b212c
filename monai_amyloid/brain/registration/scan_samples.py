"""A scan as the registration reads it: smoothed, on few voxels, at any point."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from monai_amyloid.pet.image import PetImage

_FWHM_PER_SIGMA = 2.3548


@dataclass(frozen=True)
class ScanSamples:
    """A scan that can be read at any point.

    Attributes:
        volume: Samples of the scan, ``(1, 1, X, Y, Z)`` float32, 0 to about 1.
        to_voxel: Scan millimetres to voxels of the volume, ``(4, 4)``.
        unit: Value of 1 in the scan's own unit.
    """

    volume: torch.Tensor
    to_voxel: NDArray[np.float64]
    unit: float

    def at(
        self, points: torch.Tensor, matrix: NDArray[np.float64]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Read between the voxels.

        Args:
            points: Points ``(..., N, 3)`` mm; with more dimensions, one set for each transform.
            matrix: Transform of the points to scan millimetres, ``(..., 4, 4)``.

        Returns:
            Values ``(..., N)``, and whether each point lies inside the scan.
        """
        both = torch.as_tensor(self.to_voxel @ matrix, dtype=torch.float32, device=points.device)
        voxels = points @ both[..., :3, :3].mT + both[..., None, :3, 3]
        last = torch.tensor(self.volume.shape[2:], device=points.device) - 1
        inside = ((voxels >= -0.5) & (voxels <= last + 0.5)).all(dim=-1)
        # grid_sample counts from -1 to 1 between the outermost voxels, last axis first.
        places = (2 * voxels / last.clamp(min=1) - 1).flip(-1)
        read = torch.nn.functional.grid_sample(
            self.volume,
            places.reshape(1, 1, 1, -1, 3),
            padding_mode="border",
            align_corners=True,
        )
        return read.reshape(inside.shape), inside


def smoothed(
    image: PetImage, fwhm_mm: float, voxel_mm: float, device: torch.device | str
) -> ScanSamples:
    """Smooth a scan, on voxels that are averaged up to a size.

    Args:
        image: Scan to smooth.
        fwhm_mm: FWHM of the smoothing; averaging of voxels is part of it.
        voxel_mm: Size up to about which voxels are averaged.
        device: Device of torch that holds the samples.
    """
    volume = torch.from_numpy(np.ascontiguousarray(image.data, np.float32)).to(device)
    zooms = image.zooms
    counts = np.maximum(1, np.floor(voxel_mm / zooms + 0.2)).astype(int)
    counts = np.minimum(counts, volume.shape)
    affine = np.array(image.affine, np.float64)
    affine[:3, 3] += affine[:3, :3] @ ((counts - 1) / 2)
    affine[:3, :3] = affine[:3, :3] * counts
    for axis, count in enumerate(counts.tolist()):
        if count > 1:
            whole = volume.shape[axis] // count * count
            volume = volume.narrow(axis, 0, whole).unfold(axis, count, count).mean(-1)
        variance = (fwhm_mm / _FWHM_PER_SIGMA) ** 2 - (count**2 - 1) * zooms[axis] ** 2 / 12
        if variance > 0:
            volume = _blurred(volume, float(np.sqrt(variance) / (count * zooms[axis])), axis)
    # A hot bladder or injection site must not set the scale.
    highest = float(np.percentile(volume.cpu().numpy(), 99.8))
    unit = highest if highest > 0 else 1.0
    to_voxel = np.asarray(np.linalg.inv(affine), np.float64)
    return ScanSamples(volume.clamp(0, unit)[None, None] / unit, to_voxel, unit)


def _blurred(volume: torch.Tensor, sigma: float, axis: int) -> torch.Tensor:
    """Gaussian along one axis, ``sigma`` in voxels; at the edge, of what there is."""
    # A matrix product is several times faster than a convolution, and the same on any device.
    place = torch.arange(volume.shape[axis], dtype=torch.float32, device=volume.device)
    kernel = torch.exp(-0.5 * ((place[:, None] - place) / sigma) ** 2)
    kernel /= kernel.sum(dim=1, keepdim=True)
    if axis == 0:
        return (kernel @ volume.flatten(1)).reshape(volume.shape)
    return kernel @ volume if axis == 1 else volume @ kernel.T
