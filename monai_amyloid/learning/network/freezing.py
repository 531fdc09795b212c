"""Layers that keep their pretrained weights."""

from types import MethodType
from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from monai_amyloid.errors import UserError
from monai_amyloid.learning.network.pretrained_report import STAGES


def freeze(network: torch.nn.Module, upto: str) -> torch.nn.Module:
    """Train no parameter and no batch-norm statistic of a ResNet's first layers.

    Their batch norms stay in evaluation whatever ``train()`` says, and
    :func:`torch.optim.swa_utils.update_bn`, which measures statistics anew, leaves them alone.
    The state dict keeps its names.

    Args:
        network: MONAI ``resnet50``, 2D or 3D, or ``MILModel`` on one; changed in place.
        upto: Last part that is frozen, ``stem`` or ``layer1`` to ``layer4``; empty to freeze
            nothing.

    Raises:
        UserError: If there is no such layer, or a layer to be frozen has no pretrained weights.
    """
    if not upto:
        return network
    backbone: Any = getattr(network, "net", network)
    if upto not in STAGES or not hasattr(backbone, "layer1"):
        raise UserError(
            f"cannot freeze up to {upto!r} in {type(backbone).__name__}: needed a ResNet and one "
            f"of {', '.join(STAGES)}, or an empty value"
        )
    stages = list(STAGES)
    names = [name for stage in stages[: stages.index(upto) + 1] for name in STAGES[stage]]
    for name in names:
        part = getattr(backbone, name)
        part.requires_grad_(False)
        for inner, norm in part.named_modules(prefix=name):
            if isinstance(norm, _BatchNorm):
                _freeze_statistics(norm, inner, upto)
    backbone.frozen_parts = tuple(names)
    # On the backbone and not on its batch norms, which synchronising them between GPUs
    # replaces; a method of its own and not a hook, for hooks run inside a compiled network.
    backbone.train = MethodType(_train_the_rest, backbone)
    backbone.train(backbone.training)
    return network


def _freeze_statistics(norm: _BatchNorm, name: str, upto: str) -> None:
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None or (not mean.any() and bool((variance == 1).all())):
        raise UserError(
            f"frozen={upto}, but {name} has no pretrained weights; choose weights that include "
            "it, or freeze fewer layers"
        )
    # In evaluation torch then still uses the statistics, but never resets them.
    norm.track_running_stats = False


def _train_the_rest(backbone: Any, mode: bool = True) -> Any:
    """What stands for ``train`` in a backbone with frozen parts."""
    type(backbone).train(backbone, mode)
    for name in backbone.frozen_parts:
        getattr(backbone, name).eval()
    return backbone
