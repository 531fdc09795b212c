"""The layer of a network that computes the logits; its inputs are the network's features."""

from typing import Any

import torch
from torch.nn.functional import linear

from monai_amyloid.learning.network.region_scores import SCORE_LOGITS

# Name of the truth value in a head's state dict.
SCORES_LEARNED = "scores_learned"


class ScoredHead(torch.nn.Linear):
    """The layer of the logits: of the grade, of the scores, then of what pretraining learns.

    Args:
        features: Number of features of a scan.
        grade_logits: Number of logits of the grade.
        more: Number of numbers that pretraining learns beside grade and scores; where there are
            any the head answers everything.
        learns_scores: Whether this pretraining learns the scores.

    Attributes:
        scores_learned: Whether the scores were ever learnt, a tensor of one truth value; it is
            part of the state dict. The scores of a network that began from nothing mean nothing.
        features_mean: Mean of each feature over scans of the training, ``(F,)``.
        features_spread: Standard deviation of each feature over those scans, ``(F,)``; 0 where
            it was never measured.
    """

    scores_learned: torch.Tensor
    features_mean: torch.Tensor
    features_spread: torch.Tensor

    def __init__(
        self, features: int, grade_logits: int, more: int = 0, learns_scores: bool = False
    ) -> None:
        super().__init__(features, grade_logits + SCORE_LOGITS + more)
        self.grade_logits = grade_logits
        self.answered = self.out_features if more else grade_logits
        self.register_buffer(SCORES_LEARNED, torch.tensor(learns_scores))
        self.register_buffer("features_mean", torch.zeros(features))
        self.register_buffer("features_spread", torch.zeros(features))

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Logits of the grade, ``(..., 2)``; in pretraining everything, ``(..., 2 + 16 + T)``."""
        return linear(input, self.weight[: self.answered], self.bias[: self.answered])

    @torch.jit.unused
    def scores(self, features: torch.Tensor) -> torch.Tensor:
        """Logits of the scores ``(B, 16)`` in the order of ``SIDED_REGIONS``.

        Args:
            features: What the head is given, ``(B, F)``.
        """
        rows = slice(self.grade_logits, self.grade_logits + SCORE_LOGITS)
        return linear(features, self.weight[rows], self.bias[rows])

    @torch.jit.unused
    def know_features(self, features: torch.Tensor) -> None:
        """Learn what features are usual.

        Args:
            features: What the head is given of scans of the training, ``(N, F)``.
        """
        self.features_mean.copy_(features.mean(dim=0))
        self.features_spread.copy_(features.std(dim=0))

    @torch.jit.unused
    def apart(self, features: torch.Tensor) -> torch.Tensor | None:
        """How far scans lie from those of the training, in standard deviations, ``(B,)``.

        The root of the mean squared distance over the features: about 1 for a usual scan. None
        where it is not known what is usual.

        Args:
            features: What the head is given, ``(B, F)``.
        """
        known = self.features_spread > 0
        if not bool(known.any()):
            return None
        distance = (features.float() - self.features_mean)[:, known] / self.features_spread[known]
        return distance.square().mean(dim=1).sqrt()


def head_of(network: torch.nn.Module) -> torch.nn.Module | None:
    """``myfc`` of MONAI's slice network, ``fc`` of its ResNet; None of any other network."""
    linear = {
        name.rpartition(".")[2]: module
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
    return linear.get("myfc", linear.get("fc"))


class HeadInputs:
    """What a network's head was given last, while the network is used.

    Args:
        network: Network that is listened to.

    Attributes:
        features: Features of the last batch, ``(B, F)``; None before the first, and of a network
            without a head that is known.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        self.head = head_of(network)
        self.features: torch.Tensor | None = None
        self._hook = None
        if self.head is not None:
            self._hook = self.head.register_forward_pre_hook(self._keep)

    def _keep(self, head: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
        self.features = inputs[0].detach()

    def apart(self) -> list[float] | None:
        """How far the scans of the last batch lie from those of the training.

        Returns:
            Distance of each scan in standard deviations, see
            :meth:`~monai_amyloid.learning.network.head.ScoredHead.apart`; None where it is not
            known.
        """
        if self.features is None or not isinstance(self.head, ScoredHead):
            return None
        apart: torch.Tensor | None = self.head.apart(self.features)
        return None if apart is None else [float(each) for each in apart.cpu()]

    def close(self) -> None:
        """Listen no longer."""
        if self._hook is not None:
            self._hook.remove()
