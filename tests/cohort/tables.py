"""Small cohort tables."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd


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
