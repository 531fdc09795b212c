import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import conv2d, conv3d

from monai_amyloid.learning.network.inflation import inflate, inflate_to_fit


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    size=st.sampled_from([1, 3, 5, 7]),
    depth=st.sampled_from([1, 3, 5, 7]),
    channels=st.integers(1, 3),
)
def test_an_inflated_convolution_of_a_volume_constant_along_z_equals_the_2d_one(
    seed: int, size: int, depth: int, channels: int
) -> None:
    random = torch.Generator().manual_seed(seed)
    # In double precision, whose rounding no sum of this size makes visible.
    picture = torch.randn(1, channels, 9, 10, generator=random, dtype=torch.float64)
    kernel = torch.randn(4, channels, size, size, generator=random, dtype=torch.float64)
    volume = picture[..., None].expand(-1, -1, -1, -1, depth + 2)
    seen = conv3d(volume, inflate(kernel, depth))
    expected = conv2d(picture, kernel)[..., None].expand_as(seen)
    assert torch.allclose(seen, expected, atol=1e-9)


def test_colours_are_summed_for_a_network_of_one_channel() -> None:
    random = torch.Generator().manual_seed(0)
    grey = torch.randn(1, 1, 8, 8, generator=random)
    kernel = torch.randn(4, 3, 3, 3, generator=random)
    own = {"conv1.weight": torch.empty(4, 1, 3, 3, 3), "bn1.bias": torch.empty(4)}
    stored = {"conv1.weight": kernel, "bn1.bias": torch.ones(4), "fc.bias": torch.ones(2)}
    fitted = inflate_to_fit(stored, own)
    seen = conv3d(grey[..., None].expand(-1, -1, -1, -1, 3), fitted["conv1.weight"])[..., 0]
    assert torch.allclose(seen, conv2d(grey.expand(-1, 3, -1, -1), kernel), atol=1e-5)
    assert fitted["bn1.bias"] is stored["bn1.bias"]
    assert fitted["fc.bias"] is stored["fc.bias"]


def test_a_2d_network_keeps_its_kernels() -> None:
    stored = {"conv1.weight": torch.ones(4, 3, 3, 3)}
    assert inflate_to_fit(stored, stored)["conv1.weight"] is stored["conv1.weight"]
