"""Whole scans of the wrong kind; benchmarks/fuzz/wrong_input.py has two hundred of them."""

from dataclasses import replace

import numpy as np
import pytest
from phantom.people import NO_MISHAP, scan_person
from scipy import ndimage

from monai_amyloid.brain.normalization import BrainPet, normalize
from monai_amyloid.brain.recognition.signature import (
    MOST_WHITE_OVER_CEREBELLAR_CORTEX,
    TISSUE_AFFINE,
    recognise,
    tissue_templates,
)
from monai_amyloid.brain.registration.register import FEW_STARTS, register
from monai_amyloid.brain.registration.resampling import resample
from monai_amyloid.brain.template import voi
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.phantom.cohorts.plan import NAMED, Pattern, Plan

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
    image = scan_person(2, None, plan, **NO_MISHAP).image
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
    with pytest.raises(StudyRefused, match=r"(would have|as a brain of) (1\.[89]|2\.)\d* x "):
        normalize(tall)


def head_of(image: PetImage) -> np.ndarray:
    bright = image.data > 0.12 * np.percentile(image.data, 99.5)
    return np.asarray(ndimage.binary_fill_holes(ndimage.binary_closing(bright, iterations=3)))


def cerebellum_of(brain: BrainPet) -> float:
    volume = resample(brain.source, brain.registration)
    return float(volume[voi("whole_cerebellum")].mean())


MAPS = {
    "binding potential": lambda ratio: np.clip(ratio - 1, 0, None),
    "binding potential of another reference": lambda ratio: np.clip(ratio / 1.15 - 1, 0, None),
    "z-scores": lambda ratio: np.clip((ratio - 1.2) / 0.3, 0, None),
    "the square": lambda ratio: np.clip(ratio, 0, None) ** 2,
    "a power": lambda ratio: np.clip(ratio, 0, None) ** 2.5,
    "a difference": lambda ratio: ratio - ndimage.gaussian_filter(ratio, 4),
    "signed z-scores": lambda ratio: (ratio - 1.2) / 0.3,
}


@pytest.mark.parametrize("grade", [1, 3])
def test_a_map_made_of_an_amyloid_scan_is_no_uptake(
    normalized: dict[int, BrainPet], grade: int
) -> None:
    image = normalized[grade].source
    ratio, inside = image.data / cerebellum_of(normalized[grade]), head_of(image)
    for name, values in MAPS.items():
        data = np.where(inside, values(ratio), 0).astype(np.float32)
        with pytest.raises(
            StudyRefused, match=r"binding potential|no uptake|not negative|was recognised"
        ):
            raise AssertionError(name, normalize(replace(image, data=data)).centiloid)
    # What is linear in uptake stays uptake.
    assert normalize(replace(image, data=image.data * np.float32(1e-3))).centiloid < 150


def test_a_sharp_scan_of_a_bright_white_matter_is_uptake() -> None:
    # The 534th of clinic-603: 8.3 times the cerebellum's cortex in the white matter.
    image = scan_person(534, None, Plan()).image
    brain = normalize(image)
    signature = recognise(image, brain.registration)
    assert 8 < signature.white_over_cerebellar_cortex < MOST_WHITE_OVER_CEREBELLAR_CORTEX
    assert brain.centiloid == pytest.approx(28.2, abs=3)  # noise-free


def test_a_head_that_the_likeliest_starts_miss_is_found_from_others() -> None:
    # The 34th of clinic-outside-tracer-300: wide ventricles, a noisy scan.
    image = scan_person(34, 1, NAMED["clinic-outside-tracer-300"][1]).image
    assert register(image, starts=FEW_STARTS).match < 0.7
    # The noise-free Centiloid.
    assert normalize(image).centiloid == pytest.approx(-11.0, abs=3)


@pytest.mark.parametrize("unit", [1.0, 0.1])
@pytest.mark.parametrize("bone", [0.10, 0.13, 0.17])
def test_a_map_of_attenuation_is_refused_by_its_values(
    simulated: Simulated, unit: float, bone: float
) -> None:
    image = simulated[1][0]
    inside = head_of(image)
    rim = inside & ~ndimage.binary_erosion(inside, iterations=3)
    water = ndimage.gaussian_filter(inside * 0.096 + rim * (bone - 0.096), 1)
    with pytest.raises(StudyRefused, match="attenuation map"):
        normalize(replace(image, data=(unit * water).astype(np.float32)))


@pytest.mark.parametrize("contrast", [(38, 29, 8), (1062, 1053, 1032), (900, 860, 700)])
def test_a_brain_without_a_tracers_contrast_is_no_head_of_pet(contrast: tuple) -> None:
    shares = np.pad(tissue_templates(), ((0, 0), *[(6, 6)] * 3))
    grey, white, fluid = contrast
    values = np.tensordot((grey, white, grey, grey, white, grey, white, fluid), shares[:8], axes=1)
    affine = TISSUE_AFFINE.copy()
    affine[:3, 3] -= 6 * affine[:3, :3].sum(axis=1)
    with pytest.raises(StudyRefused, match=r"MRI|CT"):
        normalize(PetImage(values.astype(np.float32), affine, "18FFBB"))
