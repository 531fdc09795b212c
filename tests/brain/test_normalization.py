from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.template import READ_REGIONS, TEMPLATE_SHAPE, voi
from monai_amyloid.pet.image import PetImage, StudyRefused
from monai_amyloid.pet.nifti import read_nifti

# Centiloid in the GAAIN volumes of interest, without any registration.
GROUP_MEANS = {"neg": 2, "all": 42, "pos": 83}


def random_pose(seed: int) -> np.ndarray:
    """Up to 15 degrees about each axis and 20 mm along it."""
    random = np.random.default_rng(seed)
    matrix = np.eye(4)
    turn = Rotation.from_euler("xyz", random.uniform(-15, 15, 3), degrees=True)
    matrix[:3, :3], matrix[:3, 3] = turn.as_matrix(), random.uniform(-20, 20, 3)
    return matrix


def on_new_voxels(image: PetImage, pose: np.ndarray) -> PetImage:
    """Move a head inside a scanner's own grid of 2.5 x 2.5 x 3 mm."""
    grid = np.diag([2.5, 2.5, 3.0, 1.0])
    grid[:3, 3] = -140, -160, -130
    to_voxel = np.linalg.inv(pose @ image.affine) @ grid
    data = ndimage.affine_transform(image.data, to_voxel, output_shape=(112, 112, 88), order=1)
    return replace(image, data=data, affine=grid)


@pytest.mark.parametrize("grade", [1, 2, 3])
def test_the_centiloid_of_a_simulated_scan_is_near_the_truth(simulated: dict, grade: int) -> None:
    image, truth, _ = simulated[grade]
    brain = normalize(image)
    assert brain.centiloid == pytest.approx(truth, abs=5)
    assert brain.suvr.shape == TEMPLATE_SHAPE
    assert brain.suvr[voi("whole_cerebellum")].mean() == pytest.approx(1, abs=1e-4)
    assert brain.regions.keys() == {"cortex", *READ_REGIONS}
    assert brain.source is image


def test_an_unknown_tracer_is_refused_with_the_option_to_name_it(template_head: PetImage) -> None:
    with pytest.raises(StudyRefused, match=r"--tracer, one of 18FFBB, 18FAV45"):
        normalize(replace(template_head, tracer=None))


@pytest.mark.parametrize("name", GROUP_MEANS)
@pytest.mark.parametrize("where", ["as it lies", "affine turned", "voxels resampled"])
def test_the_centiloid_of_a_real_group_mean_does_not_depend_on_its_pose(
    shared_data: Path, name: str, where: str
) -> None:
    image = read_nifti(shared_data / "templates" / f"florbetaben_{name}.nii.gz", "18FFBB")
    if where == "affine turned":
        image = replace(image, affine=random_pose(1) @ image.affine)
    elif where == "voxels resampled":
        image = on_new_voxels(image, random_pose(2))
    assert normalize(image).centiloid == pytest.approx(GROUP_MEANS[name], abs=5)


def test_a_real_florbetapir_scan_with_atrophy_is_normalised(shared_data: Path) -> None:
    image = read_nifti(shared_data / "scans" / "gaain_florbetapir.nii.gz", "18FAV45")
    brain = normalize(image)
    assert 30 < brain.centiloid < 80  # an independent program, DCCC, gives 53
    assert brain.quality["registration"] < 0.9  # atrophied and noisy: its match tells
