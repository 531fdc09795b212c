"""One scan stored in all 48 axis orders and signs, and oblique, is one RAS+ volume."""

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest

from monai_amyloid.pet.study import read_study

from .vendors import make_truth, write_capture, write_classic, write_enhanced
from .vendors.oracles import assert_same

pytestmark = pytest.mark.slow

# One slope for the series, or the digits of the slopes would differ with the slices.
ONE_SLOPE = {"slope": "series"}
STRAIGHT = make_truth((10, 12, 9))
OBLIQUE = make_truth((10, 12, 9), angles=(12, -17, 25))
ORIENTATIONS = [
    "".join(axis[sign] for axis, sign in zip(order, signs, strict=True))
    for order in permutations(("RL", "AP", "SI"))
    for signs in product((0, 1), repeat=3)
]


@pytest.mark.parametrize("truth", [STRAIGHT, OBLIQUE], ids=["straight", "oblique"])
def test_all_48_orientations_are_one_volume(truth, tmp_path: Path) -> None:
    assert len(set(ORIENTATIONS)) == 48
    images = [
        read_study(write_classic(truth, tmp_path / name, orientation=name, **ONE_SLOPE))
        for name in ORIENTATIONS
    ]
    assert_same((images[0].data[None], images[0].affine), truth.values("START"), truth)
    for image in images:
        np.testing.assert_array_equal(image.data, images[0].data)
        # A position is text of 16 characters.
        np.testing.assert_allclose(image.affine, truth.affine, atol=1e-6)


@pytest.mark.parametrize("write", [write_enhanced, write_capture])
def test_other_kinds_of_file_turn_the_same_way(write, tmp_path: Path) -> None:
    form = ONE_SLOPE if write is write_enhanced else {}
    first = None
    for name in ORIENTATIONS[::3]:
        image = read_study(write(OBLIQUE, tmp_path / name / "x", orientation=name, **form))
        first = image.data if first is None else first
        np.testing.assert_array_equal(image.data, first)
        np.testing.assert_allclose(image.affine, OBLIQUE.affine, atol=1e-6)


def test_a_straight_volume_has_a_straight_affine(tmp_path: Path) -> None:
    image = read_study(write_classic(STRAIGHT, tmp_path, orientation="AIR"))
    assert np.count_nonzero(np.abs(image.affine[:3, :3]) > 1e-9) == 3
    assert (np.diag(image.affine)[:3] > 0).all()
    np.testing.assert_allclose(image.zooms, [2.0, 2.5, 3.27])
