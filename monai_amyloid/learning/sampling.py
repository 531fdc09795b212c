"""Rare grades seen more often."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import WeightedRandomSampler


def balanced_sampler(
    datalist: Sequence[Mapping[str, Any]], seed: int, balance: float = 0.5
) -> WeightedRandomSampler:
    """Draw scans with replacement, those of a rare grade more often.

    Args:
        datalist: Dictionaries with ``label``.
        seed: Of the first epoch; :class:`~monai_amyloid.learning.handlers.SeedEachEpoch`
            sets that of the others.
        balance: 0 draws the grades as often as they are, 1 equally often; between, a
            grade of ``n`` scans is drawn in proportion to ``n ** (1 - balance)``.

    Returns:
        A sampler that draws as many scans as there are.
    """
    labels = np.array([item["label"] for item in datalist])
    counts = np.bincount(labels)
    weights = counts[labels].astype(float) ** -balance
    return WeightedRandomSampler(
        weights.tolist(), len(labels), generator=torch.Generator().manual_seed(seed)
    )
