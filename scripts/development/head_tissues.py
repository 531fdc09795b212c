"""A schematic head around a brain: vault, face, sinuses, orbits, airway, neck.

Every solid is placed by hand in template millimetres, from common anatomical proportions; no
scan went into it. Points of the right half are mirrored, so the head is symmetric until it is
carried to a donor. It is meant to look like a head to a registration, a network or a reader of
slices, not to teach anatomy.
"""

import numpy as np
from head_shapes import (
    Canvas,
    Points,
    arch,
    bump,
    capsule,
    ellipsoid,
    share,
    slab,
    smooth_union,
)
from numpy.typing import NDArray

# Fluid between brain and skull, mm.
SUBARACHNOID = 2.0
# Middle heights of the bodies of the second to fourth cervical vertebrae, and their y.
_VERTEBRAE = ((-27.0, -95.0), (-29.0, -112.0), (-32.0, -129.0))


def skull_thickness(points: Points, scale: float) -> NDArray[np.float32]:
    """Millimetres of bone: thick behind and over the nose, thin at the temples and the base."""
    x, y, z = points
    side = np.stack([np.abs(x), y, z])
    thick = (
        5.5 + 2.5 * np.exp(-((y + 100) ** 2) / (2 * 30**2)) + 1.0 * np.exp(-(((y - 70) / 25) ** 2))
    )
    thick -= 2.2 * bump(side, (70, -5, -15), 26)
    thick *= 1 + 0.12 * np.sin(x / 19 + 0.7) * np.sin(y / 23 + 1.1) * np.sin(z / 21 + 0.4)
    base = np.clip((-24 - z) / 12, 0, 1) * np.clip((y + 75) / 15, 0, 1)
    thick = scale * (thick * (1 - base) + 3.2 * base)
    return np.asarray(thick + 7 * bump(points, (0, 74, -20), 11), np.float32)


def _scalp_thickness(points: Points) -> NDArray[np.float32]:
    """Millimetres of skin and muscle over the skull: the temporal muscle in its fossa."""
    side = np.stack([np.abs(points[0]), *points[1:]])
    return 5.5 + 8 * bump(side, (62, 22, -22), 20) + 2 * bump(points, (0, -105, -30), 40)


def _body(points: Points, side: Points, cranium: NDArray[np.float32]) -> NDArray[np.float32]:
    """Distance from the skin."""
    face = smooth_union(
        ellipsoid(side, (0, 34, -62), (64, 52, 56)),
        ellipsoid(side, (0, 34, -104), (50, 54, 33)),
        14,
    )
    nose = capsule(side, ((0, 80, -34), (0, 93, -68)), (5, 10))
    chin = ellipsoid(side, (0, 76, -120), (20, 14, 14))
    flat = np.stack([points[0], points[1], np.zeros_like(points[0])])
    neck = np.maximum(ellipsoid(flat, (0, -38, 0), (59, 56, 1e3)), points[2] + 52)
    whole = smooth_union(cranium, face, 12)
    for part, blend in ((nose, 8), (chin, 10), (neck, 16)):
        whole = smooth_union(whole, part, blend)
    root = capsule(side, ((56, -24, -52), (71, -30, -52)), (16, 9))
    whole = smooth_union(whole, root, 10)
    return smooth_union(whole, ellipsoid(side, (78, -34, -49), (4, 14, 26)), 4)


def _face_bones(side: Points) -> list[NDArray[np.float32]]:
    """Distances from jaws, teeth, cheekbones and the wing of the sphenoid."""
    teeth = arch(side, 22, (27, 54), 4.5)
    jaw = arch(side, 2, (45, 78), 4.5)
    stretched = side * np.array([1, 0.45, 1], np.float32).reshape(3, 1, 1, 1)
    return [
        np.maximum(teeth, slab(side, -107, -80)),
        np.maximum(jaw, slab(side, -129, -106)),
        capsule(stretched, ((46, 1.5, -118), (49, 0.5, -66)), (4, 3.5)),
        ellipsoid(side, (0, 48, -78), (22, 30, 2.6)),
        capsule(side, ((46, 58, -56), (63, 34, -55)), (6, 3.5)),
        capsule(side, ((63, 34, -55), (69, 0, -53)), (3.5, 3.5)),
        capsule(side, ((45, 56, -56), (46, 62, -26)), (4, 4)),
        capsule(side, ((5, 80, -30), (4, 88, -50)), (3, 2)),
        capsule(side, ((16, 20, -42), (18, 14, -72)), (3, 2)),
    ]


def _neck_bones(points: Points, side: Points) -> list[NDArray[np.float32]]:
    """Distances from the clivus and the first four vertebrae."""
    bones = [
        capsule(side, ((0, 4, -38), (0, -20, -64)), (7, 5)),
        ellipsoid(side, (0, -26, -82), (5.5, 5.5, 12)),
        ellipsoid(side, (20, -36, -78), (9, 10, 6)),
        capsule(side, ((24, -38, -80), (38, -38, -80)), (5, 4)),
        np.maximum(
            np.abs(ellipsoid(side, (0, -44, -80), (17, 18, 1e3))) - 3, slab(points, -84, -76)
        ),
    ]
    for y, z in _VERTEBRAE:
        ring = np.abs(ellipsoid(side, (0, y - 18, z), (14, 13, 1e3))) - 2.5
        bones += [
            ellipsoid(side, (0, y, z), (11, 9, 7.5)),
            np.maximum(ring, slab(points, z - 6, z + 3)),
            capsule(side, ((14, y - 10, z), (26, y - 10, z - 2)), (6, 4)),
            capsule(side, ((0, y - 32, z - 3), (0, y - 48, z - 10)), (3.5, 3.5)),
        ]
    return bones


