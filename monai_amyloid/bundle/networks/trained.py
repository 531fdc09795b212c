"""The network of any bundle, made by MONAI as the bundle's config says."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Compose
from numpy.typing import NDArray

from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.bundle.files import INFERENCE, MODEL
from monai_amyloid.bundle.integrity import ANY, ExportedBundle, Trust, read_bundle
from monai_amyloid.bundle.networks.answering import AnsweringNetwork, usable_device
from monai_amyloid.bundle.networks.stem import with_quick_stem
from monai_amyloid.bundle.untrusted.network import Described
from monai_amyloid.cohort.pictures import VOLUME

Steps = Sequence[Callable[[Any], Any]]


class MonaiSteps(AnsweringNetwork):
    """A network with MONAI's transforms.

    Args:
        network: Network in evaluation mode.
        preprocessing: Transforms from SUVR on the template's grid to the volume before the layout.
        layout: Transforms from that volume to what the network takes; to be explained, they may
            only move or leave out voxels.
    """

    def __init__(self, network: torch.nn.Module, preprocessing: Steps, layout: Steps) -> None:
        self.network = network
        self.preprocessing = list(preprocessing)
        self.layout = list(layout)

    def preprocessed(self, suvr: NDArray[np.float32], tracer: str | None) -> torch.Tensor:
        """The volume before the layout, see :class:`AnsweringNetwork`."""
        volume = MetaTensor(suvr[None], affine=TEMPLATE_AFFINE)
        seen: torch.Tensor = Compose(self.preprocessing)({"image": volume, "tracer": tracer})[
            "image"
        ]
        return seen

    def laid_out(self, volume: torch.Tensor, tracer: str | None) -> torch.Tensor:
        """What the network takes of a preprocessed volume, see :class:`AnsweringNetwork`."""
        return torch.as_tensor(Compose(self.layout)({"image": volume, "tracer": tracer})["image"])

    def affine(self, volume: torch.Tensor) -> NDArray[np.float64]:
        """Where the voxels of a preprocessed volume lie, as MONAI kept account of it."""
        return np.asarray(volume.affine, np.float64)  # type: ignore[attr-defined]


class TrainedNetwork(MonaiSteps):
    """The network of any bundle, made by MONAI as its config says.

    Args:
        bundle: A bundle that was checked, or its folder.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        weights: Other weights of the same network, such as those of a fold; default: the bundle's.
        trust: How far the bundle is trusted; nothing of its config runs unless ``trust.config``.

    Raises:
        UserError: If a file is missing or was changed, the config holds what export never wrote,
            weights are of another network, or the machine has no such device.
    """

    def __init__(
        self,
        bundle: Path | ExportedBundle,
        device: str | None = None,
        weights: Path | None = None,
        *,
        trust: Trust = ANY,
    ) -> None:
        checked = bundle if isinstance(bundle, ExportedBundle) else read_bundle(bundle, trust)
        self.bundle = checked.folder
        described = Described(checked.content[INFERENCE], self.bundle / INFERENCE, trust)
        self.kind = str(described.config.get("input_kind", VOLUME))
        self.device = usable_device(device or str(described.make("device")))
        content = checked.content[MODEL] if weights is None else weights.read_bytes()
        network = described.network(content, weights or self.bundle / MODEL)
        network = with_quick_stem(network.to(self.device)).eval()
        super().__init__(network, described.steps("preprocessing"), described.steps("layout"))
