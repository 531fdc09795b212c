"""Resolution and noise, measured on scans of which they are known."""

from dataclasses import replace

import numpy as np
import pytest
from phantom.people import NO_MISHAP, scan_person, template_to_scanner
from scipy import ndimage

from monai_amyloid.brain.quality.image_noise import noise_cv
from monai_amyloid.brain.quality.resolution import read_coarsely, resolution_mm
from monai_amyloid.brain.registration.register import Registration
from monai_amyloid.brain.registration.warp import NO_WARP
from monai_amyloid.pet.image import PetImage
from monai_amyloid.phantom.scanning.noise import texture

FWHM_PER_SIGMA = 2.3548


def lying(matrix: np.ndarray) -> Registration:
    return Registration(matrix, NO_WARP, np.ones(5, np.float32), 0.5, 1.0)


def blurred(image: PetImage, fwhm_mm: float) -> PetImage:
    sigma = fwhm_mm / FWHM_PER_SIGMA / image.zooms
    return replace(image, data=ndimage.gaussian_filter(image.data, sigma))


def resolution_of(image: PetImage, matrix: np.ndarray) -> float:
    return resolution_mm(read_coarsely(image, lying(matrix)))


@pytest.mark.slow
def test_known_resolution_and_noise_are_found() -> None:
    person = scan_person(3, 3, fwhm_mm=4.0, noise_cv=0.12, **NO_MISHAP)
    scan = read_coarsely(person.image, lying(template_to_scanner(person.session)))
    found = resolution_mm(scan)
    # A head of its own shape seems blurred against the template's.
    assert found == pytest.approx(4.0, abs=2.0)
    assert noise_cv(scan, found) == pytest.approx(0.12, rel=0.25)


@pytest.mark.slow
def test_blur_adds_in_squares(simulated: dict) -> None:
    image, _, matrix = simulated[3]
    before, after = (resolution_of(scan, matrix) for scan in (image, blurred(image, 5.0)))
    assert np.sqrt(after**2 - before**2) == pytest.approx(5.0, rel=0.2)


def test_a_template_turned_against_its_scan_seems_blurred(template_head: PetImage) -> None:
    turned = np.eye(4)
    turned[1:3, 1:3] = [[np.cos(0.15), -np.sin(0.15)], [np.sin(0.15), np.cos(0.15)]]
    assert resolution_of(template_head, np.eye(4)) < 9.4 < resolution_of(template_head, turned)


def test_noise_is_found_in_proportion(template_head: PetImage) -> None:
    zooms = template_head.zooms
    grain = texture(template_head.data.shape, 5.7, zooms, np.random.default_rng(0))
    found = [
        noise_cv(read_coarsely(replace(template_head, data=data), lying(np.eye(4))), 8.0)
        for data in (template_head.data * (1 + cv * grain) for cv in (0.0, 0.06, 0.12))
    ]
    assert found[0] < 0.03
    assert found[2] / found[1] == pytest.approx(2, rel=0.1)


def test_what_lies_outside_the_scan_is_not_seen(template_head: PetImage) -> None:
    far = np.eye(4)
    far[:3, 3] = 400
    scan = read_coarsely(template_head, lying(far))
    assert not scan.seen.any() and not scan.values.any()
    assert np.isnan(resolution_mm(scan)) and np.isnan(noise_cv(scan, 5.0))
