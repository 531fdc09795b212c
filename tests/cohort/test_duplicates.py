import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.duplicates import check_duplicates
from monai_amyloid.cohort.folds import split

from .tables import write_table


def cohort(folder: Path, files: dict[str, bytes]) -> pd.DataFrame:
    rows = []
    for number, (name, content) in enumerate(files.items()):
        (folder / name).write_bytes(content)
        person = f"sub-{number}" if "again" not in name else "sub-0"
        session = "ses-02" if "again" in name else "ses-01"
        rows.append([person, session, str(folder / name)])
    return pd.DataFrame(rows, columns=["participant_id", "session_id", "path"])


def scan(seed: int) -> bytes:
    return np.random.default_rng(seed).bytes(20_000)


@pytest.mark.parametrize(
    "copy",
    [
        {"b.nii": scan(0)},
        {"again.nii": scan(0)},
        {"b.nii.gz": gzip.compress(scan(1), 1), "c.nii.gz": gzip.compress(scan(1), 9, mtime=7)},
    ],
    ids=["of another", "of a session", "compressed in another way"],
)
def test_one_image_under_two_names_is_an_error_that_names_both(
    tmp_path: Path, copy: dict[str, bytes]
) -> None:
    table = cohort(tmp_path, {"a.nii": scan(0), **copy})
    last = table.iloc[-1]
    first = table.iloc[-2]
    said = f"{first.participant_id} {first.session_id} and {last.participant_id} {last.session_id}"
    with pytest.raises(CohortError, match=f"{said} are the same image"):
        check_duplicates(table)


def test_images_that_differ_in_one_byte_are_two(tmp_path: Path) -> None:
    other = bytearray(scan(0))
    other[5] ^= 1  # far from the middle, which alone is read at first
    files = {"a.nii": scan(0), "b.nii": bytes(other)}
    packed = {f"{name}.gz": gzip.compress(content) for name, content in files.items()}
    check_duplicates(cohort(tmp_path, {**files, **packed}))


def test_nobody_is_trained_on_with_a_copy(tmp_path: Path) -> None:
    table = write_table(tmp_path, [1, 2, 3, "n/a"] * 6)
    rows = pd.read_csv(table, sep="\t", keep_default_na=False)
    (tmp_path / rows["path"][3]).write_text("0")  # has no grade, and is used for nothing
    split(str(tmp_path), 0, folds=3, seed=0)
    (tmp_path / rows["path"][4]).write_text("0")
    with pytest.raises(CohortError, match="sub-00 ses-01 and sub-04 ses-01"):
        split(str(tmp_path), 0, folds=3, seed=0)
