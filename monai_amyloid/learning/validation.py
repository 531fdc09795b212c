"""What selects the model: measures of the validation part, for ignite's ``EpochMetric``."""

import torch

from monai_amyloid.learning import metrics
from monai_amyloid.learning.losses import OrdinalLoss, ordinal_probabilities

# Part of the loss in the selection score. Macro-F1 of a small validation part takes few
# values; a hundredth of a nat decides between equal ones and never outweighs one scan in
# a hundred.
TIE_BREAK = 0.01


def validation_metrics(logits: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """Measures of one validation pass.

    Args:
        logits: ``(N, 2)``.
        labels: ``(N,)``, 0, 1, 2 for BAPL 1, 2, 3.

    Returns:
        ``loss`` and every measure of :data:`monai_amyloid.learning.metrics.MEASURES`.
    """
    logits, labels = torch.as_tensor(logits).cpu(), torch.as_tensor(labels).cpu().reshape(-1)
    predicted = ordinal_probabilities(logits.float()).argmax(-1)
    matrix = metrics.confusion(labels.numpy() + 1, predicted.numpy() + 1)
    measured = {name: float(measure(matrix)) for name, measure in metrics.MEASURES.items()}
    return {"loss": float(OrdinalLoss()(logits, labels)), **measured}


def selection_score(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Macro-F1, less :data:`TIE_BREAK` times the loss: the higher the better.

    Args:
        logits: ``(N, 2)``.
        labels: ``(N,)``, 0, 1, 2 for BAPL 1, 2, 3.
    """
    measured = validation_metrics(logits, labels)
    return measured["macro_f1"] - TIE_BREAK * measured["loss"]
