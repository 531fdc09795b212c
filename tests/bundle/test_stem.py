"""The quick gradient of the first convolution is autograd's own."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.networks.nets import resnet50
from torch import nn

from monai_amyloid.bundle.networks.stem import QuickStem, with_quick_stem

SIZES = st.tuples(*[st.integers(1, 13)] * 3)


def stem(channels: int = 1, **options: object) -> nn.Conv3d:
    usual = {"kernel_size": 7, "stride": 2, "padding": 3, "bias": False}
    return nn.Conv3d(channels, 3, **{**usual, **options})


@settings(max_examples=60, deadline=None)
@given(size=SIZES, scans=st.integers(1, 2), seed=st.integers(0, 99))
def test_the_gradient_is_autograds(size: tuple[int, int, int], scans: int, seed: int) -> None:
    torch.manual_seed(seed)
    usual = stem().double()
    quick = QuickStem(usual)
    image = torch.randn(scans, 1, *size, dtype=torch.float64, requires_grad=True)
    expected, found = usual(image), quick(image)
    assert torch.equal(found, expected)
    slope = torch.randn_like(expected)
    [right] = torch.autograd.grad(expected, image, slope)
    [mine] = torch.autograd.grad(found, image, slope)
    assert mine.shape == right.shape and torch.allclose(mine, right, rtol=1e-10, atol=1e-10)


def test_a_network_answers_the_same_and_keeps_the_names_of_its_weights() -> None:
    network = resnet50(
        spatial_dims=3, n_input_channels=1, num_classes=2, conv1_t_stride=2, widen_factor=0.125,
        bias_downsample=False,
    ).eval()  # fmt: skip
    image = torch.randn(1, 1, 20, 21, 22, requires_grad=True)
    [before] = torch.autograd.grad(network(image)[0, 0], image)
    state, answer = {**network.state_dict()}, network(image.detach())
    assert isinstance(with_quick_stem(network).conv1, QuickStem)
    assert {**network.state_dict()}.keys() == state.keys()
    assert torch.equal(network(image.detach()), answer)
    [after] = torch.autograd.grad(network(image)[0, 0], image)
    assert torch.allclose(after, before, atol=1e-5 * float(before.abs().max()))


@pytest.mark.parametrize(
    "other",
    [
        stem(channels=3),
        stem(bias=True),
        stem(stride=1),
        stem(padding=0),
        stem(kernel_size=3),
        stem(padding_mode="circular"),
        nn.Conv2d(1, 3, 7, 2, 3, bias=False),
    ],
    ids=str,
)
def test_any_other_first_layer_stays(other: nn.Module) -> None:
    network = nn.Module()
    network.conv1 = other
    assert with_quick_stem(network).conv1 is other
    assert isinstance(with_quick_stem(nn.Linear(1, 1)), nn.Linear)
