"""A real MONAI Deploy application grades studies with an exported bundle, as the package does."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pydicom
import pytest

from monai_amyloid.grading.grader import Grader

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = Path(os.environ.get("MONAI_AMYLOID_ELSEWHERE", ROOT / ".elsewhere"))
PYTHON = ELSEWHERE / "monai_deploy" / "bin" / "python"
APP = ROOT / "scripts" / "monai_deploy" / "app.py"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason=f"no MONAI Deploy at {PYTHON.parents[1]}; run `make elsewhere`"
)


def deploy(study: Path, output: Path, bundle: Path) -> "subprocess.CompletedProcess[str]":
    """Run the application as MONAI Deploy's runner does."""
    [cuda] = PYTHON.parents[1].glob("lib/python3.*/site-packages/nvidia/cu13/lib")
    environment = {**os.environ, "LD_LIBRARY_PATH": str(cuda)}
    command = [PYTHON, APP, "-i", study, "-o", output, "-m", bundle]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def graded(study: Path, output: Path, bundle: Path) -> dict[str, Any]:
    """What the application wrote of a study that it graded."""
    ended = deploy(study, output, bundle)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    result: dict[str, Any] = json.loads((output / study.name / "result.json").read_text())
    return result


@pytest.mark.parametrize("name", ["sub-0001", "sub-0002"])
def test_application_says_of_a_study_what_the_package_says(
    studies: Path, bundle: Path, tmp_path: Path, name: str
) -> None:
    said = graded(studies / name, tmp_path, bundle)
    expected = Grader(bundle).grade(studies / name).result
    chances = {str(grade): p for grade, p in expected.probabilities.items()}
    assert said["probabilities"] == pytest.approx(chances, abs=1e-4)
    assert said["bapl"] == expected.bapl
    assert said["status"] == expected.status
    assert said["centiloid"] == pytest.approx(expected.centiloid, abs=0.1)


def test_application_writes_a_dicom_report_into_the_study_with_the_name_as_it_was(
    studies: Path, bundle: Path, tmp_path: Path
) -> None:
    study = shutil.copytree(studies / "sub-0001", tmp_path / "study")
    for path in study.iterdir():
        scan = pydicom.dcmread(path)
        scan.SpecificCharacterSet, scan.PatientName = "ISO_IR 192", "김^민수"
        scan.save_as(path)
    said = graded(study, tmp_path / "results", bundle)
    [path] = (tmp_path / "results").glob("*.dcm")
    report = pydicom.dcmread(path)
    assert report.Modality == "SR"
    assert report.PatientName == "김^민수"
    assert report.StudyInstanceUID == scan.StudyInstanceUID
    text = report.ContentSequence[0].TextValue
    alone = f"BAPL {said['bapl']} (graded)" in text
    assert alone == (said["status"] == "graded") and "Learnt from" in text
    assert f"BAPL 1: {said['probabilities']['1']:.1%}" in text
    assert "Research software" in text


def test_application_refuses_a_broken_study_in_one_line(
    studies: Path, bundle: Path, tmp_path: Path
) -> None:
    study = shutil.copytree(studies / "sub-0001", tmp_path / "study")
    broken = sorted(study.iterdir())[20]
    broken.write_bytes(broken.read_bytes()[:3000])
    ended = deploy(study, tmp_path / "results", bundle)
    assert ended.returncode == 1
    [line] = [line for line in ended.stdout.splitlines() if "refused" in line]
    assert f"{broken.name}: the file ends within Pixel Data" in line
    assert "Traceback" not in ended.stdout + ended.stderr
    assert not list((tmp_path / "results").glob("*.dcm"))


def test_application_prints_and_writes_no_name_beside_its_report(
    studies: Path, bundle: Path, tmp_path: Path
) -> None:
    study = shutil.copytree(studies / "sub-0001", tmp_path / "HONG_KILDONG")
    ended = deploy(study, tmp_path / "results", bundle)
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"study-0001: (needs a reader: |BAPL)", ended.stdout)
    said = (tmp_path / "results" / "study-0001" / "result.json").read_text(encoding="utf-8")
    assert "HONG" not in said


def test_application_needs_a_bundle(studies: Path, tmp_path: Path) -> None:
    (tmp_path / "no bundle").mkdir()
    ended = deploy(studies / "sub-0001", tmp_path / "results", tmp_path / "no bundle")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("Error: ")
    assert "needed a trained bundle" in ended.stderr
