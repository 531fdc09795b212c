from dataclasses import replace

import numpy as np
import pytest
from nibabel import Nifti1Image
from nibabel.processing import resample_from_to
from scipy.spatial.transform import Rotation

from monai_amyloid.brain.registration import Registration, register, to_sitk, to_template
from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE, brain_mask
from monai_amyloid.pet.image import PetImage

Simulated = dict[int, tuple[PetImage, float, np.ndarray]]


def pose(degrees: tuple, shift_mm: tuple, scale: tuple = (1, 1, 1)) -> np.ndarray:
    matrix = np.eye(4)
    turn = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    matrix[:3, :3], matrix[:3, 3] = turn * scale, shift_mm
    return matrix


def median_error_mm(found: np.ndarray, true: np.ndarray) -> float:
    """Distance between where two transforms put the voxels of the brain."""
    voxels = np.argwhere(brain_mask())[::20]
    points = np.c_[voxels, np.ones(len(voxels))] @ TEMPLATE_AFFINE.T
    return float(np.median(np.linalg.norm(points @ (found - true).T, axis=1)))


def test_simpleitk_and_the_affine_agree_on_where_a_voxel_lies() -> None:
    affine = pose((12, -7, 30), (-17, 31, 40)) @ np.diag([2, 2.5, 3.27, 1])
    data = np.random.default_rng(0).random((5, 6, 7)).astype(np.float32)
    image = to_sitk(data, affine)
    for index in [(0, 0, 0), (4, 0, 0), (0, 5, 0), (1, 2, 6)]:
        x, y, z = image.TransformIndexToPhysicalPoint(index)
        np.testing.assert_allclose([-x, -y, z], (affine @ [*index, 1])[:3], atol=1e-9)
        assert image.GetPixel(index) == data[index]


@pytest.mark.parametrize(
    "true",
    [
        pose((10, -8, 12), (12, -18, 9), (0.95, 1.06, 1.0)),
        # A pose that the optimiser once stepped out of.
        pose((0.4, 13.5, -10.7), (18, -8, -3)),
    ],
)
def test_a_known_affine_transform_is_recovered(template_head: PetImage, true: np.ndarray) -> None:
    moved = replace(template_head, affine=true @ TEMPLATE_AFFINE)
    found = register(moved)
    assert median_error_mm(found.matrix, true) < 1.0
    assert found.match > 0.98
    assert found.template_covered > 0.99


@pytest.mark.parametrize("grade", [1, 3])
def test_the_pose_of_a_noisy_simulated_scan_is_recovered(simulated: Simulated, grade: int) -> None:
    image, _, true = simulated[grade]
    found = register(image)
    assert median_error_mm(found.matrix, true) < 1.5
    assert (found.positive_share > 0.5) == (grade == 3)


def test_registration_is_deterministic_and_does_not_depend_on_the_unit(
    simulated: Simulated,
) -> None:
    image = simulated[2][0]
    first, again = register(image), register(image)
    np.testing.assert_array_equal(first.matrix, again.matrix)
    assert (first.match, first.positive_share) == (again.match, again.positive_share)
    scaled = register(replace(image, data=image.data / 5000))
    assert median_error_mm(scaled.matrix, first.matrix) < 0.1
    assert scaled.match == pytest.approx(first.match, abs=1e-3)


def test_laying_the_template_on_itself_changes_nothing(template_head: PetImage) -> None:
    laid = to_template(template_head, Registration(np.eye(4), 0.5, 1.0, 1.0))
    assert laid.dtype == np.float32
    np.testing.assert_allclose(laid, template_head.data, rtol=1e-5, atol=1e-3)


def test_a_scan_is_laid_on_the_template_as_nibabel_would(simulated: Simulated) -> None:
    image, _, true = simulated[1]
    file = Nifti1Image(image.data, np.linalg.inv(true) @ image.affine)
    expected = resample_from_to(file, (TEMPLATE_SHAPE, TEMPLATE_AFFINE), order=1).get_fdata()
    laid = to_template(image, Registration(true, 0.5, 1.0, 1.0))
    np.testing.assert_allclose(laid, expected, rtol=1e-4, atol=0.1)


def test_noise_of_finer_voxels_is_averaged_not_sampled() -> None:
    noise = np.random.default_rng(0).standard_normal((48, 48, 48)).astype(np.float32)
    affine = pose((0, 0, 0), (-20, -40, -20))
    laid = to_template(PetImage(noise, affine), Registration(np.eye(4), 0.5, 1.0, 1.0))
    inside = laid[laid != 0].reshape(24, 24, 24)[3:-3, 3:-3, 3:-3]
    # White noise after a Gaussian of s voxels an axis: variance falls by 2 s sqrt(pi), each axis.
    sigma = 2 / 2.355
    assert inside.std() == pytest.approx((2 * sigma * np.sqrt(np.pi)) ** -1.5, rel=0.08)
