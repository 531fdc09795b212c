"""``torch.compile``, where it works."""

import torch

from monai_amyloid.errors import UserError
from monai_amyloid.learning.handlers.settings import switched_on


def can_compile(requested: bool | str, device: str | torch.device) -> bool:
    """Whether to compile a network, proved on one number before a training begins.

    Args:
        requested: Whether the config asks for it, ``true`` or ``false``, also as text.
        device: Device to compile for.

    Returns:
        Whether to compile, which is what was requested.

    Raises:
        UserError: If it is requested and torch cannot compile here.
    """
    if not switched_on(requested):
        return False
    one = torch.ones(1, device=device)
    try:
        torch.compile(torch.add)(one, one)
    except Exception as error:  # of any part of torch's compiler
        kind = torch.device(device).type
        needed = "Triton" if kind == "cuda" else "a C++ compiler, such as g++"
        raise UserError(
            f"compile is true, but torch cannot compile for {kind} here ({type(error).__name__}); "
            f"install {needed}, or train with compile false"
        ) from error
    return True
