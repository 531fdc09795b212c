"""Who a study is of is read from whatever its files are, and however broken."""

import json
import shutil
import warnings
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from nibabel.ecat import hdr_dtype
from pydicom.dataset import Dataset

from monai_amyloid.pet.identity import identity_of

# What pydicom warns of would stand on the terminal, with the value.
# A folder that an earlier test left to be collected says so whenever that happens.
pytestmark = pytest.mark.filterwarnings("error", "ignore:Implicitly cleaning up:ResourceWarning")
NAME = "KIM^MINJUN=金^民俊=김^민준"


@pytest.fixture(scope="module")
def header(studies: Path) -> bytes:
    return next((studies / "sub-0001").iterdir()).read_bytes()


def write(file: Path, header: bytes, **values: object) -> Path:
    """A slice of somebody."""
    file.parent.mkdir(parents=True, exist_ok=True)
    dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(header))
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID = NAME, "0077120034"
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    dataset.save_as(file)
    return file


def name_of(study: Path) -> str | None:
    return (identity_of(study) or {}).get("PatientName")


@pytest.mark.slow
def test_every_number_of_a_patient_is_read(tmp_path: Path, header: bytes) -> None:
    other = Dataset()
    other.PatientID = "SEQ-66120"
    write(tmp_path / "a", header, OtherPatientIDs=["A12", "B34"], OtherPatientIDsSequence=[other])
    said = identity_of(tmp_path) or {}
    assert said["OtherPatientIDs"] == "A12\nB34\nSEQ-66120"
    assert said["PatientID"] == "0077120034"


@pytest.mark.slow
@pytest.mark.parametrize("declared", ["", "ISO_IR 100", "ISO_IR 149"])
def test_korean_is_read_though_no_header_says_that_it_is(
    declared: str, tmp_path: Path, header: bytes
) -> None:
    content = write(tmp_path / "a", header, PatientName="X" * 6).read_bytes()
    content = content.replace(b"X" * 6, "홍길동".encode("euc_kr"))
    (tmp_path / "a").write_bytes(content.replace(b"ISO_IR 192", declared.ljust(10).encode()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a set that no standard knows
        assert name_of(tmp_path) == "홍길동"


@pytest.mark.parametrize("part", [slice(0, 900), slice(0, 5000), slice(132, None)])
def test_a_broken_file_still_names_its_patient(part: slice, tmp_path: Path, header: bytes) -> None:
    file = write(tmp_path / "a", header)
    file.write_bytes(file.read_bytes()[part])
    assert name_of(tmp_path) == NAME


def test_every_patient_of_a_mixed_folder_is_read(tmp_path: Path, header: bytes) -> None:
    for number in range(40):
        person = "HONG^KILDONG" if number > 25 else NAME
        write(tmp_path / f"{number:02d}", header, PatientName=person)
    assert set(str(name_of(tmp_path)).split("\n")) == {NAME, "HONG^KILDONG"}


def test_a_zip_that_begins_with_a_viewer_names_its_patient(tmp_path: Path, header: bytes) -> None:
    file = write(tmp_path / "a", header)
    with zipfile.ZipFile(tmp_path / "disc.zip", "w") as disc:
        for number in range(20):
            disc.writestr(f"VIEWER/{number}.dll", b"MZ" * 50)
        disc.write(file, "IM/1")
    assert name_of(tmp_path / "disc.zip") == NAME


@pytest.mark.parametrize("named", ["file", "folder", "zip"])
def test_a_sidecar_names_the_patient_of_a_nifti(named: str, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    nib.save(nib.Nifti1Image(np.zeros((2, 2, 2), np.float32), np.eye(4)), folder / "a.nii.gz")
    (folder / "a.json").write_text(json.dumps({"PatientName": NAME, "PatientID": None}))
    shutil.make_archive(str(tmp_path / "study"), "zip", folder)
    study = {"file": folder / "a.nii.gz", "folder": folder, "zip": tmp_path / "study.zip"}[named]
    assert identity_of(study) == {"PatientName": NAME}


def test_an_ecat_file_names_its_patient(tmp_path: Path) -> None:
    main = np.zeros(1, hdr_dtype.newbyteorder(">"))
    main["magic_number"], main["patient_name"], main["patient_id"] = b"MATRIX72v", b"KIM", b"A-77"
    (tmp_path / "a.v").write_bytes(main.tobytes().ljust(1024, b"\0"))
    assert identity_of(tmp_path / "a.v") == {"PatientName": "KIM", "PatientID": "A-77"}


def test_a_declared_pseudonym_is_no_name(tmp_path: Path, header: bytes) -> None:
    write(tmp_path / "a", header, PatientIdentityRemoved="YES", PatientBirthDate="19480229")
    said = identity_of(tmp_path) or {}
    assert "PatientName" not in said and said["PatientBirthDate"] == "19480229"


def test_a_broken_value_is_not_printed(tmp_path: Path, header: bytes) -> None:
    file = write(tmp_path / "a", header, PatientBirthDate="19480229")
    file.write_bytes(file.read_bytes().replace(b"19480229", b"48-02-29"))
    assert (identity_of(tmp_path) or {})["PatientBirthDate"] == "48-02-29"


@pytest.mark.parametrize("name", ["missing", "a\0b", "empty", "text.dcm", "broken.zip", "broken.v"])
def test_what_says_nothing_is_of_nobody(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for file in ("text.dcm", "broken.zip", "broken.v"):
        (tmp_path / file).write_bytes(b"MATRIX72v and no more")
    assert identity_of(tmp_path / name) is None
