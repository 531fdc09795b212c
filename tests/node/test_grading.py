"""The usual grader is asked for what the config says, and finds what its objects replace."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.fuzz.small_studies import image, study, write
from monai_amyloid.findings.finding import doubt, note
from monai_amyloid.node.grading_job import Job, grade_job
from monai_amyloid.node.settings import Grading
from monai_amyloid.result.result import Result


def grade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: Path | None) -> Any:
    """What the node makes of a result of grading, and what grading was asked for."""
    asked: dict[str, Any] = {}

    def grade_studies(bundle: Path, studies: Any, output: Path, **options: Any) -> list[Result]:
        asked.update(options, study=studies[0])
        asked["before"] = sorted(path.name for path in output.glob("*/dicom/*"))
        name = f"{studies[0].path.name}-2"
        write([image("a", "result", 1)], output / name / "dicom")
        said = doubt("unsure", "several grades are likely of {name}", name="HONG^GILDONG")
        findings = (said, note("n", "a note"))
        return [Result(name=name, status="needs_reader", findings=findings, grade=2,
                       centiloid=30.0, study={"tracer": "18FFBB"})]  # fmt: skip

    monkeypatch.setattr("monai_amyloid.grading.run.grade_studies", grade_studies)
    images = tmp_path / "studies" / "study-000001"
    write(study("a"), images)
    job = Job(images=images, data=tmp_path, output=Path("results/1-1"), earlier=earlier,
              series="AC", tracer="18FFBB")  # fmt: skip
    return grade_job(job, Grading(language="ko"), dicom=True), asked


def test_a_result_is_what_grading_says_with_its_objects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, asked = grade(tmp_path, monkeypatch, None)
    assert (asked["study"].series, asked["study"].tracer) == ("AC", "18FFBB")
    assert asked["options"].dicom and asked["options"].identify
    assert asked["options"].language == "ko" and not asked["before"]
    assert (made.graded.status, made.graded.grade, made.tracer) == ("needs_reader", 2, "18FFBB")
    [reason] = made.graded.reason
    assert reason.code == "unsure" and "HONG" not in str(reason)  # people need not know who
    [one] = made.graded.objects
    assert (tmp_path / one.file).is_file() and one.series_uid


def test_grading_finds_the_objects_that_are_replaced_and_nothing_of_them_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write([image("a", "earlier", 1)], tmp_path / "results" / "0-1" / "study" / "dicom")
    _, asked = grade(tmp_path, monkeypatch, Path("results/0-1/study"))
    assert len(asked["before"]) == 1
    assert [path.name for path in (tmp_path / "results" / "1-1").iterdir()] == ["study-000001-2"]
