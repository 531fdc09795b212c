"""MONAI transforms of pictures, and of the slice that the original study looked at."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform

from monai_amyloid.cohort.pictures import PICTURE, eight_bit

ORIGINAL_SLICE = 44  # from 0, of the 2 mm template grid: z = 16 mm
ORIGINAL_DIVISOR = 128


class PictureBagd(MapTransform):
    """The pictures of one person as the channels of one, for MONAI's 2D transforms.

    ``(1, X, Y, n)`` becomes ``(slices, X, Y)``: slices evenly from the first to the last, some
    of them again where there are fewer. What is done to one is then done to all.

    Args:
        keys: Keys of the stacks of pictures.
        slices: Number of slices.
        allow_missing_keys: Whether a key may be missing from a dictionary.
    """

    def __init__(self, keys: KeysCollection, slices: int, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.slices = slices

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Replace each stack ``(1, X, Y, n)`` by ``(slices, X, Y)``."""
        result = dict(data)
        for key in self.key_iterator(result):
            stack = torch.as_tensor(np.asarray(result[key]))[0]
            # Middles of equal parts.
            chosen = (torch.arange(self.slices) + 0.5) * stack.shape[-1] / self.slices
            result[key] = stack[..., chosen.long()].permute(2, 0, 1).contiguous()
        return result


class RepeatColoursd(MapTransform):
    """Grey slices ``(N, X, Y)`` as the RGB ``(N, 3, X, Y)`` that an ImageNet network takes."""

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Replace each bag of slices."""
        result = dict(data)
        for key in self.key_iterator(result):
            result[key] = torch.as_tensor(result[key])[:, None].repeat(1, 3, 1, 1)
        return result


class OriginalSliced(MapTransform):
    """What the original study showed its network: one 8-bit slice, divided by 128.

    Of a volume that is slice 44 after the volume was scaled to 8 bits by its own maximum (an
    assumption); of pictures, the middle one, as it is. It lies as in the picture, rows from the
    front of the head to its back.

    Args:
        keys: Keys of the volumes ``(1, X, Y, Z)`` or stacks of pictures ``(1, X, Y, n)``.
        kind: Kind of the input, ``volume`` or ``picture``.
        allow_missing_keys: Whether a key may be missing from a dictionary.
    """

    def __init__(self, keys: KeysCollection, kind: str, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.kind = kind

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Replace each image by its slice ``(1, Y, X)``, 0 to 2."""
        result = dict(data)
        for key in self.key_iterator(result):
            image = np.asarray(result[key])[0]
            if self.kind == PICTURE:
                plane = image[..., image.shape[-1] // 2]
            else:
                plane = eight_bit(image)[..., ORIGINAL_SLICE]
            shown = torch.tensor(plane.T[::-1].copy(), dtype=torch.float32)
            result[key] = shown[None] / ORIGINAL_DIVISOR
        return result
