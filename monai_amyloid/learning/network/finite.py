"""Numbers that are infinite or none, which no training, export or prediction goes on with."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from monai_amyloid.errors import UserError


def read_finite(path: Path) -> dict[str, torch.Tensor]:
    """Read the weights that a training left.

    Args:
        path: Path of a ``model.pt``.

    Raises:
        UserError: If the file cannot be read, or a weight is infinite or no number.
    """
    try:
        state: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever its unpickler meets
        raise UserError(f"{path}: cannot be read ({type(error).__name__}); train again") from error
    if (lost := first_not_finite(state)) is not None:
        raise UserError(
            f"{path} holds weights that are not finite ({lost}); train again with a lower "
            "--learning_rate"
        )
    return state


def first_not_finite(content: Any, name: str = "") -> str | None:
    """Name of the first number in a state dict or the like that is infinite or none.

    Args:
        content: Tensors and numbers, in dictionaries and lists.
        name: Name of the content.

    Returns:
        The name, such as ``network.conv1.weight``; None where every number is finite.
    """
    if torch.is_tensor(content):
        counts = content.is_floating_point() or content.is_complex()
        return name if counts and not _all_finite(content) else None
    if isinstance(content, float):
        return None if math.isfinite(content) else name
    if isinstance(content, Mapping | list | tuple):
        items = content.items() if isinstance(content, Mapping) else enumerate(content)
        for key, value in items:
            found = first_not_finite(value, f"{name}.{key}" if name else str(key))
            if found is not None:
                return found
    return None


def _all_finite(numbers: torch.Tensor) -> bool:
    if numbers.is_complex() or not numbers.numel():
        return bool(torch.isfinite(numbers).all())
    # The ends pass on what is no number, in a tenth of the time.
    return all(map(math.isfinite, map(float, torch.aminmax(numbers))))
