import numpy as np
import pytest

from monai_amyloid.phantom.scanning.attenuation import BONE, WATER, missed_bone
from monai_amyloid.phantom.scanning.corrections import (
    axial_efficiency,
    dead_time_factor,
    scatter_left,
    widened_outward,
)

STEPS = np.array([8.0, 8.0, 8.0])
PLACE = (np.arange(32) - 15.5) * 8.0
RADIUS = np.sqrt(sum(axis**2 for axis in np.meshgrid(PLACE, PLACE, PLACE, indexing="ij")))
HEAD = np.clip((80 - RADIUS) / 8 + 0.5, 0, 1).astype(np.float32)
MU = np.float32(WATER) * HEAD


def test_scatter_that_is_left_is_broad_highest_in_the_middle_and_goes_with_its_share() -> None:
    left, more, none, over = (scatter_left(HEAD, MU, STEPS, s) for s in (0.1, 0.2, 0.0, -0.1))
    np.testing.assert_allclose(more, 2 * left, rtol=1e-5)
    np.testing.assert_allclose(over, -left, rtol=1e-5)
    assert not none.any()
    middle, rim = left[15, 15, 15], left[7, 15, 15]
    assert 0.01 < middle < 0.06 and 0.3 * middle < rim < 0.9 * middle


def test_scatter_needs_attenuation() -> None:
    assert not scatter_left(HEAD, np.zeros_like(MU), STEPS, 0.1).any()


def test_efficiency_drifts_by_its_slope_and_bow_about_the_middle() -> None:
    factor = axial_efficiency(101, 2.0, 0.01, 0.02)
    np.testing.assert_allclose(factor[[0, 50, 100]], [1 - 0.01 + 0.02, 1, 1 + 0.01 + 0.02])
    np.testing.assert_array_equal(axial_efficiency(7, 3.0, 0.0, 0.0), 1)


def test_dead_time_takes_most_where_most_counts_are() -> None:
    factor = dead_time_factor(HEAD, 8.0, 0.02)
    assert factor.min() == pytest.approx(0.98) and factor.argmin() in (15, 16)
    assert factor[0] > 0.995
    np.testing.assert_array_equal(dead_time_factor(HEAD, 8.0, 0.0), 1)


def test_a_spot_is_as_wide_as_the_resolution_at_its_distance_from_the_axis() -> None:
    image = np.zeros((201, 41, 1), np.float32)
    place = np.arange(201) - 100.0
    for middle in (0.0, 80.0):
        spot = np.exp(-((place[:, None] - middle) ** 2 + (np.arange(41) - 20.0) ** 2) / 2 / 2.5**2)
        image[..., 0] += spot
    wide = widened_outward(image, (1.0, 1.0, 1.0), 5.9, 7.0 / 5.9)
    for middle, added in ((0.0, 0.0), (80.0, 0.64 * (7.0**2 - 5.9**2) / 5.545)):
        weights = wide[:, :, 0].sum(axis=1) * (np.abs(place - middle) < 20)
        variance = np.average((place - middle) ** 2, weights=weights)
        assert variance - 2.5**2 == pytest.approx(added, abs=0.12)


def test_a_map_without_bone_lacks_the_share_that_bone_adds() -> None:
    mu = np.array([0.0, 0.005, WATER, (WATER + BONE) / 2, BONE], np.float32)
    found = missed_bone(mu, 0.6)
    np.testing.assert_allclose(
        found, [0, 0, 0, -0.3 * (BONE - WATER), -0.6 * (BONE - WATER)], atol=1e-8
    )
