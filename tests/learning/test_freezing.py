import copy

import pytest
import torch
from monai.networks.nets import MILModel, ResNet
from torch.nn import BatchNorm2d, BatchNorm3d, SyncBatchNorm
from torch.optim.swa_utils import update_bn

from monai_amyloid.errors import UserError
from monai_amyloid.learning.network.freezing import freeze

FROZEN = ("conv1", "bn1", "layer1", "layer2")  # up to layer 2


def network(kind: str, learnt: bool = True) -> torch.nn.Module:
    """A small network with batch-norm statistics as if it had been trained."""
    torch.manual_seed(1)  # other weights may leave a channel without any gradient
    dims, channels = (3, 1) if kind == "volume" else (2, 3)
    backbone = ResNet(
        "bottleneck",
        [1, 1, 1, 1],
        [4, 8, 16, 32],
        spatial_dims=dims,
        n_input_channels=channels,
        num_classes=2,
        feed_forward=kind == "volume",
    )
    for module in backbone.modules():
        if learnt and isinstance(module, (BatchNorm2d, BatchNorm3d)):
            torch.nn.init.uniform_(module.running_mean, 0.1, 0.2)
    return (
        backbone if kind == "volume" else MILModel(2, backbone=backbone, backbone_num_features=128)
    )


def batch(kind: str) -> torch.Tensor:
    shape = (2, 1, 32, 32, 32) if kind == "volume" else (2, 3, 3, 32, 32)
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def is_frozen(name: str) -> bool:
    return name.removeprefix("net.").split(".")[0] in FROZEN


def train(model: torch.nn.Module, images: torch.Tensor) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.1)
    for _ in range(2):
        model.train()
        optimizer.zero_grad()
        model(images).square().sum().backward()
        optimizer.step()
        update_bn([images], model)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["slices", "volume"])
def test_training_changes_all_but_the_frozen_layers(kind: str) -> None:
    model = network(kind)
    names = list(model.state_dict())
    freeze(model, "layer2")
    before = copy.deepcopy(model.state_dict())
    train(model, batch(kind))
    after = model.state_dict()
    assert list(after) == names
    for name, tensor in after.items():
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(tensor, before[name]) == is_frozen(name), name


def test_frozen_batch_norms_compute_the_same_in_training_as_in_evaluation() -> None:
    model = freeze(network("volume"), "stem")
    images = batch("volume")
    seen = []
    for mode in (True, False):
        model.train(mode)
        seen.append(model.bn1(model.conv1(images)))
    assert torch.equal(*seen)
    assert model.layer1.training is False
    assert model.train().layer1.training is True


def test_copies_and_synchronised_batch_norms_stay_frozen() -> None:
    model = freeze(network("volume"), "layer4")
    means = model.bn1.running_mean.clone()
    for other in (copy.deepcopy(model), SyncBatchNorm.convert_sync_batchnorm(model)):
        other.train()
        assert not other.bn1.training
        assert not other.layer4[0].bn3.training
        assert other.fc.training
        other.bn1.reset_running_stats()
        assert torch.equal(other.bn1.running_mean, means)


def test_without_a_layer_nothing_is_frozen() -> None:
    model = freeze(network("volume", learnt=False), "")
    assert all(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize(
    ("upto", "learnt", "said"),
    [
        ("layer5", True, "one of stem, layer1, layer2, layer3, layer4, or an empty value"),
        ("layer1", False, "bn1 has no pretrained weights"),
    ],
)
def test_what_cannot_be_frozen_is_said(upto: str, learnt: bool, said: str) -> None:
    with pytest.raises(UserError, match=said):
        freeze(network("volume", learnt), upto)


def test_a_network_of_other_layers_cannot_be_frozen() -> None:
    with pytest.raises(UserError, match="cannot freeze up to 'stem' in Linear"):
        freeze(torch.nn.Linear(1, 1), "stem")
