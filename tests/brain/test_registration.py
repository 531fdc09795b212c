from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.transform import Rotation

from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.registration.register import Registration, register
from monai_amyloid.brain.registration.warp import NO_WARP, TERMS, Warp
from monai_amyloid.brain.template import TEMPLATE_AFFINE, brain_mask
from monai_amyloid.pet.image import PetImage

pytestmark = pytest.mark.slow

Simulated = dict[int, tuple[PetImage, float, np.ndarray]]
WEIGHTS = np.ones(5, np.float32)


def pose(degrees: tuple, shift_mm: tuple, scale: tuple = (1, 1, 1)) -> np.ndarray:
    matrix = np.eye(4)
    turn = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    matrix[:3, :3], matrix[:3, 3] = turn * scale, shift_mm
    return matrix


def brain_points() -> np.ndarray:
    """Some thousand points of the template's brain, ``(3, N)`` mm."""
    voxels = np.argwhere(brain_mask())[::20].T
    return TEMPLATE_AFFINE[:3, :3] @ voxels + TEMPLATE_AFFINE[:3, 3:]


def median_error_mm(found: Registration, true: np.ndarray) -> float:
    """Distance between where a registration and a transform put the brain."""
    points = brain_points()
    laid = true[:3, :3] @ points + true[:3, 3:]
    return float(np.median(np.linalg.norm(found.to_scan(points) - laid, axis=0)))


@pytest.mark.parametrize(
    "true",
    [
        pose((10, -8, 12), (12, -18, 9), (0.95, 1.06, 1.0)),
        pose((30, 5, -5), (40, -60, 30)),
        pose((-30, -10, 12), (-60, 35, -60)),
        # A pose that another optimiser once stepped out of.
        pose((0.4, 13.5, -10.7), (18, -8, -3)),
    ],
)
def test_a_known_transform_is_recovered(template_head: PetImage, true: np.ndarray) -> None:
    moved = replace(template_head, affine=true @ TEMPLATE_AFFINE)
    found = register(moved)
    assert median_error_mm(found, true) < 0.5
    assert found.match > 0.98


@settings(max_examples=4, deadline=None)
@given(
    st.tuples(st.floats(-30, 30), st.floats(-10, 10), st.floats(-15, 15)),
    st.tuples(*[st.floats(-60, 60)] * 3),
)
def test_a_rigid_motion_of_a_noisy_scan_is_recovered(
    simulated: Simulated, degrees: tuple, shift: tuple
) -> None:
    image, motion = simulated[2][0], pose(degrees, shift)
    still = register(image)
    moved = register(replace(image, affine=motion @ image.affine))
    points = brain_points()
    expected = motion[:3, :3] @ still.to_scan(points) + motion[:3, 3:]
    error = np.linalg.norm(moved.to_scan(points) - expected, axis=0)
    assert np.percentile(error, 95) < 0.5


@pytest.mark.parametrize("grade", [1, 3])
def test_the_pose_of_a_noisy_simulated_scan_is_recovered(simulated: Simulated, grade: int) -> None:
    image, _, true = simulated[grade]
    found = register(image)
    # The nearest affine transform is that far from where a head of its own shape lies.
    assert median_error_mm(found, true) < 3.5
    assert (found.positive_share > 0.4) == (grade == 3)


def test_registration_is_deterministic_and_does_not_depend_on_the_unit(
    simulated: Simulated,
) -> None:
    image = simulated[2][0]
    first, again = register(image), register(image)
    np.testing.assert_array_equal(first.matrix, again.matrix)
    np.testing.assert_array_equal(first.warp.coefficients, again.warp.coefficients)
    scaled = register(replace(image, data=image.data / np.float32(5000)))
    points = brain_points()
    np.testing.assert_allclose(scaled.to_scan(points), first.to_scan(points), atol=0.05)
    assert scaled.match == pytest.approx(first.match, abs=1e-4)
    np.testing.assert_allclose(scaled.weights * 5000, first.weights, rtol=0.01)


@pytest.mark.parametrize("zooms", [(4, 4, 4), (2, 2, 5), (3, 1.5, 3)])
def test_other_voxel_sizes_hardly_move_the_centiloid(simulated: Simulated, zooms: tuple) -> None:
    image = simulated[2][0]
    factors = np.array(zooms) / image.zooms
    shape = np.floor((np.array(image.data.shape) - 1) / factors).astype(int) + 1
    # Averaged over the new voxels, as a scanner's would be.
    smooth = ndimage.gaussian_filter(image.data, 0.4 * np.maximum(factors, 1) * (factors > 1))
    data = ndimage.affine_transform(smooth, factors, output_shape=tuple(shape), order=1)
    coarse = replace(image, data=data, affine=image.affine @ np.diag([*factors, 1.0]))
    assert normalize(coarse).centiloid == pytest.approx(normalize(image).centiloid, abs=3)


def test_the_transform_and_its_inverse_meet(simulated: Simulated) -> None:
    found = register(simulated[3][0])
    points = brain_points()
    there = found.to_template(found.to_scan(points))
    assert np.linalg.norm(there - points, axis=0).max() < 0.01


def test_the_jacobian_is_the_growth_of_small_volumes() -> None:
    coefficients = np.random.default_rng(0).normal(0, 0.3, (3, TERMS)).astype(np.float32)
    moved = Registration(
        pose((5, 8, -3), (1, 2, 3), (1.1, 0.9, 1)), Warp(coefficients), WEIGHTS, 0.5, 1.0
    )
    still = Registration(np.diag([1.1, 0.9, 1.0, 1.0]), NO_WARP, WEIGHTS, 0.5, 1.0)
    assert still.jacobian() == pytest.approx(0.99)
    # The mean growth of a deformation is that of its volume: a grid's cells, before and after.
    edges = np.stack(np.meshgrid(*[np.arange(-20.0, 21.0, 4.0)] * 3, indexing="ij"))
    laid = moved.to_scan(edges)
    a, b, c = (np.diff(laid, axis=k)[:, :10, :10, :10] for k in (1, 2, 3))
    cells = np.einsum("ixyz,ixyz->xyz", a, np.cross(b, c, axis=0)) / 64
    low, high = moved.jacobian().min(), moved.jacobian().max()
    assert low - 0.02 < cells.min()
    assert cells.max() < high + 0.02


def scaled_outside(image: PetImage, found: Registration, factor: float) -> PetImage:
    """All that lies 4 mm and more outside the brain multiplied."""
    away = ndimage.distance_transform_edt(~brain_mask(), sampling=TEMPLATE_AFFINE[0, 0])
    index = np.indices(image.data.shape).reshape(3, -1)
    places = found.to_template(image.affine[:3, :3] @ index + image.affine[:3, 3:])
    voxels = (places - TEMPLATE_AFFINE[:3, 3:]) / TEMPLATE_AFFINE[0, 0]
    outside = ndimage.map_coordinates(away, voxels, order=1, mode="nearest") >= 4
    rim = image.data * np.float32(factor)
    return replace(image, data=np.where(outside.reshape(rim.shape), rim, image.data))


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0, 3.0])
@pytest.mark.parametrize("grade", [1, 3])
def test_what_lies_around_the_brain_does_not_move_it(
    simulated: Simulated, grade: int, factor: float
) -> None:
    image = simulated[grade][0]
    own = register(image)
    other = register(scaled_outside(image, own, factor))
    points = brain_points()
    moved = np.linalg.norm(own.to_scan(points) - other.to_scan(points), axis=0)
    assert np.median(moved) < 0.5
    assert moved.max() < 1.5
