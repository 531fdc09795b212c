"""MONAI's networks with further outputs: the scores of the regions, beside the grade.

What such a network answers is the grade's logits alone, so that whoever calls it needs to know of
nothing else; who asks for :meth:`Scored.everything` is told the scores too.
"""

from typing import Any, cast

import torch
from monai.networks.nets import MILModel, ResNet

from monai_amyloid.learning.network.region_scores import SCORE_LOGITS

# Name of the truth value in a state dict.
SCORES_LEARNED = "scores_learned"
# Of MONAI's `resnet50`, which is a function and cannot be inherited from.
_LAYERS, _PLANES = (3, 4, 6, 3), (64, 128, 256, 512)


class Scored(torch.nn.Module):
    """What a network with scores answers; the network itself follows it in the inheritance.

    Its head answers the grade first, then the scores
    (:data:`~monai_amyloid.learning.network.region_scores.SIDED_REGIONS`), then anything else that
    pretraining learns.

    Attributes:
        grade_logits: Number of logits of the grade.
        scores_learned: Whether the scores were ever learnt, a tensor of one truth value; it is
            part of the state dict. The scores of a network that began from nothing mean nothing.
        answers_everything: Whether :meth:`forward`, too, answers everything, as pretraining needs.
    """

    grade_logits: int
    scores_learned: torch.Tensor
    answers_everything: bool

    def _prepare(self, grade_logits: int, more: int, learns_scores: bool) -> None:
        self.grade_logits, self.answers_everything = grade_logits, more > 0
        self.register_buffer(SCORES_LEARNED, torch.tensor(learns_scores))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of the grade, ``(B, 2)``."""
        answers = self.everything(images)
        return answers if self.answers_everything else answers[:, : self.grade_logits]

    def everything(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of the grade and of the scores, and what else was learnt, ``(B, 2 + 16 + T)``."""
        return cast(torch.Tensor, super().forward(images))  # type: ignore[misc]


class ScoredSlices(Scored, MILModel):
    """MONAI's ``MILModel`` of a bag of slices, ``(B, slices, 3, X, Y)``.

    Args:
        num_classes: Number of logits of the grade.
        more: Number of numbers that pretraining learns beside grade and scores.
        learns_scores: Whether this pretraining learns the scores.
        options: Arguments of ``MILModel``.
    """

    def __init__(
        self, num_classes: int = 2, more: int = 0, learns_scores: bool = False, **options: Any
    ) -> None:
        MILModel.__init__(self, num_classes=num_classes + SCORE_LOGITS + more, **options)
        self._prepare(num_classes, more, learns_scores)


class ScoredVolume(Scored, ResNet):
    """MONAI's ``resnet50`` of a volume, ``(B, 1, X, Y, Z)``.

    Args:
        num_classes: Number of logits of the grade.
        more: Number of numbers that pretraining learns beside grade and scores.
        learns_scores: Whether this pretraining learns the scores.
        options: Arguments of MONAI's ``ResNet``.
    """

    def __init__(
        self, num_classes: int = 2, more: int = 0, learns_scores: bool = False, **options: Any
    ) -> None:
        outputs = num_classes + SCORE_LOGITS + more
        ResNet.__init__(
            self, "bottleneck", list(_LAYERS), list(_PLANES), num_classes=outputs, **options
        )
        self._prepare(num_classes, more, learns_scores)
