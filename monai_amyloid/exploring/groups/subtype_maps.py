"""Mean SUVR of each group of scans, voxel by voxel: what a group looks like."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.brain.quantities.centiloid import florbetaben_line
from monai_amyloid.brain.template import TEMPLATE_SHAPE
from monai_amyloid.cohort.prepared_volume import load_suvr
from monai_amyloid.exploring.groups.clusters import Clusters
from monai_amyloid.work.progress import SILENT, Progress

Volume = NDArray[np.float32]


def mean_suvr(
    cohort: pd.DataFrame,
    groupings: Sequence[Clusters],
    progress: Progress = SILENT,
) -> list[list[Volume]]:
    """Average the scans of each group of each grouping, in one pass over the files.

    Args:
        cohort: One row a scan, with ``path`` and ``tracer``.
        groupings: Groupings of the same scans; scans in no group are left out.
        progress: Shows how many scans are in the means; the caller starts it.

    Returns:
        Mean of each group of each grouping, SUVR on florbetaben's scale on the template's grid
        ``(91, 109, 91)``.
    """
    sums = [np.zeros((each.number, *TEMPLATE_SHAPE)) for each in groupings]
    for place, row in enumerate(cohort[["path", "tracer"]].itertuples(index=False)):
        groups = [int(each.labels[place]) for each in groupings]
        if max(groups, default=-1) >= 0:
            slope, intercept = florbetaben_line(str(row.tracer))
            scan = slope * load_suvr(Path(str(row.path))) + intercept
            for total, group in zip(sums, groups, strict=True):
                if group >= 0:
                    total[group] += scan
        progress.advance()
    return [
        [
            np.asarray(total[group] / (each.labels == group).sum(), np.float32)
            for group in range(each.number)
        ]
        for total, each in zip(sums, groupings, strict=True)
    ]
