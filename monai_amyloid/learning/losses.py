"""The ordinal target: three grades in order, from two logits.

The network answers two questions, as continuation ratios (CORN): is the grade 2 or
more, and if so, is it 3? ``sigmoid(l0) = P(y >= 2)``, ``sigmoid(l1) = P(y = 3 | y >= 2)``.
The three probabilities are a distribution for every pair of logits.

References:
    Shi, Cao and Raschka 2021, arXiv:2111.08851
"""

from collections.abc import Sequence

import torch
from torch.nn.functional import logsigmoid


def ordinal_log_probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Logarithm of the probability of each grade.

    Args:
        logits: ``(..., 2)``.

    Returns:
        ``(..., 3)``, finite for any finite logits.
    """
    first, second = logits.unbind(-1)
    above = logsigmoid(first)
    return torch.stack(
        [logsigmoid(-first), above + logsigmoid(-second), above + logsigmoid(second)], dim=-1
    )


def ordinal_probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Probability of BAPL 1, 2 and 3.

    Args:
        logits: ``(..., 2)``.

    Returns:
        ``(..., 3)``, summing to 1.
    """
    return ordinal_log_probabilities(logits).exp()


class OrdinalLoss(torch.nn.Module):
    """Mean negative log likelihood of the grade.

    Args:
        class_weights: Weight of each grade, as in :class:`torch.nn.CrossEntropyLoss`; the
            mean is over weights.
        label_smoothing: Part of the target that is spread evenly over the three grades.
    """

    class_weights: torch.Tensor | None

    def __init__(
        self, class_weights: Sequence[float] | None = None, label_smoothing: float = 0.0
    ) -> None:
        super().__init__()
        weights = (
            None if class_weights is None else torch.tensor(class_weights, dtype=torch.float32)
        )
        self.register_buffer("class_weights", weights)
        self.label_smoothing = label_smoothing

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Loss of a batch.

        Args:
            logits: ``(B, 2)``.
            labels: ``(B,)`` or ``(B, 1)``, 0, 1, 2 for BAPL 1, 2, 3.

        Returns:
            A scalar, nats.
        """
        # Under mixed precision the logits may be 16 bit, in which the loss would be coarse.
        log_probabilities = ordinal_log_probabilities(logits.float())
        # With log probabilities as logits the softmax of cross entropy changes nothing.
        return torch.nn.functional.cross_entropy(
            log_probabilities,
            labels.reshape(-1).long(),
            weight=self.class_weights,
            label_smoothing=self.label_smoothing,
        )
