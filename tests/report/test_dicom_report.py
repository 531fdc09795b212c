"""The structured report: what is in it is the result, and other programs read it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("highdicom")

from highdicom.seg import segread
from highdicom.sr import srread
from pet.vendors import make_truth, write_classic
from pydicom.dataset import Dataset

from monai_amyloid.pacs import concepts

from .dicom_results import NAMES, RESULT, SIDED, Written, errors_of_iod, run_program


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("dicom")
    return Written(write_classic(make_truth(), folder / "study"), folder / "written")


_UNCERTAIN = ", range of {} measurement uncertainty"


def items(item: Dataset) -> Iterator[Dataset]:
    """All content items below one."""
    for child in item.get("ContentSequence", ()):
        yield child
        yield from items(child)


def meaning(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeMeaning)


def numbers(report: Dataset) -> dict[tuple[str, str], float]:
    """Every number of a report by its group's tracking identifier and its name."""
    found: dict[tuple[str, str], float] = {}
    for group in (item for item in items(report) if item.get("ValueType") == "CONTAINER"):
        below = list(items(group))
        names = [one.TextValue for one in below if meaning(one) == "Tracking Identifier"]
        if len(names) == 1:
            measured = (one for one in below if one.ValueType == "NUM")
            found |= {
                (names[0], meaning(one)): float(one.MeasuredValueSequence[0].NumericValue)
                for one in measured
            }
    return found


def test_the_numbers_of_the_report_are_those_of_the_result(written: Written) -> None:
    expected = {("centiloid", "Centiloid"): RESULT.centiloid}
    expected |= {("grade", f"Probability of BAPL {g}"): RESULT.probabilities[g] for g in (1, 2, 3)}
    expected["grade", "Probability of positive (BAPL 2 or 3)"] = 0.8985
    expected["grade", "Called positive from this on"] = 0.31
    expected |= {("mark 24.1", "Mark of Centiloid"): 24.1}
    expected |= {("mark 24.1", "Probability to lie below the mark"): 0.13}
    expected |= {("quality", "Match to the template"): 0.97}
    expected |= {("quality", "Resolution, full width at half maximum"): 6.2}
    expected |= {("quality", "Noise, coefficient of variation"): 0.2}
    for name in NAMES:
        expected[name, "Standardized uptake value ratio"] = RESULT.suvr[name]
        expected[name, "Z-Score of measurement"] = RESULT.z_scores[name]
        expected[name, f"+{_UNCERTAIN.format('upper')}"] = 0.05
        expected[name, f"-{_UNCERTAIN.format('lower')}"] = 0.1
    for name in SIDED:
        expected[name, "Share in what drove the grade"] = 0.125
        for score, chance in zip("123", (0.2, 0.5, 0.3), strict=True):
            expected[name, f"Probability of RCTU {score}"] = chance
    expected["centiloid", f"+{_UNCERTAIN.format('upper')}"] = 41.75 - RESULT.centiloid
    expected["centiloid", f"-{_UNCERTAIN.format('lower')}"] = RESULT.centiloid - 22.5
    assert numbers(written["measurements_sr"]) == pytest.approx(expected, abs=6e-5)


def test_the_likely_grades_and_need_of_a_reader_are_coded(written: Written) -> None:
    coded = [
        (meaning(item), item.ConceptCodeSequence[0].CodeMeaning)
        for item in items(written["measurements_sr"])
        if item.ValueType == "CODE"
    ]
    # Of a doubtful scan no grade stands alone.
    assert "Brain amyloid plaque load (BAPL)" not in dict(coded)
    assert ("Amyloid, positive or negative", "Positive") in coded
    assert ("Side of the mark", "Cannot tell") in coded
    likely = [value for name, value in coded if name.startswith("Likely BAPL")]
    assert likely == ["BAPL 2", "BAPL 3"]
    assert ("Need of a reader", "Needs a reader") in coded
    assert ("Observer Type", "Device") in coded
    assert coded.count(("Reference region", "Cerebellum")) == len(NAMES) + 1


