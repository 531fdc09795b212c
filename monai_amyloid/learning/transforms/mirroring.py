"""A scan with left and right exchanged, and all that is known of its sides with it."""

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, RandomizableTransform

# Where the numbers to learn lie in an item, and which of them each becomes in a mirror.
TARGETS, MIRRORED = "targets", "mirrored"


class RandMirrord(RandomizableTransform, MapTransform):
    """Exchange left and right of a volume or a bag of pictures.

    MONAI's ``RandFlipd`` leaves what is known of the left side with the left side.

    Args:
        keys: Keys of the volumes ``(1, X, Y, Z)`` or bags of pictures ``(N, X, Y)``.
        prob: Probability that an item is mirrored, 0 to 1.
        allow_missing_keys: Whether a key may be missing from a dictionary.
    """

    def __init__(self, keys: KeysCollection, prob: float, allow_missing_keys: bool = False) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        RandomizableTransform.__init__(self, prob)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Mirror all volumes of an item, or none; its sided targets are exchanged with them."""
        result = dict(data)
        self.randomize(None)
        if not self._do_transform:
            return result
        for key in self.key_iterator(result):
            result[key] = torch.as_tensor(result[key]).flip(1)
        if TARGETS in result and MIRRORED in result:
            result[TARGETS] = result[TARGETS][result[MIRRORED]]
        return result
