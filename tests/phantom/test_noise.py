import numpy as np
import pytest
from scipy import ndimage
from scipy.special import ellipe, hyp1f1

from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.phantom.scanning.attenuation import WATER
from monai_amyloid.phantom.scanning.noise import (
    correlated_noise,
    cv_of_counts,
    relative_sd,
    texture,
)
from monai_amyloid.phantom.scanning.reconstruction import RECONSTRUCTIONS, widths
from monai_amyloid.phantom.scanning.tomography import BACKGROUND_TO_TRUES, reconstruct

MU = np.float32(WATER)
# Slices so far apart that each is a realisation of its own.
VOXEL_MM, APART = 4.0, (4.0, 4.0, 1000.0)
SIZE, RADIUS_MM = 48, 76.0
PLACE = (np.arange(SIZE) - (SIZE - 1) / 2) * VOXEL_MM
DISTANCE = np.hypot.outer(PLACE, PLACE)


def disc(slices: int, radius_mm: float = RADIUS_MM) -> np.ndarray:
    smooth = np.clip((radius_mm - DISTANCE) / VOXEL_MM + 0.5, 0, 1).astype(np.float32)
    return np.repeat(smooth[..., None], slices, axis=2)


def draw(mean: np.ndarray, cv: float = 0.08, seed: int = 0) -> np.ndarray:
    mu = MU * disc(mean.shape[2])
    return correlated_noise(mean, mu, 8.0, APART, cv, np.random.default_rng(seed))


def correlation(noise: np.ndarray, axis: int, lag: int) -> float:
    return float(np.mean(noise * np.roll(noise, lag, axis)) / np.mean(noise**2))


@pytest.mark.parametrize(("counts", "cv"), [(1, 0.08), (4, 0.04), (0.25, 0.16), (2, 0.056569)])
def test_noise_goes_with_one_over_the_root_of_the_counts(counts: float, cv: float) -> None:
    assert cv_of_counts(counts) == pytest.approx(cv, rel=1e-5)


@pytest.mark.parametrize("counts", [0, -1, float("nan")])
def test_a_scan_without_counts_is_refused(counts: float) -> None:
    with pytest.raises(ValueError, match=r"relative_counts is .*; it must be above 0"):
        cv_of_counts(counts)


@pytest.mark.parametrize("cv", [0.04, 0.15])
def test_the_middle_of_an_even_head_has_the_noise_asked_for(cv: float) -> None:
    noise = draw(disc(400), cv)
    assert (noise.shape, noise.dtype) == ((SIZE, SIZE, 400), np.float32)
    assert noise[DISTANCE < 12].std() == pytest.approx(cv, rel=0.02)
    assert abs(noise[DISTANCE < 12].mean()) < 0.05 * cv


def test_the_same_state_gives_the_same_noise_and_cv_scales_it() -> None:
    mean = disc(3)
    np.testing.assert_array_equal(draw(mean), draw(mean))
    np.testing.assert_allclose(draw(mean, 0.16), 2 * draw(mean, 0.08), rtol=1e-5, atol=1e-7)
    assert not np.allclose(draw(mean, seed=0), draw(mean, seed=1))


def test_an_image_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="mean holds no uptake"):
        draw(np.zeros((SIZE, SIZE, 2), np.float32))


@pytest.mark.parametrize("filter_mm", [2.5, 4.0, 6.0])
@pytest.mark.parametrize("zooms", [(2.0, 2.0, 3.0), (1.0, 2.5, 2.0)])
def test_texture_has_an_sd_of_one_up_to_the_border(filter_mm: float, zooms: tuple) -> None:
    noise = texture((40, 54, 60), filter_mm, zooms, np.random.default_rng(1))
    assert noise.std() == pytest.approx(1, rel=0.02)
    for axis in range(3):
        border = np.take(noise, [0, -1], axis=axis)
        assert border.std() == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("filter_mm", [4.0, 6.0])
def test_slices_correlate_by_the_filter(filter_mm: float) -> None:
    noise = texture((64, 64, 100), filter_mm, (2, 2, 2), np.random.default_rng(2))
    sigma = filter_mm / FWHM_PER_SIGMA
    for lag in (1, 2, 3, 4):
        expected = np.exp(-((2 * lag) ** 2) / (4 * sigma**2))
        assert correlation(noise, 2, lag) == pytest.approx(expected, abs=0.02)


