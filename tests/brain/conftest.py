"""Heads to lay on the template: the template itself, and three simulated scans."""

import numpy as np
import pytest
from phantom.people import NO_MISHAP, scan_person, template_to_scanner

from monai_amyloid.brain.normalization import BrainPet, normalize
from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates
from monai_amyloid.pet.image import PetImage


@pytest.fixture(scope="session")
def template_head() -> PetImage:
    """The mean of both templates, as a scan that lies exactly on the template."""
    mean = pet_templates().mean(axis=0) * 1000
    return PetImage(mean.astype(np.float32), TEMPLATE_AFFINE, "18FFBB", "Bq/mL")


@pytest.fixture(scope="session")
def simulated() -> dict[int, tuple[PetImage, float, np.ndarray]]:
    """By grade: a noisy scan in a random pose, its true Centiloid and its true transform."""
    scans = {}
    for grade in (1, 2, 3):
        person = scan_person(grade, grade, **NO_MISHAP)
        truth = person.truth["centiloid"]
        scans[grade] = person.image, truth, template_to_scanner(person.session)
    return scans


@pytest.fixture(scope="session")
def normalized(
    simulated: dict[int, tuple[PetImage, float, np.ndarray]],
) -> dict[int, BrainPet]:
    """By grade: what is found in each simulated scan."""
    return {grade: normalize(image) for grade, (image, *_) in simulated.items()}
