import numpy as np
import pytest

from monai_amyloid.phantom.people.deformation import grid_points
from monai_amyloid.phantom.scanning.body import with_body

AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
AFFINE[:3, 3] = (-104, -138, -138)
HEAD = np.random.default_rng(0).random((104, 128, 20)).astype(np.float32)


def test_a_scan_that_ends_above_the_neck_changes_nothing() -> None:
    longer, affine = with_body(HEAD, AFFINE, 0.9, -100.0)
    assert longer is HEAD
    np.testing.assert_array_equal(affine, AFFINE)


def test_the_head_stays_where_it_is_above_the_body() -> None:
    longer, affine = with_body(HEAD, AFFINE, 0.9, -200.0)
    added = longer.shape[2] - HEAD.shape[2]
    np.testing.assert_array_equal(longer[..., added:], HEAD)
    np.testing.assert_allclose(affine @ [0, 0, added, 1], AFFINE @ [0, 0, 0, 1])
    # A tilted scan sees a little below its end.
    assert affine[2, 3] <= -200


@pytest.mark.parametrize("tissue", [0.5, 1.3])
def test_a_neck_widens_into_shoulders_around_an_airway(tissue: float) -> None:
    longer, affine = with_body(HEAD, AFFINE, tissue, -220.0)
    x, y, z = grid_points(longer.shape, affine)
    below = z < -138
    assert longer[below].max() == pytest.approx(tissue)
    assert not longer[below & (np.hypot(x, y) < 8)].any()
    neck, shoulders = (longer > tissue / 2) & (z == -142), (longer > tissue / 2) & (z == -204)
    # A neck of 58 by 62 mm to each side, about an axis behind the airway.
    area = neck.sum() * 4 + np.pi * 9**2
    assert area == pytest.approx(np.pi * 58 * 62, rel=0.05)
    assert np.abs(x[neck]).max() < 62 < np.abs(x[shoulders]).max()
    # Shoulders are wider than the grid.
    assert shoulders.any(axis=(1, 2)).all()
