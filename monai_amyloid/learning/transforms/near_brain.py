"""What of a scan a network may see: the brain, and nothing that lies around it.

Scalp, skull and neck say nothing of amyloid, but a network that sees them grades by them.
"""

from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor, get_track_meta, set_track_meta
from monai.transforms import Compose, MapTransform, RandomizableTransform, Spacing, SpatialCrop

from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.errors import UserError
from monai_amyloid.learning.transforms.as_seen import brain_share


@cache
def near_brain(
    roi_start: tuple[int, ...], roi_end: tuple[int, ...], pixdim: tuple[float, ...]
) -> torch.Tensor:
    """How much of each voxel of a preprocessed scan is shown, ``(1, X, Y, Z)``, 0 to 1.

    :func:`~monai_amyloid.learning.transforms.as_seen.brain_share` on the grid that MONAI's crop
    and spacing make of the template's.

    Args:
        roi_start: First voxel of the crop.
        roi_end: Voxel after the last one of the crop.
        pixdim: Voxel size after the crop, mm.
    """
    grid = Compose(
        [SpatialCrop(roi_start=roi_start, roi_end=roi_end), Spacing(pixdim, mode="bilinear")]
    )
    # Who asks may keep no account of where voxels lie; here it counts.
    tracked = get_track_meta()
    set_track_meta(True)
    try:
        laid = grid(
            MetaTensor(brain_share()[None].copy(), affine=torch.from_numpy(TEMPLATE_AFFINE))
        )
    finally:
        set_track_meta(tracked)
    return torch.from_numpy(np.asarray(laid)).float().clip(0, 1)


class _OnGrid(MapTransform):
    """A transform that knows where the brain lies in a preprocessed scan.

    Args:
        keys: Keys of the volumes ``(1, X, Y, Z)``.
        roi_start: First voxel of the crop of the preprocessing.
        roi_end: Voxel after the last one.
        pixdim: Voxel size of its spacing, mm.
        allow_missing_keys: Whether a key may be missing from a dictionary.
    """

    def __init__(
        self,
        keys: KeysCollection,
        roi_start: Sequence[int],
        roi_end: Sequence[int],
        pixdim: Sequence[float],
        allow_missing_keys: bool = False,
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        self.grid = tuple(roi_start), tuple(roi_end), tuple(float(edge) for edge in pixdim)

    def shown(self, volume: torch.Tensor) -> torch.Tensor:
        """How much of each voxel of a volume is of the brain, ``(1, X, Y, Z)``.

        Raises:
            UserError: If the volume has another grid.
        """
        found = near_brain(*self.grid).to(volume.device)
        if volume.shape[-3:] != found.shape[-3:]:
            raise UserError(
                f"found a volume of shape {tuple(volume.shape)}, needed {tuple(found.shape)}: a "
                "scan on the template's grid, as `monai-amyloid prepare` makes it, cropped and "
                "spaced as the config says"
            )
        return found


class OnlyBraind(_OnGrid):
    """Set all that is farther than 4 mm from the brain to 0, softly.

    Args:
        keys: Keys of the volumes ``(1, X, Y, Z)``.
        roi_start: First voxel of the crop of the preprocessing.
        roi_end: Voxel after the last one.
        pixdim: Voxel size of its spacing, mm.
        allow_missing_keys: Whether a key may be missing from a dictionary.

    Attributes:
        at_each_access: True: what is kept on disk is the scan before, in training and validation
            alike, or rounding would tell them apart.
    """

    at_each_access = True

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Replace each volume.

        Raises:
            UserError: If a volume has another grid.
        """
        result = dict(data)
        for key in self.key_iterator(result):
            volume = torch.as_tensor(result[key])
            result[key] = volume * self.shown(volume)
        return result


class RandOutsideGaind(RandomizableTransform, _OnGrid):
    """Make all that lies around the brain brighter or darker, down to nothing.

    What of it is blurred into the brain's rim must not matter either.

    Args:
        keys: Keys of the volumes ``(1, X, Y, Z)``.
        prob: Probability that a volume is changed, 0 to 1.
        roi_start: First voxel of the crop of the preprocessing.
        roi_end: Voxel after the last one.
        pixdim: Voxel size of its spacing, mm.
        most: Largest factor; the smallest is 0.
        allow_missing_keys: Whether a key may be missing from a dictionary.
    """

    def __init__(
        self,
        keys: KeysCollection,
        prob: float,
        roi_start: Sequence[int],
        roi_end: Sequence[int],
        pixdim: Sequence[float],
        most: float = 3.0,
        allow_missing_keys: bool = False,
    ) -> None:
        _OnGrid.__init__(self, keys, roi_start, roi_end, pixdim, allow_missing_keys)
        RandomizableTransform.__init__(self, prob)
        self.most = most

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Multiply what is outside the brain by one factor, the same in all volumes."""
        result = dict(data)
        self.randomize(None)
        if not self._do_transform:
            return result
        more = float(self.R.uniform(0, self.most)) - 1
        for key in self.key_iterator(result):
            volume = torch.as_tensor(result[key])
            result[key] = volume * (1 + more * (1 - self.shown(volume)))
        return result
