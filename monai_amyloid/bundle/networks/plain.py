"""The networks of the shipped bundles, ready without MONAI.

A physician with one study waits for imports, and MONAI's takes longer than all else. A bundle is
known here by the SHA-256 of everything that decides its grades; of any other bundle the config is
read, by MONAI. A test holds what comes out of both against each other, number by number.
"""

import json
import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import affine_grid, grid_sample

from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.bundle.files import MODEL
from monai_amyloid.bundle.integrity import ExportedBundle
from monai_amyloid.bundle.networks.answering import AnsweringNetwork, usable_device
from monai_amyloid.bundle.networks.plain_layers import PlainSlices, PlainVolume
from monai_amyloid.bundle.networks.stem import with_quick_stem
from monai_amyloid.bundle.untrusted.weights import read_weights
from monai_amyloid.cohort.pictures import VOLUME
from monai_amyloid.learning.transforms.as_seen import (
    axial_slices,
    brain_share,
    florbetaben_equivalent,
)

KNOWN = "shipped.json"
# What the configs say: the part of the template's grid, twice as coarse by half, SUVR from 0 on.
_FIRST, _END = (5, 6, 0), (85, 102, 80)
_SPACING_MM = 3.0
_MOST_SUVR = 2.5
_SLICES = 8
_WIDTH = 0.5


@cache
def known_bundles() -> dict[str, str]:
    """SHA-256 of the shipped bundles by their network, ``3d`` and ``2d``.

    `scripts/development/refresh_bundle.py` writes them.
    """
    content = files("monai_amyloid.bundle").joinpath("data", KNOWN).read_text(encoding="utf-8")
    return dict(json.loads(content))


class PlainNetwork(AnsweringNetwork):
    """The network of a shipped bundle.

    Args:
        bundle: The bundle, checked.
        which: Network that the bundle holds, ``3d`` or ``2d``.
        device: ``"cuda"``, ``"cpu"`` or None for a GPU where there is one.

    Raises:
        UserError: If the machine has no such device.
        RunError: If its weights are none.
    """

    def __init__(self, bundle: ExportedBundle, which: str, device: str | None = None) -> None:
        self.bundle, self.kind = bundle.folder, VOLUME
        self.device = usable_device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        with torch.device("meta"):
            network = PlainSlices() if which == "2d" else PlainVolume(_WIDTH)
        weights = read_weights(bundle.content[MODEL], bundle.folder / MODEL)
        # In the weights' own memory: to draw random ones first takes longer than to read these.
        network.load_state_dict(weights, assign=True)
        self.network = with_quick_stem(network.float().to(self.device)).eval()
        self._slices = _SLICES if which == "2d" else None

    def preprocessed(self, suvr: NDArray[np.float32], tracer: str | None) -> torch.Tensor:
        """The volume before the layout, ``(1, 54, 64, 54)``, see :class:`AnsweringNetwork`."""
        equal = florbetaben_equivalent(torch.from_numpy(np.ascontiguousarray(suvr)), tracer)
        return (on_network_grid(equal)[None] / _MOST_SUVR).clip(0, 1)

    def laid_out(self, volume: torch.Tensor, tracer: str | None) -> torch.Tensor:
        """What the network takes of a preprocessed volume, see :class:`AnsweringNetwork`."""
        seen = volume * _shown().to(volume.device)
        return seen if self._slices is None else axial_slices(seen, self._slices)

    def affine(self, volume: torch.Tensor) -> NDArray[np.float64]:
        """Where the voxels of a preprocessed volume lie; all of them have one grid."""
        affine = np.diag([_SPACING_MM] * 3 + [1.0])
        affine[:3, 3] = TEMPLATE_AFFINE[:3, :3] @ np.array(_FIRST) + TEMPLATE_AFFINE[:3, 3]
        return affine


def on_network_grid(volume: torch.Tensor) -> torch.Tensor:
    """A volume of the template's grid on that of the networks, ``(54, 64, 54)``, linearly.

    Half of its voxels lie halfway between two of the template's, where the last bit hangs on how a
    mean is computed: so it is PyTorch's `grid_sample` in double precision, as MONAI calls it.

    Args:
        volume: Values on the template's grid, ``(91, 109, 91)``.
    """
    seen = volume[tuple(map(slice, _FIRST, _END))].double()
    laid = grid_sample(
        seen[None, None], _grid(tuple(seen.shape)), padding_mode="border", align_corners=False
    )
    return laid[0, 0].float()


@cache
def _grid(shape: tuple[int, ...]) -> torch.Tensor:
    """Where the networks' voxels lie in a volume of a shape, as `grid_sample` counts."""
    ratio = _SPACING_MM / float(TEMPLATE_AFFINE[0, 0])
    size = [math.ceil(edge / ratio) for edge in shape]
    step = torch.diag(torch.tensor([ratio] * 3 + [1.0], dtype=torch.float64))
    back = torch.from_numpy(np.linalg.inv(_normalized(size)))
    theta = torch.from_numpy(_normalized(shape)) @ step @ back
    theta = theta[[2, 1, 0]][:, [2, 1, 0, 3]]  # PyTorch counts x last
    return affine_grid(theta[None], [1, 1, *size], align_corners=False)


def _normalized(shape: Sequence[int]) -> NDArray[np.float64]:
    """Voxel index to PyTorch's places, -1 to 1 from outer edge to outer edge, ``(4, 4)``."""
    size = np.array(shape, np.float64)
    matrix = np.diag([*(2.0 / size), 1.0])
    matrix[:3, 3] = 1.0 / size - 1.0
    return matrix


@cache
def _shown() -> torch.Tensor:
    return on_network_grid(torch.from_numpy(brain_share().copy()))[None].clip(0, 1)
