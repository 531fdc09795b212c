from dataclasses import replace

import numpy as np
import pytest

from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.quantities.neutral import UNDECIDED_CENTILOID, neutral_suvr, remove
from monai_amyloid.brain.quantities.suvr import regional_suvr
from monai_amyloid.brain.registration.register import Registration
from monai_amyloid.brain.registration.warp import NO_WARP
from monai_amyloid.brain.template import pet_templates
from monai_amyloid.pet.tracers import TRACERS

FITTED = Registration(
    np.eye(4), NO_WARP, np.array([900, 1100, 700, 700, 800], np.float32), 0.9, 1.0
)


@pytest.mark.parametrize("tracer", sorted(TRACERS))
def test_what_is_neutral_is_undecided_by_the_tracers_own_line(tracer: str) -> None:
    regions = regional_suvr(neutral_suvr(FITTED, tracer))
    assert centiloid(regions["cortex"], tracer) == pytest.approx(UNDECIDED_CENTILOID, abs=0.1)


def test_the_amyloid_and_the_scale_of_the_scan_itself_do_not_count() -> None:
    other = replace(FITTED, weights=FITTED.weights * np.array([3, 3, 3, 3, 0], np.float32))
    np.testing.assert_allclose(
        neutral_suvr(other, "18FFBB"), neutral_suvr(FITTED, "18FFBB"), rtol=1e-4, atol=1e-5
    )


def test_removing_changes_a_region_and_nothing_far_from_it() -> None:
    scan, neutral = pet_templates()[1], neutral_suvr(FITTED, "18FFBB")
    region = np.zeros(scan.shape, bool)
    region[30:50, 40:60, 40:60] = True
    left = remove(scan, region, neutral)
    np.testing.assert_allclose(left[36:44, 46:54, 46:54], neutral[36:44, 46:54, 46:54], atol=1e-4)
    np.testing.assert_array_equal(left[:20], scan[:20])


def test_a_template_without_cerebellar_uptake_has_no_neutral_image() -> None:
    empty = replace(FITTED, weights=np.zeros(5, np.float32))
    with pytest.raises(ValueError, match="no uptake in the whole cerebellum"):
        neutral_suvr(empty, "18FFBB")
