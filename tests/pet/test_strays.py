"""What programs store into a PET series under its UID, and is no slice of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study

from .vendors import make_truth, write_classic, write_enhanced

Edit = Callable[..., None]
REPORT = "1.2.840.10008.5.1.4.1.1.88.11"
STATE = "1.2.840.10008.5.1.4.1.1.11.1"
RAW = "1.2.840.10008.5.1.4.1.1.66"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
CT = "1.2.840.10008.5.1.4.1.1.2"


def read_without(series: Path, image: PetImage, said: str) -> None:
    found = read_study(series)
    assert found.data.shape == image.data.shape
    np.testing.assert_allclose(found.data, image.data, atol=image.data.max() / 60000)
    assert said in str(found.provenance["warnings"][0])


def document(like: Path, kind: str, modality: str, file: Path) -> None:
    """A file of the same series that holds no image."""
    slice_ = pydicom.dcmread(like)
    one = Dataset()
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = kind
    one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = generate_uid()
    one.Modality = modality
    for keyword in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(one, keyword, slice_.get(keyword))
    one.save_as(file, enforce_file_format=True)


@pytest.mark.parametrize(
    ("kind", "modality", "name"),
    [
        (REPORT, "SR", "Basic Text SR Storage"),
        (STATE, "PR", "Grayscale Softcopy Presentation State Storage"),
        (RAW, "OT", "Raw Data Storage"),
        (KEY_OBJECTS, "KO", "Key Object Selection Document Storage"),
        ("1.3.12.2.1107.5.9.1", "PT", "1.3.12.2.1107.5.9.1"),
    ],
)
@pytest.mark.parametrize("place", ["0000.dcm", "z"])
def test_an_object_without_an_image_is_left_out(
    place: str, kind: str, modality: str, name: str, series: Path, image: PetImage
) -> None:
    document(series / "0001.dcm", kind, modality, series / place)
    read_without(series, image, f"no slices of it: 1 ({name})")


@pytest.mark.parametrize(
    "image_type",
    [
        ["DERIVED", "SECONDARY", "MPR"],
        ["DERIVED", "SECONDARY", "MIP"],
        ["DERIVED", "PRIMARY", "PROJECTION IMAGE"],
        ["ORIGINAL", "PRIMARY", "LOCALIZER"],
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_computed_image_is_left_out(
    turned: bool, image_type: list[str], series: Path, image: PetImage, edit: Edit
) -> None:
    shutil.copy(series / "0006.dcm", series / "a")
    edit(series / "a", ImageType=image_type, PixelData=bytes(16 * 14 * 2))
    if turned:
        edit(series / "a", ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    read_without(series, image, f"(Image Type (0008,0008) says {image_type[2]})")


def test_many_reformatted_images_are_left_out_too(
    series: Path, image: PetImage, edit: Edit
) -> None:
    for number, file in enumerate(sorted(series.iterdir())):
        for axis, cosines in (("c", [1, 0, 0, 0, 0, -1]), ("s", [0, 1, 0, 0, 0, -1])):
            copy = series / f"{axis}{number}"
            shutil.copy(file, copy)
            edit(
                copy,
                ImageType=["DERIVED", "SECONDARY", "MPR"],
                ImageOrientationPatient=cosines,
                ImagePositionPatient=[0, 2 * number, 0],
            )
    read_without(series, image, "no slices of it: 24 (Image Type")


@pytest.mark.parametrize(
    "change",
    [
        {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]},
        {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]},
        {"Rows": 7, "Columns": 32},
        {"PixelSpacing": [9, 9]},
    ],
)
def test_one_image_that_lies_otherwise_is_left_out_where_the_others_are_whole(
    change: dict[str, object], series: Path, image: PetImage, edit: Edit
) -> None:
    shutil.copy(series / "0006.dcm", series / "a")
    edit(series / "a", **change)
    read_without(series, image, "(another orientation, size or voxel size)")


@pytest.mark.parametrize("number", [1, 6, 12])
@pytest.mark.parametrize(
    ("change", "tag"),
    [
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "0020,0037"),
        ({"PixelSpacing": [9, 9]}, "0028,0030"),
        ({"Rows": 7, "Columns": 32}, "0028,0010"),
    ],
)
def test_a_slice_of_the_volume_is_never_left_out(
    change: dict[str, object], tag: str, number: int, series: Path, edit: Edit
) -> None:
    edit(series / f"{number:04d}.dcm", **change)
    with pytest.raises(StudyRefused, match=rf"\({tag}\) differs between"):
        read_study(series)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"SOPClassUID": CAPTURE, "Modality": "OT", "ImagePositionPatient": None}, "Secondary"),
        ({"SOPClassUID": CAPTURE, "Modality": "PT"}, "Secondary Capture Image Storage"),
        ({"SOPClassUID": CT, "Modality": "CT", "Rows": 28, "Columns": 8}, "CT Image Storage"),
    ],
)
def test_pictures_and_scouts_in_the_series_are_left_out(
    change: dict[str, object], name: str, series: Path, image: PetImage, edit: Edit
) -> None:
    shutil.copy(series / "0006.dcm", series / "a")
    edit(series / "a", **change)
    read_without(series, image, f"no slices of it: 1 ({name}")


@pytest.mark.parametrize("number", [1, 6, 12])
def test_a_slice_stored_as_another_kind_is_not_left_out(
    number: int, series: Path, edit: Edit
) -> None:
    edit(series / f"{number:04d}.dcm", SOPClassUID=CT)
    with pytest.raises(StudyRefused, match=r"SOP Class UID \(0008,0016\) differs|says CT Image"):
        read_study(series)


def test_a_report_of_another_patient_is_not_left_out(series: Path, edit: Edit) -> None:
    document(series / "0001.dcm", REPORT, "SR", series / "z")
    edit(series / "z", PatientID="somebody else")
    with pytest.raises(StudyRefused, match=r"Patient ID \(0010,0020\) differs"):
        read_study(series)


def test_a_report_in_the_series_of_a_multiframe_file_is_left_out(tmp_path: Path) -> None:
    write_enhanced(make_truth(), tmp_path / "x")
    expected = read_study(tmp_path)
    document(tmp_path / "x", REPORT, "SR", tmp_path / "a")
    found = read_study(tmp_path)
    np.testing.assert_array_equal(found.data, expected.data)
    assert "1 (Basic Text SR Storage)" in str(found.provenance["warnings"][0])


def test_a_pointed_report_stands_for_the_series_that_it_lies_in(
    series: Path, image: PetImage
) -> None:
    document(series / "0001.dcm", REPORT, "SR", series / "z")
    assert read_study(series / "z").data.shape == image.data.shape


def test_slices_missing_beside_strays_are_still_missing(series: Path) -> None:
    document(series / "0001.dcm", REPORT, "SR", series / "z")
    (series / "0006.dcm").unlink()
    with pytest.raises(StudyRefused, match="a gap of"):
        read_study(series)


def test_a_series_of_derived_images_is_a_series(tmp_path: Path) -> None:
    def reoriented(dataset: Dataset, *_: int) -> None:
        dataset.ImageType = ["DERIVED", "PRIMARY", "MPR"]

    plain = read_study(write_classic(make_truth(), tmp_path / "1"))
    found = read_study(write_classic(make_truth(), tmp_path / "2", edit=reoriented))
    np.testing.assert_array_equal(found.data, plain.data)