def test_low_frequencies_hold_little_noise_as_every_line_measures_them() -> None:
    # Far below the rate of convergence the spectrum is rho G^2, whose autocorrelation is a
    # confluent hypergeometric function, negative at a distance.
    filter_mm = 40.0
    noise = texture((128, 128, 60), filter_mm, (4, 4, 1000), np.random.default_rng(3))
    sigma = filter_mm / FWHM_PER_SIGMA
    for lag in (2, 4, 8, 12, 16):
        expected = hyp1f1(1.5, 1, -((4 * lag) ** 2) / (4 * sigma**2))
        for axis in (0, 1):
            assert correlation(noise, axis, lag) == pytest.approx(expected, abs=0.04)


def test_hot_tissue_is_noisier_than_cold_and_air_has_no_noise() -> None:
    mean = disc(2)
    mean[20:28, 20:28] *= 0.25
    sd = relative_sd(mean, MU * disc(2), 5.0, APART)[..., 0]
    assert 0.25 < sd[24, 24] / sd[24, 32] < 0.8
    assert sd[DISTANCE > RADIUS_MM + 6].max() == 0
    assert sd[DISTANCE < RADIUS_MM].min() > 0.1


def test_cold_places_follow_their_lines_in_closed_form() -> None:
    # So cold that the reconstruction has only begun there: SD is uptake times the root of
    # exp(depth) over the lines' activity and background.
    mean, mu = disc(2), MU * disc(2)
    depth = WATER * 4 * RADIUS_MM / np.pi * ellipe((PLACE / RADIUS_MM).clip(-1, 1) ** 2)
    places = np.flatnonzero(np.abs(PLACE) < 60)[::4]
    for place in places:
        mean[place, 24] = 3e-3
    sd = relative_sd(mean, mu, 5.0, APART)[places, 24, 0]
    trues = (depth / WATER) * np.exp(-depth)
    expected = np.sqrt(1 / (trues + BACKGROUND_TO_TRUES * trues.max()))[places]
    np.testing.assert_allclose(sd / sd.mean(), expected / expected.mean(), rtol=0.05)


def test_a_scan_without_attenuation_is_nearly_as_noisy_at_the_rim() -> None:
    rim = np.abs(DISTANCE - 60) < 6
    deep, shallow = (
        relative_sd(disc(2), mu, 5.0, APART)[rim].mean() for mu in (MU * disc(2), None)
    )
    assert deep < 0.95 * shallow < 1


@pytest.mark.slow
@pytest.mark.parametrize(("name", "fwhm_mm"), [("osem", 9.8), ("psf", 9.0)])
def test_the_fast_noise_is_that_of_a_reconstruction(name: str, fwhm_mm: float) -> None:
    way = RECONSTRUCTIONS[name]
    inside = disc(1) * (1 - 0.7 * disc(1, 20)) + 0.8 * np.roll(disc(1, 18), 9, axis=0)
    detectors_mm, filter_mm = widths(fwhm_mm, way)
    blurred, image = (
        ndimage.gaussian_filter(inside, mm / FWHM_PER_SIGMA / VOXEL_MM, axes=(0, 1))
        for mm in (detectors_mm, fwhm_mm)
    )
    mu = MU * disc(1, 80)
    scans = reconstruct(
        np.repeat(blurred, 150, axis=2),
        mu,
        VOXEL_MM,
        2e6,
        iterations=way.iterations,
        post_filter_mm=filter_mm,
        psf_mm=(detectors_mm if way.psf else 0.0, 0.0),
        random=np.random.default_rng(5),
    )
    true, fast = scans.std(axis=2, ddof=1), relative_sd(image, mu, filter_mm, APART, way)[..., 0]
    whole = DISTANCE < 68
    ratio = true / np.maximum(fast, 1e-6) / np.sqrt(np.mean(true[whole] ** 2 / fast[whole] ** 2))
    for place, where in {"cold": DISTANCE < 12, "rim": abs(DISTANCE - 62) < 6}.items():
        assert ratio[where].mean() == pytest.approx(1, abs=0.12), place
    assert ratio[33, 24] == pytest.approx(1, abs=0.15)
    drawn = texture((SIZE, SIZE, 150), filter_mm, APART, np.random.default_rng(6), way)
    noise = (scans - scans.mean(axis=2, keepdims=True))[13:35, 13:35] / true[13:35, 13:35, None]
    for lag in (1, 2, 3, 4):
        found = float(np.mean(noise[lag:] * noise[:-lag]))
        assert found == pytest.approx(correlation(drawn, 0, lag), abs=0.1)
