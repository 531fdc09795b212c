"""A cohort's coordinates for TensorBoard's projector."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.utils.tensorboard import SummaryWriter

from monai_amyloid.exploring.exploration import Exploration
from monai_amyloid.shown import visible

_COLUMNS = ("participant_id", "session_id", "bapl", "centiloid", "site", "score")


def write_projector(exploration: Exploration, table: pd.DataFrame, folder: Path) -> None:
    """Write the coordinates of each view, with what is known of each scan.

    Args:
        exploration: Exploration of a cohort.
        table: Table from :func:`~monai_amyloid.exploring.tables.scan_table`.
        folder: Log folder for ``tensorboard --logdir``.
    """
    # A tab or a line break in a name would be a column or a row.
    words = table[list(_COLUMNS)].astype(str).map(visible, na_action="ignore")
    writer = SummaryWriter(str(folder))
    for name, view in exploration.views.items():
        writer.add_embedding(
            torch.from_numpy(view.axes.astype(np.float32)),
            metadata=words.to_numpy().tolist(),
            metadata_header=list(_COLUMNS),
            tag=name,
        )
    writer.close()