def test_reasons_warnings_and_the_use_for_research_alone_are_said(written: Written) -> None:
    report = written["measurements_sr"]
    said = {item.TextValue for item in items(report) if item.ValueType == "TEXT"}
    assert {*RESULT.reasons, *map(str, RESULT.warnings), "Tracer: 18FFBB"} <= said
    assert any("not for clinical use" in text for text in said)
    assert {RESULT.model["name"], RESULT.model["version"]} <= said
    assert f"SHA-256 of the weights: {RESULT.model['sha256']}" in said
    assert report.ContentQualification == "RESEARCH" and report.VerificationFlag == "UNVERIFIED"


def test_highdicom_finds_each_region_by_its_site_and_side(written: Written) -> None:
    report: Any = srread(written.folder / "measurements_sr.dcm").content
    left_frontal = [
        group
        for group in report.get_volumetric_roi_measurement_groups()
        if any(
            (site.value.meaning, getattr(site.laterality, "meaning", None))
            == ("Frontal lobe", "Left")
            for site in group.finding_sites
        )
    ]
    assert len(left_frontal) == 1
    (measured,) = left_frontal[0].get_measurements(name=concepts.SUVR)
    assert measured.value == pytest.approx(RESULT.suvr["frontal_left"], abs=6e-5)
    assert measured.unit.value == "{ratio}"
    # The segment of the same region, which lies in the object beside it.
    referred = left_frontal[0].referenced_segment
    segments = segread(written.folder / "regions_seg.dcm")
    assert referred.referenced_sop_instance_uid == segments.SOPInstanceUID
    segment = segments.get_segment_description(referred.referenced_segment_numbers[0])
    assert segment.tracking_id == left_frontal[0].tracking_identifier == "frontal_left"
    assert segment.tracking_uid == left_frontal[0].tracking_uid


def test_every_source_image_is_evidence_and_in_the_image_library(written: Written) -> None:
    report = written["measurements_sr"]
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    series, segments = sorted(
        study.ReferencedSeriesSequence, key=lambda one: -len(one.ReferencedSOPSequence)
    )
    assert segments.SeriesInstanceUID == written["regions_seg"].SeriesInstanceUID
    sources = {image.SOPInstanceUID for image in written.source}
    assert (study.StudyInstanceUID, series.SeriesInstanceUID) == (
        written.source[0].StudyInstanceUID,
        written.source[0].SeriesInstanceUID,
    )
    evidence = [item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence]
    library = [
        item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for item in items(report)
        if item.ValueType == "IMAGE" and meaning(item) != "Referenced Segment"
    ]
    assert sorted(evidence) == sorted(library) == sorted(sources)


def test_dcmtk_reads_the_report(written: Written) -> None:
    file = written.folder / "measurements_sr.dcm"
    done = run_program("dcmtk", "dsrdump", "+Pl", "+U8", file)
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if line.startswith("E:")]
    assert '"Centiloid")="31.2346"' in done.stdout
    assert '"Brain amyloid plaque load (BAPL)")' not in done.stdout
    assert '=(BAPL_3,99MONAIAMYLOID,"BAPL 3")' in done.stdout


def test_the_report_obeys_its_definition(written: Written) -> None:
    assert errors_of_iod(written.folder / "measurements_sr.dcm") == []


def test_a_number_that_a_scan_does_not_allow_is_left_out(written: Written, tmp_path: Path) -> None:
    odd = replace(RESULT, suvr={"cortex": 1.5, "frontal": float("nan")}, z_scores=None)
    other = written.again(tmp_path, odd)
    found = numbers(other["measurements_sr"])
    assert [key for key in found if key[1].startswith("Stand")] == [
        ("cortex", "Standardized uptake value ratio")
    ]
