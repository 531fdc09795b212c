"""What a network says of scans, whatever it is made of."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from monai_amyloid.errors import UserError
from monai_amyloid.learning.network.head import HeadInputs, ScoredHead
from monai_amyloid.learning.network.region_scores import score_log_probabilities
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
            :meth:`~monai_amyloid.learning.network.head.ScoredHead.apart`; None where that is
            not known.
    """

    logits: torch.Tensor
    scores: torch.Tensor | None
    apart: list[float] | None


class AnsweringNetwork(ABC):
    """A network in evaluation mode, with what it is shown of a scan.

    Attributes:
        bundle: Folder of its bundle.
        network: The network, on ``device``.
        device: Device whose memory holds the network.
        kind: Kind of the input, ``volume`` or ``picture``.
    """

    bundle: Path
    network: torch.nn.Module
    device: torch.device
    kind: str

    @abstractmethod
    def preprocessed(self, suvr: NDArray[np.float32], tracer: str | None) -> torch.Tensor:
        """The volume before the layout, which networks of any layout share, ``(1, X, Y, Z)``.

        Args:
            suvr: SUVR on the template's grid ``(91, 109, 91)``, or a bag of pictures.
            tracer: BIDS label, None for a bag.
        """

    @abstractmethod
    def laid_out(self, volume: torch.Tensor, tracer: str | None) -> torch.Tensor:
        """What the network takes of a preprocessed volume.

        Args:
            volume: What :meth:`preprocessed` returned.
            tracer: BIDS label, None for a bag.
        """

    @abstractmethod
    def affine(self, volume: torch.Tensor) -> NDArray[np.float64]:
        """Voxel index of a preprocessed volume to template millimetres, ``(4, 4)``.

        Args:
            volume: What :meth:`preprocessed` returned.
        """

    def network_input(self, suvr: NDArray[np.float32], tracer: str | None) -> torch.Tensor:
        """What the network takes of one scan.

        Args:
            suvr: SUVR on the template's grid ``(91, 109, 91)``, or a bag of pictures.
            tracer: BIDS label, None for a bag.
        """
        return self.laid_out(self.preprocessed(suvr, tracer), tracer)

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


def usable_device(name: str) -> torch.device:
    """A device of this machine by its name."""
    if reason := why_not_usable(name):
        raise UserError(f"device {name!r} cannot be used ({reason}); choose cpu")
    return torch.device(name)
