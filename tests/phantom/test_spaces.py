from dataclasses import fields

import numpy as np
import pytest

from monai_amyloid.phantom.people.geometry.anatomy import WARP_AFFINE
from monai_amyloid.phantom.people.geometry.deformation import grid_points
from monai_amyloid.phantom.people.geometry.morphology import Morphology
from monai_amyloid.phantom.people.geometry.spaces import gyral_weight, openings, widening

pytestmark = pytest.mark.slow

MIRROR = np.array([[-1], [1], [1]], np.float32)
# Where the walls of each horn are: |y| and z in template millimetres.
HORNS = {"frontal_horns_mm": (26, 8), "atria_mm": (-46, 12), "temporal_horns_mm": (-20, -18)}


def speed_at(velocity: np.ndarray, y: float, z: float, side: int = 0) -> float:
    """The fastest in a ball of 16 mm, of one side or both."""
    points = grid_points(velocity.shape[1:], WARP_AFFINE)
    near = np.hypot(points[1] - y, points[2] - z) < 16
    near &= (np.abs(points[0]) < 45) & ((points[0] * side > 12) | (side == 0))
    return float(np.linalg.norm(velocity, axis=0)[near].max())


def test_spaces_open_outward_on_both_sides_and_leave_the_rest_alone() -> None:
    points = grid_points(openings()["lateral"].shape[1:], WARP_AFFINE)
    for field in openings().values():
        speed = np.linalg.norm(field, axis=0)
        assert 0.9 < speed.max() < 1.8
        assert speed[np.abs(points[2]) > 80].max() < 0.05
        mirrored = field[:, ::-1] * MIRROR[..., None, None]
        # The grid's columns stand at -104 to 100 mm: one apart from their mirror.
        np.testing.assert_allclose(mirrored[:, :-1], field[:, 1:], atol=0.5)
    x_speed = openings()["lateral"][0]
    beside = (np.abs(points[1]) < 10) & (np.abs(points[2] - 14) < 10)
    assert x_speed[beside & (points[0] > 16) & (points[0] < 28)].mean() > 0.15
    assert x_speed[beside & (points[0] < -16) & (points[0] > -28)].mean() < -0.15


@pytest.mark.parametrize("name", HORNS)
def test_each_horn_widens_on_its_own(name: str) -> None:
    velocity = widening(Morphology(**{name: 2.0}))
    speeds = {other: speed_at(velocity, *place) for other, place in HORNS.items()}
    own = speeds.pop(name)
    assert own > 1.2 and all(other < 0.7 * own for other in speeds.values()), speeds


def test_one_ventricle_may_be_wider_than_the_other() -> None:
    velocity = widening(Morphology(lateral_ventricles_mm=3.0, left_ventricle_mm=2.0))
    left, right = (speed_at(velocity, 0, 14, side) for side in (-1, 1))
    assert left / right == pytest.approx(2.0, rel=0.15)


def test_nothing_is_widened_in_the_typical_head() -> None:
    assert not widening(Morphology()).any()
    # Every width that a head has is used.
    for field in fields(Morphology):
        if field.name.endswith("_mm") and field.name not in (
            "infarct_mm",
            "variation_mm",
            "gyral_mm",
        ):
            assert widening(Morphology(**{field.name: 1.0})).any(), field.name


def test_skull_and_scalp_come_nearer_and_the_brain_stays() -> None:
    velocity = widening(Morphology(skull_mm=-2.0))
    points = grid_points(velocity.shape[1:], WARP_AFFINE)
    speed = np.linalg.norm(velocity, axis=0)
    assert speed[(np.linalg.norm(points, axis=0) < 50) & (points[2] > -10)].max() < 0.05
    above = (np.abs(points[0]) < 6) & (points[2] > 92)
    assert velocity[2][above].max() < -1.0


def test_gyri_move_most_at_the_vertex_and_the_hindbrain_not_at_all() -> None:
    weight, points = gyral_weight(), grid_points(gyral_weight().shape, WARP_AFFINE)
    assert weight[np.linalg.norm(points - [[[[20]]], [[[-30]]], [[[66]]]], axis=0) < 6].min() > 0.8
    assert (
        weight[np.linalg.norm(points - [[[[20]]], [[[-60]]], [[[-40]]]], axis=0) < 12].max() < 0.1
    )
