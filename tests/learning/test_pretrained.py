import hashlib
import io
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import torch
from monai.bundle import ConfigParser
from monai.networks.nets import MILModel, ResNet, resnet50

from monai_amyloid.errors import UserError
from monai_amyloid.learning.network import pretrained_sources
from monai_amyloid.learning.network.pretrained import load, start_from

pytestmark = pytest.mark.slow

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
PARTIAL = "weights/resnet50_imagenet_stem_to_layer2.pt"


def resnet(spatial_dims: int, planes: int = 8, outputs: int = 2, bias: bool = False) -> ResNet:
    """A bottleneck ResNet of one block a stage, with the names of a ResNet-50."""
    return ResNet(
        "bottleneck",
        [1, 1, 1, 1],
        [planes * factor for factor in (1, 2, 4, 8)],
        spatial_dims=spatial_dims,
        n_input_channels=3 if spatial_dims == 2 else 1,
        conv1_t_stride=2,
        num_classes=outputs,
        bias_downsample=bias,
    )


def slice_network(backbone: torch.nn.Module | None = None, outputs: int = 2) -> MILModel:
    small = resnet(2)
    small.fc = None
    return MILModel(outputs, backbone=backbone or small, backbone_num_features=256)


def whole_slice_network() -> MILModel:
    backbone = resnet50(
        spatial_dims=2,
        n_input_channels=3,
        conv1_t_stride=2,
        feed_forward=False,
        bias_downsample=False,
    )
    return MILModel(2, backbone=backbone, backbone_num_features=2048)


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Path:
    return shared_data / PARTIAL


def test_real_imagenet_tensors_are_loaded_key_by_key(real: Path) -> None:
    network = whole_slice_network()
    report = load(network, str(real))
    stored = torch.load(real, weights_only=True)
    own = network.net.state_dict()
    loaded = [name.removeprefix("net.") for name in report.named("loaded")]
    assert all(torch.equal(own[name], stored[name]) for name in loaded)
    # Of layer 3 the file has one convolution, which comes with its batch norm.
    rooms = ("conv1.", "bn1.", "layer1.", "layer2.", "layer3.0.conv1.", "layer3.0.bn1.")
    assert all(name.startswith(rooms) for name in loaded)
    assert report.named("unexpected") == ("fc.bias",)
    assert report.reach() == "to layer2"


def test_statistics_of_absent_convolutions_are_refused(real: Path) -> None:
    network = whole_slice_network()
    refused = load(network, str(real)).named("refused")
    assert {name.split(".")[1] for name in refused} == {"layer3", "layer4"}
    own = network.state_dict()
    variances = [own[name] for name in refused if name.endswith("running_var")]
    assert all(torch.equal(one, torch.ones_like(one)) for one in variances)


def test_real_imagenet_tensors_inflated_to_3d_sum_to_the_2d_ones(real: Path) -> None:
    network = resnet50(
        spatial_dims=3, n_input_channels=1, conv1_t_stride=2, num_classes=2, bias_downsample=False
    )
    report = load(network, str(real))
    assert report.reach() == "to layer2"
    stored = torch.load(real, weights_only=True)
    grey = network.conv1.weight.sum((1, 4))
    assert torch.allclose(grey, stored["conv1.weight"].sum(1), atol=1e-6)
    deep = network.layer2[1].conv2.weight.sum(4)
    assert torch.allclose(deep, stored["layer2.1.conv2.weight"], atol=1e-6)


def test_a_whole_backbone_leaves_nothing_out(tmp_path: Path) -> None:
    torch.save(slice_network().net.state_dict(), tmp_path / "resnet50.pt")
    report = load(slice_network(), str(tmp_path / "resnet50.pt"))
    assert report.named("unexpected") == report.named("refused") == ()
    assert {name.split(".")[0] for name in report.named("missing")} == {"myfc", "attention"}
    assert report.reach() == "all layers"


