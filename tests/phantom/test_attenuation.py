import numpy as np
import pytest
from scipy.special import ellipe

from monai_amyloid.phantom.people.geometry.anatomy import TISSUES
from monai_amyloid.phantom.scanning.attenuation import (
    attenuation_map,
    block_mean,
    correction_error,
    correction_factor,
    interpolate,
    mean_line_integral,
    shifted_ct,
)
from monai_amyloid.phantom.scanning.tomography import projector

ZOOMS = (4.0, 4.0, 4.0)
WATER = 0.0096
MU = np.float32(WATER)


def disc(
    radius: float, shape: tuple[int, int] = (64, 64), zooms: tuple[float, float] = (4.0, 4.0)
) -> tuple[np.ndarray, np.ndarray]:
    """A disc with smooth border in four equal slices, and the distance from its middle."""
    x, y = ((np.arange(n) - (n - 1) / 2) * zoom for n, zoom in zip(shape, zooms, strict=True))
    distance = np.hypot.outer(x, y)
    smooth = np.clip((radius - distance) / max(zooms) + 0.5, 0, 1)
    return np.repeat(smooth[..., None], 4, axis=2).astype(np.float32), distance


def chord(radius: float, distance: np.ndarray) -> np.ndarray:
    """Mean over all directions of a disc's chord through a point inside: an elliptic integral."""
    return 4 * radius / np.pi * ellipe((distance / radius) ** 2)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({}, 0.0),
        ({"grey": 1.0}, 0.0096),
        ({"skull": 1.0}, 0.0151),
        ({"csf": 0.5, "soft_tissue": 0.25}, 0.0072),
        ({"skull": 0.5, "white": 0.5}, 0.01235),
    ],
)
def test_a_voxel_attenuates_by_its_shares(shares: dict[str, float], expected: float) -> None:
    fractions = np.zeros((6, 2, 3, 4), np.float32)
    for name, share in shares.items():
        fractions[TISSUES.index(name)] = share
    mu = attenuation_map(fractions)
    assert (mu.shape, mu.dtype) == ((2, 3, 4), np.float32)
    np.testing.assert_allclose(mu, expected, rtol=1e-6)


def test_maps_of_the_wrong_number_of_tissues_are_refused() -> None:
    with pytest.raises(ValueError, match=r"5 maps; give one for each of grey"):
        attenuation_map(np.zeros((5, 2, 2, 2), np.float32))


@pytest.mark.parametrize(
    ("shape", "zooms"), [((64, 64), (4.0, 4.0)), ((50, 81), (4.0, 2.5)), ((43, 60), (5.0, 4.0))]
)
def test_mean_chords_of_a_disc_are_elliptic_integrals(shape: tuple, zooms: tuple) -> None:
    radius = 80.0
    volume, distance = disc(radius, shape, zooms)
    found = mean_line_integral(volume, (*zooms, 7.0))
    inside = distance < radius - 8
    expected = chord(radius, distance[inside])
    for number in range(4):
        np.testing.assert_allclose(found[inside, number], expected, rtol=0.01)


def test_the_mean_over_lines_is_the_mean_over_a_projectors_views() -> None:
    random, (mask, distance) = np.random.default_rng(0), disc(52, (32, 32))
    volume = (random.random(mask.shape) * mask).astype(np.float32)
    matrix = projector(32, 90)
    back = matrix.T @ (matrix @ volume.reshape(32**2, 4)) / 90 * 4.0
    inside = distance < 44
    # The projector's strips blur: compare away from the scale of a voxel.
    found = mean_line_integral(volume, ZOOMS)
    np.testing.assert_allclose(
        back.reshape(32, 32, 4)[inside].mean(), found[inside].mean(), rtol=0.01
    )
    assert np.corrcoef(back.reshape(32, 32, 4)[inside].ravel(), found[inside].ravel())[0, 1] > 0.98


def test_a_ct_in_place_changes_nothing() -> None:
    head = disc(80)[0]
    np.testing.assert_array_equal(
        correction_factor(shifted_ct(MU * head, ZOOMS, (0, 0, 0)), ZOOMS), 1
    )
    np.testing.assert_array_equal(
        correction_error(head, shifted_ct(MU * head, ZOOMS, (0, 0, 0)), ZOOMS), 0
    )


