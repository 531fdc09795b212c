"""docs/own_data.md, walked: DICOM folders and a spreadsheet become a classifier that grades."""

import csv
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from commands import program

from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan

pytestmark = pytest.mark.slow

CONFIGS = ["--config-file", "configs/train.json", "--config-file", "configs/resnet50_3d.json"]


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DICOM folders named by number and date, and a Korean spreadsheet without paths."""
    place = tmp_path_factory.mktemp("부산 병원")
    simulate(place / "made", 15, Plan(seed=21), form="dicom")
    table = pd.read_csv(place / "made/participants.tsv", sep="\t", dtype=str)
    rows = [["등록번호", "성명", "검사일", "나이", "성별", "판독 등급"]]
    for number, row in enumerate(table.itertuples()):
        day = f"2021-05-{1 + number:02d}"
        study = place / "made" / str(row.path)
        study.rename(place / f"00{700 + number}_{day}_FBB")
        sex = "남" if row.sex == "M" else "여"
        grade = f"BAPL {1 + number % 3}"  # in turn, for so few scans hold too few of BAPL 2
        rows.append([str(700 + number), f"김{number}", day, str(row.age), sex, grade])
    next((place / "00705_2021-05-06_FBB").iterdir()).unlink()
    rows.append(["9999", "김9999", "2021-06-01", "70", "남", "BAPL 1"])
    with (place / "판독.csv").open("w", encoding="cp949", newline="") as file:
        csv.writer(file).writerows(rows)
    return place


@pytest.fixture(scope="module")
def prepared(hospital: Path) -> Path:
    output = hospital / "prepared"
    done = program("prepare", hospital / "판독.csv", "--studies", hospital, "--output", output)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "2 of 16 scans were refused" in done.stderr
    assert "판독 등급 → bapl" in done.stderr and "not used: 성명" in done.stderr
    return output


def test_preparing_says_what_was_refused_and_shows_the_rest(prepared: Path) -> None:
    refused = pd.read_csv(prepared / "refused.tsv", sep="\t", dtype=str)
    reasons = dict(zip(refused["participant_id"], refused["reason"], strict=True))
    assert set(reasons) == {"705", "9999"} and "no study in" in reasons["9999"]
    table = pd.read_csv(prepared / "participants.tsv", sep="\t", dtype=str)
    assert len(table) == 14 and set(table["sex"]) <= {"M", "F"}
    text = (prepared / "participants.tsv").read_text() + (prepared / "refused.tsv").read_text()
    sheet = (prepared / "contact_sheet.html").read_text()
    assert not re.search(r"김\d", text + sheet) and sheet.count("<figure") == 14


def test_preparing_again_repeats_nothing(hospital: Path, prepared: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (prepared / "scans").iterdir()}
    program("prepare", hospital / "판독.csv", "--studies", hospital, "--output", prepared)
    assert {path: path.stat().st_mtime_ns for path in (prepared / "scans").iterdir()} == before


def test_it_becomes_a_bundle_that_grades_its_studies(
    hospital: Path, prepared: Path, tmp_path: Path
) -> None:
    run, bundle = tmp_path / "run", tmp_path / "my_bapl_classification"
    small = ["--set", "max_epochs=1", "--set", "spacing_mm=8", "--set", "device=cpu"]
    steps = [
        program("crossval", *CONFIGS, "--dataset-dir", prepared, "--output-dir", run,
                "--folds", "2", "--jobs", "1", *small),
        program("evaluate", run, "--dataset-dir", prepared),
        program("export", run, *CONFIGS, "--output", bundle, "--trained-on", "15 of our scans"),
        program("verify", bundle),
        program("infer", hospital / "00700_2021-05-01_FBB", "--bundle", bundle,
                "--output", tmp_path / "results"),
    ]  # fmt: skip
    for step in steps:
        assert step.returncode == 0, f"{step.args}\n{step.stdout[-1500:]}\n{step.stderr[-3000:]}"
    assert (run / "evaluation.html").is_file()
    learned = json.loads((bundle / "models" / "calibration.json").read_text())
    assert (learned["scans"], learned["folds"]) == (14, [0, 1])
    [result] = (tmp_path / "results").glob("*/result.json")
    assert json.loads(result.read_text())["bapl"] in (1, 2, 3)
