"""What makes a study the same: all that reading it opens, and nothing of where and when it lies."""

import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.fileset import FileSet

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.files.fingerprint import NOTHING, fingerprint
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.study import read_study
from monai_amyloid.writing.dicom import write_series
from monai_amyloid.writing.nifti import write_nifti

# pydicom's, of the names that these tests write.
pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR CS")

OPENED: list[str] | None = None


def note_opened(event: str, arguments: tuple[object, ...]) -> None:
    if OPENED is not None and event == "open" and isinstance(arguments[0], str | os.PathLike):
        OPENED.append(os.fspath(arguments[0]))


sys.addaudithook(note_opened)


def opened_by_reading(study: Path, below: Path) -> set[Path]:
    """Files that Python's own audit says were opened, of those below a folder."""
    global OPENED
    OPENED = []
    try:
        read_study(study)
    finally:
        found, OPENED = OPENED, None
    return {Path(each).resolve() for each in found if Path(each).is_relative_to(below)}


def dicom(image: PetImage, place: Path) -> Path:
    write_series(image, place / "PT", participant="sub-7", seed_uid="1")
    return place / "PT"


def one_of_a_series(image: PetImage, place: Path) -> Path:
    return sorted(dicom(image, place).iterdir())[4]


def nifti(image: PetImage, place: Path) -> Path:
    write_nifti(image, place / "scan.nii.gz")
    return place / "scan.nii.gz"


def zipped(image: PetImage, place: Path) -> Path:
    with zipfile.ZipFile(place / "scan.zip", "w") as archive:
        for file in dicom(image, place).iterdir():
            archive.write(file, file.name)
    shutil.rmtree(place / "PT")
    return place / "scan.zip"


def bids(image: PetImage, place: Path) -> Path:
    """A session whose tracer stands in a file above it."""
    folder = place / "sub-1" / "ses-1" / "pet"
    folder.mkdir(parents=True)
    write_nifti(image, folder / "sub-1_ses-1_pet.nii.gz")
    (folder / "sub-1_ses-1_pet.json").rename(place / "sub-1_pet.json")
    (place / "pet.json").write_text('{"Manufacturer": "Siemens"}')
    (place / "dataset_description.json").write_text("{}")
    return folder


def medium(image: PetImage, place: Path) -> Path:
    """A CD, by its DICOMDIR."""
    files = FileSet()
    for file in dicom(image, place).iterdir():
        dataset = pydicom.dcmread(file)
        dataset.StudyID = "1"
        files.add(dataset)
    files.write(place / "CD")
    shutil.rmtree(place / "PT")
    return place / "CD" / "DICOMDIR"


FORMS: list[Callable[[PetImage, Path], Path]] = [
    *(dicom, one_of_a_series, nifti, zipped, bids, medium)
]


@pytest.mark.parametrize("form", FORMS)
def test_every_file_that_reading_opens_changes_the_fingerprint(
    image: PetImage, tmp_path: Path, form: Callable[[PetImage, Path], Path]
) -> None:
    study = form(image, tmp_path)
    before = fingerprint(study)
    opened = opened_by_reading(study, tmp_path)
    assert opened
    for file in opened:
        stat, content = file.stat(), file.read_bytes()
        file.write_bytes(bytes([content[0] ^ 1, *content[1:]]))  # same name, size and time
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert fingerprint(study) != before, file
        file.write_bytes(content)
    assert fingerprint(study) == before


@pytest.mark.parametrize("form", FORMS)
def test_place_time_and_what_file_managers_leave_do_not_change_it(
    image: PetImage, tmp_path: Path, form: Callable[[PetImage, Path], Path]
) -> None:
    (tmp_path / "here").mkdir()
    study = form(image, tmp_path / "here")
    before = fingerprint(study)
    copy = shutil.copytree(tmp_path / "here", tmp_path / "elsewhere", copy_function=shutil.copy)
    for name in ("Thumbs.db", ".DS_Store", "desktop.ini"):
        (copy / study.relative_to(tmp_path / "here") / ".." / name).resolve().write_text("x")
    assert fingerprint(copy / study.relative_to(tmp_path / "here")) == before


def test_two_series_of_one_folder_that_files_of_them_name_are_two(
    image: PetImage, tmp_path: Path
) -> None:
    first = one_of_a_series(image, tmp_path)
    write_series(image, tmp_path / "other", participant="sub-8", seed_uid="2")
    second = shutil.copy(sorted((tmp_path / "other").iterdir())[4], first.with_name("other.dcm"))
    assert fingerprint(first) != fingerprint(Path(second))


def test_what_cannot_be_read_has_a_fingerprint_too(tmp_path: Path) -> None:
    assert fingerprint(tmp_path / "nowhere") == fingerprint(tmp_path) == NOTHING
    (tmp_path / "slice.png").write_bytes(b"\x89PNG\r\n\x1a\nabc")
    before = fingerprint(tmp_path / "slice.png")
    with pytest.raises(StudyRefused):
        read_study(tmp_path / "slice.png")
    (tmp_path / "slice.png").write_bytes(b"\x89PNG\r\n\x1a\nabd")
    assert fingerprint(tmp_path / "slice.png") not in (before, NOTHING)


def test_results_within_a_study_are_no_part_of_it(image: PetImage, tmp_path: Path) -> None:
    study = dicom(image, tmp_path)
    before = fingerprint(study, study / "results")
    (study / "results").mkdir()
    (study / "results" / "names.json").write_text("{}")
    assert fingerprint(study, study / "results") == before != fingerprint(study)