def test_a_shift_along_an_even_body_changes_nothing() -> None:
    head = disc(80)[0]
    np.testing.assert_allclose(
        correction_factor(shifted_ct(MU * head, ZOOMS, (0, 0, 9)), ZOOMS), 1, atol=1e-6
    )
    np.testing.assert_allclose(
        correction_error(head, shifted_ct(MU * head, ZOOMS, (0, 0, 9)), ZOOMS), 0, atol=1e-6
    )


@pytest.mark.parametrize("shift", [8.0, 16.0])
def test_the_factor_of_a_disc_follows_its_chords(shift: float) -> None:
    radius = 80.0
    head, distance = disc(radius, (65, 65))
    factor = correction_factor(shifted_ct(MU * head, ZOOMS, (shift, 0, 0)), ZOOMS)[..., 1]
    # The shifted disc's chords through a point of the middle line y = 0.
    place = (np.arange(65) - 32) * 4.0
    inside = np.abs(place) < radius - shift - 6
    before = chord(radius, place[inside])
    after = chord(radius, place[inside] - shift)
    np.testing.assert_allclose(factor[inside, 32], np.exp(WATER * (after - before)), rtol=4e-3)
    assert distance[32, 32] == 0


def test_the_side_that_the_ct_moves_to_gains_and_the_other_loses() -> None:
    head, distance = disc(80)
    error = correction_error(head, shifted_ct(MU * head, ZOOMS, (10, 0, 0)), ZOOMS)[..., 1]
    inside = distance < 70
    upper = (np.arange(64) >= 44)[:, None]
    assert error[inside & upper].mean() > 0.03
    assert error[inside & upper[::-1]].mean() < -0.03


def test_an_error_mirrors_with_its_shift_and_scales_with_uptake() -> None:
    head = disc(80)[0]
    right, left = (
        correction_error(head, shifted_ct(MU * head, ZOOMS, (s, 0, 0)), ZOOMS) for s in (10, -10)
    )
    np.testing.assert_allclose(left[::-1], right, atol=0.01)
    double = correction_error(2 * head, shifted_ct(MU * head, ZOOMS, (10, 0, 0)), ZOOMS)
    np.testing.assert_allclose(double, 2 * right, rtol=1e-4, atol=1e-5)


def test_a_field_of_view_of_any_shape_keeps_it() -> None:
    head = disc(60, (47, 63))[0]
    for result in (
        correction_error(head, shifted_ct(MU * head, (3, 3, 2.5), (5, 2, 1)), (3, 3, 2.5)),
        correction_factor(shifted_ct(MU * head, (3, 3, 2.5), (5, 2, 1)), (3, 3, 2.5)),
    ):
        assert (result.shape, result.dtype) == (head.shape, np.float32)
        assert np.isfinite(result).all()


def test_voxels_that_are_not_square_are_refused_where_lines_are_drawn() -> None:
    head = disc(60)[0]
    with pytest.raises(ValueError, match=r"zooms_mm is \(4, 3, 4\)"):
        correction_error(head, shifted_ct(MU * head, (4, 3, 4), (5, 0, 0)), (4, 3, 4))


def test_a_straight_ramp_survives_a_coarser_grid() -> None:
    ramp = np.add.outer(np.add.outer(np.arange(12.0), 2 * np.arange(16.0)), 3 * np.arange(9.0))
    coarse = block_mean(ramp.astype(np.float32), (2, 4, 1))
    assert coarse.shape == (6, 4, 9)
    fine = interpolate(coarse, (2, 4, 1), ramp.shape)
    np.testing.assert_allclose(fine[1:-1, 2:-2], ramp[1:-1, 2:-2], rtol=1e-6)


def test_blocks_that_do_not_fill_the_volume_keep_a_constant() -> None:
    volume = np.full((7, 10, 5), 3.0, np.float32)
    coarse = block_mean(volume, (2, 4, 3))
    assert coarse.shape == (4, 3, 2)
    np.testing.assert_allclose(interpolate(coarse, (2, 4, 3), volume.shape), 3, rtol=1e-6)
