from collections.abc import Callable

import numpy as np
import pytest

from monai_amyloid.phantom.people.geometry.anatomy import ANATOMIES, TISSUES, load_anatomy
from monai_amyloid.phantom.people.geometry.deformation import grid_points
from monai_amyloid.phantom.people.geometry.outside import outside
from monai_amyloid.phantom.people.surroundings import Surroundings

pytestmark = pytest.mark.slow

POINTS = grid_points((104, 128, 128), load_anatomy("icbm152").affine)
Shares = Callable[[str], np.ndarray]


@pytest.fixture(scope="module")
def share() -> Shares:
    """Share of a part in each voxel of ICBM 152."""

    def of(part: str) -> np.ndarray:
        found = np.zeros(POINTS[0].size, np.float32)
        for layer in outside("icbm152"):
            if part in layer.names:
                found[layer.index] += layer.shares[:, layer.names.index(part)]
        return found.reshape(POINTS[0].shape)

    return of


def within(x: float, y: float, z: float, radius: float) -> np.ndarray:
    place = np.reshape([x, y, z], (3, 1, 1, 1))
    return np.linalg.norm(POINTS - place, axis=0) < radius


@pytest.mark.parametrize("name", ANATOMIES)
def test_parts_share_what_the_anatomy_holds_outside_grey_and_white(name: str) -> None:
    found = np.zeros(POINTS[0].size, np.float32)
    for layer in outside(name):
        assert layer.shares.min() > -1e-5
        assert all(hasattr(Surroundings(), part) for part in layer.names)
        found[layer.index] += layer.shares.sum(axis=1)
    rest = load_anatomy(name).fractions[2:].sum(axis=0)
    # All but the petrous bones.
    assert (found.reshape(rest.shape) <= rest + 1e-4).all()
    assert (np.abs(found.reshape(rest.shape) - rest) < 1e-3).mean() > 0.98


def test_the_scalp_is_a_thin_line_under_the_air_over_the_vault(share: Shares) -> None:
    scalp, air = share("scalp"), 1 - load_anatomy("icbm152").fractions.sum(axis=0)
    column = scalp[52, 60, 64:].sum() * 2
    assert 3 < column < 7  # mm at the vertex
    top = np.flatnonzero(scalp[52, 60] > 0.2)
    assert air[52, 60, top.max() + 2] == 1
    assert scalp[POINTS[2] < -60].max() < 0.05


def test_bone_is_marrow_between_two_tables_and_in_the_spine(share: Shares) -> None:
    marrow, bone = share("marrow"), share("bone")
    skull = load_anatomy("icbm152").fractions[TISSUES.index("skull")]
    back = (np.abs(POINTS[0]) < 30) & (POINTS[1] < -80) & (POINTS[2] > 20) & (skull > 0.9)
    assert 0.1 < marrow[back].mean() < 0.6 and bone[back].mean() > 0.3
    assert marrow[within(0, -28, -95, 5) & (skull > 0.9)].mean() > 0.7


def test_blood_fills_the_sinuses_and_the_neck_and_no_brain(share: Shares) -> None:
    blood = share("blood")
    top = (np.abs(POINTS[0]) < 3) & (POINTS[2] > 60) & (POINTS[1] > -60) & (POINTS[1] < 20)
    assert blood[top].sum() * 8e-3 > 1  # mL
    assert blood[within(0, -98, -12, 8)].max() > 0.5
    assert blood[within(45, -78, -24, 14)].max() > 0.3
    assert blood[within(30, -8, -110, 4)].mean() > 0.8
    assert 10 < blood.sum() * 8e-3 < 60
    brain = load_anatomy("icbm152").fractions[:2].sum(axis=0) > 0.95
    assert blood[brain].max() < 0.06


def test_eyes_ventricles_and_cord_are_told_apart_in_the_fluid(share: Shares) -> None:
    assert 8 < share("vitreous").sum() * 8e-3 < 20
    assert share("vitreous")[within(0, 0, 0, 40)].max() == 0
    ventricle = load_anatomy("icbm152").fractions[TISSUES.index("ventricle")]
    inside = share("ventricle") + share("choroid")
    np.testing.assert_allclose(inside[ventricle > 0.9], ventricle[ventricle > 0.9], atol=1e-3)
    assert 0.5 < share("choroid").sum() * 8e-3 < 4
    assert share("cord")[within(0, -45, -95, 3)].mean() > 0.7
