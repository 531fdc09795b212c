"""Where pretrained weights come from: a file, or torchvision's published address."""

import re
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import torch

from monai_amyloid.checksum import sha256
from monai_amyloid.errors import UserError
from monai_amyloid.output import replacing

# ResNet-50, IMAGENET1K_V1 and IMAGENET1K_V2 of torchvision. Eight digits in a name are the
# first of its SHA-256: https://github.com/pytorch/vision/blob/main/torchvision/models/resnet.py
ADDRESSES = {
    "imagenet": "https://download.pytorch.org/models/resnet50-0676ba61.pth",
    "imagenet-v2": "https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
}
SILENCE_SECONDS = 30.0  # of a server before a download is stopped


def find_weights(pretrained: str) -> Path:
    """The file that ``pretrained`` names, downloaded if it is the name of a published one.

    Args:
        pretrained: Path of a file, or a key of :data:`ADDRESSES`.

    Raises:
        UserError: If there is no such file, or it cannot be downloaded.
    """
    if pretrained in ADDRESSES:
        return download(ADDRESSES[pretrained])
    path = Path(pretrained).expanduser()
    if not path.is_file():
        known = ", ".join(ADDRESSES)
        raise UserError(f"no pretrained weights at {path}; choose a file or one of {known}")
    return path


def download(address: str) -> Path:
    """A published file, from torch's cache once it has been there.

    The cache is that of :mod:`torch.hub`: ``TORCH_HOME`` moves it, and what torchvision has
    downloaded is found in it.

    Args:
        address: Address whose last part ends in ``-`` and the first digits of the file's SHA-256.

    Raises:
        UserError: If the file cannot be had, or is not the published one.
    """
    name = Path(urlsplit(address).path).name
    file = Path(torch.hub.get_dir()) / "checkpoints" / name
    if file.is_file():
        if not _is_published(file.read_bytes(), name):
            raise UserError(f"{file}: not the file of {address} (its SHA-256 differs): delete it")
        return file
    try:
        with urlopen(address, timeout=SILENCE_SECONDS) as answer:  # noqa: S310 (constants above)
            content = answer.read()
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise UserError(
            f"cannot download {address} ({reason}); download it on another machine and copy it "
            f"to {file}, or name its path as pretrained"
        ) from error
    if not _is_published(content, name):
        raise UserError(
            f"{address}: the download is not the published file (its SHA-256 differs); try "
            f"again, or download it on another machine and copy it to {file}"
        )
    with replacing(file) as part:
        part.write_bytes(content)
    return file


def _is_published(content: bytes, name: str) -> bool:
    digits = re.search(r"-([0-9a-f]{8,})\.", name)
    return digits is not None and sha256(content).startswith(digits[1])


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a file by their name in the network.

    MedicalNet's stand under ``state_dict`` and are named after the ``module`` of a
    ``DataParallel`` that held the network; both are taken off.

    Raises:
        UserError: If it is no state dict.
    """
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its unpickler meets
        raise UserError(
            f"{path}: not a PyTorch state dict ({type(error).__name__}); choose a model.pt"
        ) from error
    if isinstance(stored, dict) and isinstance(stored.get("state_dict"), dict):
        stored = stored["state_dict"]
    if not isinstance(stored, dict) or not all(torch.is_tensor(v) for v in stored.values()):
        raise UserError(
            f"{path}: not a state dict of tensors; choose a model.pt, not a checkpoint.pt"
        )
    return {name.removeprefix("module."): value for name, value in stored.items()}
