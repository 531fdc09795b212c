"""Images that are no PET by their name: left out beside one, refused by name in BIDS."""

from pathlib import Path

import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.formats.image_names import name_shows
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study
from monai_amyloid.writing.nifti import write_nifti


@pytest.mark.parametrize(
    ("name", "shows"),
    [
        ("sub-01_T1w.nii.gz", "T1-weighted MRI"),
        ("sub-01_ses-1_run-2_FLAIR.nii", "T2-weighted MRI"),
        ("sub-01_task-rest_bold.nii.gz", "MRI"),
        ("sub-01_ct.nii.gz", "CT"),
        ("sub-01_space-MNI_desc-brain_mask.nii.gz", "a mask"),
        ("sub-01_label-GM_probseg.nii.gz", "regions"),
        ("aparc+aseg.mgz", "regions"),
        ("brainmask.mgz", "a mask"),
        ("PET_mask.nii", "a mask"),
        ("kim_T1.nii.gz", "T1-weighted MRI"),
        ("CT.nii", "CT"),
    ],
)
def test_the_name_says_that_it_is_no_pet(name: str, shows: str) -> None:
    assert str(name_shows(Path(name))).startswith(shows)


@pytest.mark.parametrize(
    "name",
    [
        "sub-01_trc-18FFBB_space-T1w_pet.nii.gz",
        "pet_in_T1.nii.gz",
        "PET_CT.nii.gz",
        "FBB PET-MR.nii",
        "amyloid_t1.nii",
        "scan.nii.gz",
        "masked.nii",
        "ct brain fbb.nii",
        "뇌.nii",
    ],
)
def test_a_name_that_may_be_of_a_pet_says_nothing(name: str) -> None:
    assert name_shows(Path(name)) is None


@pytest.mark.parametrize(
    "other", ["aparc+aseg.nii.gz", "scan_mask.nii.gz", "sub-1_T1w.nii.gz", "CT.nii.gz"]
)
def test_beside_a_pet_it_is_left_out_with_a_note(
    other: str, image: PetImage, tmp_path: Path
) -> None:
    write_nifti(image, tmp_path / "scan.nii.gz")
    write_nifti(image, tmp_path / other)
    found = read_study(tmp_path)
    np.testing.assert_array_equal(found.data, read_study(tmp_path / "scan.nii.gz").data)
    assert f"'{other}'" in str(found.provenance["series"][1])


@pytest.mark.parametrize("suffix", ["T1w", "ct", "bold", "mask", "dseg"])
def test_a_bids_folder_without_pet_says_what_it_has(
    suffix: str, image: PetImage, tmp_path: Path
) -> None:
    file = tmp_path / "sub-1" / "anat" / f"sub-1_{suffix}.nii.gz"
    write_nifti(image, file)
    for study in (tmp_path / "sub-1", file):
        with pytest.raises(StudyRefused, match=rf"found .* \('.*sub-1_{suffix}.*needed .*_pet"):
            read_study(study)


def test_an_image_that_is_alone_is_judged_by_its_content(image: PetImage, tmp_path: Path) -> None:
    write_nifti(image, tmp_path / "kim_t1.nii.gz")
    assert read_study(tmp_path).tracer == "18FFBB"
