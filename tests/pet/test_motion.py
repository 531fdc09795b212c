from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from monai_amyloid.pet.frames.motion import (
    CORTEX_RADIUS_MM,
    Motion,
    estimate_motion,
    largest_displacement,
    realign,
)

pytestmark = pytest.mark.slow

Volume = NDArray[np.float32]
SHAPE = (32, 32, 32)
ZOOMS = (6.0, 6.5, 5.5)
MIDDLE = np.array([12.0, -30, 25])
# Blobs of uptake in an ellipsoid of 160 x 190 x 140 mm: centre and width in mm, height.
_BLOBS = np.random.default_rng(3)
CENTRES = _BLOBS.uniform(-55, 55, (25, 3))
WIDTHS = _BLOBS.uniform(10, 20, 25)
HEIGHTS = _BLOBS.uniform(-0.5, 0.9, 25)


def grid(turn_degrees: tuple[float, float, float] = (0, 0, 0)) -> NDArray[np.float64]:
    affine = np.eye(4)
    turn = Rotation.from_euler("xyz", turn_degrees, degrees=True).as_matrix()
    affine[:3, :3] = turn @ np.diag(ZOOMS)
    affine[:3, 3] = MIDDLE - affine[:3, :3] @ (np.array(SHAPE) - 1) / 2
    return affine


def moved_by(size: float, seed: int = 0) -> NDArray[np.float64]:
    """A turn and a shift of the head, of which the cortex sees about ``size`` mm."""
    random = np.random.default_rng(seed)
    turn, shift = random.standard_normal((2, 3))
    turn *= size / 2 / CORTEX_RADIUS_MM / np.linalg.norm(turn)
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(turn).as_matrix()
    matrix[:3, 3] = shift * size / 2 / np.linalg.norm(shift)
    return matrix


def head(affine: NDArray[np.float64], matrix: NDArray[np.float64] | None = None) -> Volume:
    """The head that lies at the middle of ``grid()``, moved by ``matrix``, in closed form."""
    to_head = np.linalg.inv(np.eye(4) if matrix is None else matrix) @ affine
    points = to_head[:3, :3] @ np.indices(SHAPE).reshape(3, -1) + to_head[:3, 3:]
    points -= MIDDLE[:, None]
    radius = np.linalg.norm(points / np.array([[80.0], [95], [70]]), axis=0)
    uptake = 1 / (1 + np.exp((radius - 1) * 14))
    for centre, width, height in zip(CENTRES, WIDTHS, HEIGHTS, strict=True):
        distance = ((points - centre[:, None]) ** 2).sum(axis=0)
        uptake += height * np.exp(-distance / (2 * width**2)) * (radius < 1.1)
    return np.clip(uptake, 0, None).reshape(SHAPE).astype(np.float32) * 1000


def noisy(volume: Volume, seed: int) -> Volume:
    """Noise of 15 % at a resolution of 5 mm, of which voxels of 6 mm average a third away."""
    noise = np.random.default_rng(seed).standard_normal(SHAPE)
    noise = ndimage.gaussian_filter(noise, 5 / 2.355 / np.array(ZOOMS))
    noisy = volume + 100 * noise / noise.std() * np.sqrt(np.clip(volume / 1000, 0.05, None))
    return noisy.astype(np.float32)


@pytest.mark.parametrize("size", [0.0, 1.0, 3.0, 7.0, 15.0])
@pytest.mark.parametrize("turn", [(0, 0, 0), (14, -9, 20)], ids=["straight", "oblique"])
def test_a_known_motion_is_found(size: float, turn: tuple[float, float, float]) -> None:
    affine = grid(turn)
    matrix = moved_by(size)
    found = estimate_motion(head(affine), head(affine, matrix), affine)
    assert found.displacement_mm == pytest.approx(largest_displacement(matrix, MIDDLE), abs=0.5)
    # The whole transform, not its size alone: undoing the truth by it leaves nothing.
    assert largest_displacement(np.linalg.inv(matrix) @ found.matrix, MIDDLE) < 0.6


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_no_motion(seed: int) -> None:
    affine = grid()
    still = head(affine)
    found = estimate_motion(noisy(still, seed), noisy(still, seed + 100), affine)
    assert found.displacement_mm < 1


def test_a_motion_is_found_in_noise() -> None:
    affine = grid()
    for seed in range(4):
        matrix = moved_by(6, seed)
        true = largest_displacement(matrix, MIDDLE)
        still, moved = noisy(head(affine), seed), noisy(head(affine, matrix), seed + 100)
        found = estimate_motion(still, moved, affine)
        assert found.displacement_mm == pytest.approx(true, abs=1)


def test_a_scan_of_many_small_voxels_is_averaged_where_it_lies() -> None:
    affine, matrix = grid((5, 0, -8)), moved_by(5)
    # Every voxel cut into 3 x 3 x 3, with two slices too many for whole blocks.
    third = np.diag([1 / 3, 1 / 3, 1 / 3, 1])
    third[:3, 3] = -1 / 3
    frame, moved = [
        np.pad(np.kron(volume, np.ones((3, 3, 3), np.float32)), ((0, 0), (0, 0), (0, 2)))
        for volume in (head(affine), head(affine, matrix))
    ]
    found = estimate_motion(frame, moved, affine @ third)
    assert largest_displacement(np.linalg.inv(matrix) @ found.matrix, MIDDLE) < 0.6


def test_decay_and_unit_do_not_matter() -> None:
    affine = grid()
    still, moved = head(affine), head(affine, moved_by(5))
    found = estimate_motion(still, moved, affine).matrix
    weaker = estimate_motion(still, moved * np.float32(0.0031), affine).matrix
    np.testing.assert_allclose(weaker, found, atol=0.02)


