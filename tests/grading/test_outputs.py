"""The files of one study."""

import json
import re
import shutil
from pathlib import Path

import highdicom
import nibabel as nib
import numpy as np
import pydicom
import pytest
from highdicom.seg import segread

from monai_amyloid.errors import UserError
from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.pacs.kinds import (
    FOLLOW_REPORT,
    REFUSAL,
    REGION_SEGMENTS,
    SERIES_NUMBERS,
    SUVR_MAP,
)
from monai_amyloid.pet.study import read_study
from monai_amyloid.result.result import read_result

pytestmark = pytest.mark.slow

PERSON = {"PatientName": "KIM^MINJUN", "PatientID": "H-77120034", "PatientBirthDate": "19480229"}


@pytest.fixture(scope="module")
def study(studies: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of a person who does not exist."""
    folder = shutil.copytree(studies / "sub-0002", tmp_path_factory.mktemp("in") / "PT")
    for file in folder.iterdir():
        dataset = pydicom.dcmread(file)
        dataset.update(PERSON)
        dataset.save_as(file)
    return folder


@pytest.fixture(scope="module")
def identified(bundle: Path, study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is written of it when everything is asked for."""
    output = tmp_path_factory.mktemp("identified")
    options = OutputOptions(language="ko", identify=True, dicom=True, unnamed=True)
    grade_studies(bundle, [study], output, device="cpu", options=options)
    return output / "PT"


def test_everything_that_was_asked_for_is_there(identified: Path) -> None:
    files = {path.relative_to(identified).as_posix() for path in identified.rglob("*.*")}
    assert files == {
        *("result.json", "report.html", "report.pdf", "picture.png", "activation.nii.gz"),
        "report_unnamed.html",
        *(f"dicom/{name}" for name in SERIES_NUMBERS if name not in (FOLLOW_REPORT, REFUSAL)),
    }
    assert (identified / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_the_patient_is_named_where_that_was_asked_for(identified: Path) -> None:
    result = json.loads((identified / "result.json").read_text(encoding="utf-8"))
    assert {key: result["patient"][key] for key in PERSON} == PERSON
    assert "MINJUN KIM" in (identified / "report.html").read_text(encoding="utf-8")
    for file in (identified / "dicom").iterdir():
        written = pydicom.dcmread(file)
        assert {key: str(written[key].value) for key in PERSON} == PERSON


def test_a_second_report_names_nobody_and_shows_the_same_scan(identified: Path) -> None:
    named, unnamed = (
        (identified / name).read_text(encoding="utf-8")
        for name in ("report.html", "report_unnamed.html")
    )
    for value in (*PERSON.values(), "MINJUN"):
        assert value not in unnamed
    scan = re.search(r"data:image/[^\"]{1000}", named)
    assert scan and scan[0] in unnamed


def test_each_region_can_be_measured_again_from_the_dicom_objects(identified: Path) -> None:
    suvr = highdicom.imread(identified / "dicom" / SUVR_MAP).get_volume()
    segments = segread(identified / "dicom" / REGION_SEGMENTS)
    masks = segments.get_volume().match_geometry(suvr).array
    result = read_result(identified)
    assert result is not None and result.suvr is not None
    for number in range(1, segments.number_of_segments + 1):
        name = str(segments.get_segment_description(number).tracking_id)
        measured = suvr.array[masks[..., number - 1] > 0].mean()
        reported = 1.0 if name == "cerebellum" else result.suvr[name]
        assert measured == pytest.approx(reported, rel=0.03)
    assert segments.number_of_segments == 10


def test_the_map_lies_on_the_scan_itself(identified: Path, study: Path) -> None:
    image, laid = read_study(study), nib.load(identified / "activation.nii.gz")
    np.testing.assert_allclose(laid.affine, image.affine, atol=1e-4)
    shown = np.asarray(laid.dataobj)
    assert shown.shape == image.data.shape and 0.7 < shown.max() <= 1 and shown.min() == 0
    # What drove the grade is in the head, and most of the volume is not.
    assert image.data[shown > 0.5].mean() > 5 * np.median(image.data)
    assert (shown > 0).mean() < 0.3


def test_a_result_stands_where_dicom_cannot_be_written(
    bundle: Path, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monai_amyloid.grading import outputs

    def fail(*_: object) -> None:
        raise UserError("found images without a valid StudyInstanceUID")

    monkeypatch.setattr(outputs, "source_series", fail)
    options = OutputOptions(identify=True, dicom=True)
    [result] = grade_studies(bundle, [study], tmp_path, device="cpu", options=options)
    assert result.bapl is not None and not (tmp_path / "PT" / "dicom").exists()
    assert "no DICOM objects: found images without" in str(result.warnings[-1])


def test_nothing_of_an_earlier_run_stays_beside_a_refusal(
    bundle: Path, studies: Path, tmp_path: Path
) -> None:
    study = shutil.copytree(studies / "sub-0001", tmp_path / "PT")
    output = tmp_path / "out"
    grade_studies(bundle, [study], output, device="cpu")
    assert (output / "PT" / "picture.png").is_file()
    other = NamedStudy(study, tracer="18FFMM")
    [result] = grade_studies(bundle, [other], output, device="cpu")
    assert result.status == "refused"
    left = {path.name for path in (output / "PT").iterdir()}
    assert left == {"result.json", "report.html", "report.pdf"}
    assert "18FFMM" in (output / "PT" / "report.html").read_text(encoding="utf-8")


def test_a_blind_run_leaves_nothing_beside_the_page_that_shows_the_grade(
    bundle: Path, study: Path, tmp_path: Path
) -> None:
    grade_studies(bundle, [study], tmp_path, device="cpu")
    assert (tmp_path / "PT" / "report.pdf").is_file() and (tmp_path / "summary.html").is_file()
    blind = OutputOptions(blind=True)
    [result] = grade_studies(bundle, [study], tmp_path, device="cpu", options=blind)
    left = {path.name for path in (tmp_path / "PT").iterdir()}
    assert result.bapl is not None and left == {"result.json", "report.html"}
    assert not (tmp_path / "summary.html").exists() and (tmp_path / "results.csv").is_file()


def test_what_would_show_the_grade_is_refused_in_a_blind_run() -> None:
    with pytest.raises(UserError, match="DICOM objects show the grade"):
        OutputOptions(blind=True, dicom=True, identify=True)
    with pytest.raises(UserError, match="--no-report"):
        OutputOptions(blind=True, report=False)
