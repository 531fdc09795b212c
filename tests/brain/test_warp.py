import numpy as np
import pytest
import torch

from monai_amyloid.brain.registration.warp import NO_WARP, ORDERS, TERMS, Warp, bending, cosines

RANDOM = np.random.default_rng(0)
WARP = Warp(RANDOM.normal(0, 0.3, (3, TERMS)).astype(np.float32))
POINTS = torch.tensor(RANDOM.uniform(-60, 60, (50, 3)), dtype=torch.float32)


def test_no_warp_moves_nothing() -> None:
    assert NO_WARP.displacement(POINTS).abs().max() == 0


def test_the_first_cosine_is_a_shift() -> None:
    coefficients = np.zeros((3, TERMS), np.float32)
    coefficients[:, 0] = 1, -2, 3
    moved = Warp(coefficients).displacement(POINTS)
    np.testing.assert_allclose(moved, np.tile([1, -2, 3], (50, 1)), atol=1e-6)


def test_a_cosine_is_the_product_of_those_along_the_axes() -> None:
    # Half a wave over the box of 156 mm along x, a whole one over 192 mm along y.
    x, y = POINTS[:, 0].numpy() + 78, POINTS[:, 1].numpy() + 112
    expected = np.cos(np.pi * x / 156) * np.cos(2 * np.pi * y / 192)
    term = np.ravel_multi_index((1, 2, 0), ORDERS)
    np.testing.assert_allclose(cosines(POINTS)[:, term], expected, atol=1e-5)


def test_a_displacement_is_the_weighted_sum_of_all_cosines() -> None:
    expected = cosines(POINTS) @ torch.from_numpy(WARP.coefficients).T
    np.testing.assert_allclose(WARP.displacement(POINTS), expected, atol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_gradient_is_that_of_finite_differences(axis: int) -> None:
    step = torch.zeros(3)
    step[axis] = 0.5
    expected = WARP.displacement(POINTS + step) - WARP.displacement(POINTS - step)
    np.testing.assert_allclose(WARP.gradient(POINTS)[:, :, axis], expected, atol=1e-3)


def test_a_grid_is_displaced_as_its_points_are() -> None:
    axes = [np.linspace(-80, 80, count) for count in (5, 6, 7)]
    points = np.stack(np.meshgrid(*axes, indexing="ij")).reshape(3, -1).T
    expected = WARP.displacement(torch.tensor(points, dtype=torch.float32))
    np.testing.assert_allclose(WARP.on_grid(*axes).reshape(3, -1).T, expected, atol=1e-5)


def test_beyond_the_box_the_field_goes_on_as_at_its_side() -> None:
    beyond, side = torch.tensor([[100.0, 0, 0]]), torch.tensor([[78.0, 0, 0]])
    np.testing.assert_allclose(WARP.displacement(beyond), WARP.displacement(side))
    assert WARP.gradient(beyond)[0, :, 0].abs().max() == 0


def test_finer_cosines_bend_more_and_a_shift_not_at_all() -> None:
    energy = bending().reshape(ORDERS)
    assert energy[0, 0, 0] == 0
    assert (energy.diff(dim=0) > 0).all()
    assert energy[1, 0, 0] == pytest.approx((30 * np.pi / 156) ** 4)
