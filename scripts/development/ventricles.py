"""Tell the fluid of the ventricles from that around the brain, in template space."""

import numpy as np
from head_shapes import Points, capsule, share
from numpy.typing import NDArray

# Generous rods around the ventricles of ICBM 152, right side, mm: ends and radii. They are only
# to keep other fluid out: the tissue maps say how much fluid there is.
_LATERAL = (
    (((11, 36, -4), (9, 22, 12)), (9, 9)),
    (((9, 22, 0), (6, 0, 10)), (8, 8)),
    (((9, 22, 12), (11, -8, 22)), (9, 8)),
    (((11, -8, 22), (20, -36, 20)), (8, 11)),
    (((20, -36, 20), (27, -46, 6)), (11, 12)),
    (((27, -46, 6), (26, -78, 4)), (11, 7)),
    (((27, -46, 6), (33, -30, -10)), (9, 6)),
    (((33, -30, -10), (31, -8, -22)), (6, 6)),
)
_MIDLINE = (
    (((0, 4, -8), (0, -24, 4)), (6, 6)),
    (((0, -26, -2), (0, -36, -12)), (4, 4)),
    (((0, -38, -20), (0, -48, -36)), (7, 10)),
    (((0, -48, -36), (0, -50, -48)), (10, 5)),
)


def ventricle_share(fluid: NDArray[np.float64], points: Points) -> NDArray[np.float64]:
    """Fluid of the lateral, third and fourth ventricle.

    Args:
        fluid: Share of a voxel inside the brain's mask that is neither grey nor white.
        points: Template millimetres of each voxel ``(3, X, Y, Z)``.
    """
    side = np.stack([np.abs(points[0]), points[1], points[2]])
    near = np.min([capsule(side, ends, radii) for ends, radii in _LATERAL + _MIDLINE], axis=0)
    return fluid * share(near)
