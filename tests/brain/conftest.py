"""Heads to lay on the template: the template itself, and three simulated scans."""

import numpy as np
import pytest

from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates
from monai_amyloid.pet.image import PetImage
from monai_amyloid.phantom.cohort import draw_participant, scan_participant
from monai_amyloid.phantom.scanner import head_to_scanner


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
        person = draw_participant(grade, grade, seed=0)
        image, truth = scan_participant(person)
        scans[grade] = image, truth["centiloid"], head_to_scanner(person.scan)
    return scans
