"""Where pretrained weights come from: a file, this program, or torchvision's published address."""

from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import torch

from monai_amyloid.checksum import sha256
from monai_amyloid.errors import UserError
from monai_amyloid.installed import BUNDLES, shipped_bundle
from monai_amyloid.learning.network.finite import first_not_finite
from monai_amyloid.output import replacing


@dataclass(frozen=True)
class Published:
    """A file that anybody can download.

    Attributes:
        address: Address of the file.
        sha256: SHA-256 of its content, 64 hexadecimal digits.
    """

    address: str
    sha256: str

    def is_in(self, content: bytes) -> bool:
        """Whether a content is that of the published file."""
        return sha256(content) == self.sha256

    def mismatch(self, content: bytes) -> str:
        """How a content differs, in words."""
        return f"found SHA-256 {sha256(content)}, needed {self.sha256}"


# ResNet-50, IMAGENET1K_V1 and IMAGENET1K_V2 of torchvision. The eight digits in a name are the
# first of its SHA-256: https://github.com/pytorch/vision/blob/main/torchvision/models/resnet.py
PUBLISHED = {
    "imagenet": Published(
        "https://download.pytorch.org/models/resnet50-0676ba61.pth",
        "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
    ),
    "imagenet-v2": Published(
        "https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
        "11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca",
    ),
}
# The bundles that come with this program are such weights, too: learnt from simulated scans.
SHIPPED = {f"shipped-{network}": network for network in BUNDLES}
# Words for no weights at all; configs start from some.
NOTHING = ("", "none")
SILENCE_SECONDS = 30.0  # of a server before a download is stopped


def find_weights(pretrained: str) -> Path:
    """The file that ``pretrained`` names, downloaded if it is the name of a published one.

    Args:
        pretrained: Path of a file, or a key of :data:`SHIPPED` or :data:`PUBLISHED`.

    Raises:
        UserError: If there is no such file, or it cannot be downloaded.
    """
    if pretrained in PUBLISHED:
        return download(PUBLISHED[pretrained])
    if pretrained in SHIPPED:
        path = shipped_bundle(SHIPPED[pretrained]) / "models" / "model.pt"
    else:
        path = Path(pretrained).expanduser()
    if not path.is_file():
        known = ", ".join([*SHIPPED, *PUBLISHED])
        raise UserError(f"no pretrained weights at {path}; choose a file, none or one of {known}")
    return path


def download(published: Published) -> Path:
    """A published file, from torch's cache once it has been there.

    The cache is that of :mod:`torch.hub`: ``TORCH_HOME`` moves it, and what torchvision has
    downloaded is found in it.

    Args:
        published: Address and checksum of the file.

    Raises:
        UserError: If the file cannot be had, or is not the published one.
    """
    address = published.address
    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(address).path).name
    if file.is_file():
        content = file.read_bytes()
        if not published.is_in(content):
            raise UserError(
                f"{file}: not the file of {address} ({published.mismatch(content)}): delete it"
            )
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
    if not published.is_in(content):
        raise UserError(
            f"{address}: the download is not the published file ({published.mismatch(content)}); "
            f"try again, or download it on another machine and copy it to {file}"
        )
    with replacing(file) as part:
        part.write_bytes(content)
    return file


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a file by their name in the network.

    MedicalNet's stand under ``state_dict`` and are named after the ``module`` of a
    ``DataParallel`` that held the network; both are taken off.

    Raises:
        UserError: If it is no state dict, or a weight is infinite or no number.
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
    if (lost := first_not_finite(stored)) is not None:
        raise UserError(f"{path}: holds weights that are not finite ({lost}); choose another file")
    return {name.removeprefix("module."): value for name, value in stored.items()}
