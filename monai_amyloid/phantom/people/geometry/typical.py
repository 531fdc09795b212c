"""The head that amyloid PET shows on average in the template's space.

Old brains that other programs put into MNI space come out smaller than the ICBM 152 average
of young adults, with wider ventricles and fissures, and a little different in shape: a
polynomial of third order in the coordinates, symmetric between left and right. All of it was
fitted to real group means by ``scripts/development/fit_group_means.py``.
"""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.phantom.people.geometry.anatomy import (
    DATA,
    WARP_AFFINE,
    WARP_SHAPE,
    load_anatomy,
)
from monai_amyloid.phantom.people.geometry.deformation import (
    Field,
    Points,
    expansion,
    flow,
    grid_points,
    interpolate,
    moved,
    scaled,
)

ORDER = 3
SCALE = 0.965  # of the typical brain against ICBM 152
# Skull and scalp come nearer as well: in real scans the scalp's middle lies about 10 mm outside.
SKULL_SCALE = 0.95
# How far the walls of ICBM's lateral and third ventricles and Sylvian fissures are pushed out.
OPENINGS_MM = (3.9, 2.0, 1.0)

# How much farther those of a donor's lateral ventricles are: the donors died young, and what lies
# between the bodies of ICBM's ventricles is brain in them.
_DONORS_VENTRICLES_MM = 3.5

# Coordinates are counted from the middle of the head, in this unit. Beyond the box that holds the
# brain nothing was fitted: the shape goes on as it is at the box's side.
_UNIT_MM = 50.0
_CENTRE_MM = (0.0, -18.0, 10.0)
_GAP_MM = (-2.0, 8.0)  # from the surface of ICBM's brain outward
_BOX_MM = ((-75.0, 75.0), (-110.0, 75.0), (-70.0, 90.0))


def _terms() -> pd.DataFrame:
    """Every term: the component that it moves, and its powers of x, y and z."""
    powers = [
        (x, y, z)
        for x in range(ORDER + 1)
        for y in range(ORDER + 1 - x)
        for z in range(ORDER + 1 - x - y)
    ]
    # Odd in x moves left and right apart; even in x moves both sides alike.
    rows = [(c, *p) for p in powers for c in ("x" if p[0] % 2 else "yz")]
    return pd.DataFrame(rows, columns=["component", "x", "y", "z"])


TERMS = _terms()


def monomials(points: Points) -> Field:
    """Displacement of each term, of 1 mm where its monomial is 1.

    Args:
        points: Points in the template, ``(3, ...)`` mm.

    Returns:
        Monomials of the coordinates, ``(terms, 3, ...)``.
    """
    x, y, z = (
        (np.clip(place, *side) - centre) / np.float32(_UNIT_MM)
        for place, side, centre in zip(points, _BOX_MM, _CENTRE_MM, strict=True)
    )
    found = np.zeros((len(TERMS), *points.shape), np.float32)
    for term, row in zip(found, TERMS.itertuples(index=False), strict=True):
        term["xyz".index(str(row.component))] = x**row.x * y**row.y * z**row.z
    return found


@cache
def coefficients() -> NDArray[np.float32]:
    """Coefficients of the terms in mm, as fitted."""
    return pd.read_csv(DATA / "typical_head.tsv", sep="\t").coefficient_mm.to_numpy(np.float32)


def template_to_icbm(points: Points, shape: NDArray[np.float32] | None = None) -> Points:
    """Where points ``(3, ...)`` of the template lie in the ICBM 152 anatomy, mm.

    Args:
        points: Points in the template, ``(3, ...)`` mm.
        shape: Coefficients of the typical head; the fitted ones where None.
    """
    weights = coefficients() if shape is None else shape.astype(np.float32)
    shaped = np.tensordot(weights, monomials(points), axes=1)
    in_brain = moved(_younger(), scaled(points, (1 / SCALE,) * 3) + shaped)
    inside = interpolate(brain_weight()[None], WARP_AFFINE, points)
    return np.asarray(points + inside * (in_brain - points), np.float32)


@cache
def template_to_anatomy(name: str) -> Field:
    """Displacement from the template to an anatomy, ``(3, *WARP_SHAPE)`` mm."""
    points = grid_points(WARP_SHAPE, WARP_AFFINE)
    places = as_donor(name, template_to_icbm(points))
    return moved(load_anatomy(name).from_icbm, places) - points


def as_donor(name: str, points: Points) -> Points:
    """Points of ICBM 152, brought to where they lie once it has a donor's narrow ventricles."""
    return points if name == "icbm152" else moved(_narrower(), points)


@cache
def brain_weight() -> NDArray[np.float32]:
    """1 in the brain, 0 from the skull outward, ``WARP_SHAPE``.

    A brain shrinks with age and its skull does not: fluid fills the gap.
    """
    brain = load_anatomy("icbm152").depth[::2, ::2, ::2] > 0
    outside = ndimage.distance_transform_edt(~brain, sampling=WARP_AFFINE[0, 0])
    within = ndimage.distance_transform_edt(brain, sampling=WARP_AFFINE[0, 0])
    start, end = _GAP_MM
    return np.asarray(np.clip((end - (outside - within)) / (end - start), 0, 1), np.float32)


@cache
def _younger() -> Field:
    """Displacement that gives an old brain the ventricles and fissures of ICBM 152."""
    fields = [expansion(space) for space in icbm_fluid()]
    velocity = sum(np.float32(mm) * f for mm, f in zip(OPENINGS_MM, fields, strict=True))
    return flow(-np.asarray(velocity, np.float32))


@cache
def _narrower() -> Field:
    """Displacement that gives ICBM 152 the lateral ventricles of a donor."""
    return flow(np.float32(-_DONORS_VENTRICLES_MM) * expansion(icbm_fluid()[0]))


@cache
def icbm_fluid() -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Share of the lateral ventricles, the third one and the Sylvian fissures in a voxel."""
    anatomy = load_anatomy("icbm152")
    x, y, z = grid_points(anatomy.labels.shape, anatomy.affine)
    fluid = anatomy.tissues["csf"] + anatomy.tissues["ventricle"]
    deep = anatomy.depth > 20
    lateral = (np.abs(x) > 1.5) & (np.abs(x) < 32) & (y > -50) & (y < 34) & (z > -2) & (z < 34)
    third = (np.abs(x) < 5) & (y > -36) & (y < 6) & (z > -16) & (z < 9)
    sylvian = (np.abs(x) > 28) & (np.abs(x) < 60) & (y > -42) & (y < 24) & (z > -14) & (z < 24)
    return fluid * (lateral & deep), fluid * third, fluid * sylvian
