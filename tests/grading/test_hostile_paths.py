"""Paths that nobody should meet: each costs its study alone, with its reason in the table."""

import errno
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.grading import worker
from monai_amyloid.grading.grader import Graded
from monai_amyloid.grading.listing import list_named
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.grading.task import GradingSettings, Task
from monai_amyloid.pet.study import read_study
from monai_amyloid.result.result import Result

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names of bytes, pipes, devices")

# "홍길동" as Korean Windows writes it into a zip.
UNDECODABLE = os.fsdecode("홍길동".encode("cp949"))


@pytest.fixture(autouse=True)
def reading_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A grader that reads a study and no more."""

    def grade(study: Path, tracer: str | None, *_: object, **__: object) -> Graded:
        try:
            read_study(study, tracer=tracer)
        except StudyRefused as refused:
            return Graded(Result(name="x", status="refused", findings=refused.findings))
        return Graded(Result(name="x", status="graded", grade=1))

    grader = SimpleNamespace(grade=grade, model={})
    monkeypatch.setattr(worker, "loaded_grader", lambda *_: grader)


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_folder_of(*make: Callable[[Path], object]) -> Callable[[Path], None]:
    def made(path: Path) -> None:
        path.mkdir()
        for number, each in enumerate(make):
            each(path / f"{number}.dcm")

    return made


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    UNDECODABLE: (make_folder_of(lambda file: file.write_bytes(b"scan")), "files found: 1"),
    f"{UNDECODABLE}.zip": (lambda path: path.write_bytes(b"PK\3\4"), "broken or truncated zip"),
    "pipe": (make_fifo, "neither a file nor a folder"),
    "pipe.nii.gz": (make_fifo, "neither a file nor a folder"),
    "pipe.zip": (make_fifo, "neither a file nor a folder"),
    "device.nii": (lambda path: path.symlink_to("/dev/zero"), "neither a file nor a folder"),
    "folder of pipes": (make_folder_of(make_fifo, make_fifo), "the folder is empty"),
    "folder of devices": (make_folder_of(lambda f: f.symlink_to("/dev/zero")), "is empty"),
    "link to nothing": (lambda path: path.symlink_to("nothing"), "no such file or folder"),
    "link to itself": (lambda path: path.symlink_to(path), "no such file or folder"),
    "plain": (make_folder_of(), "the folder is empty"),
}


@pytest.mark.slow
def test_each_costs_itself_alone_and_has_its_reason_in_the_table(
    bundle: Path, tmp_path: Path
) -> None:
    place, output = tmp_path / "in", tmp_path / "out"
    place.mkdir()
    for name, (make, _) in HOSTILE.items():
        make(place / name)
    names = [*HOSTILE, "gone", "x" * 300, "zero\0byte"]
    studies = [place / name for name in names]
    results = grade_studies(bundle, studies, output, options=OutputOptions(report=False))
    assert [result.status for result in results] == ["refused"] * len(names)
    reasons = pd.read_csv(output / "results.csv")["reasons"].tolist()
    expected = [reason for _, reason in HOSTILE.values()]
    expected += ["no such file or folder", "File name too long", "no such file or folder"]
    wrong = [(part, text) for part, text in zip(expected, reasons, strict=True) if part not in text]
    assert wrong == []
    assert json.loads((output / "run.json").read_text())["counts"] == {"refused": len(names)}


@pytest.mark.slow
def test_a_name_that_is_no_text_is_a_number_unless_names_are_kept(
    bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / UNDECODABLE).mkdir()
    for identify in (False, True):
        output, options = tmp_path / "out", OutputOptions(report=False, identify=identify)
        [result] = grade_studies(bundle, [tmp_path / UNDECODABLE], output, options=options)
        assert (result.name == "study-0001") != identify
        (output / "results.csv").read_text(encoding="utf-8")


def denied(path: Path) -> Callable[..., object]:
    """As the system answers who may not look into a folder; root may."""

    def refuse(self: object = ".", *arguments: object, **options: object) -> object:
        if str(self).startswith(str(path)):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return original(self, *arguments, **options)

    original = os.scandir
    return refuse


@pytest.mark.slow
def test_a_folder_that_nobody_may_look_into_costs_itself_alone(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("closed", "open"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(os, "scandir", denied(tmp_path / "closed"))
    named = list_named([tmp_path / "closed", tmp_path / "open"])
    options = OutputOptions(report=False)
    closed, opened = grade_studies(bundle, named, tmp_path / "out", options=options)
    assert "cannot be read (Permission denied)" in closed.reasons[0]
    assert "the folder is empty" in opened.reasons[0]


def failing_at(name: str, number: int) -> Callable[..., Result]:
    """As the system answers where the results of one study are written."""
    write = worker._write

    def fail(graded: Graded, task: Task, settings: GradingSettings) -> Result:
        if task.name == name:
            raise OSError(number, os.strerror(number), "result.json")
        return write(graded, task, settings)

    return fail


@pytest.mark.slow
@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOTDIR, errno.ENAMETOOLONG])
def test_results_that_cannot_be_written_cost_their_study_alone(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(worker, "_write", failing_at("sub-2", number))
    studies = [tmp_path / name for name in ("sub-1", "sub-2", "sub-3")]
    grade_studies(bundle, studies, tmp_path / "out", options=OutputOptions(report=False))
    reasons = pd.read_csv(tmp_path / "out" / "results.csv")["reasons"].tolist()
    assert reasons[1].startswith(f"its results cannot be written ({os.strerror(number)})")
    assert "no such file or folder" in reasons[0] and "no such file or folder" in reasons[2]


@pytest.mark.slow
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_ends_the_run_and_the_table_is_of_what_was_finished(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    studies = [tmp_path / name for name in ("sub-1", "sub-2", "sub-3")]
    with monkeypatch.context() as patch, pytest.raises(OSError, match=os.strerror(number)):
        patch.setattr(worker, "_write", failing_at("sub-2", number))
        grade_studies(bundle, studies, tmp_path / "out", options=OutputOptions(report=False))
    assert pd.read_csv(tmp_path / "out" / "results.csv")["study"].tolist() == ["sub-1"]
    assert json.loads((tmp_path / "out" / "run.json").read_text())["unfinished"] == 2
    again = grade_studies(bundle, studies, tmp_path / "out", options=OutputOptions(report=False))
    assert len(again) == 3 and len(pd.read_csv(tmp_path / "out" / "results.csv")) == 3
