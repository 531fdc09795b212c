"""The first convolution of a 3D ResNet, whose gradient takes a third of an explanation's time.

On a CPU the gradient that one input channel receives of a strided convolution of 7 x 7 x 7 voxels
takes ten times as long as the convolution. Each voxel of the input was seen through those weights
alone whose place fits the step: for steps of two, eight kinds of voxels, each of which gets its
gradient by an ordinary convolution of at most 4 x 4 x 4. All eight in one are five times as fast.
"""

from typing import Any

import torch
from torch import nn
from torch.nn.functional import conv3d, pad

_KERNEL, _STEP, _PADDING = 7, 2, 3
# Output o saw input 2 q + r through weight k where 2 o + k - 3 = 2 q + r: o runs from q - 1 to
# q + 2.
_FIRST, _LAST = -1, 2


class QuickStem(nn.Conv3d):
    """A convolution with the gradient of its input alone; its weights learn nothing more.

    Args:
        stem: Convolution of one channel, 7 x 7 x 7 voxels in steps of two, whose weights it shares.
    """

    def __init__(self, stem: nn.Conv3d) -> None:
        super().__init__(1, stem.out_channels, _KERNEL, _STEP, _PADDING, bias=False, device="meta")
        self.weight = nn.Parameter(stem.weight.detach(), requires_grad=False)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """What the convolution answers, ``(B, C, X / 2, Y / 2, Z / 2)`` of ``(B, 1, X, Y, Z)``."""
        if input.requires_grad and input.device.type == "cpu":
            answer: torch.Tensor = _Convolved.apply(input, self.weight)  # type: ignore[no-untyped-call]
            return answer
        return super().forward(input)


def with_quick_stem(network: nn.Module) -> nn.Module:
    """The network, whose first layer is replaced where it is such a convolution of volumes."""
    stem = getattr(network, "conv1", None)
    if isinstance(stem, nn.Conv3d) and _fits(stem):
        network.conv1 = QuickStem(stem)
    return network


def _fits(stem: nn.Conv3d) -> bool:
    usual = nn.Conv3d(1, stem.out_channels, _KERNEL, _STEP, _PADDING, bias=False, device="meta")
    return stem.bias is None and all(
        getattr(stem, name) == getattr(usual, name)
        for name in ("in_channels", "kernel_size", "stride", "padding", "dilation", "groups",
                     "padding_mode")
    )  # fmt: skip


class _Convolved(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, image: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(weight)
        ctx.size = image.shape[2:]
        return conv3d(image, weight, None, _STEP, _PADDING)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[torch.Tensor, None]:
        [weight], [slope] = ctx.saved_tensors, slopes
        halves = [-(-size // _STEP) for size in ctx.size]
        found = conv3d(pad(slope, (-_FIRST, _LAST) * 3), _of_each_kind(weight))
        apart = found.reshape(-1, _STEP, _STEP, _STEP, *halves).permute(0, 4, 1, 5, 2, 6, 3)
        whole = apart.reshape(len(slope), 1, *(_STEP * half for half in halves))
        x, y, z = ctx.size
        return whole[..., :x, :y, :z], None


def _of_each_kind(weight: torch.Tensor) -> torch.Tensor:
    """Weights ``(8, C, 4, 4, 4)`` by which voxels of each kind get their gradient."""
    places = weight.new_zeros(_STEP, _LAST - _FIRST + 1, _KERNEL)
    for kind in range(_STEP):
        for k in range(_KERNEL):
            output, odd = divmod(kind + _PADDING - k, _STEP)
            if not odd:
                places[kind, output - _FIRST, k] = 1
    found = torch.einsum("atk,bul,cvm,oklm->abcotuv", places, places, places, weight[:, 0])
    return found.flatten(0, 2)
