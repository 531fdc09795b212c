"""What a person sees at the command line."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import program as run
from commands import programs

from monai_amyloid.grading.many.kept import GradedStudies, KeptResult
from monai_amyloid.grading.many.looks import LookTimes
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.result.result import Result
from monai_amyloid.result.same_scan import SameScans


@pytest.mark.slow
def test_help_loads_no_heavy_library_and_is_fast() -> None:
    code = (
        "import sys; sys.argv = ['monai-amyloid', '--help']\n"
        "from monai_amyloid.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch', 'monai', 'numpy', 'SimpleITK') if m in sys.modules])"
    )
    seconds = []
    for _ in range(3):
        before = os.times()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        after = os.times()
        own = after.children_user - before.children_user
        seconds.append(own + after.children_system - before.children_system)
        assert done.stdout.strip().endswith("[]") and "infer" in done.stdout
    # The best of three, of a processor: a busy machine may be slow, a heavy import always is.
    assert min(seconds) < 0.5


# What is wrong with a command, and what its one line says.
MISTAKES = (
    (["prepare", "nowhere"], "monai-amyloid simulate"),
    (["export", "nowhere"], "run training"),
    (["infer", "x", "--bundle", "nowhere", "--output", "x"], "monai-amyloid export"),
    (["infer", "docs", "nowhere", "there", "--output", "x"], "nowhere, there; pass studies"),
    (["explore", "nowhere", "--output", "x"], "nowhere"),
    (["crossval", "--output-dir", "x", "--dataset-dir", "nowhere"], "nowhere"),
    (["verify", "nowhere"], "nowhere"),
    (["evaluate", "nowhere"], "no "),
    (["harmonize", "nowhere", "--output", "x"], "no dataset at nowhere"),
    (["follow", "nowhere", "--output", "x"], "no such file or folder: nowhere"),
    (["bids", "docs", "x", "participant"], "add --skip-bids-validation"),
    (["bids", "docs", "x", "participant", "--skip-bids-validation"], "no PET in sub-"),
)
IMPOSSIBLE = (
    (["infer", "docs", "--bundle", "docs", "--output", "x"], "needed a trained bundle"),
    (["simulate", "README.md/x", "--participants", "1"], "cannot write here"),
    (["export", "docs", "--output", "README.md/x"], "cannot write here"),
    (["crossval", "--output-dir", "README.md/x"], "cannot write here"),
)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> list[subprocess.CompletedProcess[str]]:
    """All of them, of which none does any work: in one process."""
    place = str(tmp_path_factory.mktemp("x") / "x")
    return programs(
        *([place if word == "x" else word for word in typed] for typed, _ in MISTAKES + IMPOSSIBLE)
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(MISTAKES)), ids=[" ".join(m[0]) for m in MISTAKES])
def test_a_mistake_is_one_line_and_status_2(ended: list[Any], number: int) -> None:
    done, needed = ended[number], MISTAKES[number][1]
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("Error: ") and needed in lines[0]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(IMPOSSIBLE)), ids=[" ".join(m[0]) for m in IMPOSSIBLE])
def test_what_cannot_be_done_is_one_line_and_status_3(ended: list[Any], number: int) -> None:
    done, needed = ended[len(MISTAKES) + number], IMPOSSIBLE[number][1]
    assert done.returncode == 3, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("Error: ") and needed in lines[0]


@pytest.mark.slow
def test_wrong_usage_is_status_2(tmp_path: Path) -> None:
    both = ["--tracer", "neuraceq", "--tracer-is-really", "florbetapir"]
    *plain, unknown, contradicting = programs(
        ["infer"],
        ["simulate", "x", "--as", "jpeg"],
        ["infer", "x", "--output", "y", "--tracer", "FDG"],
        ["infer", str(tmp_path), "--output", "y", *both],
    )
    assert [done.returncode for done in (*plain, unknown, contradicting)] == [2] * 4
    assert "18FFBB" in unknown.stderr
    assert "18FAV45 is not the 18FFBB of --tracer" in contradicting.stderr


@pytest.mark.slow
def test_infer_says_each_result_and_fails_when_one_is_refused(
    bundle: Path, studies: Path, tmp_path: Path
) -> None:
    (tmp_path / "빈 폴더").mkdir()
    done = run("infer", studies / "sub-0001", tmp_path / "빈 폴더",
               "--bundle", bundle, "--output", tmp_path / "결과 results")  # fmt: skip
    assert done.returncode == 1
    assert "sub-0001: needs a reader: " in done.stdout and "1 of 2 studies" in done.stdout
    assert done.stderr.splitlines() == [
        "Reading 2 studies, then loading the classifier",
        "Grading 1 of 2: sub-0001",
        "Grading 2 of 2: 빈 폴더",
        "빈 폴더: refused: the folder is empty, needed one PET series or NIfTI file",
    ]
    assert (tmp_path / "결과 results" / "sub-0001" / "result.json").is_file()


@pytest.mark.slow
def test_infer_succeeds_when_nothing_is_refused(
    bundle: Path, studies: Path, tmp_path: Path
) -> None:
    where = ["--bundle", bundle, "--output", tmp_path / "r", "--no-report"]
    done = run("infer", studies / "sub-0002", *where)
    assert done.returncode == 0 and len(done.stderr.splitlines()) == 2


@pytest.mark.slow
def test_infer_hides_names_that_tell_who_was_scanned_and_lists_them_apart(
    bundle: Path, studies: Path, tmp_path: Path
) -> None:
    clinic = tmp_path / "clinic"
    for number, study in enumerate(("sub-0001", "sub-0002")):
        shutil.copytree(studies / study, clinic / f"0077120{number}_홍길동")
    arguments: list[str | Path] = [
        "infer",
        clinic,
        "--bundle",
        bundle,
        "--output",
        tmp_path / "r",
        "--no-report",
    ]
    done = run(*arguments, "--key", tmp_path / "key.tsv")
    assert done.returncode == 0 and "study-0001: needs a reader: " in done.stdout
    assert "2 named by number" in done.stderr and "0077120" not in done.stdout + done.stderr
    key = (tmp_path / "key.tsv").read_text(encoding="utf-8").splitlines()
    assert key[1].split("\t")[::2] == ["study-0001", str(tmp_path / "r")]
    assert key[1].split("\t")[1].endswith("00771200_홍길동")
    done = run(*arguments, "--identify")
    assert "00771201_홍길동: needs a reader: " in done.stdout


def test_a_blind_run_prints_no_grade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from monai_amyloid.cli import app
    from monai_amyloid.grading import run as grading

    result = Result(name="sub-01", status="graded", grade=3, probabilities={3: 0.97})
    seen = []

    def grade(*_: object, options: OutputOptions, finished: Any, **__: object) -> GradedStudies:
        seen.append(options.blind)
        finished(result)
        return GradedStudies([KeptResult.of(result)], tmp_path / "r", SameScans(()), LookTimes())

    monkeypatch.setattr(grading, "grade_studies", grade)
    (tmp_path / "scan.nii.gz").touch()
    command = ["infer", str(tmp_path / "scan.nii.gz"), "--output", str(tmp_path / "r")]
    blind = CliRunner().invoke(app, [*command, "--blind"])
    assert blind.exit_code == 0 and seen == [True]
    assert "sub-01: done" in blind.output and "report.html" in blind.output
    assert "BAPL" not in blind.output and "97" not in blind.output
    assert "BAPL 3" in CliRunner().invoke(app, command).output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "status", "why"),
    [
        (["--dicom"], 2, "--identify"),
        (["--language", "fr"], 2, "none of en, ko"),
        (["--key", "r/key.tsv"], 2, "choose a --key outside"),
        (["--blind", "--no-report"], 2, "leave --no-report out"),
    ],
)
def test_infer_says_before_any_work_what_does_not_go_together(
    studies: Path, tmp_path: Path, options: list[str], status: int, why: str
) -> None:
    done = run("infer", studies / "sub-0001", "--output", "r", *options, folder=tmp_path)
    assert done.returncode == status and why in done.stderr
    assert not (tmp_path / "r" / "sub-0001").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="names of bytes")
def test_a_name_that_is_no_text_is_printed_and_written_escaped(
    bundle: Path, tmp_path: Path
) -> None:
    study = tmp_path / os.fsdecode("홍길동.zip".encode("cp949"))
    study.write_bytes(b"PK\3\4")
    options = ["--bundle", bundle, "--output", tmp_path / "r", "--key", tmp_path / "key.tsv"]
    done = run("infer", study, *options, "--no-report")
    assert done.returncode == 1 and "study-0001: refused: " in done.stderr
    assert "Traceback" not in done.stderr and "broken or truncated zip" in done.stderr
    assert "\\udcb1" in (tmp_path / "key.tsv").read_text(encoding="utf-8")
    done = run("infer", study, "--output", "x", "--bundle", study)
    assert done.returncode == 2 and "\\udcb1" in done.stderr
