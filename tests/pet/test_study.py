import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study
from monai_amyloid.writing.dicom import write_series
from monai_amyloid.writing.nifti import write_nifti

Edit = Callable[..., None]
CT = {"Modality": "CT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SeriesDescription": "Head"}


@pytest.fixture
def study(series: Path, image: PetImage, edit: Edit, tmp_path: Path) -> Path:
    """A folder as a hospital gives it: PET beside CT, stray files, Korean names."""
    folder = tmp_path / "홍길동 검사 1"
    write_series(image, folder / "CT", participant="sub-7", seed_uid="ct")
    edit(*(folder / "CT").iterdir(), **CT)
    shutil.move(series, folder / "안쪽 폴더" / "PET 영상")
    (folder / "notes.txt").write_text("stray")
    (folder / "empty.dcm").touch()
    return folder


def test_the_pet_is_found_beside_ct_and_stray_files(study: Path, image: PetImage) -> None:
    found = read_study(study)
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)
    assert found.provenance["source"] == "dicom"
    assert found.tracer == "18FFBB"


def test_one_dicom_file_stands_for_its_series(study: Path, image: PetImage, edit: Edit) -> None:
    folder = study / "안쪽 폴더" / "PET 영상"
    for number, file in enumerate((study / "CT").iterdir()):
        shutil.copy(file, folder / f"ct{number}")
    found = read_study(folder / "0003.dcm")
    assert found.data.shape == image.data.shape
    with pytest.raises(StudyRefused, match=r"found 1 series: CT 'Head'.*needed one PET series"):
        read_study(folder / "ct1")


def test_two_pet_series_are_listed_and_one_can_be_named(study: Path, image: PetImage) -> None:
    twice = replace(image, data=image.data * 2)
    write_series(twice, study / "2", participant="sub-7", seed_uid="n", description="PET sharp")
    expected = r"found 2 PET images: PT 'PET sharp' \(12 images, number \d{6}\), PT 'PET amyloid AC"
    with pytest.raises(StudyRefused, match=expected + ".*; needed one.*, as with --series") as said:
        read_study(study)
    key = str(said.value).split("--series ")[1]
    for name in (key, "PET sharp"):
        found = read_study(study, series=name)
        np.testing.assert_allclose(found.data, twice.data, rtol=1e-4, atol=1)
        assert "'PET sharp' (12 images" in str(found.provenance["series"][0])
        assert "taken, named by the user" in str(found.provenance["series"][0])
    with pytest.raises(StudyRefused, match="'gone' names 0 of its PET images; needed one of PT"):
        read_study(study, series="gone")


def test_an_uncorrected_series_beside_the_corrected_one_is_left_out(
    study: Path, image: PetImage
) -> None:
    raw = replace(image, provenance={"CorrectedImage": ["DECY"]})
    write_series(raw, study / "1", participant="sub-7", seed_uid="n", description="PET")
    found = read_study(study)
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)
    said = list(map(str, found.provenance["series"]))
    assert "taken, the only PET image left" in said[0]
    assert "left out, not corrected for attenuation" in said[1]
    assert "CT 'Head' (12 images" in said[2]
    assert "left out, no PET" in said[2]


def test_a_folder_without_pet_says_what_it_has(study: Path) -> None:
    with pytest.raises(StudyRefused, match=r"found 1 series: CT 'Head' \(12 images.*Modality"):
        read_study(study / "CT")


def test_a_folder_with_nothing_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyRefused, match="the folder is empty"):
        read_study(tmp_path)
    (tmp_path / "notes.txt").write_bytes(b"text")
    with pytest.raises(
        StudyRefused, match="files found: 1, none of them an image that is read: text"
    ):
        read_study(tmp_path)
    (tmp_path / "notes.txt").unlink()
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0 jpeg")
    with pytest.raises(StudyRefused, match=r"found pictures alone \(1\), which do not"):
        read_study(tmp_path)
    with pytest.raises(StudyRefused, match=r"photo.jpg: found a picture of a slice"):
        read_study(tmp_path / "photo.jpg")
    with pytest.raises(StudyRefused, match="gone: no such file or folder"):
        read_study(tmp_path / "gone")


def test_the_one_nifti_of_a_folder_is_read(image: PetImage, tmp_path: Path) -> None:
    write_nifti(image, tmp_path / "scan.nii.gz")
    assert read_study(tmp_path).provenance["source"] == "nifti"
    write_nifti(image, tmp_path / "again.nii.gz")
    with pytest.raises(StudyRefused, match=r"2 PET images: NIfTI 'again\.nii\.gz', NIfTI 'scan"):
        read_study(tmp_path)


def test_in_a_bids_folder_the_pet_is_told_from_the_anatomy(image: PetImage, tmp_path: Path) -> None:
    write_nifti(image, tmp_path / "sub-1" / "pet" / "sub-1_trc-18FFBB_pet.nii.gz")
    write_nifti(replace(image, tracer=None), tmp_path / "sub-1" / "anat" / "sub-1_T1w.nii.gz")
    assert read_study(tmp_path).tracer == "18FFBB"


def test_the_content_of_nifti_is_judged_too(image: PetImage, tmp_path: Path) -> None:
    fdg = replace(image, tracer=None, provenance={"Radiopharmaceutical": "FDG"})
    write_nifti(fdg, tmp_path / "scan.nii.gz")
    with pytest.raises(StudyRefused, match="'FDG', needed an amyloid tracer"):
        read_study(tmp_path, "18FFBB")


def test_a_series_without_attenuation_correction_is_refused(series: Path, edit: Edit) -> None:
    edit(*series.iterdir(), CorrectedImage=["DECY", "RAN"])
    with pytest.raises(StudyRefused, match=r"\(0028,0051\) is 'DECY\\\\RAN', without ATTN"):
        read_study(series)
    edit(*series.iterdir(), CorrectedImage=None)
    assert "CorrectedImage" not in read_study(series).provenance


def test_the_users_tracer_fills_a_vague_header(series: Path, edit: Edit) -> None:
    edit(*series.iterdir(), RadiopharmaceuticalInformationSequence=[])
    assert read_study(series).tracer is None
    assert read_study(series, "18FFMM").tracer == "18FFMM"


def test_the_users_tracer_must_be_known_and_agree_with_the_header(series: Path) -> None:
    with pytest.raises(StudyRefused, match=r"18FFBB .*but 18FFMM was given"):
        read_study(series, "18FFMM")
    with pytest.raises(StudyRefused, match=r"unknown tracer 'amyloid'.*18FFBB, 18FAV45"):
        read_study(series, "amyloid")


def test_links_are_not_followed_out_of_the_folder(series: Path, tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "folder").symlink_to(series)
    (tmp_path / "study" / "slice.dcm").symlink_to(series / "0001.dcm")
    with pytest.raises(StudyRefused, match="the folder is empty"):
        read_study(tmp_path / "study")


def test_hidden_files_of_macos_are_ignored(series: Path) -> None:
    for file in list(series.iterdir()):
        shutil.copy(file, file.with_name(f"._{file.name}"))
    assert read_study(series).data.shape == (16, 14, 12)
    assert read_study(series / "0001.dcm").data.shape == (16, 14, 12)


@pytest.mark.slow
def test_reading_needs_no_torch() -> None:
    code = "import sys, monai_amyloid.pet.study; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
