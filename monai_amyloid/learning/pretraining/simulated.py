"""Learning from numbers that are known of each scan, before learning its grade.

A grade has three values only, and readers differ. Of a simulated scan everything is
known: pretraining regresses the network on a table's numbers, such as what a reader sees in each
region on each side, beside the grade, or how likely readers give each where the table tells, and
beside the score that readers give each region on each side. A hospital's own graded scans can be
regressed on their regional SUVR.
"""

import re
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
from monai_amyloid.learning.network.region_scores import (
    SCORE_LOGITS,
    SCORES,
    SIDED_REGIONS,
    score_log_probabilities,
    score_loss,
)
from monai_amyloid.learning.transforms.mirroring import MIRRORED, TARGETS

_ROW = ["participant_id", "session_id"]
# The ordinal head's logits come first, so that fine-tuning can go on from them.
GRADE_LOGITS = 2
_GRADES = 3
# Where the parts of outputs and of labels begin after the grade's: scores, then numbers.
_OUTPUTS = (GRADE_LOGITS, GRADE_LOGITS + SCORE_LOGITS)
_LABELS = (_GRADES, _GRADES + SCORES * len(SIDED_REGIONS))
# In standard deviations of a target: beyond it an error counts linearly, for outliers.
_BETA = 0.3
_GRADE_WEIGHT = _SCORE_WEIGHT = 0.3


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
        ``targets``, float32 ``(24 + T,)``, the share of readers that give each score to each
        region (0 where the table has no scores) and T numbers, of mean 0 and standard deviation 1
        over the table; ``mirrored``, which of them each becomes where left and right are
        exchanged; and ``shares``, how likely readers give each grade, float32 ``(3,)``.

    Raises:
        CohortError: If the table is missing, has no such numbers or lacks a scan.
    """
    numbers = read_scores(Path(targets)).join(read_targets(Path(targets), prefix))
    shares, places = _shares(Path(targets)), mirrored(list(map(str, numbers)))
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


def read_scores(table: Path) -> pd.DataFrame:
    """Read the share of readers that give each score to each sided region.

    Args:
        table: A table with columns such as ``reader_1_rctu_left_frontal``, of scores from 1 to 3.

    Returns:
        A row a scan and three columns a region, in the order of
        :data:`~monai_amyloid.learning.network.region_scores.SIDED_REGIONS`; 0 where the table
        has no scores.

    Raises:
        CohortError: If a score is none of 1, 2 and 3.
    """
    rows = pd.read_csv(table, sep="\t", na_values=UNKNOWN, dtype=dict.fromkeys(_ROW, str))
    rows = rows.set_index(_ROW)
    found = {}
    for region in SIDED_REGIONS:
        columns = [name for name in rows if re.fullmatch(rf"reader_\d+_rctu_{region}", str(name))]
        wrong = [name for name in columns if not rows[name].isin(range(1, SCORES + 1)).all()]
        if wrong:
            raise CohortError(
                f"{table}: the column {wrong[0]} holds something else than the scores 1, 2 and 3; "
                "correct it"
            )
        for score in range(1, SCORES + 1):
            shares = (rows[columns] == score).mean(axis=1) if columns else 0.0
            found[f"{region}_{score}"] = pd.Series(shares, rows.index, float)
    return pd.DataFrame(found)


def has_scores(targets: str) -> bool:
    """Whether a table tells the scores of every region on each side."""
    return bool((read_scores(Path(targets)).sum() > 0).to_numpy().reshape(-1, SCORES).any(1).all())


def numbers_to_learn(targets: str, prefix: str) -> int:
    """How many of a table's numbers a network learns beside grade and scores."""
    return read_targets(Path(targets), prefix).shape[1]


def prepare_batch(
    batch: Mapping[str, Any],
    device: str | torch.device | None = None,
    non_blocking: bool = False,
    **kwargs: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Images, and shares of the grades and targets side by side ``(B, 3 + 24 + T)``."""
    images, _ = default_prepare_batch(batch, device, non_blocking, **kwargs)
    return images, torch.cat([batch["shares"].to(images), batch[TARGETS].to(images)], dim=1)


class PretrainingLoss(torch.nn.Module):
    """Smooth L1 of the numbers, and the negative log likelihood of grade and scores beside it."""

    def forward(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Loss of a batch.

        Args:
            outputs: Logits of the grade and of the scores and predicted numbers,
                ``(B, 2 + 16 + T)``.
            labels: Shares of the grades and of the scores, and true numbers, ``(B, 3 + 24 + T)``.
        """
        logits, scores, numbers = outputs.float().tensor_split(_OUTPUTS, dim=1)
        shares, seen, true = labels.float().tensor_split(_LABELS, dim=1)
        total: torch.Tensor = torch.nn.functional.smooth_l1_loss(numbers, true, beta=_BETA)
        total = total + _GRADE_WEIGHT * GradeLoss()(logits, shares)
        return total + _SCORE_WEIGHT * score_loss(scores, seen)


def pretraining_metrics(outputs: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """Measures of one validation pass.

    Args:
        outputs: Logits of the grade and of the scores and predicted numbers,
            ``(N, 2 + 16 + T)``.
        labels: Shares of the grades and of the scores, and true numbers, ``(N, 3 + 24 + T)``.

    Returns:
        Metrics of the grade, ``loss``, ``mean_absolute_error`` of the numbers in standard
        deviations, and ``score_accuracy``, the share of the known scores that are answered.
    """
    outputs, labels = torch.as_tensor(outputs).float(), torch.as_tensor(labels).float()
    logits, scores, numbers = outputs.tensor_split(_OUTPUTS, dim=1)
    shares, seen, true = labels.tensor_split(_LABELS, dim=1)
    found = {
        **validation_metrics(logits, shares.argmax(dim=1)),
        "loss": float(PretrainingLoss()(outputs, labels)),
        "mean_absolute_error": float((numbers - true).abs().mean()),
    }
    seen = seen.reshape(len(seen), -1, SCORES)
    known = seen.sum(dim=-1) > 0
    if known.any():
        answered = score_log_probabilities(scores).argmax(dim=-1) == seen.argmax(dim=-1)
        found["score_accuracy"] = float(answered[known].float().mean())
    return found


def pretraining_score(outputs: torch.Tensor, labels: torch.Tensor) -> float:
    """The loss with its sign turned: the higher the better."""
    return -pretraining_metrics(outputs, labels)["loss"]
