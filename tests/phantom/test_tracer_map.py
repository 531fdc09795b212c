from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from scipy.signal import peak_widths

from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.template import regions, voi
from monai_amyloid.phantom.people.brain import brain
from monai_amyloid.phantom.people.geometry.anatomy import WARP_AFFINE, WARP_SHAPE, load_anatomy
from monai_amyloid.phantom.people.geometry.deformation import grid_points, interpolate
from monai_amyloid.phantom.people.geometry.morphology import Morphology
from monai_amyloid.phantom.people.head import Head, shape_head
from monai_amyloid.phantom.people.surroundings import Surroundings
from monai_amyloid.phantom.people.tracer_map import blur, tracer_map
from monai_amyloid.phantom.people.uptake import TissueValues, florbetaben_values

from .people import points_of

EVEN = np.ones(WARP_SHAPE, np.float32)
NONE = np.zeros(35, np.float32)
NOTHING = Surroundings.of(0.0)
EMPTY = TissueValues(grey=NONE, amyloid=NONE, white=NONE, surroundings=NOTHING)


@pytest.fixture(scope="module")
def in_cerebrum(typical_head: Head) -> np.ndarray:
    """Where no cerebellar hemisphere lowers what is seen ``(X, Y, Z)``."""
    inside = np.ones(typical_head.anatomy.labels.shape, bool)
    found = brain("icbm152")
    inside.reshape(-1)[found.index] = found.hemisphere == 0
    return inside


