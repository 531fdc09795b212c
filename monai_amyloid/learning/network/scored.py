"""MONAI's networks with further outputs: the scores of the regions, beside the grade.

What such a network answers is the grade's logits alone, so that whoever calls it needs to know of
nothing else. Its head knows more, for who asks it.
"""

from typing import Any

import torch
from monai.networks.nets import MILModel, ResNet
from torch.nn.functional import linear

from monai_amyloid.learning.network.region_scores import SCORE_LOGITS

# Name of the truth value in a head's state dict.
SCORES_LEARNED = "scores_learned"
# Of MONAI's `resnet50`, which is a function and cannot be inherited from.
_LAYERS, _PLANES, _EXPANSION = (3, 4, 6, 3), (64, 128, 256, 512), 4


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


class ScoredSlices(MILModel):
    """MONAI's ``MILModel`` of a bag of slices, ``(B, slices, 3, X, Y)``, with such a head.

    Args:
        num_classes: Number of logits of the grade.
        more: Number of numbers that pretraining learns beside grade and scores.
        learns_scores: Whether this pretraining learns the scores.
        options: Arguments of ``MILModel``, with a ``backbone`` and its ``backbone_num_features``.
    """

    def __init__(
        self, num_classes: int = 2, more: int = 0, learns_scores: bool = False, **options: Any
    ) -> None:
        super().__init__(num_classes=num_classes, **options)
        features = int(options["backbone_num_features"])
        self.myfc = ScoredHead(features, num_classes, more, learns_scores)


class ScoredVolume(ResNet):
    """MONAI's ``resnet50`` of a volume, ``(B, 1, X, Y, Z)``, with such a head.

    Args:
        num_classes: Number of logits of the grade.
        more: Number of numbers that pretraining learns beside grade and scores.
        learns_scores: Whether this pretraining learns the scores.
        options: Arguments of MONAI's ``ResNet``.
    """

    def __init__(
        self, num_classes: int = 2, more: int = 0, learns_scores: bool = False, **options: Any
    ) -> None:
        super().__init__("bottleneck", list(_LAYERS), list(_PLANES), feed_forward=False, **options)
        # MONAI makes the widened planes of all stages of the first ones.
        features = int(_PLANES[-1] * options.get("widen_factor", 1.0)) * _EXPANSION
        self.fc = ScoredHead(features, num_classes, more, learns_scores)