def test_the_report_names_every_tensor_once(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(8, 3, 7, 7), "x": torch.zeros(1)}, tmp_path / "w.pt")
    network = slice_network()
    start_from(network, str(tmp_path / "w.pt"), str(tmp_path / "pretrained.tsv"))
    table = pd.read_csv(tmp_path / "pretrained.tsv", sep="\t")
    assert list(table.columns) == ["tensor", "shape", "state", "why"]
    assert list(table["tensor"]) == [*network.state_dict(), "x"]
    assert dict(table["state"].value_counts()) == {
        "loaded": 1,
        "missing": len(network.state_dict()) - 1,
        "unexpected": 1,
    }


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_of_a_pretrained_head_the_grades_outputs_are_taken(
    tmp_path: Path, dtype: torch.dtype
) -> None:
    model = slice_network(outputs=5).to(dtype)
    torch.save(model.state_dict(), tmp_path / "model.pt")
    network = slice_network(outputs=2)
    report = load(network, str(tmp_path / "model.pt"))
    assert report.named("refused") == report.named("missing") == report.named("unexpected") == ()
    own, stored = network.state_dict(), model.state_dict()
    assert own["attention.0.weight"].dtype == torch.float32
    for name in report.named("loaded"):
        first = stored[name][:2] if name.startswith("myfc.") else stored[name]
        assert torch.equal(own[name], first.to(own[name].dtype))


@pytest.mark.parametrize(("stored", "wanted"), [(1000, 2), (5, 3), (2, 3)])
def test_a_head_of_other_answers_stays_as_initialised(
    tmp_path: Path, stored: int, wanted: int
) -> None:
    torch.save(slice_network(outputs=stored).state_dict(), tmp_path / "model.pt")
    network = slice_network(outputs=wanted)
    before = network.state_dict()["myfc.weight"].clone()
    report = load(network, str(tmp_path / "model.pt"))
    assert report.named("refused") == ("myfc.weight", "myfc.bias")
    assert torch.equal(network.state_dict()["myfc.weight"], before)


@pytest.mark.parametrize("bias", [False, True])
def test_medicalnets_names_and_wrapping_are_taken_off(tmp_path: Path, bias: bool) -> None:
    # Its shortcuts have no bias; a network whose shortcuts do keeps its own.
    medical = resnet(3).state_dict()
    wrapped = {f"module.{n}": t for n, t in medical.items() if not n.startswith("fc.")}
    torch.save({"state_dict": wrapped, "epoch": 1}, tmp_path / "resnet_50.pth")
    network = resnet(3, bias=bias)
    report = load(network, str(tmp_path / "resnet_50.pth"))
    biases = [f"layer{n}.0.downsample.0.bias" for n in (1, 2, 3, 4)]
    assert sorted(report.named("missing")) == sorted(["fc.weight", "fc.bias"] + biases * bias)
    assert torch.equal(network.layer4[0].conv2.weight, medical["layer4.0.conv2.weight"])


def test_without_a_name_the_network_stays_as_it_is() -> None:
    network = torch.nn.Linear(1, 1)
    assert start_from(network, "") is network


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "choose a file, none or one of shipped-3d, shipped-2d, imagenet, imagenet-v2"),
        ({"conv1.weight": torch.zeros(8, 3, 5, 5)}, "weights of the same network"),
        (
            {"conv1.weight": torch.zeros(16, 3, 7, 7)},
            "half the width of these weights: double its widen_factor",
        ),
        ({"other": torch.zeros(1)}, "none of its 1 tensors"),
        ([torch.zeros(1)], "not a state dict"),
    ],
)
def test_weights_that_do_not_fit_are_refused(tmp_path: Path, content: object, said: str) -> None:
    path = tmp_path / "weights.pt"
    if content is not None:
        torch.save(content, path)
    with pytest.raises(UserError, match=said):
        load(slice_network(), str(path))


def test_a_network_of_half_width_takes_no_inflated_weights(tmp_path: Path) -> None:
    torch.save(resnet(2).state_dict(), tmp_path / "resnet50.pth")
    with pytest.raises(UserError, match="double its widen_factor"):
        load(resnet(3, planes=4), str(tmp_path / "resnet50.pth"))


class Server(NamedTuple):
    folder: Path
    address: str


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A folder whose files have an address, with torch's cache beside it."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    handler = partial(Silent, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr("torch.hub._hub_dir", None)
        yield Server(folder, f"http://127.0.0.1:{running.server_port}")
        running.shutdown()


