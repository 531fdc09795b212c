"""Signed distances of simple solids, and the paint that lays tissues over one another.

Distances are millimetres from a solid's surface, negative inside; points are ``(3, ...)``.
"""

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.phantom.people.geometry.anatomy import TISSUES

Points = NDArray[np.float32]
Distance = NDArray[np.float32]
Triple = tuple[float, float, float]
_VOXEL_MM = 2.0


def _column(values: Triple, points: Points) -> NDArray[np.float32]:
    return np.asarray(values, np.float32).reshape(3, *[1] * (points.ndim - 1))


def ellipsoid(points: Points, centre: Triple, radii: Triple) -> Distance:
    """About the distance from an ellipsoid along the axes."""
    scaled = (points - _column(centre, points)) / _column(radii, points)
    reach = np.sqrt((scaled**2).sum(0)) + np.float32(1e-6)
    slope = np.sqrt(((scaled / _column(radii, points)) ** 2).sum(0)) + np.float32(1e-6)
    return np.asarray(reach * (reach - 1) / slope, np.float32)


def capsule(points: Points, ends: tuple[Triple, Triple], radii: tuple[float, float]) -> Distance:
    """Distance from a rod between two points, its radius changing along it."""
    start, end = (_column(place, points) for place in ends)
    along = end - start
    share = ((points - start) * along).sum(0) / (along**2).sum()
    share = np.clip(share, 0, 1)
    away = np.sqrt(((points - start - share * along) ** 2).sum(0))
    return np.asarray(away - (radii[0] + share * (radii[1] - radii[0])), np.float32)


def arch(
    points: Points, centre_y: float, radii: tuple[float, float], half_width: float
) -> Distance:
    """Distance from a horseshoe about the z axis, open behind ``centre_y``."""
    flat = np.stack([points[0], np.maximum(points[1] - centre_y, 0), np.zeros_like(points[0])])
    ring = np.abs(ellipsoid(flat, (0, 0, 0), (*radii, 1.0))) - half_width
    return np.maximum(ring, centre_y - points[1])


def slab(points: Points, low_z: float, high_z: float) -> Distance:
    """Distance from the space between two heights."""
    return np.maximum(low_z - points[2], points[2] - high_z)


def bump(points: Points, centre: Triple, width_mm: float) -> NDArray[np.float32]:
    """A Gaussian, 1 at its centre."""
    square = ((points - _column(centre, points)) ** 2).sum(0)
    return np.asarray(np.exp(-square / (2 * width_mm**2)), np.float32)


def smooth_union(first: Distance, second: Distance, blend_mm: float) -> Distance:
    """The union of two solids, their seam rounded."""
    mix = np.clip(0.5 + 0.5 * (second - first) / blend_mm, 0, 1)
    return second * (1 - mix) + first * mix - blend_mm * mix * (1 - mix)


def share(distance: Distance) -> NDArray[np.float32]:
    """Share of a 2 mm voxel that lies inside a surface at this distance of its middle."""
    return np.clip(0.5 - distance / _VOXEL_MM, 0, 1)


class Canvas:
    """Tissue fractions, painted from below to above.

    Attributes:
        fractions: Share of each tissue in the order of TISSUES, ``(6, X, Y, Z)``; what is missing
            to 1 is air.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.fractions = np.zeros((len(TISSUES), *shape), np.float32)

    def paint(self, tissue: str | None, cover: NDArray[np.float32]) -> None:
        """Let a tissue, or None for air, cover this share of each voxel."""
        self.fractions *= 1 - cover
        if tissue is not None:
            self.fractions[TISSUES.index(tissue)] += cover