def test_the_same_frames_give_the_same_bytes() -> None:
    affine = grid()
    frames = noisy(head(affine), 1), noisy(head(affine, moved_by(5)), 2)
    assert len({estimate_motion(*frames, affine).matrix.tobytes() for _ in range(3)}) == 1


def test_the_axis_order_of_the_voxels_does_not_matter() -> None:
    affine, matrix = grid((3, 4, 5)), moved_by(8)
    first, second = [
        volume.transpose(1, 2, 0)[:, ::-1] for volume in (head(affine), head(affine, matrix))
    ]
    # New index (j, 31 - k, i) to (i, j, k).
    order = np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, -1, 0, SHAPE[2] - 1], [0, 0, 0, 1]])
    found = estimate_motion(first, second, affine @ order)
    assert largest_displacement(np.linalg.inv(matrix) @ found.matrix, MIDDLE) < 0.6
    back = realign(second, found, affine @ order)
    plain = realign(head(affine, matrix), found, affine)
    np.testing.assert_allclose(back, plain.transpose(1, 2, 0)[:, ::-1], atol=0.1)


def test_a_tilted_gantry_is_no_obstacle() -> None:
    affine, matrix = grid(), moved_by(6)
    affine[1, 2] = ZOOMS[2] * np.tan(np.radians(15))
    affine[1, 3] -= affine[1, 2] * (SHAPE[2] - 1) / 2
    truth, moved = head(affine), head(affine, matrix)
    motion = estimate_motion(truth, moved, affine)
    assert largest_displacement(np.linalg.inv(matrix) @ motion.matrix, MIDDLE) < 0.6
    back = realign(moved, motion, affine)
    assert np.nanmean(np.abs(back - truth)) < np.abs(moved - truth).mean() / 4


@pytest.mark.parametrize("turn", [(0, 0, 0), (14, -9, 20)], ids=["straight", "oblique"])
def test_realigning_brings_a_frame_back(turn: tuple[float, float, float]) -> None:
    affine, matrix = grid(turn), moved_by(7)
    truth, moved = head(affine), head(affine, matrix)
    back = realign(moved, Motion(7, matrix), affine)
    inside = np.zeros(SHAPE, bool)
    inside[3:-3, 3:-3, 3:-3] = truth[3:-3, 3:-3, 3:-3] > 300
    before = np.abs(moved - truth)[inside].mean()
    assert np.abs(back - truth)[inside].mean() < before / 10
    assert back.dtype == np.float32


def test_a_shift_by_whole_voxels_moves_voxels_and_leaves_what_was_not_measured() -> None:
    affine = grid((14, -9, 20))
    matrix = np.eye(4)
    matrix[:3, 3] = affine[:3, :3] @ [0, 2, -3]
    frame = np.random.default_rng(0).gamma(2, 1, SHAPE).astype(np.float32)
    back = realign(frame, Motion(0, matrix), affine)
    np.testing.assert_allclose(back[:, :-2, 3:], frame[:, 2:, :-3], atol=1e-4)
    assert np.isnan(back[:, -2:]).all()
    assert np.isnan(back[:, :, :3]).all()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda frame: frame * 0, "empty or constant"),
        (lambda frame: frame * 0 + 7, "empty or constant"),
        (lambda frame: -frame, "empty or constant"),
        (lambda frame: frame * np.float32(np.nan), "not finite"),
        (lambda frame: frame[:, :, 1:], "one grid"),
        (lambda frame: noisy(frame * 0, 5) ** 2, "same object|in common"),
    ],
)
def test_frames_that_cannot_be_matched_are_refused(
    spoil: Callable[[Volume], Volume], reason: str
) -> None:
    affine = grid()
    still = head(affine)
    for one, other in ((still, spoil(still)), (spoil(still), still)):
        with pytest.raises(ValueError, match=reason):
            estimate_motion(one, other, affine)


def test_a_head_that_left_is_not_found_somewhere_else() -> None:
    affine = grid()
    gone = np.zeros(SHAPE, np.float32)
    gone[-4:, -4:, -4:] = 1000
    with pytest.raises(ValueError, match="same object"):
        estimate_motion(head(affine), gone, affine)


@pytest.mark.parametrize("scale", [1e-34, 1e34])
def test_the_smallest_and_largest_floats_are_registered(scale: float) -> None:
    affine = grid()
    frame = head(affine, moved_by(5)) * np.float32(scale)
    assert 3 < estimate_motion(head(affine), frame, affine).displacement_mm < 7


@pytest.mark.parametrize("seed", range(5))
def test_the_largest_displacement_is_that_of_the_farthest_point(seed: int) -> None:
    random = np.random.default_rng(seed)
    matrix = moved_by(random.uniform(0, 60), seed)
    centre = random.uniform(-50, 50, 3)
    points = random.standard_normal((200_000, 3))
    points = centre + CORTEX_RADIUS_MM * points / np.linalg.norm(points, axis=1, keepdims=True)
    moved = points @ matrix[:3, :3].T + matrix[:3, 3]
    farthest = np.linalg.norm(moved - points, axis=1).max()
    assert largest_displacement(matrix, centre) == pytest.approx(farthest, rel=1e-3)


def test_a_shift_alone_displaces_every_point_by_itself() -> None:
    matrix = np.eye(4)
    matrix[:3, 3] = 3, 4, 12
    assert largest_displacement(matrix, np.array([5.0, -30, 8])) == pytest.approx(13)
