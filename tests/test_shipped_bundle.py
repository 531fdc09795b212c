"""The trained bundles in this repository, as they are after a clone."""

import json
from pathlib import Path

import pytest
import torch
from commands import python
from monai.bundle import ConfigParser

from monai_amyloid.bundle.verify import verify
from monai_amyloid.installed import BUNDLES, CONFIGS, shipped_bundle
from monai_amyloid.learning.network.pretrained import load
from monai_amyloid.learning.network.pretrained_sources import NOTHING
from monai_amyloid.learning.network.pretrained_sources import SHIPPED as SOURCES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = shipped_bundle()
BOTH = [shipped_bundle(network) for network in BUNDLES]
# The grade, where one is clear, and the Centiloid of each mean.
KNOWN: dict[str, tuple[int | None, float]] = {"neg": (1, 2), "all": (None, 42), "pos": (3, 83)}


@pytest.mark.parametrize("bundle", BOTH, ids=list(BUNDLES))
def test_it_passes_every_check_of_the_model_zoo(bundle: Path) -> None:
    assert {check.name: check.wrong for check in verify(bundle) if check.wrong} == {}


@pytest.mark.parametrize("bundle", BOTH, ids=list(BUNDLES))
def test_its_card_says_first_that_it_learnt_from_simulated_scans(bundle: Path) -> None:
    lines = (bundle / "docs" / "README.md").read_text(encoding="utf-8").split("\n\n")[1]
    said = " ".join(lines.split())
    assert "simulated" in said and "no clinical validation" in said and "research only" in said


@pytest.mark.parametrize("bundle", BOTH, ids=list(BUNDLES))
def test_its_weights_are_small_enough_for_git(bundle: Path) -> None:
    weights = bundle / "models" / "model.pt"
    assert weights.stat().st_size < 60_000_000
    state = torch.load(weights, weights_only=True)
    [learned] = [value for name, value in state.items() if name.endswith("scores_learned")]
    [spread] = [value for name, value in state.items() if name.endswith("features_spread")]
    assert bool(learned) and bool((spread > 0).any())


# Configs beside the first, and whether what they start from comes with the program.
COMBINATIONS = {
    "train.json": True,
    "train.json resnet50_3d.json": True,
    "train.json resnet50_2d_frozen.json": True,
    "train.json pictures.json": True,
    "train.json original_2018.json": False,
    "train.json multi_gpu_train.json": True,
    "train.json resnet50_3d.json multi_gpu_train.json": True,
    "train.json resnet50_3d.json self_supervised.json": False,
}


@pytest.mark.parametrize("names", COMBINATIONS)
def test_every_combination_of_configs_begins_from_weights_that_fit(
    names: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is shipped is found in the program, and not in the current folder.
    monkeypatch.chdir(tmp_path)
    parser = ConfigParser()
    parser.read_config([str(CONFIGS / name) for name in names.split()])
    parser.parse(True)
    pretrained = str(parser["pretrained"])
    assert (pretrained in SOURCES) == COMBINATIONS[names]
    if COMBINATIONS[names]:
        network = parser.get_parsed_content("network_def")
        report = load(network, pretrained)
        for state in ("refused", "missing", "unexpected"):
            assert report.named(state) == ()
    else:
        assert pretrained in NOTHING


@pytest.fixture(scope="module")
def real_means(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of three real group means, by the script from a folder anywhere."""
    folder = tmp_path_factory.mktemp("anywhere")
    scans = [shared_data / "templates" / f"florbetaben_{name}.nii.gz" for name in KNOWN]
    command = [ROOT / "scripts" / "infer_bundle.py", *scans]
    done = python(*command, "--tracer", "18FFBB", "--output", "results", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "results"


@pytest.mark.parametrize("name", KNOWN)
def test_the_script_grades_a_real_mean_from_anywhere(real_means: Path, name: str) -> None:
    grade, known = KNOWN[name]
    result = json.loads((real_means / f"florbetaben_{name}" / "result.json").read_text())
    assert grade in (None, result["bapl"]) and abs(result["centiloid"] - known) <= 5
    assert result["model"]["name"] == SHIPPED.name


def test_it_grades_most_of_its_own_simulated_scans_as_the_reader_did(tmp_path: Path) -> None:
    import pandas as pd

    from monai_amyloid.grading.grader import Grader
    from monai_amyloid.phantom.cohorts.cohort import simulate
    from monai_amyloid.phantom.cohorts.plan import Plan

    simulate(tmp_path, 8, Plan(seed=77, sites=("site-1", "site-2")))
    table = pd.read_csv(tmp_path / "participants.tsv", sep="\t")
    grader = Grader(SHIPPED, device="cpu")
    told = [grader.grade(tmp_path / path, tracer="18FFBB").result.bapl for path in table["path"]]
    right = [told_grade == true for told_grade, true in zip(told, table["bapl"], strict=True)]
    # It learnt from heads of an earlier simulator, which were younger and more alike.
    assert sum(right) >= 5
