import numpy as np
import pytest
from scipy import ndimage
from scipy.linalg import expm

from monai_amyloid.phantom.people.geometry.anatomy import WARP_AFFINE, WARP_SHAPE
from monai_amyloid.phantom.people.geometry.deformation import (
    expansion,
    flow,
    grid_points,
    interpolate,
    jacobian,
    moved,
    smooth_noise,
)

pytestmark = pytest.mark.slow

PLACES = grid_points(WARP_SHAPE, WARP_AFFINE)
MIDDLE = np.array([0, -12, -12], np.float32).reshape(3, 1, 1, 1)
# Nodes that no flow of these tests takes near the edge.
INNER = (slice(None), *[slice(12, -12)] * 3)
SHEAR = np.array([[0.06, -0.1, 0.02], [0.08, -0.05, 0.03], [0.0, 0.07, 0.04]])


def linear(matrix: np.ndarray) -> np.ndarray:
    """The field whose value is a matrix times the place, from the middle."""
    return np.tensordot(matrix, PLACES - MIDDLE, axes=1).astype(np.float32)


def smooth_field(size_mm: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    field = np.stack([smooth_noise(16.0, random) for _ in range(3)])
    return np.float32(size_mm) * field


def test_values_between_voxels_are_those_of_scipy() -> None:
    random = np.random.default_rng(0)
    volumes = random.random((2, 7, 8, 9)).astype(np.float32)
    affine = np.array([[2, 0, 0, -5], [0, 3, 0, 4], [0, 0, 2.5, -9], [0, 0, 0, 1]])
    # Some of them beyond the edge, where scipy's grid has a border of nothing as well.
    points = random.uniform(-12, 30, (3, 500)).astype(np.float32)
    voxels = (points - affine[:3, 3:]) / np.diag(affine)[:3, None]
    found = interpolate(volumes, affine, points)
    for one, volume in zip(found, volumes, strict=True):
        expected = ndimage.map_coordinates(volume, voxels, order=1, mode="grid-constant")
        np.testing.assert_allclose(one, expected, atol=1e-4)


def test_points_of_a_turned_grid_are_the_affine_times_the_index() -> None:
    affine = np.array([[0, -2.5, 0, 7], [1.5, 0, 0.3, -8], [0.2, 0, 3, 9], [0, 0, 0, 1]])
    points = grid_points((4, 5, 6), affine)
    for index in np.ndindex(4, 5, 6):
        np.testing.assert_allclose(
            points[(slice(None), *index)], (affine @ [*index, 1])[:3], atol=1e-4
        )


def test_the_flow_of_a_constant_field_is_a_shift() -> None:
    velocity = np.empty((3, *WARP_SHAPE), np.float32)
    velocity[:] = np.array([3.0, -5.0, 2.0]).reshape(3, 1, 1, 1)
    np.testing.assert_allclose(flow(velocity)[INNER], velocity[INNER], atol=1e-4)


def test_the_flow_of_a_linear_field_is_the_exponential_of_its_matrix() -> None:
    expected = linear(expm(SHEAR) - np.eye(3))
    assert np.abs(expected[INNER]).max() > 5
    np.testing.assert_allclose(flow(linear(SHEAR))[INNER], expected[INNER], atol=0.05)


def test_growth_of_volume_is_the_determinant_of_a_known_affine() -> None:
    growth = jacobian(linear(SHEAR))
    np.testing.assert_allclose(growth, np.linalg.det(np.eye(3) + SHEAR), rtol=1e-3)
    np.testing.assert_allclose(jacobian(np.zeros_like(PLACES)), 1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size_mm", [1.5, 3.0])
def test_the_flow_of_the_opposite_field_is_the_inverse(size_mm: float, seed: int) -> None:
    velocity = smooth_field(size_mm, seed)
    there = moved(flow(velocity), PLACES[INNER])
    error = np.linalg.norm(moved(flow(-velocity), there) - PLACES[INNER], axis=0)
    assert np.linalg.norm(there - PLACES[INNER], axis=0).max() > 2 * size_mm
    assert error.max() < 0.25 * size_mm
    assert np.sqrt((error**2).mean()) < 0.04 * size_mm


@pytest.mark.parametrize("seed", range(6))
def test_a_strong_flow_has_no_folds_where_its_field_alone_would_fold(seed: int) -> None:
    velocity = smooth_field(8.0, seed)
    assert jacobian(velocity)[INNER[1:]].min() < 0
    assert jacobian(flow(velocity))[INNER[1:]].min() > 0


@pytest.mark.parametrize("sigma_mm", [7.0, 10.0])
def test_smooth_noise_has_variance_one_and_a_gaussian_correlation(sigma_mm: float) -> None:
    random = np.random.default_rng(3)
    drawn = np.stack([smooth_noise(sigma_mm, random) for _ in range(12)])
    assert drawn.mean() == pytest.approx(0, abs=0.05)
    assert drawn.var() == pytest.approx(1, abs=0.06)
    for nodes in (1, 2, 4):
        for axis in (1, 2, 3):
            product = (drawn * np.roll(drawn, nodes, axis)).mean() / drawn.var()
            expected = np.exp(-((4 * nodes) ** 2) / (4 * sigma_mm**2))
            assert product == pytest.approx(expected, abs=0.05)


def test_smooth_noise_varies_as_much_at_the_edge_as_in_the_middle() -> None:
    random = np.random.default_rng(4)
    drawn = np.stack([smooth_noise(7.0, random) for _ in range(40)])
    assert drawn[:, 0].var() == pytest.approx(1, abs=0.15)
    assert drawn[:, :, :, -1].var() == pytest.approx(1, abs=0.15)


def test_an_expanding_ball_pushes_its_walls_straight_outward() -> None:
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = WARP_AFFINE[:3, 3]
    fine = grid_points((104, 128, 128), affine)
    ball = (np.linalg.norm(fine - MIDDLE, axis=0) < 20).astype(np.float32)
    velocity, outward = expansion(ball), PLACES - MIDDLE
    radius = np.linalg.norm(outward, axis=0)
    speed = np.linalg.norm(velocity, axis=0)
    # Fastest in the wall, nothing far from it or in the middle of the ball.
    assert 0.9 < speed.max() < 1.8
    assert radius.ravel()[speed.argmax()] == pytest.approx(20, abs=4)
    assert speed[radius > 50].max() < 0.01
    assert speed[radius < 3].max() < 0.15
    wall = np.abs(radius - 20) < 5
    straight = (velocity * outward).sum(axis=0) / np.maximum(radius * speed, 1e-6)
    assert straight[wall].min() > 0.97
    assert jacobian(flow(8 * velocity))[radius < 12].mean() > 1.1
