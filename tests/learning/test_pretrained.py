from pathlib import Path

import pytest
import torch
from monai.networks.nets import MILModel, resnet50

from monai_amyloid.errors import UserError
from monai_amyloid.learning.pretrained import load_backbone, start_from

PARTIAL = "weights/resnet50_imagenet_stem_to_layer2.pt"


def slice_network() -> MILModel:
    backbone = resnet50(
        spatial_dims=2,
        n_input_channels=3,
        conv1_t_stride=2,
        feed_forward=False,
        bias_downsample=False,
    )
    return MILModel(2, mil_mode="att", backbone=backbone, backbone_num_features=2048)


def test_real_imagenet_tensors_are_loaded_key_by_key(shared_data: Path) -> None:
    network = slice_network()
    report = load_backbone(network, shared_data / PARTIAL)
    stored = torch.load(shared_data / PARTIAL, weights_only=True)
    own = network.net.state_dict()
    assert all(torch.equal(own[name], stored[name]) for name in report.loaded)
    # Of layer 3 the file has one convolution, which comes with its batch norm.
    rooms = ("conv1.", "bn1.", "layer1.", "layer2.", "layer3.0.conv1.", "layer3.0.bn1.")
    assert all(name.startswith(rooms) for name in report.loaded)
    absent = [name for name in report.missing if name.startswith(rooms)]
    assert all(name.endswith("num_batches_tracked") for name in absent)
    assert report.unexpected == ("fc.bias",)
    assert set(report.loaded) | set(report.missing) == set(own)


def test_statistics_of_absent_convolutions_are_refused(shared_data: Path) -> None:
    network = slice_network()
    report = load_backbone(network, shared_data / PARTIAL)
    assert {name.split(".")[0] for name in report.refused} == {"layer3", "layer4"}
    own = network.net.state_dict()
    for name in report.refused:
        if name.endswith("running_var"):
            assert torch.equal(own[name], torch.ones_like(own[name]))


def test_a_whole_state_dict_leaves_nothing_out(tmp_path: Path) -> None:
    torch.save(slice_network().net.state_dict(), tmp_path / "resnet50.pt")
    report = load_backbone(slice_network(), tmp_path / "resnet50.pt")
    assert report.missing == report.unexpected == report.refused == ()


def test_without_a_path_the_network_stays_as_it_is() -> None:
    network = torch.nn.Linear(1, 1)
    assert start_from(network, "") is network


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no pretrained weights at"),
        ({"conv1.weight": torch.zeros(8, 3, 7, 7)}, "conv1.weight has shape"),
        ({"other": torch.zeros(1)}, "none of its 1 tensors"),
        ([torch.zeros(1)], "not a state dict"),
    ],
)
def test_weights_that_do_not_fit_are_refused(tmp_path: Path, content: object, said: str) -> None:
    path = tmp_path / "weights.pt"
    if content is not None:
        torch.save(content, path)
    with pytest.raises(UserError, match=said):
        load_backbone(slice_network(), path)


def test_a_network_without_a_backbone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="leave --pretrained empty"):
        load_backbone(torch.nn.Linear(1, 1), tmp_path)
