"""The network's predictions for the held-out scans, as a table."""

from pathlib import Path

import pandas as pd
import torch
from ignite.engine import Engine, Events

from monai_amyloid.errors import UserError
from monai_amyloid.evaluation.held_out import PROBABILITIES
from monai_amyloid.findings.rules import FEATURES_APART
from monai_amyloid.learning.network.finite import read_finite
from monai_amyloid.learning.network.head import HeadInputs
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.output import write_table


def trained_model(run_dir: str) -> str:
    """Path of a run's best weights.

    Raises:
        UserError: If nothing has been trained there, or the weights are not finite numbers.
    """
    path = Path(run_dir) / "model.pt"
    if not path.is_file():
        raise UserError(
            f"no model at {path}: train it first with `python -m monai.bundle run training "
            "--config_file configs/train.json` and the same --output_dir and --fold"
        )
    read_finite(path)
    return str(path)


class WritePredictions:
    """Write ``predictions.tsv`` when an evaluator has seen every scan.

    Args:
        path: Path of the table, written atomically.
        fold: Fold that the scans were held out in.
        network: The network that predicts, to know how far scans lie from those of its training;
            None where that is not asked.

    Raises:
        UserError: If a prediction is infinite or no number; then nothing is written.
    """

    def __init__(self, path: str, fold: int, network: torch.nn.Module | None = None) -> None:
        self.path = Path(path)
        self.fold = fold
        self.heard = None if network is None else HeadInputs(network)
        self.tables: list[pd.DataFrame] = []

    def attach(self, engine: Engine) -> None:
        """Act on the batches and at the end of an evaluator that does not decollate."""
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self._write)

    def _start(self, engine: Engine) -> None:
        self.tables = []

    def __call__(self, engine: Engine) -> None:
        """Keep a batch's predictions."""
        batch, output = engine.state.batch, engine.state.output
        finite = torch.isfinite(torch.as_tensor(output["pred"])).flatten(1).all(dim=1)
        if not bool(finite.all()):
            scan = int(finite.logical_not().nonzero()[0])
            raise UserError(
                f"the prediction of {batch['participant_id'][scan]} {batch['session_id'][scan]} is "
                "not a finite number; train again, or prepare this scan again"
            )
        table = prediction_table(
            batch["participant_id"], batch["session_id"], output["pred"], output["label"]
        ).assign(fold=self.fold)
        apart = None if self.heard is None else self.heard.apart()
        if apart is not None:
            table[FEATURES_APART] = apart
        self.tables.append(table)

    def _write(self, engine: Engine) -> None:
        table = pd.concat(self.tables)
        # The fold stands beside who it is about.
        table.insert(2, "fold", table.pop("fold"))
        write_table(table, self.path)


def prediction_table(
    participants: list[str], sessions: list[str], logits: torch.Tensor, labels: torch.Tensor
) -> pd.DataFrame:
    """One row a scan.

    Args:
        participants: ``participant_id`` of each scan, N.
        sessions: ``session_id`` of each scan, N.
        logits: Logits ``(N, 2)`` of an ordinal head or ``(N, 3)`` of a softmax head.
        labels: True grade of each scan, ``(N,)``, 0, 1, 2 for BAPL 1, 2, 3.

    Returns:
        ``participant_id session_id bapl p_bapl1 p_bapl2 p_bapl3 predicted``, where
        ``predicted`` is the most probable grade.
    """
    probabilities = grade_probabilities(torch.as_tensor(logits).detach().float().cpu())
    return pd.DataFrame(
        {
            "participant_id": participants,
            "session_id": sessions,
            "bapl": torch.as_tensor(labels).reshape(-1).cpu().numpy() + 1,
            **{name: probabilities[:, n].numpy() for n, name in enumerate(PROBABILITIES)},
            "predicted": probabilities.argmax(-1).numpy() + 1,
        }
    )
