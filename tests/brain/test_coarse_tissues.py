"""What is stored of the template, against what it was computed of."""

import numpy as np
import pytest
from scipy import ndimage

from monai_amyloid.brain.registration.coarse_tissues import (
    COARSE_FWHM_MM,
    COARSE_SPACING_MM,
    PICTURE_FWHM_MM,
    PICTURE_SPACING_MM,
    coarse_tissues,
    picture_tissues,
)
from monai_amyloid.brain.registration.tissues import tissues_on_grid
from monai_amyloid.brain.template import (
    TEMPLATE_AFFINE,
    brain_mask,
    deep_white_matter,
    distance_from_brain,
    regions,
    tissue_uptake,
)


def test_the_stored_distances_are_those_from_the_brain() -> None:
    away = ndimage.distance_transform_edt(~brain_mask(), sampling=2.0)
    np.testing.assert_array_equal(distance_from_brain(), away)


@pytest.mark.slow
@pytest.mark.parametrize("around_mm", [3.0, 6.0, None])
def test_the_stored_tissues_are_those_of_the_template(around_mm: float | None) -> None:
    if around_mm is None:
        stored, near = picture_tissues(), brain_mask()
        spacing_mm, fwhm_mm = PICTURE_SPACING_MM, PICTURE_FWHM_MM
    else:
        stored, near = coarse_tissues(around_mm), distance_from_brain() <= around_mm
        spacing_mm, fwhm_mm = COARSE_SPACING_MM, COARSE_FWHM_MM
    made = tissues_on_grid(tissue_uptake(), TEMPLATE_AFFINE, near, spacing_mm, fwhm_mm)
    for name in ("points", "uptake", "slope"):
        found, needed = getattr(stored, name).numpy(), getattr(made, name).numpy()
        np.testing.assert_allclose(found, needed, atol=1e-6, err_msg=name)


@pytest.mark.slow
def test_the_stored_white_matter_is_white_and_far_from_all_else() -> None:
    deep, white = deep_white_matter(), tissue_uptake()[1]
    assert 200 < deep.sum() < 20_000 and brain_mask()[deep].all()
    assert white[deep].min() > 0.85 * np.percentile(white, 99.9)
    below = [row.label for row in regions().rows if row.region in ("cerebellum", "brainstem")]
    away = ndimage.distance_transform_edt(~np.isin(regions().labels, below), sampling=2.0)
    high = (2 * np.arange(91) - 72 > -6)[None, None]
    far = (away > 8) & high & brain_mask() & (white > 0.85 * np.percentile(white, 99.9))
    np.testing.assert_array_equal(deep, far)
