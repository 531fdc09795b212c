"""The network of an exported bundle, with what it must be given."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor
from monai.transforms import Compose
from numpy.typing import NDArray

from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.bundle.files import MODEL, exported_file
from monai_amyloid.cohort.picture_cohort import VOLUME
from monai_amyloid.errors import UserError
from monai_amyloid.learning.network.finite import first_not_finite
from monai_amyloid.learning.network.head import head_of
from monai_amyloid.learning.settings.kinds import why_not_usable


class TrainedNetwork:
    """A network, ready to be given scans.

    Args:
        bundle: Folder that ``monai-amyloid export`` wrote. Its configs are code that runs: use
            bundles that you trust.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        weights: Other weights of the same network, such as those of a fold; default: the bundle's.

    Attributes:
        bundle: Folder of the bundle.
        network: Network in evaluation mode, on ``device``.
        preprocessing: Transforms from SUVR on the template's grid to the volume before the layout.
        layout: Transforms from that volume to what the network takes.
        kind: Kind of the input, ``volume`` or ``picture``.

    Raises:
        UserError: If a file is missing, weights are not those that were exported or are of another
            network, or the machine has no such device.
    """

    def __init__(
        self, bundle: Path, device: str | None = None, weights: Path | None = None
    ) -> None:
        self.bundle = bundle
        model = str(weights) if weights is not None else exported_file(bundle, MODEL)
        config = bundle / "configs" / "inference.json"
        if not config.is_file():
            raise UserError(f"no {config}: needed a whole bundle; copy or export it again")
        parser = ConfigParser()
        parser.read_config(str(config))
        parser["bundle_root"] = str(bundle)
        self.kind = str(parser.get("input_kind", VOLUME))
        self.device = _device(device or parser.get_parsed_content("device"))
        self.preprocessing = list(parser.get_parsed_content("preprocessing"))
        self.layout = list(parser.get_parsed_content("layout"))
        self.network: torch.nn.Module = parser.get_parsed_content("network_def")
        state = torch.load(model, map_location="cpu", weights_only=True)
        try:
            self.network.load_state_dict(state)
        except RuntimeError as error:
            raise UserError(
                f"{model}: weights of another network than that of {bundle}; name the bundle that "
                "was exported from the same configs"
            ) from error
        if (lost := first_not_finite(state)) is not None:
            raise UserError(
                f"{model}: holds weights that are not finite ({lost}), which grade nothing; train "
                "and export again"
            )
        self.network.to(self.device).eval()

    def network_input(self, suvr: NDArray[np.float32], tracer: str | None) -> torch.Tensor:
        """What the network takes of one scan.

        Args:
            suvr: SUVR on the template's grid ``(91, 109, 91)``, or a bag of pictures.
            tracer: BIDS label, None for a bag.
        """
        return self.laid_out(self.preprocessed(suvr, tracer), tracer)

    def preprocessed(self, suvr: NDArray[np.float32], tracer: str | None) -> torch.Tensor:
        """The volume before the layout, which networks of any layout share."""
        volume = MetaTensor(suvr[None], affine=TEMPLATE_AFFINE)
        seen: torch.Tensor = Compose(self.preprocessing)({"image": volume, "tracer": tracer})[
            "image"
        ]
        return seen

    def laid_out(self, volume: torch.Tensor, tracer: str | None) -> torch.Tensor:
        """What the network takes of a preprocessed volume."""
        return torch.as_tensor(Compose(self.layout)({"image": volume, "tracer": tracer})["image"])

    def logits(self, batch: torch.Tensor) -> torch.Tensor:
        """Of a batch of what :meth:`network_input` returns, float32."""
        with torch.inference_mode():
            logits: torch.Tensor = self.network(batch.to(self.device)).float()
        return logits

    def features(self, batch: torch.Tensor) -> NDArray[np.float32]:
        """What the network's head is given, ``(B, F)``.

        Raises:
            UserError: If the network has no head that is known.
        """
        head = head_of(self.network)
        if head is None:
            raise UserError(
                f"{self.bundle}: its network has no layer fc or myfc, whose input its features "
                "are; name a bundle of this program's networks"
            )
        with _listening(head) as heard:
            self.logits(batch)
        return np.asarray(heard[0].float().cpu().numpy(), np.float32)


@contextmanager
def _listening(layer: torch.nn.Module) -> Iterator[list[torch.Tensor]]:
    """What a layer is given while the context lasts."""
    heard: list[torch.Tensor] = []

    def keep(layer: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
        heard.append(inputs[0].detach())

    hook = layer.register_forward_pre_hook(keep)
    try:
        yield heard
    finally:
        hook.remove()


def _device(name: str) -> torch.device:
    """A device of this machine by its name."""
    if reason := why_not_usable(name):
        raise UserError(f"device {name!r} cannot be used ({reason}); choose cpu")
    return torch.device(name)
