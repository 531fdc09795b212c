"""The largest object in a scan: the first sign of a head."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.brain.registration.scan_samples import ScanSamples

# Of the values that few voxels exceed: less is air.
_LEAST_UPTAKE = 0.25
# A head from the vertex to below the cerebellum, and with its skin; and the top of the template's
# head and the middle of its width and depth, mm.
_HEAD_HEIGHT_MM = 165.0
_TOP_MM = np.array([0.0, -18.0, 92.0])


@dataclass(frozen=True)
class LargestObject:
    """Connected voxels of a scan.

    Attributes:
        places: Positions of the object's voxels, ``(N, 3)`` mm; none where the scan is empty.
        litres: Volume of those voxels, litres.
    """

    places: NDArray[np.float64]
    litres: float

    def head_pose(self, turn: NDArray[np.float64]) -> NDArray[np.float64]:
        """Place the template's head at the end of the object to which its top is turned.

        Args:
            turn: Rotation of the template, ``(3, 3)``; it may also change the size.

        Returns:
            Template millimetres to the scan's, ``(4, 4)``.
        """
        turned = self.places @ np.linalg.inv(turn).T
        head = turned[turned[:, 2] > turned[:, 2].max() - _HEAD_HEIGHT_MM]
        middle = (head.max(axis=0) + head.min(axis=0)) / 2
        matrix = np.eye(4)
        matrix[:3, :3] = turn
        matrix[:3, 3] = turn @ (np.array([middle[0], middle[1], head[:, 2].max()]) - _TOP_MM)
        return matrix


def largest_object(scan: ScanSamples) -> LargestObject:
    """Find the largest connected object that takes up tracer."""
    volume = scan.volume[0, 0].cpu().numpy()
    inside = volume > _LEAST_UPTAKE * np.percentile(volume, 98)
    labels, count = ndimage.label(inside)
    if not count:
        return LargestObject(np.empty((0, 3)), 0.0)
    sizes = ndimage.sum_labels(inside, labels, range(1, count + 1))
    affine = np.linalg.inv(scan.to_voxel)
    voxels = np.argwhere(labels == 1 + int(np.argmax(sizes)))
    places = voxels @ affine[:3, :3].T + affine[:3, 3]
    return LargestObject(places, len(places) * abs(float(np.linalg.det(affine[:3, :3]))) / 1e6)
