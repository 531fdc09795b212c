from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from monai_amyloid.phantom.scanning.attenuation import WATER, correction_error, shifted_ct
from monai_amyloid.phantom.scanning.tomography import projector, reconstruct, view_count

SIZE, VOXEL_MM = 32, 6.0
PLACE = (np.arange(SIZE) - (SIZE - 1) / 2) * VOXEL_MM
X, Y = np.meshgrid(PLACE, PLACE, indexing="ij")


def disc(radius_mm: float, x: float = 0.0, y: float = 0.0) -> np.ndarray:
    """A disc with a smooth border, one slice."""
    return np.clip((radius_mm - np.hypot(X - x, Y - y)) / VOXEL_MM + 0.5, 0, 1)[..., None]


def head() -> tuple[np.ndarray, np.ndarray]:
    """Activity with a hot and a cold place, and water."""
    activity = disc(75) + disc(20, 30, 10) - 0.8 * disc(20, -25, -20)
    blurred = ndimage.gaussian_filter(activity, 1.0, axes=(0, 1))
    return blurred.astype(np.float32), (WATER * disc(78)).astype(np.float32)


def test_back_projection_is_the_adjoint_of_projection() -> None:
    matrix = projector(SIZE, 20)
    random = np.random.default_rng(0)
    image = random.random(SIZE**2) * (np.hypot(X, Y).ravel() < 70)
    lines = random.random(20 * SIZE)
    # Back projection written out: a line's value goes to each voxel by its share of the line.
    by_hand = np.zeros(SIZE**2)
    entries = matrix.tocoo()
    np.add.at(by_hand, entries.col, entries.data * lines[entries.row])
    assert (matrix @ image) @ lines == pytest.approx(image @ by_hand, rel=1e-5)
    np.testing.assert_allclose(matrix.T @ lines, by_hand, rtol=1e-4, atol=1e-5)


def test_a_disc_projects_to_its_chords_from_every_side() -> None:
    fine = 96
    place = np.arange(fine) - (fine - 1) / 2
    radius = 30.0
    inside = np.clip(radius - np.hypot.outer(place, place) + 0.5, 0, 1)
    chords = 2 * np.sqrt(np.clip(radius**2 - place**2, 0, None))
    seen = (projector(fine, 17) @ inside.ravel()).reshape(17, fine)
    middle = np.abs(place) < radius - 2
    np.testing.assert_allclose(seen[:, middle], np.tile(chords[middle], (17, 1)), rtol=0.02)


def test_every_view_sees_all_of_the_activity() -> None:
    image = np.random.default_rng(1).random((SIZE, SIZE)) * (np.hypot(X, Y) < 84)
    seen = (projector(SIZE, 12) @ image.ravel()).reshape(12, SIZE)
    np.testing.assert_allclose(seen.sum(axis=1), image.sum(), rtol=1e-5)


def test_a_view_turned_by_a_right_angle_is_the_view_of_the_turned_image() -> None:
    image = np.random.default_rng(2).random((SIZE, SIZE)) * (np.hypot(X, Y) < 84)
    straight = (projector(SIZE, 12) @ image.ravel()).reshape(12, SIZE)
    turned = (projector(SIZE, 12) @ np.rot90(image).ravel()).reshape(12, SIZE)
    # rot90 takes (x, y) to (-y, x): six of twelve views later, the lines are the same.
    np.testing.assert_allclose(turned[6:], straight[:6], rtol=1e-4)


@pytest.mark.parametrize(("size", "subsets"), [(32, 21), (128, 21), (48, 1), (30, 7)])
def test_every_subset_has_the_same_number_of_views(size: int, subsets: int) -> None:
    views = view_count(size, subsets)
    assert views % subsets == 0
    assert 1.3 * size <= views < 1.3 * size + subsets


def test_a_scan_without_noise_gives_the_activity_back() -> None:
    activity, mu = head()
    found = reconstruct(activity, mu, VOXEL_MM, 1e6, subsets=6, iterations=40)
    assert np.abs(found - activity).max() < 0.08
    # The blur's last tail lies outside the circle that is reconstructed.
    np.testing.assert_allclose(found.sum(), activity.sum(), rtol=4e-3)


def test_a_scan_corrected_for_no_attenuation_loses_most_of_the_middle() -> None:
    activity, mu = head()
    found = reconstruct(activity, mu, VOXEL_MM, 1e6, subsets=6, ct_mu=np.zeros_like(mu))
    middle, rim = np.hypot(X, Y) < 12, np.abs(np.hypot(X, Y) - 66) < 6
    lost = (found / np.maximum(activity, 1e-6))[..., 0]
    # The total scale is lost with the corrections: it is that of the middle line, exp(-1.5).
    assert lost[middle].mean() < 0.35
    assert lost[rim].mean() > 1.3 * lost[middle].mean()


def test_noise_falls_with_the_root_of_the_counts_and_leaves_the_mean() -> None:
    activity, mu = head()
    many = np.repeat(activity, 100, axis=2)
    runs = [
        reconstruct(
            many,
            mu,
            VOXEL_MM,
            counts,
            subsets=6,
            post_filter_mm=9,
            random=np.random.default_rng(3),
        )
        for counts in (2e5, 8e5)
    ]
    inside = np.hypot(X, Y) < 66
    few, more = (np.sqrt(run[inside].var(axis=1).mean()) for run in runs)
    assert few / more == pytest.approx(2, rel=0.04)
    exact = reconstruct(activity, mu, VOXEL_MM, 2e5, subsets=6, post_filter_mm=9)[..., 0]
    np.testing.assert_allclose(runs[1].mean(axis=2)[inside], exact[inside], atol=0.02)


def test_one_attenuation_map_serves_all_slices_and_a_seed_gives_one_scan() -> None:
    activity, mu = head()
    three = np.repeat(activity, 3, axis=2)
    one, other = (
        reconstruct(three, maps, VOXEL_MM, 1e5, subsets=6, random=np.random.default_rng(4))
        for maps in (mu, np.repeat(mu, 3, axis=2))
    )
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert not np.allclose(one[..., 0], one[..., 1])


def test_a_shifted_ct_errs_as_the_fast_model_says() -> None:
    activity, mu = head()
    moved = ndimage.shift(mu, (10 / VOXEL_MM, 0, 0), order=1)
    settings: dict[str, Any] = {"subsets": 6, "iterations": 14}
    right = reconstruct(activity, mu, VOXEL_MM, 1e6, **settings)
    wrong = reconstruct(activity, mu, VOXEL_MM, 1e6, ct_mu=moved, **settings)
    fast = correction_error(activity, shifted_ct(mu, (VOXEL_MM,) * 3, (10, 0, 0)), (VOXEL_MM,) * 3)
    inside = np.hypot(X, Y) < 66
    true = (wrong - right)[inside, 0]
    assert np.corrcoef(true, fast[inside, 0])[0, 1] > 0.97
    assert np.abs(true - fast[inside, 0]).mean() < 0.25 * np.abs(true).mean()
