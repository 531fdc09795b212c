"""The built wheel, used from a folder where nothing of this repository is."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import commands
import pytest
from explore.cohorts import write_prepared

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[1]
# Values of the config for a training of seconds.
TINY = ("max_epochs=1", "spacing_mm=8", "slices=2", "device=cpu")


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
    """An empty folder in which the installed wheel is used."""

    def __init__(self, installed: Path, folder: Path) -> None:
        self.installed, self.folder = installed, folder

    def python(self, *arguments: str | Path) -> str:
        # Before the folder of this environment's own, editable installation; in its workers too.
        environment = {**os.environ, "PYTHONPATH": str(self.installed), "OMP_NUM_THREADS": "1"}
        done = commands.python(
            *arguments, folder=self.folder, environment=environment, root=self.installed
        )
        assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
        return done.stdout

    def program(self, *arguments: str | Path) -> str:
        return self.python("-c", "from monai_amyloid.cli import main; main()", *arguments)


@pytest.fixture(scope="module")
def elsewhere(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    return Elsewhere(installed, tmp_path_factory.mktemp("elsewhere"))


@pytest.fixture(scope="module")
def cohort(elsewhere: Elsewhere, prepared: Path) -> Path:
    """A copy of the fifteen prepared scans, without what other tests have left there."""
    kept = shutil.ignore_patterns("cache", "splits*")
    return Path(shutil.copytree(prepared, elsewhere.folder / "prepared", ignore=kept))


def test_it_is_small_and_carries_the_bundle_byte_for_byte(wheel: Path) -> None:
    assert wheel.stat().st_size < 100_000_000
    within = "monai_amyloid/shipped/"
    tracked = ["git", "ls-files", "configs", "bundles/amyloid_pet_bapl_classification"]
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


def test_a_study_is_simulated_prepared_and_graded(elsewhere: Elsewhere) -> None:
    elsewhere.program("simulate", "simulated", "--participants", "1", "--seed", "3")
    elsewhere.program("prepare", "simulated", "--output", "made", "--workers", "1")
    [scan] = (elsewhere.folder / "simulated" / "scans").rglob("*.nii*")
    elsewhere.program("infer", scan, "--tracer", "18FFBB", "--output", "results")
    [told] = (elsewhere.folder / "results").glob("*/result.json")
    assert json.loads(told.read_text(encoding="utf-8"))["bapl"] in (1, 2, 3)
    code = (
        "import sys, monai_amyloid; print(monai_amyloid.grade(sys.argv[1], tracer='18FFBB').bapl)"
    )
    assert elsewhere.python("-c", code, scan).strip() in "123"


def test_the_shipped_bundle_passes_its_checks(elsewhere: Elsewhere) -> None:
    lines = elsewhere.program("verify").splitlines()
    assert len(lines) == 9 and all(line.startswith("ok ") for line in lines)


def test_folds_are_trained_with_the_default_config_and_exported(
    elsewhere: Elsewhere, cohort: Path
) -> None:
    options: list[str | Path] = ["--dataset-dir", cohort, "--folds", "2", "--jobs", "1"]
    options += [f"--set={value}" for value in TINY]
    assert "network" in elsewhere.program("crossval", "--output-dir", "runs/mine", *options)
    elsewhere.program("export", "runs/mine", "--output", "bundles/mine_classification")
    made = elsewhere.folder / "bundles" / "mine_classification"
    for name in ("LICENSE", "NOTICE"):
        assert (made / name).read_bytes() == (ROOT / name).read_bytes()


def test_a_cohort_is_explored_by_the_shipped_bundle(elsewhere: Elsewhere, tmp_path: Path) -> None:
    write_prepared(tmp_path, scans=50)
    elsewhere.program("explore", tmp_path, "--output", "explored", "--workers", "1")
    assert (elsewhere.folder / "explored" / "explore.html").is_file()


def test_copied_configs_are_trained_by_monai(elsewhere: Elsewhere, cohort: Path) -> None:
    elsewhere.program("configs", "configs")
    command = ["-m", "monai.bundle", "run", "training", "--config_file", "configs/train.json"]
    command += [f"--{value}" for value in [*TINY, f"dataset_dir={cohort}", "folds=2"]]
    assert "epoch 1/1" in elsewhere.python(*command)
    assert (elsewhere.folder / "runs" / "resnet50_2d" / "fold0" / "model.pt").is_file()
