"""A real PACS, Orthanc, takes the DICOM results and gives them back as they were."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

pytest.importorskip("highdicom")

from orthanc import Pacs, running
from pet.vendors import make_truth, write_classic
from report.dicom_results import Written, run_program
from result.persons import TREATED

from monai_amyloid.pacs.source import source_series
from monai_amyloid.pacs.writing import write_follow_report

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pacs]:
    try:
        with running(tmp_path_factory.mktemp("orthanc")) as server:
            yield server
    except FileNotFoundError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("dicom")
    patient = {"PatientName": "KIM^MINJUN=金^敏俊=김^민준", "PatientID": "환자-7"}
    study = write_classic(make_truth(angles=(12, -7, 5)), folder / "study", **patient)
    return Written(study, folder / "written")


def path_of(image: Dataset) -> str:
    return (
        f"/studies/{image.StudyInstanceUID}/series/{image.SeriesInstanceUID}"
        f"/instances/{image.SOPInstanceUID}"
    )


def assert_given_back(pacs: Pacs, written: Written) -> None:
    """What the archive gives is, value by value, what was written."""
    for file in written.files:
        ours = pydicom.dcmread(file)
        (theirs,) = pacs.wado(path_of(ours))
        assert theirs == ours
        assert theirs.file_meta.TransferSyntaxUID == ours.file_meta.TransferSyntaxUID


def test_what_is_sent_by_c_store_is_given_back_by_wado(pacs: Pacs, written: Written) -> None:
    archive = "-aec", "ARCHIVE", "127.0.0.1", str(pacs.dicom_port)
    done = run_program("dcmtk", "storescu", "--required", *archive, *written.files)
    assert done.returncode == 0, done.stderr
    assert_given_back(pacs, written)


def test_what_is_sent_by_stow_is_given_back_by_wado(pacs: Pacs, written: Written) -> None:
    # In another language: new objects beside those of the first test.
    korean = written.again(written.folder.with_name("korean"), language="ko")
    assert pacs.stow(korean.files) == len(korean.files) == 8
    assert_given_back(pacs, korean)


def test_the_same_result_sent_twice_adds_nothing(pacs: Pacs, written: Written) -> None:
    pacs.stow(written.files)
    before = json.loads(pacs.get("/statistics", "application/json")[0])
    again = written.again(written.folder.with_name("again"))
    assert pacs.stow(again.files) == 8
    after = json.loads(pacs.get("/statistics", "application/json")[0])
    assert (after["CountInstances"], after["CountSeries"]) == (
        before["CountInstances"],
        before["CountSeries"],
    )
    assert_given_back(pacs, written)


def test_source_and_results_are_together_in_one_study_of_one_patient(
    pacs: Pacs, written: Written
) -> None:
    sources = [file for file in (written.folder.parent / "study").rglob("*") if file.is_file()]
    assert pacs.stow(sources + written.files) == len(sources) + 8
    (study,) = json.loads(pacs.get("/dicom-web/studies")[0])
    uid = str(written.source[0].StudyInstanceUID)
    assert study["0020000D"]["Value"] == [uid]
    assert study["00100010"]["Value"][0]["Phonetic"] == "김^민준"
    found = json.loads(pacs.get(f"/dicom-web/studies/{uid}/series")[0])
    modalities = {one["0020000E"]["Value"][0]: one["00080060"]["Value"][0] for one in found}
    ours = [pydicom.dcmread(file) for file in written.files]
    together = [modalities[str(one.SeriesInstanceUID)] for one in (written.source[0], *ours)]
    assert together == ["PT", "SR", "SEG", "OT", "DOC", "SEG", "OT", "OT", "KO"]


def test_the_report_of_a_change_is_kept_in_the_study_of_the_last_visit(
    pacs: Pacs, written: Written, tmp_path: Path
) -> None:
    uid = str(written.source[0].SeriesInstanceUID)
    visits = [source_series(written.folder.parent / "study", uid) for _ in range(2)]
    earlier = generate_uid(), generate_uid()
    for image in visits[0]:  # the same person, a year and a half before
        image.StudyInstanceUID, image.SeriesInstanceUID = earlier
        image.SOPInstanceUID, image.StudyDate = generate_uid(), "20200301"
    report = write_follow_report(visits, TREATED, tmp_path)
    assert pacs.stow([report]) == 1
    ours = pydicom.dcmread(report)
    assert ours.StudyInstanceUID == written.source[0].StudyInstanceUID
    assert pacs.wado(path_of(ours)) == [ours]
    evidence = ours.PertinentOtherEvidenceSequence[0]
    assert evidence.StudyInstanceUID == earlier[0]


def test_the_archive_draws_the_page(pacs: Pacs, written: Written) -> None:
    from PIL import Image

    pacs.stow(written.files)
    page = written["page_sc"]
    drawn, _ = pacs.get(f"/dicom-web{path_of(page)}/rendered", "image/png")
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(drawn))), page.pixel_array)
