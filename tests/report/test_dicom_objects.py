"""All objects of a result: in the patient's own study, whatever that says of itself."""

import copy
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import datadict
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

pytest.importorskip("highdicom")

import SimpleITK as sitk  # noqa: N813  its usual name
from pet.vendors import make_truth, write_classic

import monai_amyloid
from monai_amyloid.errors import UserError
from monai_amyloid.pacs.kinds import FOLLOW_REPORT, REFUSAL, SERIES_NUMBERS
from monai_amyloid.pacs.source import source_series
from monai_amyloid.pacs.writing import write_dicom_objects

from .dicom_results import PAGE, PDF, REFUSED, RESULT, Written, errors_of_iod, run_program

pytestmark = pytest.mark.slow

FILES = tuple(
    name.removesuffix(".dcm") for name in SERIES_NUMBERS if name not in (FOLLOW_REPORT, REFUSAL)
)
TRUTH = make_truth()
KOREAN = "KIM^MINJUN=金^敏俊=김^민준"
PATIENT = {"PatientName": KOREAN, "PatientID": "환자-7", "PatientBirthDate": "19500102"}
ISSUED = {"PatientSex": "F", "AccessionNumber": "A7", "StudyDescription": "뇌 PET"}


def made(folder: Path, **changes: object) -> Written:
    return Written(write_classic(TRUTH, folder / "study", **changes), folder / "written")


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return made(tmp_path_factory.mktemp("dicom"), SeriesNumber=3)


