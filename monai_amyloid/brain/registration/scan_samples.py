"""A scan as the registration reads it: smoothed, on few voxels, at any point."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.widths import FWHM_PER_SIGMA

# A weighted mean of less than this share of its neighbourhood is not read for the scale.
_SEEN = 0.3


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
        # grid_sample counts from -1 to 1 between the outermost voxels, last axis first.
        last = np.array(self.volume.shape[2:])[::-1] - 1
        scale = 2 / np.maximum(last, 1)
        to_place = (self.to_voxel @ matrix)[..., 2::-1, :] * scale[:, None]
        to_place[..., 3] -= 1
        both = torch.as_tensor(to_place, dtype=torch.float32, device=points.device)
        # An axis a row: nothing is done three numbers at a time.
        places = both[..., :3] @ points.mT + both[..., 3:]
        ends = np.stack([-0.5 * scale - 1, (last + 0.5) * scale - 1])[..., None]
        low, high = torch.as_tensor(ends, dtype=torch.float32, device=points.device)
        inside = ((places >= low) & (places <= high)).all(dim=-2)
        read = torch.nn.functional.grid_sample(
            self.volume,
            places.mT.reshape(1, 1, 1, -1, 3),
            padding_mode="border",
            align_corners=True,
        )
        return read.reshape(inside.shape), inside


@dataclass(frozen=True)
class ScanVoxels:
    """A scan on few voxels, from which it is smoothed for one fit after another.

    Attributes:
        volume: Means of the scan's voxels, ``(X, Y, Z)`` float32, in the scan's own unit.
        affine: Voxels of the volume to scan millimetres, ``(4, 4)``.
        lost: Variance of the averaging along each axis, ``(3,)`` mm².
    """

    volume: torch.Tensor
    affine: NDArray[np.float64]
    lost: NDArray[np.float64]

    def part(self, low: NDArray[np.int_], high: NDArray[np.int_]) -> "ScanVoxels":
        """The voxels from one corner ``(3,)`` up to, and without, another."""
        x, y, z = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        affine = self.affine.copy()
        affine[:3, 3] += affine[:3, :3] @ low
        return ScanVoxels(self.volume[x, y, z].contiguous(), affine, self.lost)

    def smoothed(
        self, fwhm_mm: float, weight: torch.Tensor | None = None, clip: float | None = None
    ) -> ScanSamples:
        """Smooth the scan.

        Args:
            fwhm_mm: FWHM of the smoothing; averaging of voxels is part of it.
            weight: Weight of each voxel ``(X, Y, Z)``, 0 to 1: the smoothed value is the weighted
                mean, so that what has no weight is not seen. All count alike where None.
            clip: Highest value of a voxel; the 99.8th percentile of the smoothed ones where None.
        """
        volume = self.volume if clip is None else self.volume.clamp(max=clip)
        if weight is None:
            smooth = seen = self._blurred(volume, fwhm_mm)
        else:
            near = self._blurred(weight, fwhm_mm)
            smooth = self._blurred(volume * weight, fwhm_mm) / near.clamp(min=1e-3)
            seen = smooth[near > _SEEN]
        # A hot bladder or injection site must not set the scale.
        highest = float(np.percentile(seen.cpu().numpy(), 99.8)) if seen.numel() else 0.0
        unit = highest if highest > 0 else 1.0
        to_voxel = np.asarray(np.linalg.inv(self.affine), np.float64)
        return ScanSamples(smooth.clamp(0, unit)[None, None] / unit, to_voxel, unit)

    def _blurred(self, volume: torch.Tensor, fwhm_mm: float) -> torch.Tensor:
        zooms = np.linalg.norm(self.affine[:3, :3], axis=0)
        for axis in range(3):
            variance = (fwhm_mm / FWHM_PER_SIGMA) ** 2 - self.lost[axis]
            if variance > 0:
                volume = _blurred(volume, float(np.sqrt(variance) / zooms[axis]), axis)
        return volume


def averaged(image: PetImage, voxel_mm: float, device: torch.device | str) -> ScanVoxels:
    """Average the voxels of a scan up to about a size.

    Args:
        image: Scan to read.
        voxel_mm: Size up to about which voxels are averaged.
        device: Device of torch that holds the voxels.
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
    return ScanVoxels(volume, affine, np.asarray((counts**2 - 1) * zooms**2 / 12))


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
    return averaged(image, voxel_mm, device).smoothed(fwhm_mm)


def _blurred(volume: torch.Tensor, sigma: float, axis: int) -> torch.Tensor:
    """Gaussian along one axis, ``sigma`` in voxels; at the edge, of what there is."""
    # So narrow a kernel is fastest as a sum of shifted volumes: torch's convolution takes several
    # times as long, a product with a whole matrix even more.
    count = volume.shape[axis]
    reach = min(int(np.ceil(4 * sigma)), count - 1)
    blurred = torch.zeros_like(volume)
    total = torch.zeros(count, device=volume.device)
    for shift in range(-reach, reach + 1):
        height = float(np.exp(-0.5 * (shift / sigma) ** 2))
        start, length = max(0, -shift), count - abs(shift)
        shifted = volume.narrow(axis, start + shift, length)
        blurred.narrow(axis, start, length).add_(shifted, alpha=height)
        total.narrow(0, start, length).add_(height)
    return blurred / total.reshape([-1 if each == axis else 1 for each in range(3)])
