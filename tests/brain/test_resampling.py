from dataclasses import replace

import numpy as np
import pytest
from nibabel import Nifti1Image
from nibabel.processing import resample_from_to
from scipy import ndimage

from monai_amyloid.brain.registration import Registration
from monai_amyloid.brain.resampling import resample
from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE, tissue_uptake
from monai_amyloid.brain.warp import NO_WARP, TERMS, Warp
from monai_amyloid.pet.image import PetImage

Simulated = dict[int, tuple[PetImage, float, np.ndarray]]


def laid_by(matrix: np.ndarray, warp: Warp = NO_WARP) -> Registration:
    return Registration(matrix, warp, np.zeros(4, np.float32), 0.5, 1.0)


def test_laying_the_template_on_itself_changes_nothing(template_head: PetImage) -> None:
    laid = resample(template_head, laid_by(np.eye(4)))
    assert laid.dtype == np.float32
    np.testing.assert_allclose(laid, template_head.data, rtol=1e-5, atol=1e-3)


def test_a_scan_is_laid_on_the_template_as_nibabel_would(simulated: Simulated) -> None:
    image, _, true = simulated[1]
    file = Nifti1Image(image.data, np.linalg.inv(true) @ image.affine)
    expected = resample_from_to(file, (TEMPLATE_SHAPE, TEMPLATE_AFFINE), order=1).get_fdata()
    laid = resample(image, laid_by(true))
    inside = (laid != 0) & (expected != 0)  # they differ in where half a voxel at the edge belongs
    assert inside.mean() > 0.9
    np.testing.assert_allclose(laid[inside], expected[inside], rtol=1e-3, atol=1.0)


def test_a_deformed_scan_is_read_where_the_warp_says(template_head: PetImage) -> None:
    coefficients = np.random.default_rng(0).normal(0, 0.5, (3, TERMS)).astype(np.float32)
    registration = laid_by(np.eye(4), Warp(coefficients))
    laid = resample(template_head, registration)
    index = np.random.default_rng(1).integers(25, 65, (3, 200))
    points = TEMPLATE_AFFINE[:3, :3] @ index + TEMPLATE_AFFINE[:3, 3:]
    voxels = (registration.to_scan(points) - TEMPLATE_AFFINE[:3, 3:]) / 2
    expected = ndimage.map_coordinates(template_head.data, voxels, order=1)
    np.testing.assert_allclose(laid[tuple(index)], expected, rtol=1e-3, atol=0.5)


def test_beyond_the_field_of_view_the_fitted_template_goes_on(template_head: PetImage) -> None:
    affine = TEMPLATE_AFFINE.copy()
    affine[2, 3] += 2 * 15
    cut = replace(template_head, data=template_head.data[:, :, 15:], affine=affine)
    weights = np.array([900.0, 800.0, 700.0, 400.0], np.float32)
    laid = resample(cut, replace(laid_by(np.eye(4)), weights=weights))
    expected = np.tensordot(weights, tissue_uptake(), axes=1)
    np.testing.assert_allclose(laid[:, :, :14], expected[:, :, :14], rtol=1e-5)
    np.testing.assert_allclose(laid[:, :, 16:], template_head.data[:, :, 16:], rtol=1e-4, atol=0.1)


def test_noise_of_finer_voxels_is_averaged_not_sampled() -> None:
    noise = np.random.default_rng(0).standard_normal((48, 48, 48)).astype(np.float32)
    affine = np.eye(4)
    affine[:3, 3] = -20, -40, -20
    laid = resample(PetImage(noise, affine), laid_by(np.eye(4)))
    inside = laid[laid != 0].reshape(24, 24, 24)[3:-3, 3:-3, 3:-3]
    # White noise after a Gaussian of s voxels an axis: variance falls by 2 s sqrt(pi), each axis.
    sigma = 2 / 2.355
    assert inside.std() == pytest.approx((2 * sigma * np.sqrt(np.pi)) ** -1.5, rel=0.08)
