import numpy as np
import pytest
import torch
from scipy import ndimage
from scipy.spatial.transform import Rotation

from monai_amyloid.brain.registration.scan_samples import averaged, smoothed
from monai_amyloid.pet.image import PetImage


def blob(shape: tuple, zooms: tuple, turn: float = 0.0) -> PetImage:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("z", turn, degrees=True).as_matrix() * zooms
    affine[:3, 3] = -20, -15, -10
    noise = np.random.default_rng(0).random(shape)
    return PetImage(ndimage.gaussian_filter(noise, 1.0).astype(np.float32), affine)


@pytest.mark.parametrize("turn", [0.0, 25.0])
def test_a_scan_is_read_where_its_affine_says(turn: float) -> None:
    image = blob((16, 18, 20), (3.0, 3.0, 3.5), turn)
    scan = smoothed(image, fwhm_mm=0.0, voxel_mm=3.0, device="cpu")
    index = np.random.default_rng(1).uniform(1, 14, (40, 3))
    points = torch.tensor(index @ image.affine[:3, :3].T + image.affine[:3, 3])
    values, inside = scan.at(points.float(), np.eye(4))
    expected = ndimage.map_coordinates(image.data, index.T, order=1)
    assert inside.all()
    np.testing.assert_allclose(values * scan.unit, expected, atol=2e-4 * scan.unit)


def test_averaging_of_voxels_keeps_their_places() -> None:
    affine = np.diag([1.0, 1.0, 1.5, 1.0])
    ramp = np.indices((24, 24, 16), np.float32)[0]
    scan = smoothed(PetImage(ramp + 1, affine), fwhm_mm=0.0, voxel_mm=3.0, device="cpu")
    assert scan.volume.shape[2:] == (8, 8, 8)
    points = torch.tensor([[10.0, 11.0, 12.0], [7.5, 9.0, 3.0]])
    values, _ = scan.at(points, np.eye(4))
    np.testing.assert_allclose(values * scan.unit, [11.0, 8.5], atol=1e-3)


@pytest.mark.parametrize("zoom", [1.0, 2.0, 3.5])
def test_smoothing_has_its_width_whatever_the_voxels(zoom: float) -> None:
    count = int(80 / zoom)
    edge = np.zeros((count, 4, 4), np.float32)
    edge[count // 2 :] = 1000
    image = PetImage(edge, np.diag([zoom, zoom, zoom, 1.0]))
    scan = smoothed(image, fwhm_mm=11.0, voxel_mm=4.0, device="cpu")
    x = torch.arange(15, 65, 0.5)
    rise = scan.at(torch.stack([x, x * 0, x * 0], 1), np.eye(4))[0].diff().numpy()
    place = x[1:].numpy() - 0.25
    middle = (rise * place).sum() / rise.sum()
    variance = (rise * (place - middle) ** 2).sum() / rise.sum()
    # Reading between averaged voxels adds a little.
    assert np.sqrt(variance) * 2.3548 == pytest.approx(11.0, rel=0.08)
    assert middle == pytest.approx((count // 2 - 0.5) * zoom, abs=0.1)


def test_points_beyond_the_scan_are_told_from_those_inside() -> None:
    scan = smoothed(blob((8, 8, 8), (2.0, 2.0, 2.0)), 0.0, 2.0, "cpu")
    _, inside = scan.at(torch.tensor([[-20.0, -15, -10], [-6, -1, 4], [-22, -15, -10]]), np.eye(4))
    assert inside.tolist() == [True, True, False]


def test_many_transforms_are_read_at_once_as_one_by_one() -> None:
    scan = smoothed(blob((12, 12, 12), (3.0, 3.0, 3.0)), 0.0, 3.0, "cpu")
    points = torch.rand(30, 3) * 10 - 15
    matrices = np.stack([np.eye(4), np.eye(4)])
    matrices[1, :3, 3] = 1, 2, 3
    both, _ = scan.at(points, matrices)
    for values, matrix in zip(both, matrices, strict=True):
        np.testing.assert_allclose(values, scan.at(points, matrix)[0], atol=1e-6)


def test_what_has_no_weight_is_not_smoothed_into_the_rest() -> None:
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    data = np.full((20, 8, 8), 5.0, np.float32)
    data[10:] = 1000
    weight = torch.zeros(20, 8, 8)
    weight[:10] = 1
    scan = averaged(PetImage(data, affine), 2.0, "cpu").smoothed(8.0, weight)
    # Within, the mean is of what counts alone, up to the border and a little beyond.
    np.testing.assert_allclose(scan.volume[0, 0, :11] * scan.unit, 5.0, rtol=1e-5)
    assert scan.unit == pytest.approx(5.0)


def test_a_part_of_a_scan_lies_where_the_whole_has_it() -> None:
    image = blob((16, 18, 20), (3.0, 3.0, 3.5), 25.0)
    voxels = averaged(image, 3.0, "cpu")
    part = voxels.part(np.array([3, 4, 5]), np.array([12, 16, 18]))
    index = np.array([[6.0, 7, 8], [9, 10, 11]])
    points = torch.tensor(index @ image.affine[:3, :3].T + image.affine[:3, 3]).float()
    whole, some = voxels.smoothed(0.0, clip=1.0), part.smoothed(0.0, clip=1.0)
    expected = whole.at(points, np.eye(4))[0] * whole.unit
    np.testing.assert_allclose(some.at(points, np.eye(4))[0] * some.unit, expected, rtol=1e-4)


def test_a_single_slice_is_read_within_itself_alone() -> None:
    image = PetImage(np.arange(1, 17, dtype=np.float32).reshape(4, 4, 1), np.eye(4))
    scan = smoothed(image, 0.0, 1.0, "cpu")
    points = torch.tensor([[1.0, 2, 0], [1, 2, 0.4], [1, 2, 0.6], [1, 2, -0.6], [3.4, 0, 0]])
    values, inside = scan.at(points, np.eye(4))
    assert inside.tolist() == [True, True, False, False, True]
    np.testing.assert_allclose(values[[0, 4]] * scan.unit, [7.0, 13.0], atol=1e-3)
