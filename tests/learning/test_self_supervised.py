"""Learning without grades: what is learnt from, what is asked, and a training from end to end."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.errors import UserError
from monai_amyloid.learning.network.pretrained import load
from monai_amyloid.learning.pretraining.self_supervised import (
    ReconstructionLoss,
    WholeOnGrid,
    cells,
    self_supervised_network,
    unlabelled_split,
)

pytestmark = pytest.mark.slow

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
FILES = [str(CONFIGS / name) for name in ("train.json", "resnet50_3d.json", "self_supervised.json")]
GRID = [5, 6, 5]


@pytest.fixture(scope="module")
def unlabelled(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same scans without a grade."""
    folder = tmp_path_factory.mktemp("unlabelled") / "prepared"
    shutil.copytree(prepared, folder, ignore=shutil.ignore_patterns("cache", "splits*"))
    table = pd.read_csv(folder / "participants.tsv", sep="\t")
    table.drop(columns="bapl").to_csv(folder / "participants.tsv", sep="\t", index=False)
    return folder


def settings(unlabelled: Path, output: Path) -> dict[str, Any]:
    folders = {"dataset_dir": str(unlabelled), "output_dir": str(output)}
    small = {"spacing_mm": 8.0, "batch_size": 4, "device": "cpu", "learning_rate": 0.01}
    return {**folders, **small, "grid": GRID, "hole_voxels": 4, "holes": 8}


@pytest.fixture(scope="module")
def weights(unlabelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a training of two epochs."""
    output = tmp_path_factory.mktemp("run")
    workflow = ConfigWorkflow(
        FILES, run_id="training", workflow_type="train", max_epochs=2,
        **settings(unlabelled, output),
    )  # fmt: skip
    workflow.initialize()
    workflow.run()
    return output / "fold0" / "model.pt"


def test_scans_without_grades_are_learnt_from_and_the_encoder_is_found_again(
    weights: Path,
) -> None:
    network = self_supervised_network(weights)
    scans = torch.rand(2, 1, 20, 24, 20, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        features = network(scans)
    assert features.shape == (2, 512) and torch.isfinite(features).all()
    stored = torch.load(weights, weights_only=True)
    assert stored["fc.weight"].shape == (cells(GRID), 512)


def test_a_classifier_begins_from_it(weights: Path) -> None:
    parser = ConfigParser()
    parser.read_config(FILES[:2])
    parser["widen_factor"] = 0.25
    classifier = parser.get_parsed_content("network_def")
    report = load(classifier, str(weights))
    stored = torch.load(weights, weights_only=True)
    assert torch.equal(classifier.layer4[2].conv3.weight, stored["layer4.2.conv3.weight"])
    assert report.reach() == "all layers"
    # What a head knows beside its weights, no self-supervision teaches.
    assert {name.rpartition(".")[0] for name in report.named("missing")} == {"fc"}


def test_what_a_classifiers_head_begins_from_was_never_taught() -> None:
    # Its two rows are those of the grid's first cells, which lie outside the brain.
    parser = ConfigParser()
    parser.read_config(FILES)
    loss = parser.get_parsed_content("loss")
    assert float(loss.brain[0, :2].sum()) == 0


def test_no_participant_both_teaches_and_selects(tmp_path: Path) -> None:
    rows = [(f"sub-{place // 2}", f"ses-{place % 2}", "scan.nii") for place in range(40)]
    table = pd.DataFrame(rows, columns=["participant_id", "session_id", "path"])
    table.to_csv(tmp_path / "participants.tsv", sep="\t", index=False)
    (tmp_path / "scan.nii").touch()
    parts = unlabelled_split(str(tmp_path), seed=0)
    people = [{scan["participant_id"] for scan in scans} for scans in parts.values()]
    assert not people[0] & people[1] and [len(each) for each in people] == [18, 2]
    assert sum(map(len, parts.values())) == 40
    table.head(2).to_csv(tmp_path / "participants.tsv", sep="\t", index=False)
    with pytest.raises(CohortError, match="found 1 participant"):
        unlabelled_split(str(tmp_path), seed=0)


def test_the_whole_is_asked_for_where_blocks_are_hidden() -> None:
    whole = torch.arange(64.0).reshape(1, 1, 4, 4, 4)
    hidden = whole * (whole < 30)
    images, asked = WholeOnGrid([2, 2, 2])({"image": hidden, "whole": whole}, "cpu")
    assert torch.equal(images, hidden)
    blocks = whole[0, 0].numpy().reshape(2, 2, 2, 2, 2, 2).mean(axis=(1, 3, 5))
    assert asked[0].numpy() == pytest.approx(blocks.ravel())
    _, seen = WholeOnGrid([2, 2, 2])({"image": hidden}, "cpu")
    assert float(seen.max()) < float(asked.max())


def test_the_loss_is_of_the_brain_alone_and_zero_for_what_is_there() -> None:
    parser = ConfigParser()
    parser.read_config(FILES)
    parser["spacing_mm"] = 8.0
    loss = ReconstructionLoss(GRID, parser.get_parsed_content("preprocessing"))
    assert float(loss.brain.sum()) == pytest.approx(1)
    whole = torch.rand(3, cells(GRID), generator=torch.Generator().manual_seed(0))
    right = whole / 0.2
    assert float(loss(right, whole)) == pytest.approx(0, abs=1e-9)
    assert float(loss(right + 1, whole)) == pytest.approx(1, rel=1e-5)
    outside = right + (loss.brain == 0).float()
    assert float(loss(outside, whole)) == pytest.approx(0, abs=1e-9)
    assert loss.score(right + 1, whole) == -loss.metrics(right + 1, whole)["loss"]


def test_other_weights_are_refused(tmp_path: Path) -> None:
    for number, content in enumerate(
        ({"weight": torch.zeros(1)}, {"conv1.weight": torch.zeros(64, 3, 7, 7)},
         {"conv1.weight": torch.zeros(16, 1, 7, 7, 7)})
    ):  # fmt: skip
        path = tmp_path / f"{number}.pt"
        torch.save(content, path)
        with pytest.raises(UserError, match=r"configs/self_supervised\.json"):
            self_supervised_network(path)


def test_a_reconstruction_improves_by_training(weights: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = sorted((weights.parent / "tensorboard" / "training").iterdir())
    losses = [each.value for each in EventAccumulator(str(events[0])).Reload().Scalars("loss")]
    assert len(losses) == 2 and np.isfinite(losses).all() and losses[1] < losses[0]
