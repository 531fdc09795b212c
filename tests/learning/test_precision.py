import pytest
import torch
from monai.networks.nets import resnet50

from monai_amyloid.errors import UserError
from monai_amyloid.learning.network.precision import (
    MixedPrecisionInferer,
    channels_last,
    has_fast_bfloat16,
)


class SeenType(torch.nn.Module):
    """A network that remembers the type its product was computed in."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)
        self.seen = torch.float64

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.layer(inputs)
        self.seen = output.dtype
        return output


@pytest.mark.parametrize(("enabled", "inside"), [(True, torch.bfloat16), (False, torch.float32)])
def test_a_network_computes_in_the_asked_precision_and_answers_in_full(
    enabled: bool, inside: torch.dtype
) -> None:
    network = SeenType()
    assert MixedPrecisionInferer(enabled)(torch.rand(3, 4), network).dtype == torch.float32
    assert network.seen == inside


@pytest.mark.parametrize("dimensions", [2, 3])
def test_channels_last_changes_how_weights_lie_and_not_what_they_say(dimensions: int) -> None:
    torch.manual_seed(0)
    network = resnet50(
        spatial_dims=dimensions, n_input_channels=1, num_classes=2, widen_factor=0.125
    ).eval()
    image = torch.rand(1, 1, *[32] * dimensions)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    said = network(image)
    changed = channels_last(network)
    layout = torch.channels_last if dimensions == 2 else torch.channels_last_3d
    assert changed.layer2[0].conv2.weight.is_contiguous(memory_format=layout)
    assert all(value.equal(before[name]) for name, value in changed.state_dict().items())
    torch.testing.assert_close(changed(image), said, rtol=1e-3, atol=1e-4)


def test_a_cpu_is_asked_for_its_matrix_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    for there in (True, False):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda there=there: there)
        assert has_fast_bfloat16("cpu") is there


@pytest.mark.parametrize(("word", "on"), [("false", False), ("True", True), (False, False)])
def test_a_switch_of_the_command_line_is_what_it_says(word: bool | str, on: bool) -> None:
    assert MixedPrecisionInferer(word).enabled is on
    with pytest.raises(UserError, match="needed true or false"):
        MixedPrecisionInferer("perhaps")
