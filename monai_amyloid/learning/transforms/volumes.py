"""MONAI transforms that MONAI does not have."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, RandomizableTransform

from monai_amyloid.brain.quantities.centiloid import florbetaben_line
from monai_amyloid.errors import UserError
from monai_amyloid.evaluation.deciding.decision_file import read_decision
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.pet.tracers import TRACERS


class FlorbetabenEquivalentd(MapTransform):
    """Put every tracer's SUVR on florbetaben's scale, by their Centiloid lines.

    The same amyloid is a higher SUVR in one tracer than in another; a network that has seen
    florbetaben alone would grade the others too low or too high. SUVR from 1 on follow the
    lines; below, where there is less uptake than in the reference region, they keep their share
    of 1, so that air stays at 0.

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
        if result.get(self.tracer_key) not in TRACERS:
            raise UserError(
                f"found the tracer {result.get(self.tracer_key)!r}, needed one of "
                f"{', '.join(TRACERS)}, whose SUVR can be compared; prepare the scans again"
            )
        slope, intercept = florbetaben_line(result[self.tracer_key])
        for key in self.key_iterator(result):
            suvr = result[key]
            result[key] = slope * suvr + intercept * suvr.clip(max=1)
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

    ``(1, X, Y, Z)`` becomes ``(slices, 3, X, Y)``. The slices are spaced evenly from the
    lowest to the highest; the three channels are the slice below, itself and above.

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
            result[key] = self._slices(torch.as_tensor(result[key]))
        return result

    def _slices(self, volume: torch.Tensor) -> torch.Tensor:
        depth = volume.shape[-1]
        room = depth - 2 * self.stride
        if volume.ndim != 4 or volume.shape[0] != 1:
            raise ValueError(f"found a volume of shape {tuple(volume.shape)}, needed (1, X, Y, Z)")
        if room < self.slices:
            raise UserError(
                f"slices: found {self.slices}, needed {room} or fewer of a volume of {depth} "
                f"slices, as each needs {self.stride} beside it; or choose a smaller spacing_mm"
            )
        # Middles of equal parts, so that no part of the brain is seen less than another.
        middles = (torch.arange(self.slices) + 0.5) * room / self.slices
        centres = middles.long() + self.stride
        offsets = torch.tensor([-self.stride, 0, self.stride])
        chosen = volume[0][..., (centres[:, None] + offsets).reshape(-1)]
        stack = chosen.permute(2, 0, 1).reshape(self.slices, 3, *volume.shape[1:3])
        return stack.contiguous()


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
