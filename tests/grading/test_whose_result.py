"""No study is given another's result, whatever its files are called; what is graded is a stand-in.

The stand-in reads the study's bytes and writes them as the result's Centiloid, in place of the
network: names, ledger, resume, lock and tables are the program's.
"""

import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from monai_amyloid.bundle.files import DECIDING, METADATA
from monai_amyloid.checksum import sha256
from monai_amyloid.errors import UserError
from monai_amyloid.grading import run, worker
from monai_amyloid.grading.grader import Graded
from monai_amyloid.grading.listing import NamedStudy
from monai_amyloid.grading.many.kept import KeptResult
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.grading.task import GradingSettings, Task
from monai_amyloid.pet.files.fingerprint import fingerprint
from monai_amyloid.result.result import Result, read_result, write_result

PLAIN = OutputOptions(report=False)
TIME = 1_600_000_000


def of_content(task: Task, settings: GradingSettings) -> KeptResult:
    files = sorted(file for file in task.study.rglob("*") if file.is_file())
    content = zlib.crc32(b"".join(file.read_bytes() for file in files))
    result = Result(name=task.name, status="graded", centiloid=content % 1000 / 10,
                    made_from=task.made_from)  # fmt: skip
    write_result(result, settings.output / task.name)
    return KeptResult.of(result)


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As much of a bundle as naming looks at."""
    monkeypatch.setattr(run, "_grade", of_content)
    bundle, stated = tmp_path / "bundle", {}
    for name in {*DECIDING} - {METADATA}:
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_text("{}")
        stated[name] = sha256("{}")
    metadata = {"name": "x", "version": "1", "sha256": stated}
    (bundle / METADATA).write_text(json.dumps(metadata))
    return bundle


def study(path: Path, who: bytes) -> Path:
    """A study of equal names, sizes and times, whoever it is of."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "IM0001").write_bytes(who * 200)
    os.utime(path / "IM0001", (TIME, TIME))
    return path


def graded(bundle: Path, output: Path, *studies: Path, key: Path | None = None) -> dict[str, float]:
    results = grade_studies(bundle, studies, output, options=PLAIN, key=key)
    return {each.name: each.centiloid for each in results}


def test_an_inbox_that_is_refilled_with_equal_files_is_graded_anew(
    bundle: Path, tmp_path: Path
) -> None:
    inbox, output, key = tmp_path / "inbox" / "PT", tmp_path / "out", tmp_path / "key.tsv"
    first = graded(bundle, output, study(inbox, b"A"), key=key)
    second = graded(bundle, output, study(inbox, b"B"), key=key)
    assert [*first, *second] == ["PT", "PT-2"] and first["PT"] != second["PT-2"]
    assert read_result(output / "PT").centiloid == first["PT"]
    assert graded(bundle, output, study(inbox, b"A")) == first
    assert pd.read_csv(key, sep="\t")["study"].tolist() == ["PT", "PT-2"]


