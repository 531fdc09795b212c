"""The BIDS App as datalad and BABS run it, and its datasets before the BIDS validator."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = Path(os.environ.get("MONAI_AMYLOID_ELSEWHERE", ROOT / ".elsewhere"))
TOOLS = ELSEWHERE / "bids" / "bin"
PEOPLE = ("0001", "0002")
APP = "from monai_amyloid.cli import main; main()"

pytestmark = pytest.mark.skipif(
    not (TOOLS / "datalad").exists(), reason=f"no datalad in {TOOLS}; run `make elsewhere`"
)


def run(*arguments: str | Path, folder: Path) -> str:
    """What a program prints, where its tools and a home of its own are found."""
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(TOOLS), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{f"GIT_{who}_NAME": "test" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "test@example.org" for who in ("AUTHOR", "COMMITTER")},
    }
    done = subprocess.run(
        list(map(str, arguments)),
        cwd=folder,
        env={**environment, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert done.returncode == 0, (arguments, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def app(*arguments: str) -> list[str]:
    return [sys.executable, "-c", APP, *arguments]


def errors_of(dataset: Path) -> list[dict[str, Any]]:
    """What the validator calls an error."""
    printed = run("bids-validator-deno", dataset, "--json", folder=dataset.parent)
    issues = json.loads(printed)["issues"]["issues"]
    return [each for each in issues if each["severity"] == "error"]


def as_graded_in_clones(place: Path, raw: Path) -> Path:
    """A project of which each person is graded in a clone, on a branch; all are merged into it."""
    run("datalad", "create", "project", folder=place)
    project = place / "project"
    run("datalad", "clone", "-d", ".", raw, "inputs", folder=project)
    branches = []
    for label in PEOPLE:
        run("datalad", "clone", "project", label, folder=place)
        clone, branch = place / label, f"job-{label}"
        run("git", "checkout", "-q", "-b", branch, folder=clone)
        run("datalad", "get", "-n", "inputs", folder=clone)
        graded = app("bids", "inputs", "out", "participant", "--participant-label", label)
        inputs = ["-i", f"inputs/sub-{label}", "-i", "inputs/*.json"]
        command = [*graded, "--no-report", "--workers", "1"]
        run("datalad", "run", *inputs, "-o", "out", *command, folder=clone)
        assert run("git", "status", "--porcelain", folder=clone) == ""
        run("git", "push", "origin", branch, "git-annex:refs/heads/synced-" + label, folder=clone)
        branches.append(branch)
    run("git", "merge", "-q", "-m", "merge", *branches, folder=project)
    for label in PEOPLE:
        run("git", "remote", "add", label, place / label, folder=project)
        run("git", "fetch", "-q", label, folder=project)
    run("git", "annex", "merge", folder=project)
    run("datalad", "get", "out", folder=project)
    run("datalad", "run", "-o", "out", *app("bids", "inputs", "out", "group"), folder=project)
    assert run("git", "status", "--porcelain", folder=project) == ""
    return project / "out"


def test_clones_of_datalad_are_merged_and_all_datasets_are_bids(tmp_path: Path) -> None:
    simulated = ["--participants", str(len(PEOPLE)), "--seed", "3", "--as", "bids"]
    run(*app("simulate", "raw", *simulated), folder=tmp_path)
    assert errors_of(tmp_path / "raw") == []
    run(*app("bids", "raw", "alone", "participant", "--workers", "1"), folder=tmp_path)
    run(*app("bids", "raw", "alone", "group"), folder=tmp_path)
    assert errors_of(tmp_path / "alone") == []
    run("datalad", "create", "--force", "raw", folder=tmp_path)
    run("datalad", "save", "-d", "raw", folder=tmp_path)
    merged = as_graded_in_clones(tmp_path, tmp_path / "raw")
    tables = [
        pd.read_csv(place / "group_amyloid.tsv", sep="\t") for place in (tmp_path / "alone", merged)
    ]
    pd.testing.assert_frame_equal(*tables)
    assert len(tables[0]) == len(PEOPLE)
