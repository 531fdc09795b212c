import numpy as np
import pytest
from scipy import ndimage

from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.phantom.scanning.reconstruction import (
    RECONSTRUCTIONS,
    USUAL,
    Reconstruction,
    reconstructed,
    recovered,
    widths,
)
from monai_amyloid.phantom.scanning.tomography import reconstruct

PSF = RECONSTRUCTIONS["psf_tof"]
ZOOMS = (2.0, 2.0, 2.0)


def slab(inside: float, outside: float) -> np.ndarray:
    """Two even halves, the edge across x."""
    volume = np.full((64, 24, 24), outside, np.float32)
    volume[32:] = inside
    return volume


def test_frequencies_come_back_by_a_power_of_the_updates() -> None:
    rho = np.array([0.02, 0.1])
    np.testing.assert_allclose(
        recovered(rho, 0.004, 20), 1 - (1 - 0.004 / (np.pi * rho)) ** 20, rtol=1e-6
    )
    assert recovered(np.zeros(1), 0.004, 1)[0] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("name", "fwhm_mm"), [("osem", 5.0), ("psf_tof", 5.0), ("osem_tof", 7.0)])
def test_an_image_transfers_half_where_a_gaussian_of_its_resolution_does(
    name: str, fwhm_mm: float
) -> None:
    period = fwhm_mm / (np.sqrt(np.log(2) / 2) / np.pi * FWHM_PER_SIGMA)
    waves = 8
    zoom = waves * period / 64
    wave = np.cos(2 * np.pi * waves * np.arange(64) / 64)
    sharp = np.broadcast_to((1 + 1e-3 * wave)[:, None, None], (64, 8, 24)).astype(np.float32)
    images = reconstructed(
        np.ascontiguousarray(sharp), (zoom, 2, 2), fwhm_mm, RECONSTRUCTIONS[name]
    )
    for image in images:
        row = image[:, 4, 8].astype(float)
        assert 2e3 * np.mean(row * wave) == pytest.approx(0.5, abs=0.04)


def test_a_converged_image_is_the_ideal_one() -> None:
    sharp = np.random.default_rng(0).random((32, 32, 20), dtype=np.float32)
    ideal, image = reconstructed(sharp, ZOOMS, 5.0, RECONSTRUCTIONS["converged"])
    np.testing.assert_allclose(image, ideal, atol=2e-3)


def test_the_ideal_image_is_a_gaussian_blur_and_nothing_wraps_from_neck_to_vertex() -> None:
    sharp = np.zeros((32, 32, 20), np.float32)
    sharp[10:20, 12:22, :8] = 1
    ideal, image = reconstructed(sharp, ZOOMS, 5.0, USUAL)
    expected = ndimage.gaussian_filter(sharp, 5 / FWHM_PER_SIGMA / 2, mode="constant")
    np.testing.assert_allclose(ideal[..., :20], expected, atol=3e-3)
    assert np.abs(image[..., 18:20]).max() < 0.01


def test_edges_overshoot_where_the_projector_holds_the_blur_and_only_there() -> None:
    plain, modelled = (
        (reconstructed(slab(1.6, 1.0), ZOOMS, 5.0, each)[1][33:62, 12, 8].max() - 1.6) / 0.6
        for each in (RECONSTRUCTIONS["osem_tof"], PSF)
    )
    assert plain < 0.01
    assert 0.02 < modelled < 0.15


def test_cold_places_come_back_later_than_warm_ones() -> None:
    spot = np.zeros((48, 48, 24), np.float32)
    spot[22:26, 22:26] = 0.1
    warm, cold = (
        reconstructed(np.full_like(spot, base) + spot, ZOOMS, 5.0, USUAL)[1][24, 24, 8] - base
        for base in (np.float32(1.3), np.float32(0.3))
    )
    assert cold < 0.85 * warm


def test_more_updates_and_time_of_flight_bring_a_cold_hole_back() -> None:
    hole = np.ones((48, 48, 24), np.float32)
    hole[20:28, 20:28] = 0.1
    few, more, fast = (
        reconstructed(hole, ZOOMS, 7.0, RECONSTRUCTIONS[name])[1][24, 24, 8]
        for name in ("osem_short", "osem", "osem_tof")
    )
    assert few > more > fast > 0.1


@pytest.mark.parametrize("name", RECONSTRUCTIONS)
def test_blurs_grow_with_the_resolution(name: str) -> None:
    sharp, broad = (widths(mm, RECONSTRUCTIONS[name]) for mm in (6.5, 8.5))
    assert broad[0] > sharp[0]
    assert broad[1] == pytest.approx(broad[0] * RECONSTRUCTIONS[name].filter_ratio)


SIZE, ZOOM, FWHM_MM = 64, 3.0, 6.0
PLACE = (np.arange(SIZE) - (SIZE - 1) / 2) * ZOOM
X, Y = np.meshgrid(PLACE, PLACE, indexing="ij")


def images(sharp: np.ndarray, way: Reconstruction) -> tuple[np.ndarray, ...]:
    """One slice by OSEM, by an ideal scanner and by the fast one."""
    detectors_mm, filter_mm = widths(FWHM_MM, way)
    sigma = detectors_mm / FWHM_PER_SIGMA / ZOOM
    osem = reconstruct(
        ndimage.gaussian_filter(sharp, sigma)[..., None].astype(np.float32),
        np.float32(0.0096 * (sharp > 0))[..., None],
        ZOOM,
        1e6,
        subsets=6,
        iterations=way.updates // 6,
        post_filter_mm=filter_mm,
        psf_mm=(detectors_mm if way.psf else 0.0, 0.0),
    )
    flat = np.repeat(sharp[..., None], 9, axis=2).astype(np.float32)
    ideal, fast = reconstructed(flat, (ZOOM, ZOOM, 1000.0), FWHM_MM, way)
    return osem[..., 0], ideal[..., 4], fast[..., 4]


def disc(radius_mm: float, x: float = 0.0) -> np.ndarray:
    return np.clip((radius_mm - np.hypot(X - x, Y)) / ZOOM + 0.5, 0, 1)


def test_a_cold_hole_is_as_late_as_in_a_reconstruction() -> None:
    hole = np.hypot(X + 20, Y) < 6
    osem, ideal, fast = (
        image[hole].mean() for image in images(disc(82) - 0.9 * disc(14, -20), USUAL)
    )
    assert osem - ideal > 0.03
    assert abs(osem - fast) < 0.65 * (osem - ideal)


def test_edges_with_the_blur_in_the_projector_are_those_of_a_reconstruction() -> None:
    osem, ideal, fast = images(disc(82) + 0.6 * disc(25), RECONSTRUCTIONS["psf"])
    near = np.abs(np.hypot(X, Y) - 25) < 10
    off = [np.abs(image - osem)[near].mean() for image in (ideal, fast)]
    assert off[1] < 0.6 * off[0]
