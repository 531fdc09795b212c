from dataclasses import replace

import numpy as np
import pytest

from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.quality.checks import (
    quality_warnings,
    refuse_poor_quality,
)
from monai_amyloid.brain.quality.measures import asymmetry, measure_quality
from monai_amyloid.brain.quality.resolution import read_coarsely
from monai_amyloid.brain.registration.register import Registration
from monai_amyloid.brain.registration.warp import NO_WARP
from monai_amyloid.brain.template import brain_mask, voi
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.tracers import TRACERS

pytestmark = pytest.mark.slow

ON_TEMPLATE = Registration(
    matrix=np.eye(4),
    warp=NO_WARP,
    weights=np.ones(5, np.float32),
    positive_share=0.5,
    match=1.0,
)
GOOD = {
    "registration": 0.97,
    "brain_covered": 1.0,
    "cerebellum_covered": 1.0,
    "cortex_covered": 1.0,
    "vertex_covered": 1.0,
    "head_scale": 1.0,
    "jacobian_min": 0.9,
    "jacobian_max": 1.1,
    "pons_suvr": 1.5,
    "asymmetry": 0.04,
    "fwhm_mm": 5.5,
    "noise_cv": 0.08,
    "amyloid_load": 20.0,
}


def cut_below(image: PetImage, slices: int) -> PetImage:
    affine = image.affine.copy()
    affine[:3, 3] += slices * affine[:3, 2]
    return replace(image, data=image.data[:, :, slices:], affine=affine)


def test_a_cut_cerebellum_is_refused_with_the_share_that_is_seen(template_head: PetImage) -> None:
    with pytest.raises(StudyRefused, match=r"the cerebellum, .* is \d+% inside .*, needed 80%"):
        normalize(cut_below(template_head, 20))


def test_the_shares_in_view_are_counted(template_head: PetImage) -> None:
    quality = measure_quality(cut_below(template_head, 15), ON_TEMPLATE)
    whole = voi("whole_cerebellum")
    share = whole[:, :, 15:].sum() / whole.sum()
    assert quality["cerebellum_covered"] == pytest.approx(share, abs=0.02)
    assert quality["vertex_covered"] == 1
    share = brain_mask()[:, :, 15:].sum() / brain_mask().sum()
    assert quality["brain_covered"] == pytest.approx(share, abs=0.02)
    assert quality["registration"] == 1.0


def test_a_cut_vertex_is_counted_in_what_lies_above(template_head: PetImage) -> None:
    cut = replace(template_head, data=template_head.data[:, :, :66])  # up to z = 58 mm
    quality = measure_quality(cut, ON_TEMPLATE)
    cortex, upper = voi("cortex"), brain_mask()[:, :, 62:]
    assert quality["cortex_covered"] == pytest.approx(
        cortex[:, :, :66].sum() / cortex.sum(), abs=0.02
    )
    assert quality["vertex_covered"] == pytest.approx(upper[:, :, :4].sum() / upper.sum(), abs=0.02)


def test_the_size_of_the_head_is_the_cube_root_of_its_volume(template_head: PetImage) -> None:
    larger = replace(ON_TEMPLATE, matrix=np.diag([0.9, 1.1, 1.2, 1.0]))
    quality = measure_quality(template_head, larger)
    assert quality["head_scale"] == pytest.approx((0.9 * 1.1 * 1.2) ** (1 / 3))
    assert quality["jacobian_min"] == pytest.approx(quality["jacobian_max"])


def test_the_unit_of_a_scan_changes_no_measure(template_head: PetImage) -> None:
    in_other_unit = replace(template_head, data=template_head.data * np.float32(7.3))
    measured = measure_quality(template_head, ON_TEMPLATE)
    assert measure_quality(in_other_unit, ON_TEMPLATE) == pytest.approx(measured, rel=1e-4)


def test_motion_is_that_between_frames_and_absent_without_them(template_head: PetImage) -> None:
    moved = replace(template_head, provenance={"motion_mm": 3.2})
    assert measure_quality(moved, ON_TEMPLATE)["motion_mm"] == 3.2
    assert "motion_mm" not in measure_quality(template_head, ON_TEMPLATE)


def test_one_side_that_is_brighter_is_found_in_its_size(template_head: PetImage) -> None:
    data = template_head.data.copy()
    even = asymmetry(read_coarsely(template_head, ON_TEMPLATE))
    data[45:] *= 1.2
    brighter = asymmetry(read_coarsely(replace(template_head, data=data), ON_TEMPLATE))
    assert even < 0.02
    # In uniform uptake it would be 0.2 / 1.1.
    assert 0.8 * 0.2 / 1.1 < brighter < 1.2 * 0.2 / 1.1


@pytest.mark.parametrize("tracer", ["18FFBB", "11CPIB"])
def test_the_load_of_the_positive_template_is_80_on_its_own_line(
    template_head: PetImage, tracer: str
) -> None:
    positive = replace(ON_TEMPLATE, positive_share=1.0)
    load = measure_quality(replace(template_head, tracer=tracer), positive)["amyloid_load"]
    steepness = TRACERS[tracer].centiloid_slope / TRACERS["18FFBB"].centiloid_slope
    assert load == pytest.approx(80 * steepness)


@pytest.mark.parametrize(
    ("worse", "reason"),
    [
        ({"registration": 0.69}, "match to the template 0.69"),
        ({"registration": float("nan")}, "match to the template nan"),
        ({"head_scale": 0.74}, "size of the brain 0.74"),
        ({"head_scale": 1.31}, "size of the brain 1.31"),
        ({"jacobian_min": 0.4}, "grow to 1.10 and others to 0.40"),
        ({"jacobian_min": -0.1}, "grow to 1.10 and others to -0.10"),
        ({"cerebellum_covered": 0.79}, "the cerebellum, .* is 79% inside"),
        ({"cortex_covered": 0.89}, "the cortex .* is 89% inside"),
        ({"pons_suvr": 1.24}, "the pons has 1.24"),
    ],
)
def test_each_measure_alone_can_refuse(worse: dict, reason: str) -> None:
    refuse_poor_quality(GOOD)
    with pytest.raises(StudyRefused, match=reason) as refusal:
        refuse_poor_quality(GOOD | worse)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("worse", "warning"),
    [
        ({"cerebellum_covered": 0.9}, "the cerebellum is only 90% inside"),
        ({"cortex_covered": 0.95}, "the cortex is only 95% inside"),
        ({"fwhm_mm": 9.6}, "seems to be 9.6 mm"),
        ({"noise_cv": 0.2}, "the noise is 20%"),
        ({"asymmetry": 0.2}, "left and right differ by 20%"),
        ({"amyloid_load": 50.0}, "a Centiloid of 50 where the cortex gives 20"),
    ],
)
def test_each_measure_alone_can_warn(worse: dict, warning: str) -> None:
    assert quality_warnings(GOOD, 20.0) == ()
    [found] = quality_warnings(GOOD | worse, 20.0)
    assert warning in str(found) and found.level == "warning"
    refuse_poor_quality(GOOD | worse)
