"""Predictions and features of a network for every scan of one validation."""

from typing import Any

import torch
from ignite.engine import Engine

from monai_amyloid.cohort.datalist import GRADES
from monai_amyloid.learning.handlers.drawing import axial_views, without_face
from monai_amyloid.learning.network.head import head_of
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.learning.pretraining.simulated import GRADE_LOGITS
from monai_amyloid.shown import visible

VIEWS = 5  # axial slices kept of a scan


class ValidationPass:
    """Collects the scans of one pass, in their order, on the CPU.

    Args:
        network: Network whose head is named ``fc`` or ``myfc``; the inputs of the head are the
            features.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        self.head = head_of(network)
        self.hook: Any = None
        self.names: list[str] = []
        self.logits: list[torch.Tensor] = []
        self.truth: list[torch.Tensor] = []
        self.views: list[torch.Tensor] = []  # (VIEWS, Y, X), 0 to 255, 8 bit
        self.features: list[torch.Tensor] = []

    def open(self) -> None:
        """Listen to the head."""
        if self.head is not None:
            self.hook = self.head.register_forward_pre_hook(self._keep)

    def close(self) -> None:
        """Leave the network as it was."""
        if self.hook is not None:
            self.hook.remove()

    def _keep(self, head: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        self.features.append(inputs[0].detach().float().cpu())

    def add(self, evaluator: Engine) -> None:
        """Keep a batch of an evaluator that does not decollate."""
        batch, logits = evaluator.state.batch, evaluator.state.output["pred"]
        if logits.shape[-1] > len(GRADES):
            logits = logits[..., :GRADE_LOGITS]
        self.logits.append(logits.detach().float().cpu())
        self.truth.append(torch.as_tensor(batch["label"]).reshape(-1).long().cpu())
        people, sessions = batch["participant_id"], batch["session_id"]
        self.names += [visible(f"{who} {when}") for who, when in zip(people, sessions, strict=True)]
        for image in batch["image"]:
            views = axial_views(without_face(torch.as_tensor(image)), VIEWS)
            if views is not None:
                self.views.append((255 * views).round().byte())

    def labels(self) -> torch.Tensor:
        """True grades ``(N,)``, 0, 1, 2 for BAPL 1, 2, 3."""
        return torch.cat(self.truth)

    def probabilities(self) -> torch.Tensor:
        """Probabilities of the grades, ``(N, 3)``."""
        return grade_probabilities(torch.cat(self.logits))

    def rows(self) -> list[list[str]]:
        """Scan, BAPL and predicted BAPL of each."""
        predictions = self.probabilities().argmax(-1) + 1
        grades = zip(self.names, (self.labels() + 1).tolist(), predictions.tolist(), strict=True)
        return [[name, str(true), str(predicted)] for name, true, predicted in grades]

    def caption(self, scan: int) -> str:
        """True and predicted grade of a scan."""
        name, true, predicted = self.rows()[scan]
        sure = self.probabilities()[scan].max().item()
        return f"{name}   true BAPL {true}   predicted {predicted} (p {sure:.2f})"