def test_results_of_other_studies_in_the_folder_stay_in_its_table(
    bundle: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    graded(bundle, output, study(tmp_path / "a" / "PT", b"A"), study(tmp_path / "MR", b"M"))
    assert "run" not in pd.read_csv(output / "results.csv")
    graded(bundle, output, study(tmp_path / "b" / "PT", b"B"))
    table = pd.read_csv(output / "results.csv")
    assert table["study"].tolist() == ["PT-2", "MR", "PT"]
    assert table["run"].tolist() == ["this", "earlier", "earlier"]
    assert [each["study"] for each in json.loads((output / "run.json").read_text())["studies"]] == [
        "PT-2"
    ]


def test_a_key_is_added_to_and_nothing_else_is_taken_for_one(bundle: Path, tmp_path: Path) -> None:
    one, key = study(tmp_path / "PT", b"A"), tmp_path / "key.tsv"
    for output in ("monday", "tuesday", "monday"):
        graded(bundle, tmp_path / output, one, key=key)
    found = pd.read_csv(key, sep="\t")
    assert [Path(each).name for each in found["results"]] == ["tuesday", "monday"]
    key.write_text("patient\tgrade\n1\t3\n")
    with pytest.raises(UserError, match="no key of an earlier run"):
        graded(bundle, tmp_path / "wednesday", one, key=key)
    assert not (tmp_path / "wednesday" / "PT").exists() and "grade" in key.read_text()


@pytest.mark.parametrize("when", ["version", "source", "option"])
def test_a_result_is_repeated_where_what_made_it_changed(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    output, one, options = tmp_path / "out", study(tmp_path / "PT", b"A"), PLAIN
    graded(bundle, output, one)
    if when == "version":
        metadata = bundle / "configs" / "metadata.json"
        metadata.write_text(metadata.read_text().replace('"1"', '"2"'))
    elif when == "source":
        monkeypatch.setattr("monai_amyloid.grading.names.source_checksum", lambda: "other code")
    else:
        options = OutputOptions(report=False, language="ko")
    before = (output / "PT" / "result.json").stat().st_ino
    [result] = grade_studies(bundle, [one], output, options=options)
    assert result.name == "PT" and (output / "PT" / "result.json").stat().st_ino != before


def test_results_written_into_the_study_itself_are_no_change_of_it(
    bundle: Path, tmp_path: Path
) -> None:
    one = study(tmp_path / "PT", b"A")
    assert [*graded(bundle, one / "results", one)] == ["PT"]
    graded(bundle, one / "results", one)
    record = json.loads((one / "results" / "run.json").read_text(encoding="utf-8"))
    assert record["finished_before"] == 1


def test_two_images_of_one_study_are_two_results(bundle: Path, tmp_path: Path) -> None:
    one, output = study(tmp_path / "PT", b"A"), tmp_path / "out"
    both = [NamedStudy(one, series="first"), NamedStudy(one, series="second")]
    named = grade_studies(bundle, both, output, options=PLAIN)
    assert [each.name for each in named] == ["PT", "PT-2"]
    [again] = grade_studies(bundle, both[1:], output, options=PLAIN)
    assert again == named[1]


def test_results_around_the_studies_are_no_mix_and_among_their_files_are_refused(
    bundle: Path, tmp_path: Path
) -> None:
    first = graded(
        bundle, tmp_path, study(tmp_path / "PT", b"A"), study(tmp_path / "b" / "X", b"B")
    )
    assert [*first] == ["PT-2", "X"] and first["X"] != first["PT-2"]
    assert not (tmp_path / "PT" / "result.json").exists()
    assert graded(bundle, tmp_path, study(tmp_path / "b" / "X", b"C")).keys() == {"X-2"}
    with pytest.raises(UserError, match="is the study itself"):
        graded(bundle, tmp_path / "PT", tmp_path / "PT")
    assert [each.name for each in (tmp_path / "PT").iterdir()] == ["IM0001"]


class Replaced:
    """A grader under whose hands the study's files are replaced."""

    def __init__(self, replace: Callable[[], object]) -> None:
        self.replace, self.model = replace, dict[str, str]()

    def grade(self, *_: object, **__: object) -> Graded:
        self.replace()
        return Graded(Result(name="", status="graded", centiloid=50.0))


def test_a_study_whose_files_are_replaced_while_it_is_read_is_refused(tmp_path: Path) -> None:
    one = study(tmp_path / "PT", b"A")
    scan = fingerprint(one)
    task = Task(study=one, name="PT", identity=None, tracer=None, series=None,
                tracer_is_really=False, content=scan, made_from={"scan": scan})  # fmt: skip
    kept = worker.graded_or_failed(task, Replaced(lambda: study(one, b"A"))).result
    assert kept.status == "graded" and kept.made_from == task.made_from
    changed = worker.graded_or_failed(task, Replaced(lambda: study(one, b"B"))).result
    assert changed.status == "refused" and changed.made_from == {}
    assert "files changed while it was read" in changed.reasons[0]
