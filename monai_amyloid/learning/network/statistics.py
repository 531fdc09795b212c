"""Batch norms measured anew on the scans of one place, without learning anything.

References:
    Li et al. 2018, Adaptive batch normalization, doi:10.1016/j.patcog.2018.03.005
    Schneider et al. 2020, arXiv:2006.16971 (statistics of old and new scans mixed)
"""

import copy
from collections.abc import Iterable
from typing import cast

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from monai_amyloid.learning.network.head import HeadInputs, ScoredHead

# The statistics of the training count as much as so many scans.
TRAINED_COUNT_AS = 100


def with_statistics_of(
    network: torch.nn.Module, inputs: Iterable[torch.Tensor]
) -> tuple[torch.nn.Module, float]:
    """A copy of a network whose batch norms also know other scans.

    Args:
        network: Network in evaluation mode, with batch norms; not changed.
        inputs: What it takes of each scan, ``(B, ...)`` each.

    Returns:
        The copy, in evaluation mode, and how far the scans lie from those of the training: the mean
        distance of the features' means, in standard deviations of the training's.
    """
    changed = copy.deepcopy(network)
    norms = [norm for norm in changed.modules() if isinstance(norm, _BatchNorm)]
    before = [(_mean(norm).clone(), _variance(norm).clone()) for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
        norm.train()
    scans = 0
    with torch.no_grad():
        for batch in inputs:
            changed(batch)
            scans += len(batch)
    weight = scans / (scans + TRAINED_COUNT_AS)
    distances = []
    for norm, (mean, variance) in zip(norms, before, strict=True):
        apart = _mean(norm) - mean
        distances.append(float((apart.abs() / (variance + norm.eps).sqrt()).mean()))
        between = weight * (1 - weight) * apart**2
        _variance(norm).mul_(weight).add_((1 - weight) * variance + between)
        _mean(norm).mul_(weight).add_((1 - weight) * mean)
        norm.eval()
    return changed, sum(distances) / max(len(distances), 1)


def learn_features(network: torch.nn.Module, inputs: Iterable[torch.Tensor]) -> None:
    """Let a network know the features of other scans, too, as usual ones.

    To be done once its batch norms are changed, with which every feature changes.

    Args:
        network: Network in evaluation mode, from :func:`with_statistics_of`. One without a head
            that knows what is usual is left as it is.
        inputs: What it takes of each scan, ``(B, ...)`` each, of the same scans.
    """
    heard = HeadInputs(network)
    try:
        head = heard.head
        if not isinstance(head, ScoredHead) or not bool((head.features_spread > 0).any()):
            return
        found = []
        with torch.no_grad():
            for batch in inputs:
                network(batch)
                if heard.features is not None:
                    found.append(heard.features.float())
    finally:
        heard.close()
    features = torch.cat(found)
    weight = len(features) / (len(features) + TRAINED_COUNT_AS)
    mean, variance = head.features_mean, head.features_spread.square()
    own_mean, own_variance = features.mean(dim=0), features.var(dim=0, unbiased=False)
    between = weight * (1 - weight) * (own_mean - mean) ** 2
    head.features_mean.copy_(weight * own_mean + (1 - weight) * mean)
    mixed = weight * own_variance + (1 - weight) * variance + between
    # A feature that says nothing of the training's scans goes on to say nothing.
    head.features_spread.copy_(mixed.sqrt() * (variance > 0))


def _mean(norm: _BatchNorm) -> torch.Tensor:
    return cast(torch.Tensor, norm.running_mean)  # a ResNet's norms have them


def _variance(norm: _BatchNorm) -> torch.Tensor:
    return cast(torch.Tensor, norm.running_var)
