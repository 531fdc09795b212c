"""Rare grades seen more often."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ignite.distributed as idist
import numpy as np
import torch
from torch.utils.data import Sampler, WeightedRandomSampler


def balanced_sampler(
    datalist: Sequence[Mapping[str, Any]], seed: int, balance: float = 0.5
) -> "BalancedShare":
    """Draw scans with replacement, those of a rare grade more often.

    Args:
        datalist: Dictionaries with ``label``; where there is none, all scans are drawn equally
            often.
        seed: Seed of the first epoch;
            :class:`~monai_amyloid.learning.handlers.epochs.SeedEachEpoch` sets that of the others.
        balance: Exponent from 0 to 1: 0 draws the grades as often as they occur, 1 equally often; a
            grade of ``n`` scans is drawn in proportion to ``n ** (1 - balance)``.

    Returns:
        A sampler that draws as many scans as there are; of several processes, each its share.
    """
    labels = np.array([item.get("label", 0) for item in datalist])
    counts = np.bincount(labels)
    weights = counts[labels].astype(float) ** -balance
    generator = torch.Generator().manual_seed(seed)
    draw = WeightedRandomSampler(weights.tolist(), len(labels), generator=generator)
    return BalancedShare(draw, idist.get_rank(), idist.get_world_size())


class BalancedShare(Sampler[int]):
    """One process's share of a draw that all processes make alike.

    Args:
        draw: Sampler of all processes, with the same seed in each.
        process: Number of this process, from 0.
        processes: Number of processes. Each takes the same number of scans; the remainder is not
            used.
    """

    def __init__(self, draw: WeightedRandomSampler, process: int, processes: int) -> None:
        self.draw = draw
        self.process = process
        self.processes = processes
        self.generator = draw.generator

    def __len__(self) -> int:
        """Number of scans of this process."""
        return len(self.draw) // self.processes

    def __iter__(self) -> Iterator[int]:
        """Draw again, and return this process's part."""
        return iter(list(self.draw)[self.process :: self.processes][: len(self)])