def publish(server: Server, monkeypatch: pytest.MonkeyPatch, digest: str = "") -> Path:
    """Serve a small ResNet under the address of ImageNet's; where the cache will have it."""
    buffer = io.BytesIO()
    torch.manual_seed(0)
    torch.save(resnet(2, outputs=1000).state_dict(), buffer)
    digest = digest or hashlib.sha256(buffer.getvalue()).hexdigest()
    name = f"resnet50-{digest[:8]}.pth"
    (server.folder / name).write_bytes(buffer.getvalue())
    published = pretrained_sources.Published(f"{server.address}/{name}", digest)
    monkeypatch.setitem(pretrained_sources.PUBLISHED, "imagenet", published)
    return server.folder.parent / "cache" / "hub" / "checkpoints" / name


def test_published_weights_are_downloaded_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = publish(server, monkeypatch)
    report = load(resnet(3), "imagenet")
    assert report.source == f"imagenet ({cached.name}), inflated to 3D"
    assert report.named("refused") == ("fc.weight", "fc.bias")
    (server.folder / cached.name).unlink()
    assert load(slice_network(), "imagenet").named("unexpected") == ("fc.weight", "fc.bias")
    assert [file.name for file in cached.parent.iterdir()] == [cached.name]


def test_a_download_of_another_content_is_refused_and_not_kept(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = publish(server, monkeypatch)
    published = pretrained_sources.PUBLISHED["imagenet"]
    # The digits that the name holds are right, a later one is not.
    other = published.sha256[:-1] + ("0" if published.sha256[-1] != "0" else "1")
    publish(server, monkeypatch, digest=other)
    with pytest.raises(UserError, match=f"found SHA-256 {published.sha256}, needed {other}"):
        load(slice_network(), "imagenet")
    assert not cached.exists()


def test_a_damaged_file_in_the_cache_is_named(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = publish(server, monkeypatch)
    load(slice_network(), "imagenet")
    cached.write_bytes(cached.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"found SHA-256 [0-9a-f]{64}, needed [0-9a-f]{64}.*delete"):
        load(slice_network(), "imagenet")


def test_without_a_network_the_line_says_what_to_fetch_and_where_to_put_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = publish(server, monkeypatch)
    address = f"http://127.0.0.1:9/{cached.name}"  # nothing listens there
    elsewhere = replace(pretrained_sources.PUBLISHED["imagenet"], address=address)
    monkeypatch.setitem(pretrained_sources.PUBLISHED, "imagenet", elsewhere)
    with pytest.raises(UserError) as raised:
        load(slice_network(), "imagenet")
    assert f"cannot download {address}" in str(raised.value)
    assert f"copy it to {cached}" in str(raised.value)


def test_the_published_names_hold_the_first_digits_of_the_whole_hash() -> None:
    for published in pretrained_sources.PUBLISHED.values():
        assert published.address.startswith("https://download.pytorch.org/models/resnet50-")
        assert re.fullmatch("[0-9a-f]{64}", published.sha256)
        assert Path(published.address).stem.split("-")[1] == published.sha256[:8]


@pytest.mark.parametrize("kind", ["slices", "volume"])
def test_the_config_starts_from_weights_and_freezes_them(
    real: Path, tmp_path: Path, kind: str
) -> None:
    files = ["train.json", "resnet50_3d.json"][: 1 if kind == "slices" else 2]
    parser = ConfigParser()
    parser.read_config([CONFIGS / file for file in files])
    values = {"pretrained": str(real), "frozen": "layer2", "widen_factor": 1, "device": "cpu"}
    parser.update(values | {"output_dir": str(tmp_path)})
    network = parser.get_parsed_content("network").train()
    backbone = getattr(network, "net", network)
    assert not backbone.layer2.training
    assert backbone.layer3.training
    assert not any(parameter.requires_grad for parameter in backbone.layer1.parameters())
    table = pd.read_csv(tmp_path / "fold0" / "pretrained.tsv", sep="\t")
    assert table["state"].eq("loaded").sum() == 125
