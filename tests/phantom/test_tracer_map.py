from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import peak_widths

from monai_amyloid.phantom.people.anatomy import WARP_AFFINE, WARP_SHAPE, load_anatomy
from monai_amyloid.phantom.people.deformation import grid_points, interpolate
from monai_amyloid.phantom.people.head import Head
from monai_amyloid.phantom.people.tracer_map import (
    blur,
    cerebellar_hemispheres,
    grey_voxels,
    petrous_bone,
    tracer_map,
)
from monai_amyloid.phantom.people.uptake import TissueValues

EVEN = np.ones(WARP_SHAPE, np.float32)
NONE = np.zeros(35, np.float32)
EMPTY = TissueValues(
    grey=NONE, amyloid=NONE, white=NONE, csf=0.0, ventricle=0.0, skull=0.0, scalp=0.0
)


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


@pytest.mark.parametrize(
    ("name", "tissue"), [("csf", 2), ("ventricle", 3), ("skull", 4), ("scalp", 5)]
)
def test_what_is_no_brain_has_one_value(typical_head: Head, name: str, tissue: int) -> None:
    found = tracer_map(typical_head, replace(EMPTY, **{name: 1.3}), EVEN)
    # Dense bone before the cerebellum holds less.
    plain = np.ones(found.shape, bool)
    plain.reshape(-1)[petrous_bone("icbm152").index] = tissue < 4
    expected = 1.3 * typical_head.fractions[tissue]
    np.testing.assert_allclose(found[plain], expected[plain], atol=1e-5)
    assert (found[~plain] <= expected[~plain] + 1e-5).all()


def test_patches_multiply_the_amyloid_of_grey_matter_alone(typical_head: Head) -> None:
    x = grid_points(WARP_SHAPE, WARP_AFFINE)[0]
    patches = (1 + x / 200).astype(np.float32)
    values = replace(EMPTY, amyloid=np.ones(35, np.float32))
    found = tracer_map(typical_head, values, patches)
    fine = grid_points(found.shape, typical_head.anatomy.affine)
    expected = typical_head.fractions[0] * (1 + fine[0] / 200)
    cerebrum = np.ones(found.shape, bool)
    cerebrum.reshape(-1)[cerebellar_hemispheres("icbm152").index] = False
    np.testing.assert_allclose(found[cerebrum], expected[cerebrum], atol=1e-4)
    other = replace(EMPTY, grey=values.amyloid, white=values.amyloid, scalp=1.0)
    np.testing.assert_array_equal(
        tracer_map(typical_head, other, patches), tracer_map(typical_head, other, EVEN)
    )


def test_grey_voxels_are_those_with_grey_matter_where_they_lie() -> None:
    anatomy = load_anatomy("10021")
    found = grey_voxels("10021")
    mask = np.zeros(anatomy.labels.shape, bool)
    mask.ravel()[found.index] = True
    np.testing.assert_array_equal(mask, anatomy.tissues["grey"] > 0)
    grey = interpolate(anatomy.fractions[:1], anatomy.affine, found.points)[0]
    np.testing.assert_allclose(grey, anatomy.tissues["grey"].take(found.index), atol=1e-3)


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
