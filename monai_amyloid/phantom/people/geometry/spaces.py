"""How the fluid spaces of a brain differ in shape: each horn of the ventricles on its own."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from monai_amyloid.phantom.people.geometry.anatomy import WARP_AFFINE, WARP_SHAPE, load_anatomy
from monai_amyloid.phantom.people.geometry.deformation import (
    HEAD_CENTRE_MM,
    Field,
    expansion,
    grid_points,
    interpolate,
    refined,
)
from monai_amyloid.phantom.people.geometry.morphology import Morphology
from monai_amyloid.phantom.people.geometry.typical import (
    brain_weight,
    icbm_fluid,
    template_to_anatomy,
)

# Over what distance the widths of left and right pass into each other, mm.
_MIDLINE_MM = 6.0
# How deep below the hull gyri are moved about, and from which height up: template millimetres.
_GYRAL_DEPTH_MM = (14.0, 26.0)
_GYRAL_Z_MM = (0.0, 30.0)
_LEAST_GYRAL = 0.35


@cache
def openings() -> dict[str, Field]:
    """Outward fields of the fluid spaces in the template.

    Returns:
        Velocity ``(3, *WARP_SHAPE)`` of each, 1 mm where it is fastest: the lateral ventricles as a
        whole, their frontal horns, their atria with the occipital horns, their temporal horns, the
        third ventricle and the Sylvian fissures.
    """
    icbm = load_anatomy("icbm152")
    points = grid_points(icbm.labels.shape, icbm.affine)
    lateral, third, sylvian = icbm_fluid()
    ventricle = icbm.tissues["ventricle"]
    x, y, z = points
    behind = lateral * expit((-26 - y) / 4)
    horn = ventricle * ((np.abs(x) > 8) & (y < -46) & (z > -6))
    temporal = ventricle * ((np.abs(x) > 20) & (y > -38) & (z < -4))
    spaces = {
        "lateral": lateral,
        "frontal": lateral * expit((y - 8) / 4),
        "atria": np.maximum(behind, horn),
        "temporal": temporal,
        "third": third,
        "sylvian": sylvian,
    }
    stacked = np.stack(tuple(spaces.values())).astype(np.float32)
    places = points + refined(template_to_anatomy("icbm152"))
    in_template = interpolate(stacked, icbm.affine, places)
    return {name: expansion(space) for name, space in zip(spaces, in_template, strict=True)}


def widening(morphology: Morphology) -> Field:
    """Velocity ``(3, *WARP_SHAPE)`` that gives a head its ventricles and fissures."""
    fields = openings()
    velocity = np.zeros((3, *WARP_SHAPE), np.float32)
    for name, width in (
        ("frontal", morphology.frontal_horns_mm),
        ("atria", morphology.atria_mm),
        ("temporal", morphology.temporal_horns_mm),
        ("third", morphology.third_ventricle_mm),
        ("sylvian", morphology.sylvian_fissure_mm),
    ):
        if width:
            velocity += np.float32(width) * fields[name]
    if morphology.skull_mm:
        velocity += np.float32(morphology.skull_mm) * _skull_outward()
    both = np.float32(morphology.lateral_ventricles_mm)
    apart = np.float32(morphology.left_ventricle_mm / 2)
    velocity += (both + apart * _leftness()) * fields["lateral"]
    return np.asarray(velocity, np.float32)


@cache
def _leftness() -> NDArray[np.float32]:
    """1 on the left, -1 on the right, smooth across the middle, ``(X, 1, 1)``."""
    x = WARP_AFFINE[0, 3] + WARP_AFFINE[0, 0] * np.arange(WARP_SHAPE[0])
    return np.asarray(-np.tanh(x / _MIDLINE_MM), np.float32).reshape(-1, 1, 1)


@cache
def _skull_outward() -> Field:
    """Velocity of 1 mm away from the head's middle, in skull and scalp alone."""
    outward = grid_points(WARP_SHAPE, WARP_AFFINE)
    outward -= np.asarray(HEAD_CENTRE_MM, np.float32).reshape(3, 1, 1, 1)
    above = expit((outward[2] + 40) / 8)
    outward /= np.maximum(np.linalg.norm(outward, axis=0), 1)
    return np.asarray(outward * above * (1 - brain_weight()), np.float32)


@cache
def gyral_weight() -> NDArray[np.float32]:
    """How freely gyri lie, ``WARP_SHAPE``: most at the vertex, not at all in the hindbrain."""
    icbm = load_anatomy("icbm152")
    points = grid_points(WARP_SHAPE, WARP_AFFINE)
    places = points + template_to_anatomy("icbm152")
    depth = interpolate(icbm.depth[None], icbm.affine, places)[0]
    first, last = _GYRAL_DEPTH_MM
    shallow = np.clip((last - depth) / (last - first), 0, 1)
    low, high = _GYRAL_Z_MM
    height = np.clip((points[2] - low) / (high - low), 0, 1)
    hindbrain = expit((-12 - points[2]) / 4) * expit((-30 - points[1]) / 4)
    free = (_LEAST_GYRAL + (1 - _LEAST_GYRAL) * height) * (1 - hindbrain)
    return np.asarray(shallow * free * brain_weight() * expit((points[2] + 40) / 5), np.float32)
