from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.learning.pretraining.simulated import (
    PretrainingLoss,
    outputs,
    prepare_batch,
    pretraining_metrics,
    pretraining_score,
    read_targets,
    split_with_targets,
)

pytestmark = pytest.mark.slow


def table(folder: Path, **columns: object) -> Path:
    path = folder / "truth.tsv"
    rows = {"participant_id": ["sub-1", "sub-2", "sub-3"], "session_id": "ses-01", **columns}
    pd.DataFrame(rows).to_csv(path, sep="\t", index=False)
    return path


def test_targets_are_standardised_and_constant_ones_left_out(tmp_path: Path) -> None:
    path = table(tmp_path, seen_a=[1.0, 2.0, 3.0], seen_b=[5.0, 5.0, 5.0], other=[1, 2, 4])
    targets = read_targets(path, "seen_")
    assert list(targets) == ["seen_a"]
    assert targets.loc[("sub-3", "ses-01"), "seen_a"] == pytest.approx(1)
    assert outputs(str(path), "seen_") == 3


@pytest.mark.parametrize(
    ("columns", "message"),
    [({"other": 1}, "columns that begin with 'seen_'"), ({"seen_a": [1, 2, "n/a"]}, "missing")],
)
def test_a_table_without_the_numbers_is_refused(
    tmp_path: Path, columns: dict[str, object], message: str
) -> None:
    with pytest.raises(CohortError, match=message):
        read_targets(table(tmp_path, **columns), "seen_")
    with pytest.raises(CohortError, match="no table of targets"):
        read_targets(tmp_path / "none.tsv", "seen_")


def test_every_scan_gets_its_own_targets_and_none_is_held_out(prepared: Path) -> None:
    cohort = pd.read_csv(prepared / "participants.tsv", sep="\t")
    targets = str(prepared / "participants.tsv")
    parts = split_with_targets(str(prepared), 0, 3, 0, targets=targets, prefix="suvr_")
    scans = parts["training"] + parts["validation"]
    assert not parts["test"] and len(scans) == len(cohort)
    column = cohort.set_index("participant_id")["suvr_cortex"]
    expected = (column - column.mean()) / column.std()
    for scan in scans:
        assert scan["targets"][0] == pytest.approx(expected[scan["participant_id"]], abs=1e-5)


def test_a_scan_that_the_table_lacks_is_named(prepared: Path, tmp_path: Path) -> None:
    path = table(tmp_path, seen_a=[1.0, 2.0, 3.0])
    with pytest.raises(CohortError, match=r"sub-\d+ ses-01 of .* is not in it; add its row"):
        split_with_targets(str(prepared), 0, 3, 0, targets=str(path), prefix="seen_")


def test_the_loss_is_zero_for_what_is_known_and_sure() -> None:
    batch = {
        "image": torch.zeros(2, 1, 2, 2, 2),
        "label": torch.tensor([0, 2]),
        "targets": torch.tensor([[0.5, -1.0], [2.0, 0.0]]),
    }
    _, labels = prepare_batch(batch)
    said = torch.tensor([[-40.0, 0.0, 0.5, -1.0], [40.0, 40.0, 2.0, 0.0]])
    assert float(PretrainingLoss()(said, labels)) == pytest.approx(0, abs=1e-6)
    measured = pretraining_metrics(said, labels)
    assert measured["macro_f1"] == 1 and measured["mean_absolute_error"] == 0
    worse = said + torch.tensor([0.0, 0.0, 1.0, 1.0])
    # Beyond beta, smooth L1 is the error less half of beta.
    assert float(PretrainingLoss()(worse, labels)) == pytest.approx(1 - 0.15, abs=1e-6)
    assert pretraining_score(worse, labels) < pretraining_score(said, labels)
    assert np.isclose(pretraining_metrics(worse, labels)["mean_absolute_error"], 1)
