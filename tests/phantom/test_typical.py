import numpy as np
import pytest

from monai_amyloid.brain.template import voi
from monai_amyloid.phantom.people.geometry.anatomy import ANATOMIES, WARP_AFFINE, load_anatomy
from monai_amyloid.phantom.people.geometry.deformation import interpolate, jacobian, moved
from monai_amyloid.phantom.people.geometry.typical import (
    ORDER,
    SCALE,
    TERMS,
    coefficients,
    monomials,
    template_to_anatomy,
    template_to_icbm,
)

from .people import brain_points, points_of

BRAIN = brain_points()
MIRROR = np.array([[-1], [1], [1]], np.float32)


def test_every_power_up_to_the_order_moves_along_x_or_along_both_others() -> None:
    assert TERMS[["x", "y", "z"]].sum(axis=1).max() == ORDER == 3
    assert not TERMS.duplicated().any()
    # Of 20 powers, 7 are odd in x: they move along x. The other 13 move along y and along z.
    assert TERMS.component.value_counts().to_dict() == {"y": 13, "z": 13, "x": 7}
    assert len(coefficients()) == len(TERMS) == 33


def test_a_term_is_the_product_of_its_powers() -> None:
    # One half, one and one and a half units of 50 mm from the middle of the head.
    point = np.array([[25.0], [50 - 18], [75 + 10]], np.float32)
    for row, found in zip(TERMS.itertuples(index=False), monomials(point)[..., 0], strict=True):
        value = 0.5**row.x * 1.0**row.y * 1.5**row.z
        expected = {"x": 0.0, "y": 0.0, "z": 0.0, row.component: value}
        assert found.tolist() == pytest.approx(list(expected.values()), rel=1e-6)


def test_the_shape_is_the_same_left_and_right_and_goes_on_beyond_the_brain() -> None:
    shaped = np.tensordot(coefficients(), monomials(BRAIN), axes=1)
    mirrored = np.tensordot(coefficients(), monomials(BRAIN * MIRROR), axes=1)
    np.testing.assert_allclose(mirrored, shaped * MIRROR, atol=1e-3)
    assert np.linalg.norm(shaped, axis=0).max() < 15
    far = monomials(np.array([[0.0, 0.0], [0.0, 0.0], [90.0, 500.0]], np.float32))
    np.testing.assert_array_equal(far[..., 0], far[..., 1])


def test_without_its_shape_the_template_is_a_smaller_icbm_far_from_the_spaces() -> None:
    found = template_to_icbm(BRAIN, np.zeros(len(TERMS)))
    centre = np.array([[0.0], [-18.0], [10.0]])
    moved_mm = np.linalg.norm(found - ((BRAIN - centre) / SCALE + centre), axis=0)
    assert np.median(moved_mm) < 0.5
    # The walls of the ventricles close by less than they were opened.
    assert 1.0 < moved_mm.max() < 4.0


@pytest.mark.parametrize("name", ANATOMIES)
def test_the_template_leads_onto_an_anatomys_brain_without_folds(name: str) -> None:
    anatomy, way = load_anatomy(name), template_to_anatomy(name)
    growth = interpolate(jacobian(way)[None], WARP_AFFINE, BRAIN)[0]
    assert growth.min() > 0.02
    tissue = anatomy.fractions[:2].sum(axis=0, keepdims=True)
    for mask in (voi("cortex"), voi("whole_cerebellum")):
        places = moved(way, points_of(mask))
        assert interpolate(tissue, anatomy.affine, places).mean() > 0.85
    fluid = np.ascontiguousarray(anatomy.fractions[3:4])
    middle = np.array([[-8.0, 8.0], [8.0, 8.0], [14.0, 14.0]], np.float32)
    assert interpolate(fluid, anatomy.affine, moved(way, middle)).max() > 0.5
