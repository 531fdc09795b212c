"""Half the bits where the machine computes faster with them."""

from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import Inferer

from monai_amyloid.learning.handlers.settings import switched_on


def has_fast_bfloat16(device: str | torch.device) -> bool:
    """Whether bfloat16 is faster than float32: CUDA of compute capability 8, CPUs with AMX."""
    kind = torch.device(device).type
    if kind == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return kind == "cpu" and bool(torch.cpu._is_amx_tile_supported())


class MixedPrecisionInferer(Inferer):
    """Run a network in bfloat16, whatever the device; its answer is float32.

    MONAI's own mixed precision is for CUDA alone. bfloat16 has the range of float32, so that the
    loss needs no scaling.

    Args:
        enabled: Whether to use bfloat16, ``true`` or ``false``, also as text; the network runs in
            float32 otherwise.
    """

    def __init__(self, enabled: bool | str) -> None:
        super().__init__()
        self.enabled = switched_on(enabled)

    def __call__(
        self,
        inputs: torch.Tensor,
        network: Callable[..., torch.Tensor],
        *args: Any,
        **kwargs: Any,
    ) -> torch.Tensor:
        """Run the network on ``inputs (B, ...)``."""
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=self.enabled):
            return network(inputs, *args, **kwargs).float()


def channels_last(network: torch.nn.Module) -> torch.nn.Module:
    """Store the weights of convolutions with the channels last, which is how they run fastest.

    The state dict and what the network computes stay the same.

    Args:
        network: Network of 2D or 3D convolutions, changed in place.
    """
    layouts = {4: torch.channels_last, 5: torch.channels_last_3d}
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Conv3d):
            weight = module.weight
            weight.data = weight.data.contiguous(memory_format=layouts[weight.ndim])
    return network
