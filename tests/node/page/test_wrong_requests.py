"""A short turn of the fuzzer; `python -m benchmarks.fuzz.node_page` is the long one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.elsewhere
def test_wrong_requests_let_nobody_in_and_break_nothing(tmp_path: Path) -> None:
    run = [sys.executable, "-m", "benchmarks.fuzz.node_page", "--requests", "400", "--seed", "7"]
    figures = {"MONAI_AMYLOID_FIGURES": str(tmp_path / "figures.tsv")}
    done = subprocess.run(
        run,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, **figures},
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and "0 wrong, 0 errors in the log" in done.stdout
