"""The same run makes the same objects; another one makes new ones, which say what they replace."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

pytest.importorskip("highdicom")

from pet.vendors import make_truth, write_classic

from monai_amyloid.pacs import kinds
from monai_amyloid.pacs.identity import earlier_sets

from .dicom_results import REFUSED, RESULT, Written, errors_of_iod

pytestmark = pytest.mark.slow

OTHER_BUNDLE = replace(RESULT, model={**RESULT.model, "bundle_sha256": "0b" * 32})
# What an object that replaces another says so in; a selection of key images has no place for it.
DOCUMENTS = (kinds.REPORT, kinds.DOCUMENT)
IMAGES = (
    *(kinds.ACTIVATION_SEGMENTS, kinds.REGION_SEGMENTS, kinds.ACTIVATION_MAP, kinds.SUVR_MAP),
    kinds.PAGE,
)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("dicom")
    return Written(write_classic(make_truth(), folder / "study"), folder / "results" / "dicom")


def contents(written: Written) -> Mapping[str, bytes]:
    return {file.name: file.read_bytes() for file in written.files}


def uids(written: Written) -> set[str]:
    return {str(pydicom.dcmread(file).SOPInstanceUID) for file in written.files}


def before(header: Dataset) -> str:
    """SOP Instance UID of what an object replaces."""
    if "PredecessorDocumentsSequence" in header:
        (study,) = header.PredecessorDocumentsSequence
        (series,) = study.ReferencedSeriesSequence
        assert study.StudyInstanceUID == header.StudyInstanceUID
        return str(series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
    (item,) = header.ReferencedImageSequence
    assert item.PurposeOfReferenceCodeSequence[0].CodeValue == "REPLACED"
    return str(item.ReferencedSOPInstanceUID)


def test_the_same_run_makes_the_same_bytes(usual: Written, tmp_path: Path) -> None:
    assert len(uids(usual)) == 8
    assert contents(usual.again(tmp_path)) == contents(usual)


@pytest.mark.parametrize(
    "other",
    [
        {"result": OTHER_BUNDLE},
        {"result": replace(RESULT, made_from={**RESULT.made_from, "scan": "c5" * 32})},
        {"result": replace(RESULT, made_from={**RESULT.made_from, "by": "b0" * 32})},
        {"result": replace(RESULT, patient={"PatientName": "X^Y"})},
        {"language": "ko"},
    ],
    ids=["bundle", "scan", "options", "identified", "language"],
)
def test_another_run_makes_objects_of_its_own(
    other: dict[str, object], usual: Written, tmp_path: Path
) -> None:
    made = usual.again(tmp_path, **other)
    assert not uids(made) & uids(usual)
    series = {pydicom.dcmread(file).SeriesInstanceUID for file in (*made.files, *usual.files)}
    assert len(series) == 16


def test_missing_slices_make_other_objects_and_the_whole_series_the_first_ones_again(
    usual: Written, tmp_path: Path
) -> None:
    fewer = usual.again(tmp_path / "fewer")
    fewer.write(usual.source[:-2])
    assert not uids(fewer) & uids(usual)
    again = usual.again(tmp_path / "again")
    assert uids(again) == uids(usual)


def test_another_bundle_says_what_it_replaces_and_is_the_same_when_run_again(
    usual: Written, tmp_path: Path
) -> None:
    first = usual.again(tmp_path / "dicom")
    replaced = {name: first[name.removesuffix(".dcm")].SOPInstanceUID for name in contents(first)}
    second = usual.again(tmp_path / "dicom", OTHER_BUNDLE, earlier=earlier_sets(tmp_path, "dicom"))
    once = contents(second)
    found = {name: before(second[name.removesuffix(".dcm")]) for name in (*DOCUMENTS, *IMAGES)}
    assert found == {name: replaced[name] for name in found}
    assert {file.name: errors_of_iod(file) for file in second.files} == {name: [] for name in once}
    assert all("replaces" in second[Path(name).stem].SeriesDescription for name in once)
    third = usual.again(tmp_path / "dicom", OTHER_BUNDLE, earlier=earlier_sets(tmp_path, "dicom"))
    assert contents(third) == once


def test_a_refusal_says_that_it_replaces_a_grade(usual: Written, tmp_path: Path) -> None:
    first = usual.again(tmp_path / "dicom")
    replaced = first["report_pdf"].SOPInstanceUID
    refused = usual.again(tmp_path / "dicom", REFUSED, earlier=earlier_sets(tmp_path, "dicom"))
    assert [file.name for file in refused.files] == [kinds.PAGE, kinds.DOCUMENT, kinds.REFUSAL]
    assert before(refused["report_pdf"]) == replaced


def test_late_slices_replace_what_was_written_under_the_name_without_a_number(
    usual: Written, tmp_path: Path
) -> None:
    early = usual.again(tmp_path / "study" / "dicom")
    early.write(usual.source[:-2])
    replaced = early["measurements_sr"].SOPInstanceUID
    sets = earlier_sets(tmp_path / "study-2", "dicom")
    whole = usual.again(tmp_path / "study-2" / "dicom", earlier=sets)
    assert before(whole["measurements_sr"]) == replaced
    # The next one of the same name replaces that.
    sets = earlier_sets(tmp_path / "study-3", "dicom")
    last = usual.again(tmp_path / "study-3" / "dicom", OTHER_BUNDLE, earlier=sets)
    assert before(last["measurements_sr"]) == whole["measurements_sr"].SOPInstanceUID


def test_another_patient_of_the_same_name_is_not_replaced(usual: Written, tmp_path: Path) -> None:
    other = write_classic(make_truth((14, 16, 13)), tmp_path / "of", series="B", study="other")
    Written(other, tmp_path / "study" / "dicom")
    made = usual.again(
        tmp_path / "study-2" / "dicom", earlier=earlier_sets(tmp_path / "study-2", "dicom")
    )
    assert contents(made) == contents(usual)


def test_broken_earlier_files_are_passed_over(usual: Written, tmp_path: Path) -> None:
    folder = tmp_path / "dicom"
    folder.mkdir()
    (folder / kinds.DOCUMENT).write_bytes(b"\0" * 128 + b"DICM\x08\x00\x16\x00UI\xff\xff")
    (folder / kinds.REPORT).write_bytes(b"")
    (folder / kinds.PAGE).symlink_to("/dev/zero")
    assert earlier_sets(tmp_path, "dicom") == []


def test_dates_are_those_of_the_images_and_no_clock_is_in_any_object(usual: Written) -> None:
    first = usual.source[0]
    for file in usual.files:
        made = pydicom.dcmread(file)
        assert made.ContentDate == made.SeriesDate == first.StudyDate
        assert "InstanceCreationDate" not in made
    for name in ("activation_seg", "regions_seg", "suvr_pm", "activation_pm"):
        acquired = usual[name].AcquisitionDate, usual[name].AcquisitionTime
        assert acquired == (first.AcquisitionDate, first.AcquisitionTime[:6])
