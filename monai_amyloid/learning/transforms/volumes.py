"""MONAI transforms that MONAI does not have."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, RandomizableTransform

from monai_amyloid.evaluation.deciding.decision_file import read_decision
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.learning.transforms.as_seen import axial_slices, florbetaben_equivalent


class FlorbetabenEquivalentd(MapTransform):
    """Put every tracer's SUVR on florbetaben's scale, by their Centiloid lines.

    Args:
        keys: Keys of the SUVR volumes.
        tracer_key: Key of the BIDS label of their tracer.
        allow_missing_keys: Whether a key may be missing from a dictionary.
    """

    def __init__(
        self,
        keys: KeysCollection,
        tracer_key: str = "tracer",
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.tracer_key = tracer_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Replace each volume.

        Raises:
            UserError: If the tracer is missing, or none that has a Centiloid line.
        """
        result = dict(data)
        for key in self.key_iterator(result):
            result[key] = florbetaben_equivalent(result[key], result.get(self.tracer_key))
        return result


class RandSliceDropoutd(RandomizableTransform, MapTransform):
    """Lose some neighbouring axial slices of a volume, as a cut field of view does.

    Args:
        keys: Keys of the volumes ``(1, X, Y, Z)``.
        prob: Probability that a volume loses any slices, 0 to 1.
        share: Largest share of the slices that is lost, 0 to 1.
        allow_missing_keys: Whether a key may be missing from a dictionary.
    """

    def __init__(
        self,
        keys: KeysCollection,
        prob: float,
        share: float = 0.15,
        allow_missing_keys: bool = False,
    ) -> None:
        MapTransform.__init__(self, keys, allow_missing_keys)
        RandomizableTransform.__init__(self, prob)
        self.share = share

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Set the lost slices of each volume to 0, the same ones in all."""
        result = dict(data)
        self.randomize(None)
        if not self._do_transform:
            return result
        start, length = self.R.uniform(size=2)
        for key in self.key_iterator(result):
            volume = torch.as_tensor(result[key]).clone()
            lost = int(length * self.share * volume.shape[-1])
            first = int(start * (volume.shape[-1] - lost + 1))
            volume[..., first : first + lost] = 0
            result[key] = volume
        return result


class AxialSlicesd(MapTransform):
    """A volume as a bag of axial slices for a 2D network.

    Args:
        keys: Keys of the volumes ``(1, X, Y, Z)``.
        slices: Number of slices.
        stride: Number of voxels between a slice and the slices below and above it.
        allow_missing_keys: Whether a key may be missing from a dictionary.
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
            UserError: If a volume has fewer slices than asked for.
            ValueError: If it has another number of dimensions or channels.
        """
        result = dict(data)
        for key in self.key_iterator(result):
            result[key] = axial_slices(torch.as_tensor(result[key]), self.slices, self.stride)
        return result


class GradeProbabilitiesd(MapTransform):
    """Turn the network's logits into the probabilities of BAPL 1, 2 and 3.

    Args:
        keys: Keys of the logits.
        calibration: Path of ``calibration.json``; None for uncalibrated probabilities.
        allow_missing_keys: Whether a key may be missing from a dictionary.

    Raises:
        UserError: If there is no such calibration.
    """

    def __init__(
        self,
        keys: KeysCollection,
        calibration: str | None = None,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.decision = read_decision(Path(calibration)) if calibration else None

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Replace logits ``(..., 2)`` or ``(..., 3)`` by probabilities ``(..., 3)``."""
        result = dict(data)
        for key in self.key_iterator(result):
            chances = grade_probabilities(torch.as_tensor(result[key]).float())
            if self.decision is not None:
                rows = chances.double().reshape(-1, 3).cpu()
                calibrated = self.decision.apply(rows).probabilities
                chances = torch.from_numpy(calibrated).reshape(chances.shape).to(chances)
            result[key] = chances
        return result
