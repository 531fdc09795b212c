"""Somebody who types a tutorial from its beginning to its end gets there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .markdown import ROOT, blocks

pytestmark = pytest.mark.elsewhere

TUTORIALS = ROOT / "docs" / "tutorials"
# Some scans of a cohort are refused: exit status 1, and the others are there.
SOME_REFUSED = ("monai-amyloid prepare", "monai-amyloid infer")


def walk(page: Path, folder: Path) -> None:
    """Type every command and run every piece of Python of a page, in one folder."""
    there = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
    }
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language not in ("sh", "python"):
            continue
        lines = block.text.replace("\\\n", " ").splitlines() if block.language == "sh" else [""]
        for line in filter(str.strip, lines) if block.language == "sh" else lines:
            words = ["bash", "-c", line] if line else [sys.executable, "-c", block.text]
            done = subprocess.run(words, cwd=folder, env=there, capture_output=True, text=True)
            allowed = {0, 1} if line.startswith(SOME_REFUSED) else {0}
            assert done.returncode in allowed, f"{line or block.text}\n{done.stdout}\n{done.stderr}"


def test_the_first_scan(tmp_path: Path) -> None:
    walk(TUTORIALS / "first_scan.md", tmp_path)
    results = sorted((tmp_path / "results").glob("*/result.json"))
    statuses = [json.loads(each.read_text(encoding="utf-8"))["status"] for each in results]
    assert statuses == ["needs_reader", "graded", "graded"]  # as the page says
    assert (tmp_path / "results" / "summary.html").exists()


@pytest.mark.tutorial
def test_a_cohort(tmp_path: Path) -> None:
    walk(TUTORIALS / "cohort.md", tmp_path)
    bundle = "bundles/our_bapl_classification"
    for made in (
        "prepared/contact_sheet.html",
        "runs/ours/evaluation.html",
        f"{bundle}/docs/README.md",
        "results/summary.html",
    ):
        assert (tmp_path / made).exists(), made


@pytest.mark.tutorial
def test_the_original_study(tmp_path: Path) -> None:
    walk(TUTORIALS / "original_study.md", tmp_path)
    for run in ("original_2018", "volume"):
        assert (tmp_path / "runs" / run / "evaluation.html").exists()
