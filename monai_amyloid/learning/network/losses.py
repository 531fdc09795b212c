"""The target: three grades in order, from two logits, or as three classes, from three.

With two logits the network answers two questions, as continuation ratios (CORN): is the grade 2
or more, and if so, is it 3? ``sigmoid(l0) = P(y >= 2)``, ``sigmoid(l1) = P(y = 3 | y >= 2)``.
The three probabilities are a distribution for every pair of logits. With three logits they are
a softmax, which knows of no order.

References:
    Shi, Cao and Raschka 2021, arXiv:2111.08851
"""

from collections.abc import Sequence

import torch
from torch.nn.functional import log_softmax, logsigmoid


def grade_log_probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Logarithm of the probability of each grade.

    Args:
        logits: Logits ``(..., 2)`` of an ordinal head or ``(..., 3)`` of a softmax head.

    Returns:
        ``(..., 3)``, finite for any finite logits.

    Raises:
        ValueError: If there are neither two nor three logits.
    """
    if logits.shape[-1] == 3:
        return log_softmax(logits, dim=-1)
    if logits.shape[-1] != 2:
        raise ValueError(
            f"found {logits.shape[-1]} logits a scan, needed 2 (ordinal) or 3 (softmax): "
            "set num_classes of the network"
        )
    first, second = logits.unbind(-1)
    above = logsigmoid(first)
    return torch.stack(
        [logsigmoid(-first), above + logsigmoid(-second), above + logsigmoid(second)], dim=-1
    )


def grade_probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Probability of BAPL 1, 2 and 3.

    Args:
        logits: Logits ``(..., 2)`` or ``(..., 3)``, as in :func:`grade_log_probabilities`.

    Returns:
        ``(..., 3)``, summing to 1.
    """
    return grade_log_probabilities(logits).exp()


class GradeLoss(torch.nn.Module):
    """Mean negative log likelihood of the grade, for an ordinal and a softmax head.

    Args:
        class_weights: Weight of each grade, as in :class:`torch.nn.CrossEntropyLoss`; the
            mean is over weights. ``None`` and an empty list weigh all alike.
        label_smoothing: Part of the target that is spread over the neighbouring grades, which are
            those that readers confuse a scan with.
    """

    class_weights: torch.Tensor

    def __init__(
        self, class_weights: Sequence[float] | None = None, label_smoothing: float = 0.0
    ) -> None:
        super().__init__()
        self.register_buffer(
            "class_weights", torch.tensor(class_weights or (1.0, 1.0, 1.0), dtype=torch.float32)
        )
        self.label_smoothing = label_smoothing

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Loss of a batch.

        Args:
            logits: Logits ``(B, 2)`` of an ordinal head or ``(B, 3)`` of a softmax head.
            labels: True grades ``(B,)`` or ``(B, 1)``, 0, 1, 2 for BAPL 1, 2, 3; or the share of
                each grade ``(B, 3)``, where scans were mixed.

        Returns:
            A scalar, nats.
        """
        # Under mixed precision the logits may be 16 bit, in which the loss would be coarse.
        log_probabilities = grade_log_probabilities(logits.float())
        target = soft_labels(labels, self.label_smoothing)
        # An engine moves the network to its device, and not the loss.
        target = target * self.class_weights.to(target.device)
        return -(target * log_probabilities).sum() / target.sum()


def soft_labels(labels: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Share of each grade in each target, smoothed towards the neighbouring grades.

    Args:
        labels: Grades from 0, ``(B,)`` or ``(B, 1)``, or the share of each grade, ``(B, 3)``.
        smoothing: Part of a grade's target that moves to the neighbouring grades; the middle grade
            gives one half to each.

    Returns:
        ``(B, 3)``, rows summing to 1.
    """
    if labels.ndim == 2 and labels.shape[1] == 3:
        shares = labels.float()
    else:
        shares = torch.nn.functional.one_hot(labels.reshape(-1).long(), 3).float()
    half = smoothing / 2
    spread = shares.new_tensor(
        [
            [1 - smoothing, smoothing, 0.0],
            [half, 1 - smoothing, half],
            [0.0, smoothing, 1 - smoothing],
        ]
    )
    return shares @ spread
