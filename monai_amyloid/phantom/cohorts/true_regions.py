"""The truth of the quantities that are measured on a prepared scan."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monai_amyloid.brain.quantities.suvr import region_labels
from monai_amyloid.brain.template import measured_labels, regions

_KEY = ["participant_id", "session_id"]


def truth_of(rows: pd.DataFrame, cohort: Path) -> pd.DataFrame:
    """Rows of a simulated cohort's ``truth.tsv`` in the order of its prepared scans.

    Args:
        rows: Rows of the prepared cohort's ``participants.tsv``.
        cohort: Folder of the simulated cohort.
    """
    truth = pd.read_csv(cohort / "truth.tsv", sep="\t", na_values="n/a")
    return rows[_KEY].merge(truth, on=_KEY, how="left", validate="one_to_one")


def true_suvr(truth: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Noise-free SUVR of a region: of several parts the mean by their volumes, ``(N,)``.

    Args:
        truth: Rows of a ``truth.tsv``.
        name: Name of the region, as of :func:`~monai_amyloid.brain.quantities.suvr.regional_suvr`.
    """
    if name == "cortex":
        return truth["suvr_cortex"].to_numpy(float)
    table = regions().table.set_index("label")
    labels = region_labels()[name]
    sizes = [np.count_nonzero(measured_labels() == label) for label in labels]
    parts = [f"suvr_{table.region[label]}_{table.hemisphere[label]}" for label in labels]
    return np.asarray(np.average(truth[parts].to_numpy(float), axis=1, weights=sizes))
