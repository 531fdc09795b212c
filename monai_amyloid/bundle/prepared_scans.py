"""What a bundle's network says of the scans of a prepared cohort."""

from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from monai_amyloid.brain.template import TEMPLATE_SHAPE
from monai_amyloid.bundle.networks.trained import TrainedNetwork
from monai_amyloid.errors import UserError
from monai_amyloid.learning.network.losses import grade_probabilities
from monai_amyloid.work.progress import SILENT, Progress

_BATCH = 8


def answers_of(
    trained: TrainedNetwork, cohort: pd.DataFrame, progress: Progress = SILENT
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The network's own probabilities of each scan, and how far each lies from the training's.

    Args:
        trained: A bundle's network.
        cohort: Rows with ``path``, of a volume on the template's grid, and ``tracer``.
        progress: Is told of each scan.

    Returns:
        Probabilities ``(N, 3)``; and distances of the features in standard deviations ``(N,)``, see
        :meth:`~monai_amyloid.learning.network.head.ScoredHead.apart`, NaN where the network does
        not know what is usual.

    Raises:
        UserError: As :func:`batches`.
    """
    chances, apart = [], []
    progress.start(len(cohort))
    for batch in batches(trained, cohort):
        answers = trained.answers(batch)
        chances.append(grade_probabilities(answers.logits).double().cpu().numpy())
        apart.append(answers.apart or [np.nan] * len(batch))
        for _ in batch:
            progress.advance()
    return np.concatenate(chances), np.concatenate(apart)


def batches(trained: TrainedNetwork, cohort: pd.DataFrame) -> Iterator[torch.Tensor]:
    """What the network takes of the scans, some at a time, on its device.

    Args:
        trained: A bundle's network.
        cohort: Rows as of :func:`answers_of`.

    Raises:
        UserError: If a volume is not on the template's grid.
    """
    paths, tracers = (cohort[name].astype(str) for name in ("path", "tracer"))
    scans = [(Path(path), tracer) for path, tracer in zip(paths, tracers, strict=True)]
    for first in range(0, len(scans), _BATCH):
        inputs = []
        for path, tracer in scans[first : first + _BATCH]:
            suvr = np.asarray(nib.load(path).dataobj, np.float32)
            if suvr.shape != TEMPLATE_SHAPE:
                raise UserError(
                    f"{path}: found a volume of {suvr.shape}, needed one that `monai-amyloid "
                    "prepare` wrote"
                )
            inputs.append(trained.network_input(suvr, tracer))
        yield torch.stack(inputs).to(trained.device)
