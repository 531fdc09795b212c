"""What selects the model: measures of the validation part, for ignite's ``EpochMetric``."""

import torch

from monai_amyloid.evaluation import metrics
from monai_amyloid.learning.network.losses import GradeLoss, grade_probabilities


def validation_metrics(logits: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """Measures of one validation pass.

    Args:
        logits: Logits of an ordinal head, ``(N, 2)``.
        labels: True grade of each scan, ``(N,)``, 0, 1, 2 for BAPL 1, 2, 3.

    Returns:
        ``loss`` and every measure of :data:`monai_amyloid.evaluation.metrics.MEASURES`.
    """
    logits, labels = torch.as_tensor(logits).cpu(), torch.as_tensor(labels).cpu().reshape(-1)
    predicted = grade_probabilities(logits.float()).argmax(-1)
    matrix = metrics.confusion(labels.numpy() + 1, predicted.numpy() + 1)
    measured = {name: float(measure(matrix)) for name, measure in metrics.MEASURES.items()}
    return {"loss": float(GradeLoss()(logits, labels)), **measured}


def selection_score(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The negative log likelihood with its sign turned: the higher the better.

    Macro-F1 of a small validation part takes few values, and the best of many epochs by it is
    the luckiest. The likelihood is a proper score that every scan moves.

    Args:
        logits: Logits ``(N, 2)`` of an ordinal head or ``(N, 3)`` of a softmax head.
        labels: True grade of each scan, ``(N,)``, 0, 1, 2 for BAPL 1, 2, 3.
    """
    return -validation_metrics(logits, labels)["loss"]
