import numpy as np
import pytest

from monai_amyloid.phantom.people.geometry.deformation import grid_points
from monai_amyloid.phantom.scanning.body import with_body

AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
AFFINE[:3, 3] = (-104, -138, -138)
POINTS = grid_points((104, 128, 20), AFFINE)
NECK = np.hypot(POINTS[0] / 58, (POINTS[1] + 32) / 62) < 1
HEAD = np.where(NECK, 0.8, 0).astype(np.float32)
SPINE = np.hypot(POINTS[0], POINTS[1] + 40) < 8


def test_a_scan_that_ends_above_the_neck_changes_nothing() -> None:
    longer, affine = with_body(HEAD, AFFINE, -100.0)
    assert longer is HEAD
    np.testing.assert_array_equal(affine, AFFINE)


def test_the_head_stays_where_it_is_above_the_body() -> None:
    head = HEAD * np.random.default_rng(0).uniform(0.5, 1, HEAD.shape).astype(np.float32)
    longer, affine = with_body(head, AFFINE, -200.0)
    added = longer.shape[2] - HEAD.shape[2]
    np.testing.assert_array_equal(longer[..., added:], head)
    np.testing.assert_allclose(affine @ [0, 0, added, 1], AFFINE @ [0, 0, 0, 1])
    # A tilted scan sees a little below its end.
    assert affine[2, 3] <= -200


def test_the_neck_goes_on_and_widens_into_shoulders() -> None:
    head = np.where(SPINE, 1.5, HEAD).astype(np.float32)
    longer, affine = with_body(head, AFFINE, -220.0)
    x, y, z = grid_points(longer.shape, affine)
    np.testing.assert_array_equal(longer[..., z[0, 0] == -142], head[..., :1])
    spine = np.hypot(x, y + 40) < 6
    assert (longer[spine] == 1.5).all()
    neck, shoulders = (longer > 0.4) & (z == -142), (longer > 0.4) & (z == -204)
    assert neck.sum() * 4 == pytest.approx(np.pi * 58 * 62, rel=0.05)
    assert np.abs(x[neck]).max() < 62 < np.abs(x[shoulders]).max()
    # Shoulders are wider than the grid.
    assert shoulders.any(axis=(1, 2)).all()


def test_a_small_head_that_ends_above_its_grid_has_no_gap_in_its_neck() -> None:
    small = HEAD.copy()
    small[..., :6] = 0
    longer, _ = with_body(small, AFFINE, -150.0)
    assert (longer[52, 53] > 0).all()


def test_the_body_is_as_uneven_as_the_neck() -> None:
    even, uneven = HEAD, np.where(POINTS[0] > 0, 0.5 * HEAD, HEAD)
    spreads = []
    for head in (even, uneven):
        longer, affine = with_body(head, AFFINE, -220.0)
        x, _, z = grid_points(longer.shape, affine)
        muscle = longer[(z == -210) & (np.abs(x) > 70) & (longer > 0.1)]
        spreads.append(np.quantile(muscle, 0.8) - np.quantile(muscle, 0.2))
    assert spreads[0] < 0.01 < spreads[1]
