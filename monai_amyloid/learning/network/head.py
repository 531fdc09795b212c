"""The layer of a network that computes the logits; its inputs are the network's features."""

from typing import Any

import torch

from monai_amyloid.learning.network.scored import ScoredHead


def head_of(network: torch.nn.Module) -> torch.nn.Module | None:
    """``myfc`` of MONAI's slice network, ``fc`` of its ResNet; None of any other network."""
    linear = {
        name.rpartition(".")[2]: module
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
    return linear.get("myfc", linear.get("fc"))


class HeadInputs:
    """What a network's head was given last, while the network is used.

    Args:
        network: Network that is listened to.

    Attributes:
        features: Features of the last batch, ``(B, F)``; None before the first, and of a network
            without a head that is known.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        self.head = head_of(network)
        self.features: torch.Tensor | None = None
        self._hook = None
        if self.head is not None:
            self._hook = self.head.register_forward_pre_hook(self._keep)

    def _keep(self, head: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
        self.features = inputs[0].detach()

    def apart(self) -> list[float] | None:
        """How far the scans of the last batch lie from those of the training.

        Returns:
            Distance of each scan in standard deviations, see
            :meth:`~monai_amyloid.learning.network.scored.ScoredHead.apart`; None where it is not
            known.
        """
        if self.features is None or not isinstance(self.head, ScoredHead):
            return None
        apart: torch.Tensor | None = self.head.apart(self.features)
        return None if apart is None else [float(each) for each in apart.cpu()]

    def close(self) -> None:
        """Listen no longer."""
        if self._hook is not None:
            self._hook.remove()