def files_in(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def raw_value(file: Path, element: bytes) -> bytes:
    """The bytes of an element of two-letter VR in a file, without pydicom."""
    content = file.read_bytes()
    at = content.index(element) + len(element)
    length = int.from_bytes(content[at : at + 2], "little")
    return content[at + 2 : at + 2 + length].rstrip(b" \0")


@pytest.mark.parametrize("charset", ["ISO_IR 192", ["", "ISO 2022 IR 149"], "GB18030"])
def test_a_korean_patient_is_the_same_in_every_object(
    charset: str | list[str], tmp_path: Path
) -> None:
    written = made(tmp_path, SpecificCharacterSet=charset, **PATIENT, **ISSUED)
    first = files_in(tmp_path / "study")[0]
    name = b"\x10\x00\x10\x00PN"
    for key in FILES:
        one = written[key]
        assert one.PatientName == KOREAN and str(one.PatientName.phonetic) == "김^민준"
        for keyword, value in (PATIENT | ISSUED).items():
            assert one[keyword].value == value
        assert raw_value(written.folder / f"{key}.dcm", name) == raw_value(first, name)


def test_a_name_in_a_character_set_that_is_not_declared_keeps_its_bytes(tmp_path: Path) -> None:
    name = "김^민준".encode("euc_kr")
    study = write_classic(
        TRUTH, tmp_path / "study", SpecificCharacterSet=None, PatientName="X^YYYYY"
    )
    for file in files_in(study):
        file.write_bytes(file.read_bytes().replace(b"X^YYYYY", name))
    written = Written(study, tmp_path / "written")
    assert {raw_value(file, b"\x10\x00\x10\x00PN") for file in written.files} == {name}


def test_every_object_is_of_the_study_and_in_a_new_series_of_its_own(usual: Written) -> None:
    first, objects = usual.source[0], [usual[name] for name in FILES]
    assert {one.StudyInstanceUID for one in objects} == {first.StudyInstanceUID}
    series = {one.SeriesInstanceUID for one in (*objects, first)}
    assert len(series) == len({one.SeriesNumber for one in (*objects, first)}) == 9
    assert {one.Manufacturer for one in objects} == {"monai-amyloid"}
    assert {one.SoftwareVersions for one in objects} == {monai_amyloid.__version__}
    assert {one.ContentQualification for one in objects} == {"RESEARCH"}
    assert {(one.StudyDate, one.StudyTime) for one in objects} == {
        (first.StudyDate, first.StudyTime)
    }


def test_of_a_refused_study_a_report_the_page_and_the_pdf_say_why(
    usual: Written, tmp_path: Path
) -> None:
    written = usual.again(tmp_path, RESULT)
    refused = write_dicom_objects(written.source, REFUSED, None, PAGE, PDF, written.folder)
    assert [file.stem for file in refused] == ["page_sc", "report_pdf", "refusal_sr"]
    assert sorted(written.folder.iterdir()) == sorted(refused)
    report = written["refusal_sr"]
    texts = [str(each.value) for each in report.iterall() if each.keyword == "TextValue"]
    assert "the cerebellum is cut" in texts and report.Modality == "SR"
    assert report.StudyInstanceUID == written.source[0].StudyInstanceUID
    assert not errors_of_iod(written.folder / "refusal_sr.dcm")


def test_the_page_is_stored_pixel_by_pixel(usual: Written) -> None:
    page = sitk.GetArrayFromImage(sitk.ReadImage(usual.folder / "page_sc.dcm"))
    np.testing.assert_array_equal(page.reshape(PAGE.shape), PAGE)
    one = usual["page_sc"]
    assert one.ConversionType == "WSD" and one.BurnedInAnnotation == "NO"
    assert len(one.SourceImageSequence) == len(usual.source)


def test_a_page_that_names_the_patient_says_so(usual: Written, tmp_path: Path) -> None:
    named = usual.again(tmp_path, replace(RESULT, patient={"PatientName": KOREAN}))
    assert named["page_sc"].BurnedInAnnotation == named["report_pdf"].BurnedInAnnotation == "YES"


def test_what_is_no_page_and_no_pdf_is_not_written(usual: Written, tmp_path: Path) -> None:
    nothing = usual.source, REFUSED, None
    with pytest.raises(ValueError, match=r"found uint8 \(41, 33\), needed uint8 \(rows, col"):
        write_dicom_objects(*nothing, PAGE[..., 0], PDF, tmp_path)
    with pytest.raises(ValueError, match="needed a PDF"):
        write_dicom_objects(*nothing, PAGE, b"<html>", tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_dcmtk_gives_the_pdf_back(end: bytes, usual: Written, tmp_path: Path) -> None:
    write_dicom_objects(usual.source, REFUSED, None, PAGE, PDF + end, tmp_path)
    given = tmp_path / "given.pdf"
    done = run_program("dcmtk", "dcm2pdf", tmp_path / "report_pdf.dcm", given)
    assert done.returncode == 0, done.stderr
    assert given.read_bytes() == PDF + end
    one = pydicom.dcmread(tmp_path / "report_pdf.dcm")
    assert len(one.SourceInstanceSequence) == len(usual.source)


MISSING = (
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientWeight"),
    *("FrameOfReferenceUID", "PositionReferenceIndicator", "SeriesNumber"),
    *("SpecificCharacterSet", "SliceThickness"),
)


def test_a_source_that_says_nothing_of_the_patient_has_results_too(tmp_path: Path) -> None:
    written = made(tmp_path, **dict.fromkeys(MISSING))
    for file in written.files:
        one = pydicom.dcmread(file)
        assert all(one[keyword].is_empty for keyword in MISSING[:9])
        # An archive has to be able to file it by its UIDs alone.
        assert [line for line in errors_of_iod(file) if "Type 2" not in line] == []
    assert len(written.files) == 8


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize(
    "broken",
    [
        {"PatientSex": "unknown"},
        {"StudyDate": "yesterday", "StudyTime": "noon"},
        {"PatientBirthDate": "1950-01-02"},
        {"PatientWeight": "heavy"},
        {"SpecificCharacterSet": "KOREAN"},
        {"SpecificCharacterSet": "\0\1"},
        {"SeriesNumber": "2147483647"},
        {"SeriesNumber": "-4"},
        {"PatientName": "^" * 200},
    ],
    ids=lambda broken: next(iter(broken)),
)
def test_broken_values_do_not_stop_the_results(
    broken: dict[str, str], usual: Written, tmp_path: Path
) -> None:
    source = copy.deepcopy(usual.source)
    for image in source:
        for keyword, value in broken.items():
            # As it is read from a file: not looked at yet.
            vr, tag = datadict.dictionary_VR(keyword), Tag(datadict.tag_for_keyword(keyword) or 0)
            image[tag] = RawDataElement(tag, vr, len(value), value.encode(), 0, False, True, True)
    again = usual.again(tmp_path, RESULT)
    again.write(source)
    assert len({again[name].SeriesNumber for name in FILES}) == 8


def without(source: list[Dataset], keyword: str) -> list[Dataset]:
    delattr(source[-1], keyword)
    return source


@pytest.mark.parametrize(
    "keyword", ["StudyInstanceUID", "SOPInstanceUID", "ImagePositionPatient", "Rows"]
)
def test_images_that_nothing_can_refer_to_are_refused_in_one_line(
    keyword: str, usual: Written
) -> None:
    source = copy.deepcopy(usual.source)
    with pytest.raises(UserError, match="leave DICOM results out") as refusal:
        usual.write(without(source, keyword))
    assert "\n" not in str(refusal.value)


def test_the_series_is_found_in_a_zip_among_other_files(usual: Written, tmp_path: Path) -> None:
    study = write_classic(TRUTH, tmp_path / "study", names="odd")
    write_classic(make_truth((14, 16, 13)), study / "other", series="CTAC", study="study")
    (study / "readme.txt").write_text("not DICOM")
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
        for file in study.rglob("*"):
            archive.write(file, file.relative_to(study))
    uid = str(usual.source[0].SeriesInstanceUID)
    found = source_series(tmp_path / "study.zip", uid)
    assert {one.SeriesInstanceUID for one in found} == {uid}
    heights = [float(one.ImagePositionPatient[2]) for one in found]
    assert len(heights) == TRUTH.values("START").shape[3] and heights == sorted(heights)


def test_slices_with_a_series_uid_each_are_all_found(tmp_path: Path) -> None:
    files = files_in(write_classic(TRUTH, tmp_path / "study"))
    for file in files:
        dataset = pydicom.dcmread(file)
        dataset.SeriesInstanceUID = pydicom.uid.generate_uid()
        dataset.save_as(file)
    assert len(source_series(tmp_path / "study", dataset.SeriesInstanceUID)) == len(files)


def test_refused_pictures_that_lie_nowhere_have_a_page_too(tmp_path: Path) -> None:
    nowhere = {"ImagePositionPatient": None, "ImageOrientationPatient": None}
    study = write_classic(TRUTH, tmp_path / "study", **nowhere)
    uid = str(pydicom.dcmread(files_in(study)[0]).SeriesInstanceUID)
    images = source_series(study, uid)
    written = write_dicom_objects(images, REFUSED, None, PAGE, PDF, tmp_path / "written")
    assert [file.stem for file in written] == ["page_sc", "report_pdf", "refusal_sr"]


def test_a_series_that_is_not_there_is_named(tmp_path: Path) -> None:
    study = write_classic(TRUTH, tmp_path)
    with pytest.raises(UserError, match=r"no file of the series 1\.2\.3, needed"):
        source_series(study, "1.2.3")
