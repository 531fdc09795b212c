from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.quality import measure_quality, refuse_poor_quality
from monai_amyloid.brain.registration import Registration
from monai_amyloid.brain.template import TEMPLATE_AFFINE, TEMPLATE_SHAPE, voi
from monai_amyloid.pet.image import PetImage, StudyRefused
from monai_amyloid.phantom.anatomy import load_anatomy

GOOD = {
    "registration": 0.97,
    "brain_covered": 1.0,
    "cerebellum_covered": 1.0,
    "head_scale": 1.0,
    "pons_suvr": 1.5,
}


def millimetres() -> np.ndarray:
    return np.moveaxis(np.indices(TEMPLATE_SHAPE), 0, -1) * 2.0 + TEMPLATE_AFFINE[:3, 3]


def ball(radii_mm: tuple) -> np.ndarray:
    return np.linalg.norm((millimetres() - [0, -18, 10]) / radii_mm, axis=-1) < 1


def noise() -> np.ndarray:
    return np.random.default_rng(0).gamma(2, 100, TEMPLATE_SHAPE)


def one_voxel() -> np.ndarray:
    volume = np.zeros(TEMPLATE_SHAPE)
    volume[40, 40, 40] = 5
    return volume


@pytest.mark.parametrize(
    ("volume", "reason"),
    [
        (noise, "no amyloid brain PET was recognised"),
        (lambda: ball((75, 75, 75)), "no amyloid brain PET was recognised"),
        (lambda: ball((70, 88, 72)), "no amyloid brain PET was recognised"),
        (lambda: ball((30, 30, 30)), r"has 0\.1\d L, needed a head of at least 0\.7 L"),
        (one_voxel, r"needed a head of at least 0\.7 L"),
        (lambda: np.zeros(TEMPLATE_SHAPE), "no head was found"),
    ],
)
def test_what_is_no_brain_is_refused(volume: Callable[[], np.ndarray], reason: str) -> None:
    with pytest.raises(StudyRefused, match=reason):
        normalize(PetImage(volume().astype(np.float32), TEMPLATE_AFFINE, "18FFBB"))


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        # Grey, white, CSF, ventricle, skull, soft tissue.
        ((700, 1000, 200, 200, 100, 1200), "the pons has 1.* is this an MRI"),  # T1
        ((1600, 600, 200, 100, 300, 400), "no amyloid brain PET was recognised"),  # FDG
    ],
)
def test_a_brain_of_another_modality_is_refused(weights: tuple, reason: str) -> None:
    anatomy = load_anatomy("icbm152")
    volume = np.tensordot(np.array(weights, np.float32), anatomy.fractions, axes=1)
    with pytest.raises(StudyRefused, match=reason):
        normalize(PetImage(volume.astype(np.float32), anatomy.affine, "18FFBB"))


@pytest.mark.parametrize(("grade", "axis"), [(1, 2), (3, 2), (3, 1)])
def test_a_head_whose_header_turns_it_over_is_refused(
    simulated: dict, grade: int, axis: int
) -> None:
    image = simulated[grade][0]
    flipped = replace(image, data=np.ascontiguousarray(np.flip(image.data, axis)))
    with pytest.raises(StudyRefused, match=r"no amyloid brain PET.* in a usual orientation"):
        normalize(flipped)


def test_a_cut_cerebellum_is_refused_with_the_share_that_is_seen(template_head: PetImage) -> None:
    affine = TEMPLATE_AFFINE.copy()
    affine[2, 3] += 2 * 20
    cut = replace(template_head, data=template_head.data[:, :, 20:], affine=affine)
    with pytest.raises(StudyRefused, match=r"the cerebellum, .* is \d+% inside .*, needed 80%"):
        normalize(cut)


def test_the_share_of_the_cerebellum_in_view_is_counted(template_head: PetImage) -> None:
    affine = TEMPLATE_AFFINE.copy()
    affine[2, 3] += 2 * 15
    cut = replace(template_head, data=template_head.data[:, :, 15:], affine=affine)
    quality = measure_quality(cut, Registration(np.eye(4), 0.5, 1.0, 0.9))
    whole = voi("whole_cerebellum")
    assert quality["cerebellum_covered"] == pytest.approx(whole[:, :, 15:].sum() / whole.sum())
    assert quality["head_scale"] == pytest.approx(1)
    assert (quality["registration"], quality["brain_covered"]) == (1.0, 0.9)


def test_the_size_of_the_head_is_the_cube_root_of_its_volume(template_head: PetImage) -> None:
    matrix = np.diag([0.9, 1.1, 1.2, 1.0])
    quality = measure_quality(template_head, Registration(matrix, 0.5, 1.0, 1.0))
    assert quality["head_scale"] == pytest.approx((0.9 * 1.1 * 1.2) ** (1 / 3))


@pytest.mark.parametrize(
    "worse",
    [
        {"registration": 0.69},
        {"registration": float("nan")},
        {"head_scale": 0.74},
        {"head_scale": 1.31},
        {"cerebellum_covered": 0.79},
        {"pons_suvr": 1.24},
    ],
)
def test_each_measure_alone_can_refuse(worse: dict) -> None:
    refuse_poor_quality(GOOD)
    with pytest.raises(StudyRefused) as refusal:
        refuse_poor_quality(GOOD | worse)
    assert "\n" not in str(refusal.value)
