"""A prepared dataset small enough to train on in seconds."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from cohort.tables import suvr_row

from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates

AMYLOID = {1: 0.0, 2: 0.5, 3: 1.0}  # part of the positive template in each grade


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen noisy scans, five a grade, on the template grid."""
    folder = tmp_path_factory.mktemp("prepared")
    random = np.random.default_rng(0)
    negative, positive = pet_templates()
    rows = []
    for number in range(15):
        grade = number % 3 + 1
        part = AMYLOID[grade] + random.normal(0, 0.05)
        volume = (1 - part) * negative + part * positive
        noisy = volume + random.normal(0, 0.1, volume.shape)
        name = f"sub-{number:02d}.nii"
        nib.save(nib.Nifti1Image(noisy.astype(np.float32), TEMPLATE_AFFINE), folder / name)
        row = {"participant_id": f"sub-{number:02d}", "session_id": "ses-01", "path": name}
        row |= {"tracer": "18FFBB", "bapl": grade}
        rows.append(row | suvr_row(grade, random.normal(0, 0.05)))
    pd.DataFrame(rows).to_csv(folder / "participants.tsv", sep="\t", index=False)
    return folder
