"""The built wheel, used from a folder where nothing of this repository is.

docs/own_data.md is walked by it: DICOM folders and a spreadsheet become a classifier that grades.
"""

import csv
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from subprocess import CompletedProcess

import commands
import pandas as pd
import pytest
from explore.cohorts import write_prepared

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
# Values of the config for a training of seconds.
SMALL = ("max_epochs=1", "spacing_mm=8", "device=cpu")
CONFIGS = ("--config-file", "configs/train.json", "--config-file", "configs/resnet50_3d.json")
PROGRAM = "from monai_amyloid.cli import main; main()"
STUDY = "00700_2021-05-01_FBB"
# The map of two dimensions that takes numba many seconds to compile is no part of the wheel.
WITHOUT_UMAP = (
    "from monai_amyloid.exploring import reduction;"
    "reduction._umap = lambda axes, seed: axes[:, :2];"
    "from monai_amyloid.cli import main; main()"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [built] = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel is installed; its requirements are those of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet"]
    subprocess.run([*command, "--target", str(folder), str(wheel)], check=True)
    return folder


class Elsewhere:
    """A folder in which the installed wheel is used, with nothing but copied configs."""

    def __init__(self, installed: Path, folder: Path) -> None:
        self.installed, self.folder = installed, folder

    def run(self, *arguments: str | Path) -> CompletedProcess[str]:
        # Before the folder of this environment's own, editable installation; in its workers too.
        environment = {**os.environ, "PYTHONPATH": str(self.installed), "OMP_NUM_THREADS": "1"}
        return commands.python(
            *arguments, folder=self.folder, environment=environment, root=self.installed
        )

    def python(self, *arguments: str | Path) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
        return done.stdout

    def program(self, *arguments: str | Path) -> str:
        return self.python("-c", PROGRAM, *arguments)


@pytest.fixture(scope="module")
def elsewhere(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    place = Elsewhere(installed, tmp_path_factory.mktemp("elsewhere"))
    place.program("configs", "configs")
    return place


@pytest.fixture(scope="module")
def hospital(elsewhere: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DICOM folders named by number and date, and a Korean spreadsheet without paths."""
    place = tmp_path_factory.mktemp("부산 병원")
    elsewhere.program("simulate", place / "made", "--participants", "13", "--seed", "21",
                      "--as", "dicom", "--workers", "1")  # fmt: skip
    table = pd.read_csv(place / "made/participants.tsv", sep="\t", dtype=str)
    rows = [["등록번호", "성명", "검사일", "나이", "성별", "판독 등급"]]
    for number, row in enumerate(table.itertuples()):
        day = f"2021-05-{1 + number:02d}"
        study = place / "made" / str(row.path)
        study.rename(place / f"00{700 + number}_{day}_FBB")
        sex = "남" if row.sex == "M" else "여"
        grade = f"BAPL {1 + number % 3}"  # in turn, for so few scans hold too few of BAPL 2
        rows.append([str(700 + number), f"김{number}", day, str(row.age), sex, grade])
    next((place / "00712_2021-05-13_FBB").iterdir()).unlink()
    rows.append(["9999", "김9999", "2021-06-01", "70", "남", "BAPL 1"])
    with (place / "판독.csv").open("w", encoding="cp949", newline="") as file:
        csv.writer(file).writerows(rows)
    return place


def prepare(elsewhere: Elsewhere, hospital: Path) -> CompletedProcess[str]:
    options = ["--studies", hospital, "--output", hospital / "prepared"]
    return elsewhere.run("-c", PROGRAM, "prepare", hospital / "판독.csv", *options)


@pytest.fixture(scope="module")
def prepared(elsewhere: Elsewhere, hospital: Path) -> Path:
    done = prepare(elsewhere, hospital)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "2 of 14 scans were refused" in done.stderr
    assert "판독 등급 → bapl" in done.stderr and "not used: 성명" in done.stderr
    return hospital / "prepared"


def test_it_is_small_and_carries_the_bundles_byte_for_byte(wheel: Path) -> None:
    assert wheel.stat().st_size < 100_000_000
    within = "monai_amyloid/shipped/"
    tracked = ["git", "ls-files", "configs", "bundles"]
    listed = subprocess.run(tracked, cwd=ROOT, capture_output=True, text=True, check=True)
    names = listed.stdout.splitlines()
    with zipfile.ZipFile(wheel) as archive:
        carried = {name for name in archive.namelist() if name.startswith(within)}
        assert carried == {within + name for name in names}
        assert all(archive.read(within + name) == (ROOT / name).read_bytes() for name in names)


def test_what_runs_is_the_wheel_and_says_its_version(elsewhere: Elsewhere, wheel: Path) -> None:
    told = elsewhere.program("--version").split()
    assert told == ["monai-amyloid", wheel.name.split("-")[1]]
    place = elsewhere.python("-c", "import monai_amyloid; print(monai_amyloid.__file__)")
    assert Path(place.strip()).is_relative_to(elsewhere.installed)


def test_preparing_says_what_was_refused_and_shows_the_rest(prepared: Path) -> None:
    refused = pd.read_csv(prepared / "refused.tsv", sep="\t", dtype=str)
    reasons = dict(zip(refused["participant_id"], refused["reason"], strict=True))
    assert set(reasons) == {"712", "9999"} and "no study in" in reasons["9999"]
    table = pd.read_csv(prepared / "participants.tsv", sep="\t", dtype=str)
    assert len(table) == 12 and set(table["sex"]) <= {"M", "F"}
    text = (prepared / "participants.tsv").read_text() + (prepared / "refused.tsv").read_text()
    sheet = (prepared / "contact_sheet.html").read_text()
    assert not re.search(r"김\d", text + sheet) and sheet.count("<figure") == 12


def test_preparing_again_repeats_nothing(
    elsewhere: Elsewhere, hospital: Path, prepared: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in (prepared / "scans").iterdir()}
    assert prepare(elsewhere, hospital).returncode == 1
    assert {path: path.stat().st_mtime_ns for path in (prepared / "scans").iterdir()} == before


def test_the_scans_become_a_bundle_that_grades_its_studies(
    elsewhere: Elsewhere, hospital: Path, prepared: Path
) -> None:
    options: list[str | Path] = ["--dataset-dir", prepared, "--folds", "2", "--jobs", "1"]
    options += [f"--set={value}" for value in SMALL]
    told = elsewhere.program("crossval", *CONFIGS, "--output-dir", "runs/mine", *options)
    assert "network" in told
    elsewhere.program("evaluate", "runs/mine", "--dataset-dir", prepared)
    made = elsewhere.folder / "bundles" / "my_bapl_classification"
    elsewhere.program("export", "runs/mine", *CONFIGS, "--output", made,
                      "--trained-on", "12 of our scans")  # fmt: skip
    elsewhere.program("verify", made)
    elsewhere.program("infer", hospital / STUDY, "--bundle", made, "--output", "results/mine")
    assert (elsewhere.folder / "runs/mine/evaluation.html").is_file()
    learned = json.loads((made / "models" / "calibration.json").read_text())
    assert (learned["scans"], learned["folds"]) == (12, [0, 1])
    [result] = (elsewhere.folder / "results/mine").glob("*/result.json")
    assert json.loads(result.read_text())["bapl"] in (1, 2, 3)


def test_a_study_is_graded_by_the_shipped_bundle(elsewhere: Elsewhere, hospital: Path) -> None:
    elsewhere.program("infer", hospital / STUDY, "--output", "results/shipped")
    [told] = (elsewhere.folder / "results/shipped").glob("*/result.json")
    assert json.loads(told.read_text(encoding="utf-8"))["bapl"] in (1, 2, 3)
    code = (
        "import sys, monai_amyloid; print(monai_amyloid.grade(sys.argv[1], tracer='18FFBB').bapl)"
    )
    assert elsewhere.python("-c", code, hospital / STUDY).strip() in "123"


def test_the_shipped_bundle_passes_its_checks(elsewhere: Elsewhere) -> None:
    lines = elsewhere.program("verify").splitlines()
    assert len(lines) == 11 and all(line.startswith("ok ") for line in lines[:-1])
    assert re.fullmatch(r"SHA-256 of the bundle: [0-9a-f]{64}", lines[-1])


def test_a_cohort_is_explored_by_the_shipped_bundle(elsewhere: Elsewhere, tmp_path: Path) -> None:
    write_prepared(tmp_path, scans=50)
    arguments = ["explore", tmp_path, "--output", "explored", "--workers", "1"]
    elsewhere.python("-c", WITHOUT_UMAP, *arguments)
    assert (elsewhere.folder / "explored" / "explore.html").is_file()


def test_copied_configs_are_trained_by_monai_and_exported_with_the_default_config(
    elsewhere: Elsewhere, prepared: Path
) -> None:
    values = [f"--{value}" for value in (*SMALL, "slices=2", f"dataset_dir={prepared}", "folds=2")]
    run = ["-m", "monai.bundle", "run"]
    config = ["--config_file", "configs/train.json"]
    assert "epoch 1/1" in elsewhere.python(*run, "training", *config, *values)
    fold = elsewhere.folder / "runs" / "resnet50_2d" / "fold0"
    assert (fold / "model.pt").is_file()
    config = ["--config_file", "['configs/train.json','configs/evaluate.json']"]
    elsewhere.python(*run, "evaluating", *config, *values)
    made = elsewhere.folder / "bundles" / "theirs_classification"
    elsewhere.program("export", fold, "--output", made)
    for name in ("LICENSE", "NOTICE"):
        assert (made / name).read_bytes() == (ROOT / name).read_bytes()


def test_crossval_without_a_config_trains_with_the_one_of_the_wheel(
    elsewhere: Elsewhere, prepared: Path
) -> None:
    """The command of the first fold; that such commands are run, the walk above shows."""
    instead = (
        "from monai_amyloid.crossval import cross_validation;"
        "cross_validation.attend = lambda command, *_: exit(' '.join(command));"
    )
    options = ["--dataset-dir", prepared, "--output-dir", "runs/default", "--folds", "2"]
    done = elsewhere.run("-c", instead + PROGRAM, "crossval", *options, "--jobs", "1")
    config = elsewhere.installed / "monai_amyloid" / "shipped" / "configs" / "train.json"
    assert f"run training --config_file=['{config.as_posix()}'] " in done.stdout + done.stderr