@pytest.mark.parametrize(("name", "tissue"), [("grey", 0), ("amyloid", 0), ("white", 1)])
def test_a_regions_value_reaches_its_own_tissue_alone(
    typical_head: Head, name: str, tissue: int
) -> None:
    one = NONE.copy()
    one[7] = 3
    found = tracer_map(typical_head, replace(EMPTY, **{name: one}), EVEN)
    inside = typical_head.anatomy.labels == 7
    expected = 3 * np.where(inside, typical_head.fractions[tissue], 0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_head_of_one_uptake_shows_how_much_of_each_voxel_is_not_air(typical_head: Head) -> None:
    full = np.ones(35, np.float32)
    values = TissueValues(grey=full, amyloid=NONE, white=full, surroundings=Surroundings.of(1.0))
    found = tracer_map(typical_head, values, EVEN)
    expected = typical_head.fractions.sum(axis=0)
    whole = (found - expected > -1e-3) | (expected == 0)
    # All but dense bone before the cerebellum, and the cerebellum's sides.
    assert whole.mean() > 0.97
    assert (found < expected + 1e-3).all()


def test_patches_multiply_the_amyloid_of_grey_matter_alone(
    typical_head: Head, in_cerebrum: np.ndarray
) -> None:
    x = grid_points(WARP_SHAPE, WARP_AFFINE)[0]
    patches = (1 + x / 200).astype(np.float32)
    values = replace(EMPTY, amyloid=np.ones(35, np.float32))
    found = tracer_map(typical_head, values, patches)
    fine = grid_points(found.shape, typical_head.anatomy.affine)
    expected = typical_head.fractions[0] * (1 + fine[0] / 200)
    np.testing.assert_allclose(found[in_cerebrum], expected[in_cerebrum], atol=1e-4)
    other = replace(EMPTY, grey=values.amyloid, white=values.amyloid)
    np.testing.assert_array_equal(
        tracer_map(typical_head, other, patches), tracer_map(typical_head, other, EVEN)
    )


def test_a_lesion_is_darker_white_matter_and_nothing_else() -> None:
    plain, hurt = (shape_head(Morphology(white_lesions=share)) for share in (0.0, 0.08))
    full = np.ones(35, np.float32)
    dark = replace(NOTHING, lesion=0.6)
    white = replace(EMPTY, white=full, surroundings=dark)
    ratio = tracer_map(hurt, white, EVEN) / np.maximum(tracer_map(plain, white, EVEN), 1e-6)
    inside = plain.fractions[1] > 0.5
    assert ratio[inside].min() == pytest.approx(0.6, abs=0.01)
    assert 0.02 < (ratio[inside] < 0.8).mean() < 0.12
    grey = replace(EMPTY, grey=full, surroundings=dark)
    np.testing.assert_array_equal(tracer_map(hurt, grey, EVEN), tracer_map(plain, grey, EVEN))


def test_lesions_lie_around_the_ventricles_first() -> None:
    head = shape_head(Morphology(white_lesions=0.03))
    ventricle = ndimage.gaussian_filter(head.anatomy.tissues["ventricle"], 4)[::2, ::2, ::2]
    white = head.anatomy.tissues["white"][::2, ::2, ::2] > 0.7
    assert ventricle[white & (head.lesions > 0.5)].mean() > 4 * ventricle[white].mean()


def test_skin_and_muscle_are_uneven_and_fluid_is_not() -> None:
    head = shape_head(Morphology(seed=3))
    for name, varies in (("scalp", True), ("csf", False)):
        around = replace(NOTHING, **{name: 1.0})
        maps = [
            tracer_map(head, replace(EMPTY, surroundings=replace(around, unevenness=sd)), EVEN)
            for sd in (0.0, 0.25)
        ]
        ratio = maps[1][maps[0] > 0.2] / maps[0][maps[0] > 0.2]
        assert (np.log(ratio).std() == pytest.approx(0.25, abs=0.06)) == varies


def test_thinned_cortex_leaves_narrow_sulci_that_are_no_ventricles() -> None:
    thick, thin = (shape_head(Morphology(thinning=share)) for share in (0.0, 0.3))
    values = replace(EMPTY, surroundings=replace(NOTHING, sulci=0.5))
    assert not tracer_map(thick, values, EVEN).any()
    gained = thin.fractions[2] - thick.fractions[2]
    np.testing.assert_allclose(tracer_map(thin, values, EVEN), 0.5 * gained, atol=1e-5)


@pytest.mark.slow
def test_a_negative_brain_stays_negative_and_near_zero_however_thin() -> None:
    values = florbetaben_values(np.zeros(len(regions().table)), 0.0)
    measured = []
    for thinning, alzheimer in ((0.0, 0.0), (0.35, 0.25)):
        head = shape_head(Morphology(thinning=thinning, alzheimer=alzheimer))
        seen = blur(tracer_map(head, values, EVEN), 5.5, np.full(3, 2.0))[None]
        cortex, cerebellum = (
            interpolate(seen, head.anatomy.affine, head.to_anatomy(points_of(voi(name)))).mean()
            for name in ("cortex", "whole_cerebellum")
        )
        measured.append(centiloid(float(cortex / cerebellum), "18FFBB"))
    thick, thin = measured
    assert abs(thick) < 8
    assert -12 < thin < thick


def test_brain_voxels_are_those_with_grey_or_white_matter_where_they_lie() -> None:
    anatomy, found = load_anatomy("10021"), brain("10021")
    mask = np.zeros(anatomy.labels.shape, bool)
    mask.ravel()[found.index] = True
    np.testing.assert_array_equal(mask, anatomy.fractions[:2].sum(axis=0) > 0)
    grey = interpolate(anatomy.fractions[:1], anatomy.affine, found.points)[0]
    np.testing.assert_allclose(grey, found.grey, atol=1e-3)


@pytest.mark.parametrize("fwhm_mm", [3.5, 6.0, 8.5])
def test_a_point_is_as_wide_as_the_resolution_asked_for(fwhm_mm: float) -> None:
    zooms = np.array([0.75, 1.0, 1.25])
    point = np.zeros((41, 41, 41), np.float32)
    point[20, 20, 20] = 1000
    seen = blur(point, fwhm_mm, zooms)
    assert seen.sum() == pytest.approx(1000, rel=1e-3)
    for axis, zoom in enumerate(zooms):
        profile = np.moveaxis(seen, axis, 0)[:, 20, 20]
        width = peak_widths(profile, [20], rel_height=0.5)[0][0] * zoom
        assert width == pytest.approx(fwhm_mm, rel=0.04)
