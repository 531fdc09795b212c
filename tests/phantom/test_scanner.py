from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy.signal import peak_widths

from monai_amyloid.phantom.anatomy import aged, icbm152
from monai_amyloid.phantom.scanner import (
    Scan,
    acquire,
    blur,
    draw_scan,
    head_to_scanner,
    tracer_map,
)

SCAN = Scan(
    rotation_degrees=(0.0, 0.0, 0.0),
    shift_mm=(0.0, 0.0, 0.0),
    head_scale=(1.0, 1.0, 1.0),
    brain_loss_mm=2.0,
    fwhm_mm=5.0,
    noise_cv=0.0,
    zooms_mm=(2.0, 2.0, 2.0),
    matrix=48,
    slices=48,
    lowest_mm=-38.0,
    scale=1000.0,
    scalp=0.9,
    seed=1,
)
# A cube of 128 mm that fills the field of view of SCAN and more.
CUBE = np.ones((64, 64, 64), np.float32)
AFFINE = np.array([[2, 0, 0, -64], [0, 2, 0, -82], [0, 0, 2, -54], [0, 0, 0, 1]], float)


@pytest.mark.parametrize("fwhm_mm", [3.5, 6.0, 8.5])
def test_a_point_is_as_wide_as_the_resolution_asked_for(fwhm_mm: float) -> None:
    zooms = np.array([0.75, 1.0, 1.25])
    point = np.zeros((41, 41, 41), np.float32)
    point[20, 20, 20] = 1000
    seen = blur(point, fwhm_mm, zooms)
    assert seen.sum() == pytest.approx(1000, rel=1e-3)
    for axis, zoom in enumerate(zooms):
        profile = np.moveaxis(seen, axis, 0)[:, 20, 20]
        width = peak_widths(profile, [20], rel_height=0.5)[0][0] * zoom
        assert width == pytest.approx(fwhm_mm, rel=0.04)


def test_a_blob_lands_where_the_matrix_says() -> None:
    scan = replace(
        SCAN,
        rotation_degrees=(12.0, -8.0, 5.0),
        shift_mm=(3.0, -6.0, 4.0),
        head_scale=(1, 1.1, 0.9),
    )
    for index in [(20, 36, 30), (40, 25, 36)]:
        blob = np.zeros(CUBE.shape, np.float32)
        blob[index] = 1
        image = acquire(blur(blob, 9.0, np.full(3, 2.0)), AFFINE, scan, "18FFBB")
        voxels = np.argwhere(image.data > 0)
        weights = image.data[tuple(voxels.T)]
        found = image.affine @ [*np.average(voxels, axis=0, weights=weights), 1]
        expected = head_to_scanner(scan) @ AFFINE @ [*index, 1]
        np.testing.assert_allclose(found, expected, atol=0.5)


def test_an_unmoved_head_has_the_identity_and_the_centre_only_shifts() -> None:
    np.testing.assert_allclose(head_to_scanner(SCAN), np.eye(4), atol=1e-12)
    scan = replace(SCAN, rotation_degrees=(15.0, 5.0, -9.0), shift_mm=(1.0, 2.0, 3.0))
    np.testing.assert_allclose(head_to_scanner(scan) @ [0, -18, 10, 1], [1, -16, 13, 1])


@pytest.mark.parametrize("cv", [0.04, 0.15])
def test_noise_in_tissue_of_uptake_one_is_the_cv_asked_for(cv: float) -> None:
    noisy = acquire(CUBE, AFFINE, replace(SCAN, noise_cv=cv), "18FFBB").data
    inside = noisy[6:-6, 6:-6, 6:-6]
    assert inside.mean() == pytest.approx(SCAN.scale, rel=0.01)
    assert inside.std() / inside.mean() == pytest.approx(cv, rel=0.06)


def test_noise_grows_with_the_root_of_the_uptake_and_has_the_scanners_grain() -> None:
    scan = replace(SCAN, noise_cv=0.05)
    one, four = (
        acquire(uptake * CUBE, AFFINE, scan, "18FFBB").data[6:-6, 6:-6, 6:-6]
        for uptake in (1, np.float32(4))
    )
    assert four.std() / one.std() == pytest.approx(2, rel=0.01)
    # White noise behind a Gaussian of s voxels: neighbours correlate by exp(-1 / (4 s^2)).
    sigma = SCAN.fwhm_mm / 2.3548 / 2
    found = np.corrcoef(one[1:].ravel(), one[:-1].ravel())[0, 1]
    assert found == pytest.approx(np.exp(-1 / (4 * sigma**2)), abs=0.03)


def test_the_scale_multiplies_and_voxels_are_whole_numbers() -> None:
    scan = replace(SCAN, noise_cv=0.1)
    one = acquire(CUBE, AFFINE, scan, "18FFBB").data
    seven = acquire(CUBE, AFFINE, replace(scan, scale=7000.0), "18FFBB").data
    assert np.abs(seven - 7 * one).max() <= 0.5 + 7 * 0.5
    np.testing.assert_array_equal(one, np.rint(one))
    assert one.min() >= 0


def test_a_scan_says_what_it_is() -> None:
    image = acquire(CUBE, AFFINE, replace(SCAN, zooms_mm=(2.0, 2.0, 3.0)), "18FFBB")
    assert (image.tracer, image.unit) == ("18FFBB", "Bq/mL")
    assert image.data.shape == (48, 48, 48)
    assert image.data.dtype == np.float32
    np.testing.assert_allclose(image.zooms, [2, 2, 3])
    assert "ATTN" in image.provenance["CorrectedImage"]


def test_each_tissue_gets_its_own_tracer() -> None:
    anatomy = aged(icbm152(), 2)
    values = np.zeros((2, anatomy.labels.max() + 1))
    without = tracer_map(anatomy, values, scalp=0.0)
    values[0, 7] = 3
    added = tracer_map(anatomy, values, scalp=0.0) - without
    np.testing.assert_allclose(
        added, 3 * np.where(anatomy.labels == 7, anatomy.fractions[0], 0), atol=1e-5
    )
    scalp = tracer_map(anatomy, 0 * values, scalp=1.3) - without
    np.testing.assert_allclose(scalp, 1.3 * anatomy.fractions[5], atol=1e-5)


def test_drawn_scans_are_plausible_and_repeatable() -> None:
    scans = [draw_scan(np.random.default_rng(seed)) for seed in range(200)]
    assert scans[3] == draw_scan(np.random.default_rng(3))
    assert len({scan.seed for scan in scans}) == 200
    assert np.median([scan.fwhm_mm for scan in scans]) == pytest.approx(5.2, abs=0.4)
    assert np.median([scan.noise_cv for scan in scans]) == pytest.approx(0.08, abs=0.015)
    assert all(3.5 <= scan.fwhm_mm <= 8.5 and 0.04 <= scan.noise_cv <= 0.15 for scan in scans)
    assert max(np.abs(scan.rotation_degrees).max() for scan in scans) <= 15
    assert all(scan.slices * scan.zooms_mm[2] >= 218 for scan in scans)


def test_the_row_of_a_scan_holds_every_number_once() -> None:
    row = SCAN.as_row()
    assert row["rotation_degrees_x"] == 0
    assert row["zooms_mm_z"] == 2
    assert len(row) == sum(len(v) if isinstance(v, tuple) else 1 for v in asdict(SCAN).values())
    assert not any(isinstance(value, tuple) for value in row.values())
