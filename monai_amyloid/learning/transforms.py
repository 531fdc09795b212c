"""MONAI transforms that MONAI does not have."""

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform

from monai_amyloid.learning.losses import ordinal_probabilities


class AxialSlicesd(MapTransform):
    """A volume as a bag of axial slices for a 2D network.

    ``(1, X, Y, Z)`` becomes ``(slices, 3, X, Y)``. The slices are spaced evenly from the
    lowest to the highest; the three channels are the slice below, itself and above.

    Args:
        keys: Of the volumes.
        slices: Number of slices.
        stride: Voxels from a slice to the one below and above it.
        allow_missing_keys: As in every MONAI dictionary transform.
    """

    def __init__(
        self,
        keys: KeysCollection,
        slices: int,
        stride: int = 1,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.slices = slices
        self.stride = stride

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Replace each volume ``(1, X, Y, Z)`` by its slices ``(slices, 3, X, Y)``.

        Raises:
            ValueError: If a volume has another number of dimensions or channels, or fewer
                slices than asked for.
        """
        result = dict(data)
        for key in self.key_iterator(result):
            result[key] = self._slices(torch.as_tensor(result[key]))
        return result

    def _slices(self, volume: torch.Tensor) -> torch.Tensor:
        depth = volume.shape[-1]
        room = depth - 2 * self.stride
        if volume.ndim != 4 or volume.shape[0] != 1 or room < self.slices:
            raise ValueError(
                f"found a volume of shape {tuple(volume.shape)}, needed (1, X, Y, Z) with Z of "
                f"at least {self.slices + 2 * self.stride} for {self.slices} slices"
            )
        # Middles of equal parts, so that no part of the brain is seen less than another.
        middles = (torch.arange(self.slices) + 0.5) * room / self.slices
        centres = middles.long() + self.stride
        offsets = torch.tensor([-self.stride, 0, self.stride])
        chosen = volume[0][..., (centres[:, None] + offsets).reshape(-1)]
        stack = chosen.permute(2, 0, 1).reshape(self.slices, 3, *volume.shape[1:3])
        return stack.contiguous()


class OrdinalProbabilitiesd(MapTransform):
    """Turn the network's two logits into the probabilities of BAPL 1, 2 and 3.

    Args:
        keys: Of the logits ``(..., 2)``.
        allow_missing_keys: As in every MONAI dictionary transform.
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Replace logits ``(..., 2)`` by probabilities ``(..., 3)``."""
        result = dict(data)
        for key in self.key_iterator(result):
            result[key] = ordinal_probabilities(torch.as_tensor(result[key]).float())
        return result
