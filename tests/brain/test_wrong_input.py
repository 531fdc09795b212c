"""Whole scans of the wrong kind; benchmarks/fuzz/wrong_input.py has two hundred of them."""

from dataclasses import replace

import numpy as np
import pytest
from phantom.people import NO_MISHAP, scan_person

from monai_amyloid.brain.normalization import normalize
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.phantom.cohorts.plan import Pattern, Plan

pytestmark = pytest.mark.slow

Simulated = dict[int, tuple[PetImage, float, np.ndarray]]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("fdg", "as with FDG or perfusion"),
        ("perfusion", "as with FDG or perfusion"),
        ("tau", "as with a tau tracer"),
        ("raclopride", "as with raclopride"),
    ],
)
def test_a_scan_of_another_tracer_is_refused_by_its_name(pattern: Pattern, words: str) -> None:
    plan = Plan(sites=("site-1",), pattern=pattern)
    image = scan_person(1, None, plan, **NO_MISHAP).image
    with pytest.raises(StudyRefused, match=words) as refusal:
        normalize(image)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("axis", "words"), [(2, "upside down.* its top points down"), (1, "its face backward")]
)
def test_a_scan_under_a_lying_header_is_refused_with_how_it_lies(
    simulated: Simulated, axis: int, words: str
) -> None:
    image = simulated[3][0]
    flipped = replace(image, data=np.ascontiguousarray(np.flip(image.data, axis)))
    with pytest.raises(StudyRefused, match=words):
        normalize(flipped)


def test_a_scan_of_wrong_voxel_sizes_is_refused_with_the_size_of_its_brain(
    simulated: Simulated,
) -> None:
    image = simulated[1][0]
    tall = replace(image, affine=image.affine @ np.diag([1.0, 1.0, 2.0, 1.0]))
    with pytest.raises(StudyRefused, match=r"would have 2\.\d+ x .* check the voxel size"):
        normalize(tall)
