from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from monai_amyloid.brain.recognition.head_search import HeadPose, find_head
from monai_amyloid.brain.recognition.signature import (
    TISSUE_AFFINE,
    TISSUES,
    other_pattern,
    recognise,
    refuse_other_patterns,
    tissue_templates,
)
from monai_amyloid.brain.recognition.wrong_input import (
    refuse_resized,
    refuse_turned,
    refuse_unrecognised,
    refuse_values,
)
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage, to_ras

STRAIGHT = HeadPose(np.eye(4), 1.0)
# In the order of TISSUES; sharp values as the simulator and the literature have them.
AMYLOID = {
    "negative": (0.8, 1.9, 0.6, 0.8, 1.8, 0.8, 2.7, 0.15, 0.67, 0.9),
    "positive": (1.7, 2.0, 1.2, 1.0, 1.8, 0.8, 2.7, 0.15, 0.67, 1.3),
    "white matter of NAV4694, heavy": (2.9, 1.45, 1.9, 1.3, 1.4, 0.8, 2.0, 0.15, 0.67, 0.5),
}
OTHERS = {
    "FDG or perfusion": (1.35, 0.5, 1.6, 1.4, 0.7, 1.15, 0.55, 0.15, 0.67, 0.9),
    "tau tracer": (1.4, 0.9, 1.45, 1.2, 1.1, 0.95, 1.05, 0.15, 0.67, 0.9),
    "raclopride": (1.05, 0.75, 3.6, 1.3, 0.9, 1.05, 0.85, 0.15, 0.67, 0.9),
    "T1-weighted MRI": (0.7, 1.0, 0.7, 0.8, 0.95, 0.7, 1.0, 0.3, 0.1, 1.1),
    "T2-weighted MRI": (0.6, 0.45, 0.5, 0.5, 0.45, 0.6, 0.45, 1.4, 0.1, 0.6),
    "FLAIR-weighted MRI": (0.9, 0.7, 0.85, 0.8, 0.75, 0.9, 0.7, 0.15, 0.1, 0.8),
    "CT": (1.04, 1.03, 1.04, 1.04, 1.03, 1.04, 1.03, 1.01, 1.9, 1.03),
}


def head(weights: tuple, scale: float = 1000) -> PetImage:
    """A head of known tissue values that lies on the template."""
    data = scale * np.tensordot(np.array(weights), tissue_templates(), axes=1)
    return PetImage(data.astype(np.float32), TISSUE_AFFINE, "18FFBB")


@pytest.mark.parametrize("scale", [1e-3, 1.0, 3e4])
def test_the_values_of_the_tissues_are_recovered_in_any_unit(scale: float) -> None:
    weights = np.array(AMYLOID["positive"])
    found = recognise(head(tuple(weights), scale), STRAIGHT)
    values = np.array([found.uptake[name] for name in TISSUES])
    # They are given over the cerebellum, whose two tissues they share.
    np.testing.assert_allclose(values / values[0], weights / weights[0], atol=0.02)
    assert 0.8 < weights[0] / values[0] < 2.7
    assert found.match == pytest.approx(1, abs=1e-3)
    assert found.brain_match == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("name", AMYLOID)
def test_an_amyloid_tracer_is_no_other_pattern(name: str) -> None:
    found = recognise(head(AMYLOID[name]), STRAIGHT)
    assert other_pattern(found) is None
    refuse_other_patterns(found)


@pytest.mark.parametrize("name", OTHERS)
def test_another_pattern_is_refused_by_its_name(name: str) -> None:
    found = recognise(head(OTHERS[name]), STRAIGHT)
    with pytest.raises(StudyRefused, match=rf"no amyloid brain PET was recognised: .*{name}"):
        refuse_other_patterns(found)


