"""ImageNet weights of torchvision's ResNet-50 for MONAI's."""

from dataclasses import dataclass
from pathlib import Path

import torch

from monai_amyloid.errors import UserError


@dataclass(frozen=True)
class LoadReport:
    """What became of each tensor, by its name in the backbone.

    Attributes:
        loaded: Taken from the file.
        missing: In the network, not in the file: as initialised.
        unexpected: In the file, not in the network, such as the ImageNet classifier.
        refused: Batch-norm tensors in the file whose convolution is not: statistics of
            features that an untrained convolution does not make.
    """

    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    refused: tuple[str, ...]


def load_backbone(network: torch.nn.Module, path: Path) -> LoadReport:
    """Load a torchvision ResNet-50 state dict into a slice network's backbone.

    Args:
        network: MONAI ``MILModel`` whose ``net`` is
            ``resnet50(spatial_dims=2, conv1_t_stride=2, bias_downsample=False)``.
        path: State dict, whole or partial; read with ``weights_only=True``.

    Returns:
        Which tensors were loaded, and which not and why.

    Raises:
        UserError: If there is no such file, it is no state dict, a tensor has another
            shape, no tensor fits, or the network has no such backbone.
    """
    backbone = getattr(network, "net", None)
    if not isinstance(backbone, torch.nn.Module):
        raise UserError(
            "pretrained weights are for the 2D slice network; this one has no backbone to load "
            "them into: leave --pretrained empty"
        )
    stored = _read_state_dict(path)
    own = backbone.state_dict()
    refused = tuple(name for name in stored if _has_no_convolution(name, stored))
    usable = {name: value for name, value in stored.items() if name in own and name not in refused}
    for name, value in usable.items():
        if value.shape != own[name].shape:
            raise UserError(
                f"{path}: {name} has shape {tuple(value.shape)}, the network needs "
                f"{tuple(own[name].shape)}; give a torchvision ResNet-50"
            )
    if not usable:
        raise UserError(f"{path}: none of its {len(stored)} tensors is of a ResNet-50")
    backbone.load_state_dict(usable, strict=False)
    return LoadReport(
        loaded=tuple(usable),
        missing=tuple(name for name in own if name not in usable),
        unexpected=tuple(name for name in stored if name not in own),
        refused=refused,
    )


def _read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise UserError(f"no pretrained weights at {path}")
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its unpickler meets
        raise UserError(f"{path}: not a PyTorch state dict: {type(error).__name__}") from error
    if not isinstance(stored, dict) or not all(torch.is_tensor(v) for v in stored.values()):
        raise UserError(f"{path}: not a state dict of tensors")
    return stored


def _has_no_convolution(name: str, stored: dict[str, torch.Tensor]) -> bool:
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


def start_from(network: torch.nn.Module, pretrained: str) -> torch.nn.Module:
    """The network, with pretrained weights where a path is given.

    Args:
        network: To be changed in place.
        pretrained: Path of a torchvision ResNet-50 state dict, or empty.
    """
    if pretrained:
        load_backbone(network, Path(pretrained))
    return network
