"""Weights from elsewhere: numbers by name, and no more of them than their file holds."""

import io
import zipfile
from pathlib import Path

import torch

from monai_amyloid.errors import RunError, one_line
from monai_amyloid.learning.network.finite import first_not_finite

# Networks may use weights in several places.
_MOST_SHARED = 4

State = dict[str, torch.Tensor]


def read_weights(content: bytes, path: Path) -> State:
    """Read a network's weights; nothing in them is run.

    Args:
        content: Bytes of a file that ``torch.save`` wrote.
        path: Path of the file, for what is said of it.

    Returns:
        The weights by name, dense, on the CPU.

    Raises:
        RunError: If it is no such file, is packed to become larger than it is, or holds other
            than finite weights by name.
    """
    try:
        # torch.save packs nothing; what is packed may become any size.
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
        if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
            raise ValueError("its parts are packed")
        if sum(part.file_size for part in parts) > len(content):
            raise ValueError("its parts are larger than the file")
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        _check(state, len(content))
    except Exception as error:  # torch raises whatever its unpickler meets
        reason = (one_line(error) or type(error).__name__)[:200]
        raise RunError(
            f"{path}: no weights that can be read ({reason}); needed what training or export "
            "wrote: copy or export it again"
        ) from error
    if (lost := first_not_finite(state)) is not None:
        raise RunError(
            f"{path} holds weights that are not finite ({lost}), which grade nothing; train again "
            "with a lower --learning_rate, and export again"
        )
    return dict(state)


def _check(state: object, size: int) -> None:
    if not isinstance(state, dict) or not state:
        raise ValueError("no weights by name")
    total = 0
    for name, weight in state.items():
        if not isinstance(name, str) or not isinstance(weight, torch.Tensor):
            raise ValueError("no weights by name")
        if weight.layout != torch.strided or weight.device.type != "cpu":
            raise ValueError(f"{name[:80]} is no dense array")
        total += weight.numel() * weight.element_size()
        if total > _MOST_SHARED * size:  # one number that stands for many
            raise ValueError("its weights are larger than the file")