def _sinuses(side: Points) -> list[tuple[NDArray[np.float32], float]]:
    """Distances from paired air sinuses, and the share of air in each."""
    return [
        (ellipsoid(side, (28, 52, -62), (13, 16, 15)), 1.0),
        (ellipsoid(side, (9.5, 75, -20), (8, 5, 10)), 1.0),
        (ellipsoid(side, (7.5, 19, -43), (6, 11, 9)), 1.0),
        (ellipsoid(side, (8, 48, -39), (5, 22, 8)), 0.75),
        (ellipsoid(side, (58, -38, -58), (7, 11, 13)), 0.5),
    ]


def _airways(side: Points) -> list[NDArray[np.float32]]:
    """Distances from nose, mouth, pharynx and ear canals."""
    turbinate = capsule(side, ((9, 30, -68), (9, 66, -68)), (3, 3))
    nose = ellipsoid(side, (7, 52, -60), (5.6, 32, 15))
    nostril = capsule(side, ((6, 78, -68), (6, 94, -76)), (4, 4))
    return [
        np.maximum(nose, -turbinate),
        nostril,
        ellipsoid(side, (0, 46, -85), (19, 28, 2.5)),
        capsule(side, ((0, 20, -60), (0, -4, -72)), (8, 8)),
        capsule(side, ((0, -4, -72), (0, -6, -105)), (8, 7)),
        capsule(side, ((0, -6, -105), (0, -4, -150)), (7, 8)),
        capsule(side, ((60, -22, -50), (92, -24, -53)), (3, 3.5)),
    ]


def head_tissues(
    brain: NDArray[np.float32],
    hull: NDArray[np.float32],
    points: Points,
    *,
    skull_scale: float = 1.0,
) -> NDArray[np.float32]:
    """Build a head around a brain.

    Args:
        brain: Shares of grey, white and ventricle ``(3, X, Y, Z)``.
        hull: Millimetres from the brain's smooth hull ``(X, Y, Z)``, negative inside.
        points: Template millimetres of each voxel ``(3, X, Y, Z)``.
        skull_scale: Thickness of the bone against the usual one.

    Returns:
        Shares of TISSUES ``(6, X, Y, Z)``; the brain's fluid fills it up to the skull.
    """
    side = np.stack([np.abs(points[0]), points[1], points[2]])
    inner = hull - SUBARACHNOID
    outer = inner - skull_thickness(points, skull_scale)
    canvas = Canvas(hull.shape)
    body = _body(points, side, outer - _scalp_thickness(points))
    canvas.paint("soft_tissue", share(body))

    # Nothing but skin within 2 mm of the surface.
    deep = share(body + 3)
    orbit = capsule(side, ((31, 58, -38), (14, 24, -33)), (17, 5))
    sinuses = [(np.maximum(air, 1.5 - inner), amount) for air, amount in _sinuses(side)]
    walls = [np.maximum(orbit - 2, side[1] - 66)] + [air - 2 for air, _ in sinuses]
    walls += [ellipsoid(side, (58, -38, -58), (11, 14, 17))]
    for bone in _face_bones(side) + walls:
        canvas.paint("skull", share(bone) * deep)
    canvas.paint("soft_tissue", share(orbit) * deep)
    # Below the skull's base the vault gives way to the neck.
    vault = np.maximum(outer, -68 - points[2])
    canvas.paint("skull", share(vault))
    for bone in _neck_bones(points, side):
        canvas.paint("skull", share(bone))
    eye = ellipsoid(side, (32, 60, -38), (12, 12, 12))
    canvas.paint("csf", share(np.maximum(eye, 1 - outer)))
    canvas.paint("soft_tissue", share(ellipsoid(side, (32, 68.5, -38), (4.5, 2, 4.5))))
    # The septum keeps the two halves of the nose apart.
    apart = share(1.2 - side[0])
    for air, amount in sinuses:
        canvas.paint(None, amount * share(air) * np.where(side[2] > -84, apart, 1))
    for air in _airways(side):
        canvas.paint(None, share(np.maximum(air, 2 - inner)))
    for ends in (((0, -42, -58), (0, -45, -95)), ((0, -45, -95), (0, -52, -150))):
        canvas.paint("csf", share(capsule(side, ends, (9, 8))))

    canvas.paint("csf", share(inner))
    petrous = capsule(side, ((14, -16, -42), (54, -28, -46)), (5, 8))
    canvas.paint("skull", share(petrous))
    grey, white, ventricle = brain
    tissue = np.clip(brain.sum(0), 0, 1)
    canvas.fractions *= 1 - tissue
    for index, part in ((0, grey), (1, white), (3, ventricle)):
        canvas.fractions[index] += part
    return canvas.fractions
