"""What a person sees at the command line."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

MODULE = [sys.executable, "-c", "from monai_amyloid.cli import main; main()"]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MODULE, *map(str, arguments)], capture_output=True, text=True, check=False
    )


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
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        seconds.append(time.perf_counter() - start)
        assert done.stdout.strip().endswith("[]") and "infer" in done.stdout
    # The best of three: a busy machine may be slow, a heavy import always is.
    assert min(seconds) < 0.5


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["prepare", "nowhere"], "monai-amyloid simulate"),
        (["export", "nowhere"], "run training"),
        (["infer", "x", "--bundle", "nowhere", "--output", "x"], "monai-amyloid export"),
        (["evaluate", "nowhere"], "no "),
    ],
)
def test_a_mistake_is_one_line_and_status_1(arguments: list[str], needed: str) -> None:
    done = run(*arguments)
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("Error: ") and needed in lines[0]


def test_wrong_usage_is_status_2() -> None:
    assert run("infer").returncode == 2
    assert run("simulate", "x", "--as", "jpeg").returncode == 2
    done = run("infer", "x", "--output", "y", "--tracer", "FDG")
    assert done.returncode == 2 and "18FFBB" in done.stderr


def test_infer_says_each_result_and_fails_when_one_is_refused(
    bundle: Path, studies: Path, tmp_path: Path
) -> None:
    (tmp_path / "빈 폴더").mkdir()
    done = run("infer", studies / "sub-0001", tmp_path / "빈 폴더",
               "--bundle", bundle, "--output", tmp_path / "결과 results")  # fmt: skip
    assert done.returncode == 1
    assert "sub-0001: BAPL" in done.stdout and "1 of 2 studies" in done.stdout
    assert "빈 폴더: refused: " in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert (tmp_path / "결과 results" / "sub-0001" / "result.json").is_file()


def test_infer_succeeds_when_nothing_is_refused(
    bundle: Path, studies: Path, tmp_path: Path
) -> None:
    done = run("infer", studies / "sub-0002", "--bundle", bundle, "--output", tmp_path / "r")
    assert (done.returncode, done.stderr) == (0, "")
