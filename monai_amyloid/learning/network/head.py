"""The layer of a network that computes the logits; its inputs are the network's features."""

import torch


def head_of(network: torch.nn.Module) -> torch.nn.Module | None:
    """``myfc`` of MONAI's slice network, ``fc`` of its ResNet; None of any other network."""
    linear = {
        name.rpartition(".")[2]: module
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
    return linear.get("myfc", linear.get("fc"))
