"""What a grade is read of: the uptake score of each read region on each side, RCTU 1 to 3.

Each score is answered as the grade is, by two logits: is it 2 or more, and if so, is it 3?
"""

import torch

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.learning.network.losses import grade_log_probabilities

SIDES = ("left", "right")
# The order of the scores in a network's outputs.
SIDED_REGIONS = tuple(f"{side}_{region}" for region in READ_REGIONS for side in SIDES)
SCORES = 3
# Two a score.
SCORE_LOGITS = 2 * len(SIDED_REGIONS)


def score_log_probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Logarithm of the probability of each score of each region.

    Args:
        logits: Logits of the scores ``(B, 2 R)``, two a region in the order of
            :data:`SIDED_REGIONS`.

    Returns:
        ``(B, R, 3)``, finite for any finite logits.
    """
    return grade_log_probabilities(logits.float().reshape(len(logits), -1, 2))


def score_loss(logits: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """Mean negative log likelihood of the scores, nats.

    Args:
        logits: Logits of the scores ``(B, 2 R)``.
        shares: Share of readers that give each score, ``(B, 3 R)``, region by region.
    """
    target = shares.float().reshape(len(shares), -1, SCORES)
    loss: torch.Tensor = -(target * score_log_probabilities(logits)).sum(dim=-1).mean()
    return loss


def by_region(chances: torch.Tensor) -> dict[str, list[float]]:
    """Chances of the three scores by the name of region and side, such as ``frontal_left``.

    Args:
        chances: Chances of the three scores of one scan's regions, ``(R, 3)`` in the order of
            :data:`SIDED_REGIONS`.
    """
    names = [f"{region}_{side}" for region in READ_REGIONS for side in SIDES]
    return dict(zip(names, chances.double().tolist(), strict=True))
