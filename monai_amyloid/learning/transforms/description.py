"""A transform and its numbers in words, so that what it made can be found again on disk."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from monai_amyloid.checksum import sha256


def describe(part: Any) -> Any:
    """What a transform is and its numbers, the same in every process, without random states.

    Args:
        part: A transform, or any value inside a transform.

    Returns:
        Nested tuples whose ``repr`` is equal where the parts are.
    """
    if isinstance(part, Mapping):
        kept = {str(k): v for k, v in part.items() if not isinstance(v, np.random.RandomState)}
        return tuple((name, describe(kept[name])) for name in sorted(kept))
    if isinstance(part, (set, frozenset)):
        return tuple(sorted(map(repr, part)))
    if isinstance(part, (list, tuple)):
        return tuple(map(describe, part))
    if isinstance(part, (np.ndarray, torch.Tensor)):
        array = np.asarray(part)
        return (array.dtype.str, array.shape, sha256(array.tobytes()))
    if callable(part) and hasattr(part, "__qualname__"):
        return f"{part.__module__}.{part.__qualname__}"
    if hasattr(part, "__dict__"):
        kind = type(part)
        return (f"{kind.__module__}.{kind.__qualname__}", describe(vars(part)))
    return repr(part)
