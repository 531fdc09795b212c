"""Features of a frozen network, computed once."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from monai.bundle import ConfigWorkflow
from monai.networks.nets import MILModel
from monai.transforms import Compose, RandFlipd, RandGaussianNoised, Resized

from monai_amyloid.learning.network.features import FrozenFeaturesd, OnFeatures
from monai_amyloid.learning.network.weights_name import weights_name
from monai_amyloid.learning.transforms.description import describe
from monai_amyloid.learning.transforms.volumes import AxialSlicesd

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


class Backbone(torch.nn.Module):
    """Means of a convolution with a batch norm; counts how often it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 6, 3)
        self.norm = torch.nn.BatchNorm2d(6)
        self.runs = 0

    def forward(self, slices: torch.Tensor) -> torch.Tensor:
        self.runs += 1
        return self.norm(self.convolution(slices)).mean((2, 3))


@pytest.fixture
def whole() -> MILModel:
    torch.manual_seed(0)
    return MILModel(num_classes=3, mil_mode="att", backbone=Backbone(), backbone_num_features=6)


def steps(*random: Any, size: int = 16) -> list[Any]:
    return [*random, Resized("image", (size, size, 4)), AxialSlicesd("image", 2)]


def scan_of(number: int = 0) -> dict[Hashable, Any]:
    return {"image": torch.rand(1, 20, 20, 6, generator=torch.manual_seed(number))}


def test_a_head_on_features_says_what_the_whole_network_says(whole: MILModel) -> None:
    slices = torch.randn(2, 4, 3, 9, 9)
    features = whole.eval().net(slices.flatten(0, 1)).reshape(2, 4, 6, 1, 1)
    torch.testing.assert_close(OnFeatures(whole)(features), whole(slices))


@pytest.mark.slow
def test_training_a_head_leaves_the_backbone_as_it_is(whole: MILModel) -> None:
    network = OnFeatures(whole).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    network(torch.randn(2, 4, 6, 1, 1)).square().sum().backward()
    optimizer.step()
    after = network.state_dict()
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    # A bias before a softmax over the slices changes nothing, and so does not learn.
    assert {name for name in before if "net." not in name} - changed <= {"attention.2.bias"}
    assert not [name for name in changed if name.startswith("net.")]


def test_what_is_saved_is_the_whole_network(whole: MILModel) -> None:
    other = MILModel(3, mil_mode="att", backbone=Backbone(), backbone_num_features=6)
    other.load_state_dict(OnFeatures(whole).state_dict())
    again = OnFeatures(other)
    again.load_state_dict({name: value * 0 for name, value in whole.state_dict().items()})
    assert not any(value.any() for value in other.state_dict().values())


def test_features_are_computed_once_and_are_the_networks(whole: MILModel, tmp_path: Path) -> None:
    for _ in range(2):  # a second training finds the file of the first
        transform = FrozenFeaturesd("image", steps(), whole, str(tmp_path))
        features = [transform(scan_of())["image"] for _ in range(2)]
    assert whole.net.runs == 1 and len(list(tmp_path.iterdir())) == 1
    expected = whole.net.eval()(Compose(steps())(scan_of())["image"])
    for one in features:
        torch.testing.assert_close(one, expected.detach()[..., None, None])


def test_other_weights_numbers_or_scans_are_computed_anew(whole: MILModel, tmp_path: Path) -> None:
    transform = FrozenFeaturesd("image", steps(), whole, str(tmp_path))
    first = transform(scan_of())["image"]
    transform(scan_of(1))
    FrozenFeaturesd("image", steps(size=18), whole, str(tmp_path))(scan_of())
    assert whole.net.runs == 3
    whole.load_state_dict({name: value * 2 for name, value in whole.state_dict().items()})
    assert not torch.equal(transform(scan_of())["image"], first)
    assert whole.net.runs == 4


def test_a_scan_has_as_many_augmented_versions_as_asked_for(
    whole: MILModel, tmp_path: Path
) -> None:
    drawn = set()
    for seed in range(2):
        # Made anew, as in another process: random transforms remember what they drew.
        random = [RandFlipd("image", 0.5, 0), RandGaussianNoised("image", 1.0, std=0.2)]
        transform = FrozenFeaturesd("image", steps(*random), whole, str(tmp_path), versions=3)
        transform.set_random_state(seed)
        drawn |= {float(transform(scan_of())["image"].sum()) for _ in range(20)}
    assert len(drawn) == 3 and whole.net.runs == 3


def test_the_description_of_transforms_does_not_depend_on_what_was_drawn() -> None:
    one, other = (
        RandGaussianNoised("image", 0.5, std=0.1),
        RandGaussianNoised("image", 0.5, std=0.1),
    )
    other.set_random_state(5)
    assert describe(one) == describe(other) != describe(RandGaussianNoised("image", 0.5, std=0.2))
    assert describe(np.arange(3)) != describe(np.arange(4))
    assert " at 0x" not in repr(describe(steps(one)))


@pytest.mark.parametrize(
    ("stages", "named"),
    [((), "ImageNet no stage whole"), ((1, 2), "ImageNet to layer 2"), ((1, 2, 3, 4), "ImageNet")],
)
def test_the_name_of_the_weights_says_how_far_they_reach(
    tmp_path: Path, stages: tuple[int, ...], named: str
) -> None:
    rows = [("fc.bias", "unexpected"), ("myfc.weight", "missing")]
    rows += [(f"net.{name}", "loaded" if stages else "missing") for name in ("conv1.w", "bn1.w")]
    rows += [(f"net.layer{n}.0.w", "loaded" if n in stages else "missing") for n in range(1, 5)]
    table = pd.DataFrame(rows, columns=["tensor", "state"])
    table.to_csv(tmp_path / "pretrained.tsv", sep="\t", index=False)
    assert weights_name("resnet50.pth", str(tmp_path / "pretrained.tsv")) == named
    assert weights_name("", "") == "untrained"


@pytest.mark.slow
def test_the_frozen_slice_network_trains_and_is_evaluated(prepared: Path, tmp_path: Path) -> None:
    files = [str(CONFIGS / "train.json"), str(CONFIGS / "resnet50_2d_frozen.json")]
    small: dict[str, Any] = {"slices": 2, "spacing_mm": 8.0, "versions": 1, "batch_size": 4}
    small |= {"feature_dir": str(tmp_path / "features"), "cache_dir": str(tmp_path / "cache")}
    given = {"dataset_dir": str(prepared), "output_dir": str(tmp_path), "folds": 3, **small}
    for run_id, kind in (("training", "train"), ("evaluating", "eval")):
        added = [str(CONFIGS / "evaluate.json")] if kind == "eval" else []
        workflow = ConfigWorkflow(
            [*files, *added], run_id=run_id, workflow_type=kind, max_epochs=1, device="cpu", **given
        )
        numbers = ("version", "monai_version", "pytorch_version", "numpy_version")
        workflow.parser["_meta_"] = dict.fromkeys(numbers, "0")
        workflow.initialize()
        workflow.run()
    assert len(pd.read_csv(tmp_path / "fold0" / "predictions.tsv", sep="\t")) == 5
    weights = torch.load(tmp_path / "fold0" / "model.pt", weights_only=True)
    assert "net.conv1.weight" in weights and "myfc.weight" in weights
    # Five held out, those that select, and of the others at least as many as a batch draws.
    assert 7 <= len(list((tmp_path / "features").iterdir())) <= 15
