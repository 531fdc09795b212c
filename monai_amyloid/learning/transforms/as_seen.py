"""What a network is shown of a scan, computed: MONAI's transforms and the plain ones call this."""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from monai_amyloid.brain.quantities.centiloid import florbetaben_line
from monai_amyloid.brain.template import distance_from_brain
from monai_amyloid.errors import UserError
from monai_amyloid.pet.tracers import TRACERS

# Over this distance from the template's brain a scan fades to nothing: as far as a brain that is
# well registered may lie beyond it.
FADES_OVER_MM = 4.0


def florbetaben_equivalent(suvr: torch.Tensor, tracer: str | None) -> torch.Tensor:
    """Any tracer's SUVR on florbetaben's scale, by their Centiloid lines.

    The same amyloid is a higher SUVR in one tracer than in another; a network that has seen
    florbetaben alone would grade the others too low or too high. SUVR from 1 on follow the
    lines; below, where there is less uptake than in the reference region, they keep their share
    of 1, so that air stays at 0.

    Args:
        suvr: SUVR over the whole cerebellum, of any shape.
        tracer: BIDS label of the tracer.

    Raises:
        UserError: If the tracer is missing, or none that has a Centiloid line.
    """
    if tracer not in TRACERS:
        raise UserError(
            f"found the tracer {tracer!r}, needed one of {', '.join(TRACERS)}, whose SUVR can be "
            "compared; prepare the scans again"
        )
    slope, intercept = florbetaben_line(tracer)
    return slope * suvr + intercept * suvr.clip(max=1)


@cache
def brain_share() -> NDArray[np.float32]:
    """How much of each voxel of the template's grid is shown, ``(91, 109, 91)``, 0 to 1.

    1 in the brain, and less with the distance from it until nothing is left at
    :data:`FADES_OVER_MM`.
    """
    faded = np.clip(distance_from_brain() / FADES_OVER_MM, 0, 1)
    shown = (0.5 + 0.5 * np.cos(np.pi * faded)).astype(np.float32)
    shown.flags.writeable = False
    return np.asarray(shown)


def axial_slices(volume: torch.Tensor, slices: int, stride: int = 1) -> torch.Tensor:
    """A volume ``(1, X, Y, Z)`` as a bag of axial slices, ``(slices, 3, X, Y)``.

    The slices are spaced evenly from the lowest to the highest; the three channels are the slice
    below, itself and above.

    Args:
        volume: One channel of values with the axial slices last, ``(1, X, Y, Z)``.
        slices: Number of slices.
        stride: Number of voxels between a slice and the slices below and above it.

    Raises:
        UserError: If the volume has fewer slices than asked for.
        ValueError: If it has another number of dimensions or channels.
    """
    depth = volume.shape[-1]
    room = depth - 2 * stride
    if volume.ndim != 4 or volume.shape[0] != 1:
        raise ValueError(f"found a volume of shape {tuple(volume.shape)}, needed (1, X, Y, Z)")
    if room < slices:
        raise UserError(
            f"slices: found {slices}, needed {room} or fewer of a volume of {depth} slices, as "
            f"each needs {stride} beside it; or choose a smaller spacing_mm"
        )
    # Middles of equal parts, so that no part of the brain is seen less than another.
    middles = (torch.arange(slices) + 0.5) * room / slices
    centres = middles.long() + stride
    offsets = torch.tensor([-stride, 0, stride])
    chosen = volume[0][..., (centres[:, None] + offsets).reshape(-1)]
    stack = chosen.permute(2, 0, 1).reshape(slices, 3, *volume.shape[1:3])
    return stack.contiguous()
