from dataclasses import replace

import numpy as np
import pytest
from nibabel import Nifti1Image
from nibabel.processing import resample_from_to
from scipy import ndimage
from scipy.spatial.transform import Rotation

from monai_amyloid.brain.registration.register import Registration
from monai_amyloid.brain.registration.resampling import lay_back, resample
from monai_amyloid.brain.registration.warp import NO_WARP, TERMS, Warp
from monai_amyloid.brain.template import (
    TEMPLATE_AFFINE,
    TEMPLATE_SHAPE,
    brain_mask,
    pet_templates,
    tissue_uptake,
)
from monai_amyloid.pet.image import PetImage

pytestmark = pytest.mark.slow

Simulated = dict[int, tuple[PetImage, float, np.ndarray]]


def laid_by(matrix: np.ndarray, warp: Warp = NO_WARP) -> Registration:
    return Registration(matrix, warp, np.zeros(5, np.float32), 0.5, 1.0)


def test_laying_the_template_on_itself_changes_nothing(template_head: PetImage) -> None:
    laid = resample(template_head, laid_by(np.eye(4)))
    assert laid.dtype == np.float32
    np.testing.assert_allclose(laid, template_head.data, rtol=1e-5, atol=1e-3)


@pytest.mark.slow
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
    weights = np.array([900.0, 800.0, 600.0, 700.0, 400.0], np.float32)
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


def _slanted() -> PetImage:
    """A scan grid of another voxel size, turned by ten degrees."""
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xz", [10, -6], degrees=True).as_matrix() * [2.3, 1.9, 3.1]
    affine[:3, 3] = -affine[:3, :3] @ [40, 56, 26] + [3, -14, 10]
    return PetImage(np.zeros((82, 115, 58), np.float32), affine)


def _bent() -> Registration:
    coefficients = np.random.default_rng(0).normal(0, 0.5, (3, TERMS)).astype(np.float32)
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("y", 4, degrees=True).as_matrix() * 1.05
    matrix[:3, 3] = 2, -3, 1
    return laid_by(matrix, Warp(coefficients))


def test_every_voxel_of_the_scan_gets_what_lies_there_in_the_template() -> None:
    image, registration = _slanted(), _bent()
    grid = np.stack(np.meshgrid(*map(np.arange, TEMPLATE_SHAPE), indexing="ij"))
    millimetres = 2.0 * grid + TEMPLATE_AFFINE[:3, 3].reshape(3, 1, 1, 1)
    index = np.stack([np.random.default_rng(1).integers(3, n - 3, 3000) for n in image.data.shape])
    points = registration.to_template(image.affine[:3, :3] @ index + image.affine[:3, 3:])
    inside = (np.abs(points - [[0], [-18], [18]]) < [[88], [106], [88]]).all(axis=0)
    assert inside.mean() > 0.5
    for axis in range(3):  # a volume of its own coordinates
        laid = lay_back(millimetres[axis].astype(np.float32), registration, image)
        assert laid.shape == image.data.shape and laid.dtype == np.float32
        error = laid[tuple(index)] - points[axis]
        assert np.abs(error[inside]).max() < 0.2


def test_what_is_laid_back_and_laid_on_the_template_again_is_the_same(
    simulated: Simulated,
) -> None:
    image, _, true = simulated[2]
    registration = laid_by(true, _bent().warp)
    smooth = ndimage.gaussian_filter(pet_templates()[1], 3)
    there = replace(image, data=lay_back(smooth, registration, image))
    again = resample(there, registration)
    inside = ndimage.binary_erosion(brain_mask(), iterations=2)
    assert np.abs(again - smooth)[inside].max() < 0.05 * smooth.max()
    assert np.corrcoef(again[inside], smooth[inside])[0, 1] > 0.999


def test_beyond_the_template_nothing_is_laid_back() -> None:
    image = replace(_slanted(), affine=np.diag([2.0, 2.0, 2.0, 1.0]))
    laid = lay_back(np.ones(TEMPLATE_SHAPE, np.float32), laid_by(np.eye(4)), image)
    x, y, z = np.meshgrid(*(2.0 * np.arange(n) for n in laid.shape), indexing="ij")
    inside = (x <= 90) & (y <= 90) & (z <= 108)
    np.testing.assert_array_equal(laid, inside)


@pytest.mark.parametrize("shape", [(1, 30, 40), (5, 3, 2)])
def test_a_scan_of_few_voxels_is_laid_back_too(shape: tuple[int, int, int]) -> None:
    image = PetImage(np.zeros(shape, np.float32), np.eye(4))
    laid = lay_back(np.ones(TEMPLATE_SHAPE, np.float32), laid_by(np.eye(4)), image)
    np.testing.assert_allclose(laid, 1)
