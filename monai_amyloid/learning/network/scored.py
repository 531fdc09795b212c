"""MONAI's networks with further outputs: the scores of the regions, beside the grade.

What such a network answers is the grade's logits alone, so that whoever calls it needs to know of
nothing else. Its head knows more, for who asks it.
"""

from typing import Any

from monai.networks.nets import MILModel, ResNet

from monai_amyloid.learning.network.head import ScoredHead

# Of MONAI's `resnet50`, which is a function and cannot be inherited from.
_LAYERS, _PLANES, _EXPANSION = (3, 4, 6, 3), (64, 128, 256, 512), 4


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
