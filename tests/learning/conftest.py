"""A prepared dataset small enough to train on in seconds."""

from collections.abc import Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from monai_amyloid.brain.template import TEMPLATE_AFFINE, pet_templates

AMYLOID = {1: 0.0, 2: 0.5, 3: 1.0}  # part of the positive template in each grade


def write_table(folder: Path, grades: Sequence[object], image: str = "image.nii.gz") -> Path:
    """A cohort table with files that differ, of a few bytes; the first is called ``image``."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for n, grade in enumerate(grades):
        name = f"{n}_{image}" if n else image
        (folder / name).write_text(str(n))
        row = {"participant_id": f"sub-{n:02d}", "session_id": "ses-01", "path": name}
        rows.append(row | {"bapl": grade})
    table = folder / "participants.tsv"
    pd.DataFrame(rows).to_csv(table, sep="\t", index=False)
    return table


def suvr_row(grade: int, shift: float) -> dict[str, float]:
    """Regional SUVR that grows with the grade."""
    return {f"suvr_{name}": 1 + 0.3 * grade + shift for name in ("cortex", "frontal")}


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
