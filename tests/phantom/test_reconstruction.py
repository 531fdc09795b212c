import numpy as np
import pytest
from scipy import ndimage

from monai_amyloid.phantom.scanning.reconstruction import (
    RECONSTRUCTIONS,
    USUAL,
    reconstructed,
    recovered,
    widths,
)
from monai_amyloid.phantom.scanning.tomography import FWHM_PER_SIGMA, reconstruct

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


@pytest.mark.parametrize("name", ["osem", "psf"])
def test_the_fast_image_is_nearer_to_a_reconstruction_than_a_gaussian_is(name: str) -> None:
    size, zoom, way = 64, 3.0, RECONSTRUCTIONS[name]
    place = (np.arange(size) - (size - 1) / 2) * zoom
    x, y = np.meshgrid(place, place, indexing="ij")
    disc = np.clip((82 - np.hypot(x, y)) / zoom + 0.5, 0, 1)
    sharp = (disc - 0.8 * (np.hypot(x + 20, y) < 14) + 0.9 * (np.hypot(x - 25, y) < 10))[..., None]
    detectors_mm, filter_mm = widths(6.0, way)
    true = reconstruct(
        ndimage.gaussian_filter(sharp, detectors_mm / FWHM_PER_SIGMA / zoom, axes=(0, 1)).astype(
            np.float32
        ),
        (0.0096 * disc)[..., None].astype(np.float32),
        zoom,
        1e6,
        subsets=6,
        iterations=way.updates // 6,
        post_filter_mm=filter_mm,
        psf_mm=(detectors_mm if way.psf else 0.0, 0.0),
    )
    flat = np.repeat(sharp, 9, axis=2).astype(np.float32)
    ideal, fast = reconstructed(flat, (zoom, zoom, 1000.0), 6.0, way)
    inside = np.hypot(x, y) < 60
    off = [np.abs(each[..., 4] - true[..., 0])[inside].mean() for each in (ideal, fast)]
    assert off[1] < 0.9 * off[0]
