"""The network of an exported bundle, with what it must be given."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Compose
from numpy.typing import NDArray

from monai_amyloid.brain.template import TEMPLATE_AFFINE
from monai_amyloid.bundle.files import INFERENCE, MODEL
from monai_amyloid.bundle.integrity import ANY, ExportedBundle, Trust, read_bundle
from monai_amyloid.bundle.untrusted.network import Described
from monai_amyloid.cohort.picture_cohort import VOLUME
from monai_amyloid.errors import UserError
from monai_amyloid.learning.network.head import HeadInputs
from monai_amyloid.learning.network.region_scores import score_log_probabilities
from monai_amyloid.learning.network.scored import ScoredHead
from monai_amyloid.learning.settings.kinds import why_not_usable


@dataclass(frozen=True)
class Answers:
    """What a network says of a batch.

    Attributes:
        logits: Logits of the grade, ``(B, 2)``, or ``(B, 3)`` of a softmax head, float32.
        scores: Chances of RCTU 1, 2 and 3, ``(B, 8, 3)`` in the order of
            :data:`~monai_amyloid.learning.network.region_scores.SIDED_REGIONS`; None of a network
            that has not learnt them.
        apart: How far each scan lies from those of the training, see
            :meth:`~monai_amyloid.learning.network.scored.ScoredHead.apart`; None where that is
            not known.
    """

    logits: torch.Tensor
    scores: torch.Tensor | None
    apart: list[float] | None


class TrainedNetwork:
    """A network, ready to be given scans.

    Args:
        bundle: A bundle that was checked, or its folder.
        device: ``"cuda"``, ``"cpu"`` or None for the bundle's own choice.
        weights: Other weights of the same network, such as those of a fold; default: the bundle's.
        trust: How far the bundle is trusted; nothing of its config runs unless ``trust.config``.

    Attributes:
        bundle: Folder of the bundle.
        network: Network in evaluation mode, on ``device``.
        preprocessing: Transforms from SUVR on the template's grid to the volume before the layout.
        layout: Transforms from that volume to what the network takes.
        kind: Kind of the input, ``volume`` or ``picture``.

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
        self.device = _device(device or str(described.make("device")))
        self.preprocessing = described.steps("preprocessing")
        self.layout = described.steps("layout")
        content = checked.content[MODEL] if weights is None else weights.read_bytes()
        self.network = described.network(content, weights or self.bundle / MODEL)
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
        return self.answers(batch).logits

    def answers(self, batch: torch.Tensor) -> Answers:
        """All that the network says of a batch.

        Args:
            batch: Inputs of :meth:`network_input` for B scans, ``(B, ...)``.
        """
        heard = HeadInputs(self.network)
        try:
            with torch.inference_mode():
                logits: torch.Tensor = self.network(batch.to(self.device)).float()
                scores = None
                head, features = heard.head, heard.features
                if isinstance(head, ScoredHead) and features is not None and head.scores_learned:
                    scores = score_log_probabilities(head.scores(features)).exp()
            return Answers(logits, scores, heard.apart())
        finally:
            heard.close()

    def features(self, batch: torch.Tensor) -> NDArray[np.float32]:
        """What the network's head is given, ``(B, F)``.

        Raises:
            UserError: If the network has no head that is known.
        """
        heard = HeadInputs(self.network)
        try:
            with torch.inference_mode():
                self.network(batch.to(self.device))
        finally:
            heard.close()
        if heard.features is None:
            raise UserError(
                f"{self.bundle}: its network has no layer fc or myfc, whose input its features "
                "are; name a bundle of this program's networks"
            )
        return np.asarray(heard.features.float().cpu().numpy(), np.float32)


def _device(name: str) -> torch.device:
    """A device of this machine by its name."""
    if reason := why_not_usable(name):
        raise UserError(f"device {name!r} cannot be used ({reason}); choose cpu")
    return torch.device(name)
