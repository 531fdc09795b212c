"""A network that starts from the weights of another."""

import logging
from collections.abc import Mapping
from pathlib import Path

import torch

from monai_amyloid.errors import UserError
from monai_amyloid.learning.network.head import SCORES_LEARNED
from monai_amyloid.learning.network.inflation import inflate_to_fit
from monai_amyloid.learning.network.pretrained_report import LoadReport, TensorReport
from monai_amyloid.learning.network.pretrained_sources import (
    NOTHING,
    PUBLISHED,
    SHIPPED,
    find_weights,
    read_state_dict,
)
from monai_amyloid.learning.network.region_scores import SCORE_LOGITS

logger = logging.getLogger(__name__)

# What follows the ResNet in MONAI's networks, and may answer another question.
_LAST = ("fc", "myfc")
HEADS = ("fc.", "myfc.", "attention.", "transformer.")
# A head that pretraining made answers the grade first:
# :mod:`monai_amyloid.learning.pretraining.simulated`. ImageNet's thousand classes do not.
_GRADE_LOGITS = 2
_IMAGENET_CLASSES = 1000


def start_from(
    network: torch.nn.Module, pretrained: str, report: str | None = None
) -> torch.nn.Module:
    """The network, with pretrained weights where they are named.

    Args:
        network: MONAI ``MILModel`` on a 2D ``resnet50``, or a 3D ``resnet50``; changed in place.
        pretrained: Source of the weights: empty or ``none`` for none, ``shipped-2d`` or
            ``shipped-3d`` for those of the bundles that come with the program, ``imagenet`` or
            ``imagenet-v2`` for torchvision's, or the path of a file: torchvision's ResNet-50,
            MedicalNet's, or a ``model.pt`` of training here.
        report: Path of the table to write, with the fate of each tensor.

    Raises:
        UserError: As :func:`load`.
    """
    if pretrained not in NOTHING:
        outcome = load(network, pretrained)
        logger.info("pretrained: %s", outcome.summary())
        if report:
            outcome.write(Path(report))
    return network


def load(network: torch.nn.Module, pretrained: str) -> LoadReport:
    """Load pretrained weights, whole or partial, by the names of their tensors.

    2D weights are inflated for a 3D network. Of a head that learnt more than the grade its first
    outputs are taken, with the scores of the regions where it learnt them; any other head of
    another shape stays as initialised. So do batch norms whose convolution is not in the file:
    they are statistics of features that an untrained convolution does not make.

    Args:
        network: Network to load into, as in :func:`start_from`; changed in place.
        pretrained: Source of the weights, as in :func:`start_from`; not none.

    Raises:
        UserError: If the weights cannot be had or read, a tensor that is no head's has another
            shape, or none fits.
    """
    path = find_weights(pretrained)
    stored = read_state_dict(path)
    own = dict(network.state_dict())
    # A backbone alone stands under this name in the slice network.
    prefix = "" if any(name in own for name in stored) else "net."
    stored = {prefix + name: value for name, value in stored.items()}
    fitted = {name: _answers(name, stored, own) for name in stored}
    fitted = inflate_to_fit(fitted, own)
    fitted = _without_strange_scores(fitted, own)
    reports = [_judge(name, own, fitted, path) for name in own]
    loaded = {tensor.name: fitted[tensor.name] for tensor in reports if tensor.state == "loaded"}
    if not loaded:
        raise UserError(
            f"{path}: none of its {len(stored)} tensors has a name of this network, such as "
            f"{next(iter(own), 'none')}; leave pretrained empty or choose a ResNet-50"
        )
    network.load_state_dict(loaded, strict=False)
    reports += [
        TensorReport(
            name.removeprefix(prefix), tuple(value.shape), "unexpected", "not in this network"
        )
        for name, value in stored.items()
        if name not in own
    ]
    inflated = any(fitted[name].ndim > stored[name].ndim for name in loaded)
    named = pretrained in PUBLISHED or pretrained in SHIPPED
    source = f"{pretrained} ({path.name})" if named else path.name
    return LoadReport(f"{source}, inflated to 3D" if inflated else source, tuple(reports))


def _answers(
    name: str, stored: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor]
) -> torch.Tensor:
    """The rows of a head that answer what the network's own answers; other tensors as they are."""
    value = stored[name]
    layer, _, kind = name.rpartition(".")
    if name not in own or layer not in _LAST or kind == SCORES_LEARNED:
        return value
    flag = f"{layer}.{SCORES_LEARNED}"
    needed, outputs = own[name].shape, value.shape[0]
    scores = SCORE_LOGITS if flag in own else 0
    if (
        needed[0] != _GRADE_LOGITS + scores
        or value.shape[1:] != needed[1:]
        or outputs in (needed[0], _IMAGENET_CLASSES)
        or outputs < _GRADE_LOGITS
    ):
        return value
    known = needed[0] if flag in stored else _GRADE_LOGITS
    return torch.cat([value[:known], own[name][known:].to(value)])


def _without_strange_scores(
    stored: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """All but the word that scores were learnt where the head stays as initialised."""
    strange = [
        f"{layer}.{SCORES_LEARNED}"
        for layer in _LAST
        for name in [f"{layer}.weight"]
        if name in own and (name not in stored or stored[name].shape != own[name].shape)
    ]
    return {name: value for name, value in stored.items() if name not in strange}


def _judge(
    name: str, own: Mapping[str, torch.Tensor], stored: Mapping[str, torch.Tensor], path: Path
) -> TensorReport:
    """What becomes of one tensor of the network."""
    shape = tuple(own[name].shape)
    if name not in stored:
        return TensorReport(name, shape, "missing", "not in the file")
    if _has_no_convolution(name, stored):
        return TensorReport(name, shape, "refused", "its convolution is not in the file")
    found = tuple(stored[name].shape)
    if found == shape:
        return TensorReport(name, shape, "loaded")
    if name.startswith(HEADS):
        return TensorReport(name, shape, "refused", f"a head of another shape, {found}")
    narrower = bool(found and shape) and len(found) == len(shape) and found[0] == 2 * shape[0]
    advice = (
        "the network has half the width of these weights: double its widen_factor"
        if narrower
        else "give weights of the same network, or none"
    )
    raise UserError(f"{path}: {name} has shape {found}, the network needs {shape}; {advice}")


def _has_no_convolution(name: str, stored: Mapping[str, torch.Tensor]) -> bool:
    """Whether a tensor is of a batch norm whose convolution the file lacks.

    torchvision calls them ``bnN`` after ``convN``, and ``downsample.1`` after ``.0``.
    """
    module, _, _ = name.rpartition(".")
    parent, _, last = module.rpartition(".")
    prefix = f"{parent}." if parent else ""
    if last.startswith("bn"):
        return f"{prefix}conv{last[2:]}.weight" not in stored
    if parent.endswith("downsample") and last == "1":
        return f"{prefix}0.weight" not in stored
    return False
