"""The structured report of several visits: what is in it is the result, and others read it."""

from pathlib import Path
from typing import Any

import pydicom
import pytest

pytest.importorskip("highdicom")

from highdicom.sr import srread
from pet.vendors import make_truth, write_classic
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from result.persons import ALONE, REGIONS, TREATED

from monai_amyloid.pacs import concepts
from monai_amyloid.pacs.source import source_series
from monai_amyloid.pacs.writing import write_follow_report
from monai_amyloid.pet.study import read_study

from .dicom_results import errors_of_iod, run_program
from .test_dicom_report import items, meaning, numbers

_UPPER = "+, range of upper measurement uncertainty"
_LOWER = "-, range of lower measurement uncertainty"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[list[Dataset]]:
    """Headers of two studies of one person, a year and a half apart."""
    folder = write_classic(make_truth(), tmp_path_factory.mktemp("dicom") / "study")
    uid = read_study(folder).provenance["SeriesInstanceUID"]
    both = [source_series(folder, uid) for _ in range(2)]
    study, series = generate_uid(), generate_uid()
    for image in both[0]:
        image.StudyInstanceUID, image.SeriesInstanceUID = study, series
        image.SOPInstanceUID, image.StudyDate = generate_uid(), "20200301"
    for image in both[1]:
        image.StudyDate = "20210830"
    return both


@pytest.fixture(scope="module")
def written(sources: list[list[Dataset]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_follow_report(sources, TREATED, tmp_path_factory.mktemp("written"))


def test_the_numbers_are_those_of_the_result(written: Path) -> None:
    found = numbers(pydicom.dcmread(written))
    expected = {
        ("visit 1", "Centiloid, all scans measured together"): 83.7,
        ("visit 1", "Centiloid"): 86.2,
        ("visit 2", "Centiloid, all scans measured together"): 21.0,
        ("visit 2", "Time Point Order"): 2,
        ("visit 1 to 2", "Change of Centiloid a year"): -41.8,
        ("visit 1 to 2", "Difference of Centiloids of each scan alone"): -67.6,
        ("visit 1 to 2", "Years between two visits"): 1.5,
        ("cleared", "Probability that the rule holds"): 0.79,
    }
    assert {key: found[key] for key in expected} == pytest.approx(expected)
    for name, region in REGIONS.items():
        group = f"visit 1 to 2 {name}"
        key = (group, "Change of standardized uptake value ratio")
        assert found[key] == pytest.approx(region.suvr, abs=6e-5)
        assert found[group, _UPPER] == pytest.approx(region.interval[1] - region.suvr, abs=6e-5)


def test_each_change_has_the_ends_of_its_own_interval(written: Path) -> None:
    [measured] = [
        item for item in items(pydicom.dcmread(written)) if meaning(item) == "Change of Centiloid"
    ]
    assert float(measured.MeasuredValueSequence[0].NumericValue) == -62.7
    ends = {
        meaning(item): float(item.MeasuredValueSequence[0].NumericValue) for item in items(measured)
    }
    assert ends == pytest.approx({_UPPER: 5.6, _LOWER: 6.2})


def test_grades_dates_direction_and_verdict_are_coded(written: Path) -> None:
    every = list(items(pydicom.dcmread(written)))
    coded = [(meaning(item), item.ConceptCodeSequence[0].CodeMeaning)
             for item in every if item.ValueType == "CODE"]  # fmt: skip
    grades = [value for name, value in coded if name.startswith("Brain amyloid")]
    assert grades == ["BAPL 3"]  # the other visit is doubtful: no grade of it stands alone
    likely = [value for name, value in coded if name.startswith("Likely BAPL")]
    assert likely == ["BAPL 1", "BAPL 2"]
    assert ("Direction of the change", "Fallen") in coded
    assert (concepts.CLEARED.meaning, "Cannot tell") in coded
    assert ("Need of a reader", "Needs a reader") in coded
    dates = [str(item.Date) for item in every if item.ValueType == "DATE"]
    assert dates == ["20200301", "20210830"]
    texts = {item.TextValue for item in every if item.ValueType == "TEXT"}
    assert {"11 of 1", "22 of 2", "44 of 4", "Rule: below 24.1 Centiloid"} <= texts
    assert any("not tested on patients" in text for text in texts)


def test_it_lies_in_the_last_study_and_refers_to_both(
    written: Path, sources: list[list[Dataset]]
) -> None:
    report = pydicom.dcmread(written)
    assert report.StudyInstanceUID == sources[1][0].StudyInstanceUID
    [own], [other] = (
        report.CurrentRequestedProcedureEvidenceSequence,
        report.PertinentOtherEvidenceSequence,
    )
    for study, source in ((other, sources[0]), (own, sources[1])):
        assert study.StudyInstanceUID == source[0].StudyInstanceUID
        [series] = study.ReferencedSeriesSequence
        uids = {item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence}
        assert uids == {image.SOPInstanceUID for image in source}
    images = [item for item in items(report) if item.ValueType == "IMAGE"]
    assert len(images) == len(sources[0]) + len(sources[1])


def test_other_programs_read_it(written: Path) -> None:
    assert errors_of_iod(written) == []
    done = run_program("dcmtk", "dsrdump", "+Pl", "+U8", written)
    assert done.returncode == 0 and "E:" not in done.stderr
    assert '"Change of Centiloid")="-62.7"' in done.stdout
    report: Any = srread(written).content
    groups = report.get_image_measurement_groups()
    [change] = [each for each in groups if each.tracking_identifier == "visit 1 to 2"]
    [measured] = change.get_measurements(name=concepts.CENTILOID_CHANGE)
    assert measured.value == pytest.approx(-62.7) and measured.unit.value == "{Centiloid}"


def test_a_refused_visit_has_its_reason_and_no_grade(
    sources: list[list[Dataset]], tmp_path: Path
) -> None:
    report = pydicom.dcmread(write_follow_report([sources[0], None], ALONE, tmp_path))
    assert report.StudyInstanceUID == sources[0][0].StudyInstanceUID
    assert "PertinentOtherEvidenceSequence" not in report
    every = list(items(report))
    assert "1 of 3" in {item.TextValue for item in every if item.ValueType == "TEXT"}
    values = [item.ConceptCodeSequence[0].CodeMeaning for item in every if item.ValueType == "CODE"]
    assert "Refused by software" in values and "BAPL 2" not in values


def test_each_visit_has_headers_or_none(sources: list[list[Dataset]], tmp_path: Path) -> None:
    for wrong in ([sources[0]], [None, None]):
        with pytest.raises(ValueError, match="2 visits"):
            write_follow_report(wrong, TREATED, tmp_path)
