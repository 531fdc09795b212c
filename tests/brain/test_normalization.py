from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from monai_amyloid.brain.normalization import BrainPet, normalize
from monai_amyloid.brain.template import READ_REGIONS, TEMPLATE_AFFINE, TEMPLATE_SHAPE, voi
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

pytestmark = pytest.mark.slow

# Centiloid in the GAAIN volumes of interest, without any registration.
GROUP_MEANS = {"neg": 2, "all": 42, "pos": 83}


def random_pose(seed: int) -> np.ndarray:
    """Pitch of up to 30 degrees, others of up to 15, and up to 30 mm along each axis."""
    random = np.random.default_rng(seed)
    matrix = np.eye(4)
    angles = random.uniform(-15, 15, 3) * (2, 1, 1)
    turn = Rotation.from_euler("xyz", angles, degrees=True)
    matrix[:3, :3], matrix[:3, 3] = turn.as_matrix(), random.uniform(-30, 30, 3)
    return matrix


def on_new_voxels(image: PetImage, pose: np.ndarray) -> PetImage:
    """Move a head inside a scanner's own grid of 2.5 x 2.5 x 3 mm."""
    grid = np.diag([2.5, 2.5, 3.0, 1.0])
    grid[:3, 3] = -160, -180, -150
    to_voxel = np.linalg.inv(pose @ image.affine) @ grid
    data = ndimage.affine_transform(image.data, to_voxel, output_shape=(128, 128, 100), order=1)
    return replace(image, data=data, affine=grid)


@pytest.mark.parametrize("grade", [1, 2, 3])
def test_the_centiloid_of_a_simulated_scan_is_near_the_truth(
    simulated: dict, normalized: dict[int, BrainPet], grade: int
) -> None:
    image, truth, _ = simulated[grade]
    brain = normalized[grade]
    assert brain.centiloid == pytest.approx(truth, abs=5)
    assert brain.suvr.shape == TEMPLATE_SHAPE
    assert brain.suvr[voi("whole_cerebellum")].mean() == pytest.approx(1, abs=1e-4)
    assert brain.regions.keys() >= {"cortex", *READ_REGIONS}
    assert brain.source is image


def test_an_unknown_tracer_is_refused_with_the_option_to_name_it(template_head: PetImage) -> None:
    with pytest.raises(StudyRefused, match=r"--tracer, one of 18FFBB, 18FAV45"):
        normalize(replace(template_head, tracer=None))


@pytest.mark.parametrize("name", GROUP_MEANS)
@pytest.mark.parametrize("where", ["as it lies", "affine turned", "voxels resampled"])
def test_the_centiloid_of_a_real_group_mean_does_not_depend_on_its_pose(
    shared_data: Path, name: str, where: str
) -> None:
    image = read_study(shared_data / "templates" / f"florbetaben_{name}.nii.gz", tracer="18FFBB")
    if where == "affine turned":
        image = replace(image, affine=random_pose(1) @ image.affine)
    elif where == "voxels resampled":
        image = on_new_voxels(image, random_pose(2))
    assert normalize(image).centiloid == pytest.approx(GROUP_MEANS[name], abs=4.5)


def test_a_real_florbetapir_scan_with_atrophy_is_normalised(shared_data: Path) -> None:
    image = read_study(shared_data / "scans" / "gaain_florbetapir.nii.gz", tracer="18FAV45")
    brain = normalize(image)
    assert brain.centiloid == pytest.approx(53, abs=8)  # by an independent program, DCCC
    assert brain.quality["registration"] < 0.9  # atrophied and noisy: its match tells


def test_another_reference_changes_suvr_and_not_centiloid(normalized: dict[int, BrainPet]) -> None:
    usual = normalized[2]
    over_pons = normalize(usual.source, reference="pons")
    assert over_pons.suvr[voi("pons")].mean() == pytest.approx(1, abs=1e-4)
    assert over_pons.centiloid == usual.centiloid
    pons = usual.suvr[voi("pons")].mean()
    assert over_pons.regions["cortex"] == pytest.approx(usual.regions["cortex"] / pons, rel=1e-4)


def test_a_cerebellum_that_is_partly_cut_hardly_moves_the_centiloid(
    simulated: dict, normalized: dict[int, BrainPet]
) -> None:
    image, _, true = simulated[2]
    # Where the lowest seventh of the cerebellum lies.
    points = TEMPLATE_AFFINE[:3, :3] @ np.argwhere(voi("whole_cerebellum")).T
    places = true[:3, :3] @ (points + TEMPLATE_AFFINE[:3, 3:]) + true[:3, 3:]
    first = int((np.percentile(places[2], 15) - image.affine[2, 3]) / image.affine[2, 2])
    affine = image.affine.copy()
    affine[:3, 3] = (image.affine @ [0, 0, first, 1])[:3]
    cut = normalize(replace(image, data=image.data[:, :, first:], affine=affine))
    assert cut.quality["cerebellum_covered"] < 0.95
    assert cut.centiloid == pytest.approx(normalized[2].centiloid, abs=2.5)
    assert any("cerebellum" in str(warning) for warning in cut.warnings)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (lambda shape: np.zeros(shape), "every voxel is 0"),
        (lambda shape: np.full(shape, 7.0), "every voxel is 7"),
        (lambda shape: np.random.default_rng(0).gamma(2, 100, shape), "no amyloid brain PET"),
        (lambda shape: np.eye(shape[0])[:, :, None] * np.ones(shape), "no amyloid brain PET"),
    ],
)
def test_a_volume_without_a_head_is_refused_in_one_line(
    values: Callable[[tuple], np.ndarray], reason: str
) -> None:
    volume = values((40, 40, 40)).astype(np.float32)
    with pytest.raises(StudyRefused, match=reason) as refusal:
        normalize(PetImage(volume, np.diag([4.0, 4.0, 4.0, 1.0]), "18FFBB"))
    assert "\n" not in str(refusal.value)
