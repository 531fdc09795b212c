"""Learning from numbers that are known of each scan, before learning its grade.

A grade has three values only, and readers differ. Of a simulated scan everything is
known: pretraining regresses the network on a table's numbers, such as what a reader sees in each
region on each side, beside the grade, or how likely readers give each where the table tells. A
hospital's own graded scans can be regressed on their regional SUVR.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from monai.engines.utils import default_prepare_batch
from numpy.typing import NDArray

from monai_amyloid.cohort.datalist import UNKNOWN, CohortError
from monai_amyloid.cohort.folds import split
from monai_amyloid.evaluation.held_out import READINGS
from monai_amyloid.learning.handlers.validation import validation_metrics
from monai_amyloid.learning.network.losses import GradeLoss
from monai_amyloid.learning.transforms.mirroring import MIRRORED, TARGETS

_ROW = ["participant_id", "session_id"]
# The ordinal head's logits come first, so that fine-tuning can go on from them.
GRADE_LOGITS = 2
_GRADES = 3
# In standard deviations of a target: beyond it an error counts linearly, for outliers.
_BETA = 0.3
_GRADE_WEIGHT = 0.3


def split_with_targets(
    dataset_dir: str, fold: int, folds: int, seed: int, *, targets: str, prefix: str
) -> dict[str, list[dict[str, Any]]]:
    """Divide a prepared dataset, with a table's numbers beside each grade.

    Args:
        dataset_dir: Folder of the prepared dataset, with ``participants.tsv``.
        fold: Number of the fold, from 0; pretraining tests nothing, so that this fold trains as
            well.
        folds: Number of folds.
        seed: Seed of the folds; not used where ``splits.tsv`` exists.
        targets: Path of a tab-separated table with ``participant_id``, ``session_id`` and numbers.
        prefix: Prefix of the names of the columns that are learned.

    Returns:
        Lists as in :func:`~monai_amyloid.cohort.folds.split`, with three more in each dictionary:
        ``targets``, float32 ``(T,)``, of mean 0 and standard deviation 1 over the table;
        ``mirrored``, which of them each becomes where left and right are exchanged, ``(T,)``; and
        ``shares``, how likely readers give each grade, float32 ``(3,)``.

    Raises:
        CohortError: If the table is missing, has no such numbers or lacks a scan.
    """
    numbers = read_targets(Path(targets), prefix)
    shares, places = _shares(Path(targets)), mirrored(list(numbers))
    parts = split(dataset_dir, fold, folds, seed)
    parts = {**parts, "training": parts["training"] + parts["test"], "test": []}
    for scan in (scan for part in parts.values() for scan in part):
        row = (scan["participant_id"], scan["session_id"])
        if row not in numbers.index:
            raise CohortError(
                f"{targets}: {' '.join(row)} of {dataset_dir} is not in it; add its row"
            )
        scan[TARGETS], scan[MIRRORED] = numbers.loc[row].to_numpy(np.float32), places
        own = np.eye(_GRADES, dtype=np.float32)[int(scan["label"])]
        scan["shares"] = own if shares is None else shares.loc[row].to_numpy(np.float32)
    return parts


def mirrored(names: list[str]) -> NDArray[np.int64]:
    """Which number each becomes where left and right are exchanged, ``(T,)``.

    Args:
        names: Names of the numbers; a side is the word ``left`` or ``right`` between underscores.
    """
    exchanged = {"left": "right", "right": "left"}
    found = []
    for place, name in enumerate(names):
        other = "_".join(exchanged.get(word, word) for word in name.split("_"))
        found.append(names.index(other) if other in names else place)
    return np.array(found, np.int64)


def _shares(table: Path) -> pd.DataFrame | None:
    """How likely readers give each grade to each scan, where a table tells."""
    rows = pd.read_csv(table, sep="\t", na_values=UNKNOWN, dtype=dict.fromkeys(_ROW, str))
    if not {*READINGS} <= {*rows}:
        return None
    return rows.set_index(_ROW)[READINGS].astype(float)


def read_targets(table: Path, prefix: str) -> pd.DataFrame:
    """Read the numbers to learn, standardised, by participant and session.

    Raises:
        CohortError: If there is no such table or no such column, or a number is missing
            or infinite.
    """
    if not table.is_file():
        raise CohortError(f"no table of targets at {table}; name one with --targets")
    rows = pd.read_csv(table, sep="\t", na_values=UNKNOWN, dtype=dict.fromkeys(_ROW, str))
    columns = list(rows.columns[rows.columns.str.startswith(prefix)])
    if not columns or not set(_ROW) <= set(rows):
        raise CohortError(
            f"{table}: needed {' and '.join(_ROW)} and columns that begin with '{prefix}'; "
            "choose others with --target_prefix"
        )
    numbers = rows.set_index(_ROW)[columns].astype(float)
    lost = [name for name in columns if not np.isfinite(numbers[name]).all()]
    if lost:
        raise CohortError(
            f"{table}: a number is missing or infinite in the column {lost[0]}; complete it"
        )
    # A column that never varies has nothing to teach.
    numbers = numbers.loc[:, numbers.std() > 0]
    return (numbers - numbers.mean()) / numbers.std()


def outputs(targets: str, prefix: str) -> int:
    """Number of outputs of a network that learns the grade and a table's numbers."""
    return GRADE_LOGITS + read_targets(Path(targets), prefix).shape[1]


def prepare_batch(
    batch: Mapping[str, Any],
    device: str | torch.device | None = None,
    non_blocking: bool = False,
    **kwargs: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Images, and shares of the grades and targets side by side ``(B, 3 + T)``, on the device."""
    images, _ = default_prepare_batch(batch, device, non_blocking, **kwargs)
    return images, torch.cat([batch["shares"].to(images), batch[TARGETS].to(images)], dim=1)


class PretrainingLoss(torch.nn.Module):
    """Smooth L1 of the targets, and the grade's negative log likelihood beside it."""

    def forward(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Loss of a batch.

        Args:
            outputs: Logits of the grade and predicted targets, ``(B, 2 + T)``.
            labels: Shares of the grades first, then true targets, ``(B, 3 + T)``.
        """
        values = torch.nn.functional.smooth_l1_loss(
            outputs[:, GRADE_LOGITS:].float(), labels[:, _GRADES:], beta=_BETA
        )
        grade = GradeLoss()(outputs[:, :GRADE_LOGITS], labels[:, :_GRADES])
        total: torch.Tensor = values + _GRADE_WEIGHT * grade
        return total


def pretraining_metrics(outputs: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """Measures of one validation pass.

    Args:
        outputs: Logits of the grade and predicted targets, ``(N, 2 + T)``.
        labels: Shares of the grades and true targets, ``(N, 3 + T)``.

    Returns:
        Metrics of the grade, ``loss``, and ``mean_absolute_error`` in standard deviations.
    """
    outputs, labels = torch.as_tensor(outputs).float(), torch.as_tensor(labels).float()
    error = (outputs[:, GRADE_LOGITS:] - labels[:, _GRADES:]).abs().mean()
    return {
        **validation_metrics(outputs[:, :GRADE_LOGITS], labels[:, :_GRADES].argmax(dim=1)),
        "loss": float(PretrainingLoss()(outputs, labels)),
        "mean_absolute_error": float(error),
    }


def pretraining_score(outputs: torch.Tensor, labels: torch.Tensor) -> float:
    """The loss with its sign turned: the higher the better."""
    return -pretraining_metrics(outputs, labels)["loss"]
