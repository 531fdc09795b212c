"""A process that begins before it is known what it does."""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from monai_amyloid.work.local_engine import LocalEngine, begin_early

ROOT = Path(__file__).resolve().parents[2]
LOADED: list[int] = []


def load() -> None:
    LOADED.append(os.getpid())


def fail() -> None:
    raise ValueError("what it needs is not there")


def loaded_and_own(_: int) -> tuple[list[int], int]:
    return LOADED, os.getpid()


@pytest.mark.slow
def test_the_first_process_has_loaded_what_it_needs() -> None:
    begin_early(load)
    [(_, (loaded, own))] = LocalEngine(1).each(loaded_and_own, [0])
    assert loaded == [own] and own != os.getpid()
    # It is used up: the next run has a process of its own, which has loaded nothing.
    [(_, (loaded, other))] = LocalEngine(1).each(loaded_and_own, [0])
    assert loaded == [] and other != own


@pytest.mark.slow
def test_what_cannot_be_loaded_is_left_to_the_work() -> None:
    begin_early(fail)
    [(_, (loaded, _))] = LocalEngine(1).each(loaded_and_own, [0])
    assert loaded == []


@pytest.mark.slow
def test_a_process_that_there_is_no_work_for_ends_at_once() -> None:
    program = (
        "import time\n"
        "from functools import partial\n"
        "from monai_amyloid.work.local_engine import begin_early\n"
        "if __name__ == '__main__':\n"
        "    begin_early(partial(time.sleep, 60))\n"
    )
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, timeout=55)
    assert time.monotonic() - start < 40


@pytest.mark.slow
def test_a_command_that_ends_before_its_work_leaves_no_process(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from monai_amyloid.cli import app
    from monai_amyloid.work import local_engine

    done = CliRunner().invoke(app, ["infer", str(tmp_path / "none"), "--output", str(tmp_path)])
    assert done.exit_code != 0 and local_engine._begun == []
    assert multiprocessing.active_children() == []
