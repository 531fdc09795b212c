"""NaN around a head is no uptake; within it, the image is broken."""

import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.unseen import without_unseen

AFFINE = np.array([[2.0, 0.1, 0, -30], [-0.1, 2, 0, 5], [0, 0, 3, -40], [0, 0, 0, 1]])
GRID = np.stack(np.meshgrid(*[np.linspace(-1.4, 1.4, 36)] * 3, indexing="ij"))
HEAD = (GRID**2).sum(0) < 1
SCAN = np.where(HEAD, 1000 + 300 * GRID[0], 10).astype(np.float32)
NO_NUMBERS = [np.nan, np.inf, -np.inf]


def test_a_finite_volume_is_left_as_it_is() -> None:
    data, affine, found = without_unseen(SCAN, AFFINE, "x")
    assert data is SCAN and affine is AFFINE and found == []


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_slices_never_seen_are_cut_off_and_the_rest_stays_in_its_place(value: float) -> None:
    scan = SCAN.copy()
    scan[:3], scan[:, :, -9:] = value, value
    data, affine, found = without_unseen(scan, AFFINE, "x")
    np.testing.assert_array_equal(data, SCAN[3:, :, :-9])
    np.testing.assert_allclose(affine @ [0, 0, 0, 1], AFFINE @ [3, 0, 0, 1])
    assert "around the head" in str(found[0])


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize("where", ["outside a brain", "a corner", "a turned box"])
def test_no_number_around_a_head_is_no_uptake(where: str, value: float) -> None:
    unseen = {
        "outside a brain": ~HEAD,
        "a corner": GRID.sum(0) > 2.0,
        "a turned box": np.abs(GRID[0] + GRID[2]) > 1.6,
    }[where]
    data, _, found = without_unseen(np.where(unseen, value, SCAN), AFFINE, "x")
    assert np.isfinite(data).all() and len(found) == 1
    assert data.max() == SCAN[~unseen].max()


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize("where", ["a ball", "a rod", "a slice", "one voxel"])
def test_no_number_within_a_head_is_a_broken_image(where: str, value: float) -> None:
    unseen = {
        "a ball": ((GRID - 0.2) ** 2).sum(0) < 0.1,
        "a rod": (np.abs(GRID[:2]) < 0.15).all(axis=0) & (np.abs(GRID[2]) < 0.6),
        "a slice": np.arange(36)[None, None] + 0 * GRID[0] == 17,
        "one voxel": np.indices(SCAN.shape).sum(0) == 54,
    }[where]
    if where == "one voxel":
        unseen = unseen & (np.indices(SCAN.shape) == 18).all(axis=0)
    with pytest.raises(StudyRefused, match="within the head"):
        without_unseen(np.where(unseen, value, SCAN), AFFINE, "x")


def test_a_volume_of_nothing_but_nan_is_left_for_others_to_refuse() -> None:
    empty = np.full((9, 9, 9), np.nan, np.float32)
    assert without_unseen(empty, AFFINE, "x")[0] is empty
