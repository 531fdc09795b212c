"""Many studies: resumed, never stopped by one, and the same as one by one."""

import csv
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from commands import forked_workers

import monai_amyloid
from monai_amyloid.errors import UserError
from monai_amyloid.grading.grader import Grader
from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.result.result import Result, read_result

from .crashing import crash_or_refuse

pytestmark = pytest.mark.slow

PLAIN = OutputOptions(report=False)


@pytest.fixture(scope="module")
def named(studies: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A good study, one that is refused, and another good one."""
    empty = tmp_path_factory.mktemp("clinic") / "empty"
    empty.mkdir()
    return [studies / "sub-0001", empty, studies / "sub-0002"]


@pytest.fixture(scope="module")
def run(bundle: Path, named: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over them in two processes."""
    output = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch, forked_workers():
        patch.setattr("monai_amyloid.grading.run._LEAST_FOR_PROCESSES", 2)
        grade_studies(bundle, named, output, device="cpu", options=PLAIN, workers=2)
    return output


def again(
    bundle: Path, named: list[Path], output: Path, options: OutputOptions = PLAIN
) -> list[bool]:
    """Which studies a further run did not repeat."""
    grade_studies(bundle, named, output, device="cpu", options=options)
    record = json.loads((output / "run.json").read_text(encoding="utf-8"))
    return [each["finished_before"] for each in record["studies"]]


def test_processes_say_what_one_process_says(
    bundle: Path, named: list[Path], run: Path, tmp_path: Path
) -> None:
    grade_studies(bundle, named, tmp_path, device="cpu", options=PLAIN)
    assert (tmp_path / "results.csv").read_bytes() == (run / "results.csv").read_bytes()


def test_a_study_in_python_is_what_the_command_writes(
    bundle: Path, named: list[Path], run: Path
) -> None:
    result = monai_amyloid.grade(named[0], bundle=bundle, device="cpu")
    written = read_result(run / "sub-0001")
    assert isinstance(result, Result) and written is not None
    said, expected = asdict(result), asdict(written)
    assert said.pop("seconds").keys() == expected.pop("seconds").keys()
    assert said == expected


def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_table(
    bundle: Path, named: list[Path], run: Path, tmp_path: Path
) -> None:
    output = shutil.copytree(run, tmp_path / "run")
    expected = (output / "results.csv").read_bytes()
    for name in ("results.csv", "run.json"):  # written last
        (output / name).unlink()
    (output / "sub-0002" / "result.json").write_text('{"schema": "monai-amyloid-re')
    # An empty folder has no content by which it could be known.
    assert again(bundle, named, output) == [True, False, False]
    assert (output / "results.csv").read_bytes() == expected


def test_a_study_is_repeated_when_its_files_or_the_wish_change(
    bundle: Path, named: list[Path], run: Path, studies: Path, tmp_path: Path
) -> None:
    output = shutil.copytree(run, tmp_path / "run")
    study = shutil.copytree(studies / "sub-0001", tmp_path / "sub-0001")
    moved = [study, *named[1:]]
    next(study.iterdir()).touch()
    assert again(bundle, moved, output) == [True, False, True]  # the same files elsewhere, later
    other = OutputOptions(report=False, identify=True)
    assert again(bundle, moved[2:], output, other) == [False]
    first = sorted(study.iterdir())[0]
    before, times = first.read_bytes(), first.stat()
    first.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    os.utime(first, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert again(bundle, moved[:1], output) == [False]


def test_a_study_that_a_full_disk_had_refused_is_tried_again(
    bundle: Path, named: list[Path], run: Path, tmp_path: Path
) -> None:
    output = shutil.copytree(run, tmp_path / "run")
    file = output / "sub-0002" / "result.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    full = {"code": "disk_full", "level": "refusal", "values": {}, "text": "the disk is full"}
    file.write_text(json.dumps({**content, "status": "refused", "findings": [full]}))
    assert again(bundle, named, output) == [True, False, False]


def test_a_study_is_repeated_when_the_model_changes(
    bundle: Path, named: list[Path], run: Path, tmp_path: Path
) -> None:
    output = shutil.copytree(run, tmp_path / "run")
    copy = shutil.copytree(bundle, tmp_path / "bundle")
    metadata = json.loads((copy / "configs" / "metadata.json").read_text(encoding="utf-8"))
    metadata["version"] = "9.9.9"
    (copy / "configs" / "metadata.json").write_text(json.dumps(metadata))
    assert again(copy, named[2:], output) == [False]
    assert json.loads((output / "run.json").read_text())["model"]["version"] == "9.9.9"


def test_an_error_that_nobody_foresaw_is_a_reason_and_the_rest_goes_on(
    bundle: Path, named: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Grader, "grade", fail)
    results = grade_studies(bundle, named[:2], tmp_path, device="cpu", options=PLAIN)
    assert [result.status for result in results] == ["refused"] * 2
    assert "could not be graded (RuntimeError: a …)" in results[0].reasons[0]


def test_a_study_whose_process_crashes_is_refused_and_the_rest_goes_on(
    bundle: Path, named: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monai_amyloid.grading.run._LEAST_FOR_PROCESSES", 2)
    monkeypatch.setattr("monai_amyloid.grading.run.grade_there", crash_or_refuse)
    with forked_workers():
        results = grade_studies(bundle, named, tmp_path, options=PLAIN, workers=2)
    assert [result.made_from for result in results[:2]] == [{}, {}]
    assert results[2] == read_result(tmp_path / "sub-0002")
    assert "ended without a word (signal SIGABRT)" in results[2].reasons[0]
    assert "clinic" not in (tmp_path / "results.csv").read_text(encoding="utf-8")


def test_the_record_of_a_run_holds_versions_checksums_and_times(run: Path) -> None:
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert record["schema"] == "monai-amyloid-run/1" and record["counts"]["refused"] == 1
    assert {"python", "torch", "monai", "monai-amyloid"} <= record["versions"].keys()
    assert len(record["model"]["sha256"]["models/model.pt"]) == 64
    assert [len(each["scan"]) for each in record["studies"]] == [64, 0, 64]
    assert all(each["seconds"] >= 0 for each in record["studies"])
    assert "clinic" not in (run / "run.json").read_text(encoding="utf-8")


def test_dicom_without_identity_is_refused_before_any_work() -> None:
    with pytest.raises(UserError, match="add --identify"):
        OutputOptions(dicom=True)


def test_the_same_scan_twice_and_the_site_of_a_list_stand_in_table_and_summary(
    bundle: Path, studies: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(studies / "sub-0001", tmp_path / "again")
    named = [
        NamedStudy(studies / "sub-0001", site="Our hospital"),
        NamedStudy(copy, site="Another"),
        NamedStudy(tmp_path / "gone"),
    ]
    output = tmp_path / "out"
    results = grade_studies(bundle, named, output, device="cpu", options=PLAIN)
    warning = results.same.warning_of(results.kept[1].scan)
    assert str(warning).startswith("sub-0001 and again are the same scan")
    assert [warning in each.findings for each in results] == [True, True, False]
    table = list(csv.DictReader((output / "results.csv").open(encoding="utf-8-sig")))
    assert [row["site"] for row in table] == ["site-1", "site-2", ""]
    assert ["same scan" in row["warnings"] for row in table] == [True, True, False]
    alone = read_result(output / "again")
    assert alone is not None and warning not in alone.findings and "site" not in alone.study