def test_without_a_cerebellum_in_view_nothing_is_named() -> None:
    whole, lifted = head(OTHERS["CT"]), TISSUE_AFFINE.copy()
    lifted[2, 3] += 4 * 14
    cut = replace(whole, data=whole.data[:, :, 14:], affine=lifted)
    found = recognise(cut, STRAIGHT)
    assert found.uptake == {}
    assert other_pattern(found) is None


@pytest.mark.slow
def test_a_head_that_its_header_turns_upside_down_is_told() -> None:
    flip = np.diag([1.0, 1.0, -1.0, 1.0])
    data, affine = to_ras(head(AMYLOID["negative"]).data, flip @ TISSUE_AFFINE)
    with pytest.raises(StudyRefused, match=r"upside down, .* top points down .* face forward"):
        refuse_unrecognised(PetImage(np.ascontiguousarray(data), affine, "18FFBB"))


@pytest.mark.parametrize(
    ("axis", "degrees", "words"),
    [("x", 90, "top points backward and its face up"), ("z", -90, "points up and its face right")],
)
def test_where_the_top_and_the_face_point_is_told(axis: str, degrees: float, words: str) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    with pytest.raises(StudyRefused, match=f"turned by 90 degrees against its header, .*{words}"):
        refuse_turned(matrix)


def test_a_tilted_head_of_any_pattern_is_found_where_it_lies() -> None:
    true = np.eye(4)
    true[:3, :3] = Rotation.from_euler("xyz", (20, -6, 8), degrees=True).as_matrix()
    true[:3, 3] = 12, -20, 25
    found = find_head(replace(head(OTHERS["FDG or perfusion"]), affine=true @ TISSUE_AFFINE))
    np.testing.assert_allclose(found.matrix[:3, :3], true[:3, :3], atol=0.02)
    np.testing.assert_allclose(found.matrix[:3, 3], true[:3, 3], atol=1.5)


def test_an_upright_amyloid_head_that_registration_missed_is_given_back() -> None:
    found = refuse_unrecognised(head(AMYLOID["positive"]))
    np.testing.assert_allclose(found.matrix, np.eye(4), atol=1.0)


@pytest.mark.slow
def test_a_ball_is_no_head() -> None:
    places = np.moveaxis(np.indices((46, 55, 46)), 0, -1) * 4.0 - (90, 108, 90)
    ball = (np.linalg.norm(places, axis=-1) < 80).astype(np.float32)
    with pytest.raises(StudyRefused, match=r"largest object has 2\.\d L .* or a phantom"):
        refuse_unrecognised(PetImage(ball, TISSUE_AFFINE, "18FFBB"))


@pytest.mark.parametrize(
    ("degrees", "refused"), [((30, 20, 15), False), ((75, 0, 0), True), ((0, 0, 180), True)]
)
def test_a_patient_may_tilt_the_head_but_not_lie_on_it(degrees: tuple, refused: bool) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = 1.1 * Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    refuse_resized(matrix)
    if not refused:
        return refuse_turned(matrix)
    with pytest.raises(StudyRefused, match=f"turned by {max(degrees)} degrees"):
        refuse_turned(matrix)


@pytest.mark.parametrize("sizes", [(2, 1, 1), (0.5, 0.5, 0.5), (1, 1, 1.35)])
def test_a_brain_of_impossible_size_is_refused(sizes: tuple) -> None:
    with pytest.raises(StudyRefused, match=f"{max(sizes):.2f} x .* check the voxel size"):
        refuse_resized(np.diag([*sizes, 1.0]))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((-1000, 40, 900), "about -1000, as air in the Hounsfield units of a CT"),
        ((-3, 1, 2), "about -3, no uptake"),
        ((5, 5, 5), "every voxel is 5"),
        ((0, 0, 0), "every voxel is 0"),
    ],
)
def test_values_that_no_pet_has_are_refused(values: tuple, words: str) -> None:
    data = np.repeat(np.array(values, np.float32), 8**3).reshape(8, 8, 24)
    with pytest.raises(StudyRefused, match=words):
        refuse_values(PetImage(data, np.diag([4.0, 4, 4, 1])))
