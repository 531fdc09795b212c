"""DICOMDIRs that pydicom writes, spoiled as media and attackers spoil them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet
from pydicom.uid import DeflatedExplicitVRLittleEndian, generate_uid

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom import media_directory as dicomdir
from monai_amyloid.pet.dicom.media_directory import files_of_dicomdir, is_dicomdir

# pydicom's, of the names that these tests write.
pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR CS")

Change = Callable[[Callable[[list[Dataset]], None]], None]


@pytest.fixture
def medium(series: Path, tmp_path: Path) -> Path:
    """A folder as a CD has it, with the images of a series deep below its DICOMDIR."""
    files = FileSet()
    for file in sorted(series.iterdir()):
        dataset = pydicom.dcmread(file)
        dataset.StudyID = "1"  # a DICOMDIR has to have one
        files.add(dataset)
    folder = tmp_path / "검사 CD 1"
    files.write(folder)
    return folder


@pytest.fixture
def listing(medium: Path) -> Path:
    return medium / "DICOMDIR"


@pytest.fixture
def change(listing: Path) -> Change:
    """Return a function that changes the records of the images."""

    def apply(edit: Callable[[list[Dataset]], None]) -> None:
        directory = pydicom.dcmread(listing)
        records = directory.DirectoryRecordSequence
        edit([record for record in records if record.DirectoryRecordType == "IMAGE"])
        directory.save_as(listing)

    return apply


def set_on_first(**values: Any) -> Callable[[list[Dataset]], None]:
    def change(images: list[Dataset]) -> None:
        for keyword, value in values.items():
            setattr(images[0], keyword, value)

    return change


def lower(folder: Path, suffix: str = "") -> None:
    """Rename all below a folder, as a system does that reads ISO 9660 without its extensions."""
    for entry in sorted(folder.rglob("*"), reverse=True):
        end = suffix if entry.is_file() and entry.name != "DICOMDIR" else ""
        entry.rename(entry.with_name(f"~{entry.name}"))
        entry.with_name(f"~{entry.name}").rename(entry.with_name(entry.name.lower() + end))


def test_the_images_are_those_that_pydicom_finds(listing: Path) -> None:
    found = files_of_dicomdir(listing)
    assert len(found) == 12
    assert sorted(map(str, found)) == sorted(instance.path for instance in FileSet(listing))


def test_images_of_several_series_are_all_listed(listing: Path, series: Path, edit: Any) -> None:
    edit(*series.iterdir(), SeriesInstanceUID="1.2.3", StudyID="1")
    both = FileSet(listing)
    for file in series.iterdir():
        dataset = pydicom.dcmread(file)
        dataset.SOPInstanceUID = generate_uid()
        both.add(dataset)
    both.write()
    assert sorted(map(str, files_of_dicomdir(listing))) == sorted(one.path for one in both)


@pytest.mark.parametrize("suffix", ["", ";1", ".", ".;1"])
def test_names_in_another_case_are_found(suffix: str, medium: Path) -> None:
    lower(medium, suffix)
    found = files_of_dicomdir(medium / "dicomdir")
    assert len(found) == 12
    assert found[0].name.startswith("im000000")
    assert all(file.is_file() for file in found)


def test_a_name_that_two_files_may_mean_is_not_guessed(medium: Path) -> None:
    first = files_of_dicomdir(medium / "DICOMDIR")[0]
    first.rename(first.with_name("im000000;1"))
    shutil.copy(first.with_name("im000000;1"), first.with_name("im000000;2"))
    with pytest.raises(StudyRefused, match="1 of the 12 images that it lists are missing"):
        files_of_dicomdir(medium / "DICOMDIR")


def test_the_exact_name_is_taken_where_another_is_alike(medium: Path) -> None:
    first = files_of_dicomdir(medium / "DICOMDIR")[0]
    shutil.copy(first, first.with_name("IM000000;1"))
    assert files_of_dicomdir(medium / "DICOMDIR")[0] == first


@pytest.mark.parametrize(
    "parts",
    [
        ["..", "secret"],
        ["PT000000", "..", "..", "secret"],
        ["", "etc", "secret"],
        "/etc/secret",
        ["PT000000/../..", "secret"],
        ["C:", "secret"],
        ["PT000000", ".. ", "secret"],
        [".", "secret"],
    ],
)
def test_a_file_id_that_leads_out_is_refused(parts: Any, listing: Path, change: Change) -> None:
    listing.parent.with_name("secret").touch()
    change(set_on_first(ReferencedFileID=parts))
    with pytest.raises(StudyRefused, match=r"\(0004,1500\) of record 4 is .* may lead out"):
        files_of_dicomdir(listing)


def test_an_image_without_file_id_is_refused(listing: Path, change: Change) -> None:
    change(set_on_first(ReferencedFileID=None))
    with pytest.raises(StudyRefused, match=r"\(0004,1500\) of record 4 is missing"):
        files_of_dicomdir(listing)


def test_a_link_out_of_the_folder_is_refused(listing: Path, tmp_path: Path) -> None:
    first = files_of_dicomdir(listing)[0]
    first.rename(tmp_path / "outside")
    try:
        first.symlink_to(tmp_path / "outside")
    except OSError:
        pytest.skip("this system makes no links")
    with pytest.raises(StudyRefused, match="IM000000: a link out of the folder"):
        files_of_dicomdir(listing)


def test_missing_files_are_counted_and_the_first_is_named(listing: Path) -> None:
    for file in files_of_dicomdir(listing)[3:5]:
        file.unlink()
    expected = r"2 of the 12 images .* missing, the first is 'PT000000/ST000000/SE000000/IM000003'"
    with pytest.raises(StudyRefused, match=expected):
        files_of_dicomdir(listing)


def test_a_folder_is_no_image(listing: Path) -> None:
    first = files_of_dicomdir(listing)[0]
    first.unlink()
    first.mkdir()
    with pytest.raises(StudyRefused, match="1 of the 12 images that it lists are missing"):
        files_of_dicomdir(listing)


def test_records_out_of_use_and_other_objects_are_left_out(listing: Path, change: Change) -> None:
    change(set_on_first(RecordInUseFlag=0))
    assert len(files_of_dicomdir(listing)) == 11

    def all_reports(images: list[Dataset]) -> None:
        for image in images:
            image.DirectoryRecordType = "SR DOCUMENT"

    change(all_reports)
    with pytest.raises(StudyRefused, match="the DICOMDIR lists no image"):
        files_of_dicomdir(listing)


def test_an_image_listed_twice_is_there_once(listing: Path, change: Change) -> None:
    change(lambda images: setattr(images[1], "ReferencedFileID", images[0].ReferencedFileID))
    assert len(files_of_dicomdir(listing)) == 11


def test_a_dicomdir_is_told_by_its_name_or_its_class(listing: Path, series: Path) -> None:
    other = listing.with_name("index")
    shutil.copy(listing, other)
    assert is_dicomdir(listing)
    assert is_dicomdir(other)
    assert is_dicomdir(Path("somewhere", "dicomdir"))
    assert not is_dicomdir(series / "0001.dcm")
    assert files_of_dicomdir(other) == files_of_dicomdir(listing)


@pytest.mark.parametrize("content", [b"", b"text", bytes(128) + b"DICM", bytes(200)])
def test_what_is_no_dicomdir_is_refused(content: bytes, listing: Path) -> None:
    listing.write_bytes(content)
    with pytest.raises(StudyRefused, match=r"unreadable DICOMDIR|lists no image"):
        files_of_dicomdir(listing)


def test_a_deflated_dicomdir_is_refused(listing: Path) -> None:
    directory = pydicom.dcmread(listing)
    directory.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    directory.save_as(listing)
    with pytest.raises(StudyRefused, match="the DICOMDIR is deflated"):
        files_of_dicomdir(listing)


@pytest.mark.parametrize("limit", ["MOST_BYTES", "MOST_RECORDS"])
def test_a_huge_dicomdir_is_refused(
    limit: str, listing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dicomdir, limit, 10)
    with pytest.raises(StudyRefused, match="too large for one study"):
        files_of_dicomdir(listing)


@pytest.mark.slow
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cut=st.integers(1, 5000),
    changes=st.lists(st.tuples(st.integers(132, 5000), st.integers(0, 255)), max_size=4),
)
def test_changed_bytes_never_lead_out_of_the_folder(
    cut: int, changes: list[tuple[int, int]], listing: Path
) -> None:
    whole = listing.read_bytes()
    data = bytearray(whole[:cut] if cut > 200 else whole)
    for at, value in changes:
        data[at % len(data)] = value
    listing.with_name("changed").write_bytes(data)
    try:
        found = files_of_dicomdir(listing.with_name("changed"))
    except StudyRefused:
        return
    assert set(found) <= set(files_of_dicomdir(listing))
