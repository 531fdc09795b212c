"""What a user may name, and which files it stands for."""

import os
import shutil
import socket
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.fileset import FileSet

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.files import listing
from monai_amyloid.pet.files.sources import is_picture, open_study
from monai_amyloid.pet.image import PetImage
from monai_amyloid.writing.dicom import write_series

PICTURES = ("JPEG", "PNG", "GIF", "BMP", "TIFF")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A nested study with Korean names, spaces and what programs leave behind."""
    folder = tmp_path / "홍길동 검사 1"
    names = ("b.dcm", "a b.dcm", "안쪽 폴더/0002", "안쪽 폴더/0001", "10/x.nii", "9/y.json")
    hidden = (".DS_Store", "10/._x.nii", "__MACOSX/x.nii", ".git/x.nii", "DICOMDIR", "10/dicomdir")
    for name in (*names, *hidden):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


@pytest.fixture
def links(tmp_path: Path) -> None:
    """Skip a test where the system makes no links."""
    try:
        (tmp_path / "probe of links").symlink_to(tmp_path)
    except OSError:
        pytest.skip("this system makes no links")
    (tmp_path / "probe of links").unlink()


def names(path: Path) -> list[str]:
    with open_study(path) as found:
        assert all(file.is_file() for file in found.files)
        return [found.name(file) for file in found.files]


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for entry in sorted(folder.rglob("*")):
            file.write(entry, entry.relative_to(folder).as_posix())
    return path


LISTED = ["10/x.nii", "9/y.json", "a b.dcm", "b.dcm", "안쪽 폴더/0001", "안쪽 폴더/0002"]


def test_a_folder_stands_for_its_files_without_hidden_ones(study: Path) -> None:
    assert names(study) == LISTED
    with open_study(study) as found:
        assert (found.named, found.root, found.pointed) == (study, study, None)


def test_a_relative_path_gives_relative_files(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(study)
    assert names(Path()) == LISTED
    with open_study(Path("10/x.nii")) as found:
        assert found.files == (Path("10/x.nii"),)


def test_a_hidden_folder_that_the_user_names_is_listed(study: Path) -> None:
    assert names(study / ".git") == ["x.nii"]


def test_an_empty_folder_has_no_files(tmp_path: Path) -> None:
    assert names(tmp_path) == []


def test_links_out_of_the_folder_are_left_out(study: Path, tmp_path: Path, links: None) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "other.dcm").touch()
    (study / "folder").symlink_to(tmp_path / "outside")
    (study / "file").symlink_to(tmp_path / "outside" / "other.dcm")
    (study / "up").symlink_to(Path("..") / "outside" / "other.dcm")
    assert names(study) == LISTED


def test_links_within_the_folder_add_no_file_twice(study: Path, links: None) -> None:
    (study / "0 file").symlink_to(study / "b.dcm")
    (study / "0 folder").symlink_to(study / "10")
    (study / "10" / "up").symlink_to(study)
    (study / "circle").symlink_to(study / "circle")
    (study / "dangling").symlink_to(study / "nowhere")
    assert names(study) == LISTED


def test_links_to_content_that_is_hidden_are_followed_once(study: Path, links: None) -> None:
    # DataLad keeps the content of a data set in its .git.
    for name in ("0 first", "0 second"):
        (study / name).symlink_to(study / ".git" / "x.nii")
    assert names(study) == ["0 first", *LISTED]
    (study / "0 first").unlink()
    (study / "0 second").unlink()
    (study / "to a folder").symlink_to(study / ".git")
    assert set(names(study)) == {"to a folder/x.nii", *LISTED}


def test_links_are_not_counted_twice(
    study: Path, links: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (study / ".git" / f"{number}").touch()
        (study / "9" / f"{number}").symlink_to(study / ".git" / f"{number}")
    monkeypatch.setattr(listing, "MOST_FILES", 9)
    assert len(names(study)) == 9
    monkeypatch.setattr(listing, "MOST_FILES", 8)
    with pytest.raises(StudyRefused, match="more than 8 files"):
        names(study)


def test_a_link_to_the_folder_is_as_good_as_the_folder(
    study: Path, tmp_path: Path, links: None
) -> None:
    (tmp_path / "link").symlink_to(study)
    assert names(tmp_path / "link") == LISTED


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_pipes_and_sockets_are_left_out_and_refused(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(study / "pipe")
    monkeypatch.chdir(study)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert names(study) == LISTED
    with pytest.raises(StudyRefused, match="pipe: neither a file nor a folder"):
        names(study / "pipe")


def test_a_whole_archive_is_refused(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_FILES", 6)
    assert names(study) == LISTED
    (study / "10" / "z.dcm").touch()
    with pytest.raises(StudyRefused, match=r"more than 6 files, .* archive; pass the folder"):
        names(study)


def test_folders_without_files_count_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_FILES", 6)
    (tmp_path / "a/b/c/d/e/f/g").mkdir(parents=True)
    with pytest.raises(StudyRefused, match="more than 6 files"):
        names(tmp_path)


def test_what_is_not_there_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(StudyRefused, match=r"gone 없음\.nii: no such file or folder"):
        names(tmp_path / "gone 없음.nii")
    with pytest.raises(StudyRefused, match=r"no such file or folder|cannot be"):
        names(tmp_path / "nul\0")
    with pytest.raises(StudyRefused, match=r"no such file or folder|cannot be read"):
        names(tmp_path / ("long" * 100))


def test_a_folder_that_may_not_be_read_is_named(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def forbid(place: Path) -> object:
        if place.name == "10":
            raise PermissionError(13, "Permission denied", str(place))
        return real(place)

    monkeypatch.setattr(os, "scandir", forbid)
    with pytest.raises(StudyRefused, match=r"10: cannot be read \(Permission denied\)"):
        names(study)


@pytest.mark.parametrize("name", ["scan.nii", "scan 1.NII.GZ", ".뇌.nii", "dynamic.v"])
def test_a_volume_stands_for_itself(name: str, study: Path) -> None:
    (study / name).touch()
    assert names(study / name) == [name]
    with open_study(study / name) as found:
        assert found.pointed is None


def test_a_dicom_file_stands_for_those_beside_it(series: Path) -> None:
    (series / "below").mkdir()
    (series / ".hidden").touch()
    shutil.copy(series / "0001.dcm", series / "below")
    with open_study(series / "0003.dcm") as found:
        assert found.pointed == series / "0003.dcm"
        assert found.files == tuple(series / f"{number:04d}.dcm" for number in range(1, 13))


def test_a_hidden_dicom_file_that_the_user_names_is_taken(series: Path) -> None:
    (series / "0003.dcm").rename(series / ".0003")
    assert ".0003" not in names(series / "0001.dcm")
    with open_study(series / ".0003") as found:
        assert found.pointed in found.files
        assert len(found.files) == 12


def test_a_link_that_the_user_names_is_taken_for_its_file(series: Path, links: None) -> None:
    (series / "link").symlink_to(series / "0003.dcm")
    with open_study(series / "link") as found:
        assert found.pointed == series / "link"
        assert len(found.files) == 12
        assert series / "0003.dcm" not in found.files


def test_a_dicomdir_stands_for_the_images_it_lists(series: Path, tmp_path: Path) -> None:
    directory = FileSet()
    for file in series.iterdir():
        dataset = pydicom.dcmread(file)
        dataset.StudyID = "1"
        directory.add(dataset)
    directory.write(tmp_path / "CD")
    shutil.copy(series / "0001.dcm", tmp_path / "CD" / "not listed")
    assert len(names(tmp_path / "CD" / "DICOMDIR")) == 12
    assert len(names(tmp_path / "CD")) == 13
    (tmp_path / "CD" / "DICOMDIR").rename(tmp_path / "CD" / "index.dcm")
    assert names(tmp_path / "CD" / "index.dcm")[0].count("/") == 3


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_is_refused_by_its_content(kind: str, tmp_path: Path) -> None:
    Image.fromarray(np.eye(32, dtype=np.uint8)).save(tmp_path / "뇌 12", kind)
    assert is_picture(tmp_path / "뇌 12")
    with pytest.raises(StudyRefused, match=r"뇌 12: found a picture .* no geometry.*DICOM series"):
        names(tmp_path / "뇌 12")


def test_a_picture_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "photo.JPG").write_bytes(b"broken")
    with pytest.raises(StudyRefused, match="found a picture"):
        names(tmp_path / "photo.JPG")
    assert not is_picture(tmp_path / "photo.JPG")


def test_dicom_is_no_picture_whatever_its_name_and_preamble(series: Path) -> None:
    file = (series / "0001.dcm").rename(series / "0001.tif")
    file.write_bytes(b"II*\0" + file.read_bytes()[4:])
    assert not is_picture(file)
    assert len(names(file)) == 12


def test_a_picture_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyRefused, match="cannot be read"):
        is_picture(tmp_path / "gone")


@pytest.mark.parametrize("content", [b"", b"BMI of the patient: 25.0", bytes(300)])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_bytes(content)
    with pytest.raises(
        StudyRefused, match=r"report.txt: found text: neither DICOM .* nor NIfTI .*, ECAT"
    ):
        names(tmp_path / "report.txt")


@pytest.mark.parametrize("name", ["연구 1.zip", "study.ZIP", "export"])
def test_a_zip_stands_for_the_folder_in_it(name: str, study: Path, tmp_path: Path) -> None:
    path = zipped(study, tmp_path / name)
    assert names(path) == LISTED
    with open_study(path) as found:
        assert found.named == path
        assert [file.read_bytes().decode() for file in found.files] == LISTED


def test_nothing_is_left_of_a_zip(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    path = zipped(study, tmp_path / "study.zip")
    with open_study(path) as found:
        assert found.files[0].is_relative_to((tmp_path / "temporary").resolve())
    with pytest.raises(KeyError), open_study(path):
        raise KeyError
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(StudyRefused, match="broken or truncated zip"):
        names(path)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_refusal_of_a_file_in_a_zip_names_the_zip(study: Path, tmp_path: Path) -> None:
    path = zipped(study, tmp_path / "연구 1.zip")
    with pytest.raises(StudyRefused) as refusal, open_study(path) as found:
        raise StudyRefused("code", "broken; see {root}", root=found.root, where=found.files[-1])
    assert str(refusal.value) == f"{path / '안쪽 폴더' / '0002'}: broken; see {path}"


def test_a_zip_in_a_zip_is_unpacked_and_one_in_that_is_not(study: Path, tmp_path: Path) -> None:
    deepest = zipped(study / "9", tmp_path / "deepest.zip")
    shutil.copy(deepest, study / "10")
    shutil.copy(zipped(study / "10", tmp_path / "inner.zip"), study / "9")
    found = names(zipped(study, tmp_path / "outer.zip"))
    assert {"10/deepest.zip/y.json", "9/inner.zip/x.nii", "9/inner.zip/deepest.zip"} <= set(found)


def test_what_is_named_zip_and_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.zip").write_bytes(b"no zip")
    with pytest.raises(StudyRefused, match=r"study.zip: a broken or truncated zip"):
        names(tmp_path / "study.zip")


def test_a_zip_without_room_for_temporary_files_is_refused(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(study, tmp_path / "study.zip")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(StudyRefused, match=r"gone.*: cannot be read|study\.zip: "):
        names(path)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(LISTED))
def test_the_order_of_files_does_not_hang_on_the_disk(
    order: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("order")
    for name in order:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    assert names(folder) == LISTED


def test_a_series_in_a_zip_is_the_series(image: PetImage, tmp_path: Path) -> None:
    write_series(image, tmp_path / "in" / "PET 1", participant="sub-7", seed_uid="s")
    with open_study(zipped(tmp_path / "in", tmp_path / "s.zip")) as found:
        slopes = [pydicom.dcmread(file).RescaleSlope for file in found.files]
    written = sorted((tmp_path / "in" / "PET 1").iterdir())
    assert slopes == [pydicom.dcmread(file).RescaleSlope for file in written]
