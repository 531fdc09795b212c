from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.evaluation.held_out import READINGS
from monai_amyloid.learning.network.region_scores import SIDED_REGIONS, score_log_probabilities
from monai_amyloid.learning.pretraining.simulated import (
    PretrainingLoss,
    has_scores,
    mirrored,
    numbers_to_learn,
    prepare_batch,
    pretraining_metrics,
    pretraining_score,
    read_scores,
    read_targets,
    split_with_targets,
)
from monai_amyloid.learning.transforms.mirroring import RandMirrord

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
    assert numbers_to_learn(str(path), "seen_") == 1 and not has_scores(str(path))


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
        assert scan["targets"][24] == pytest.approx(expected[scan["participant_id"]], abs=1e-5)


def test_a_scan_that_the_table_lacks_is_named(prepared: Path, tmp_path: Path) -> None:
    path = table(tmp_path, seen_a=[1.0, 2.0, 3.0])
    with pytest.raises(CohortError, match=r"sub-\d+ ses-01 of .* is not in it; add its row"):
        split_with_targets(str(prepared), 0, 3, 0, targets=str(path), prefix="seen_")


def test_the_loss_is_zero_for_what_is_known_and_sure() -> None:
    batch = {
        "image": torch.zeros(2, 1, 2, 2, 2),
        "label": torch.tensor([0, 2]),
        "shares": torch.eye(3)[[0, 2]],
        "targets": torch.cat([torch.zeros(2, 24), torch.tensor([[0.5, -1.0], [2.0, 0.0]])], dim=1),
    }
    _, labels = prepare_batch(batch)
    known = torch.tensor([[-40.0, 0.0, 0.5, -1.0], [40.0, 40.0, 2.0, 0.0]])
    # Of scores that no reader gave, any is as good.
    said = torch.cat([known[:, :2], torch.randn(2, 16), known[:, 2:]], dim=1)
    assert float(PretrainingLoss()(said, labels)) == pytest.approx(0, abs=1e-6)
    measured = pretraining_metrics(said, labels)
    assert measured["macro_f1"] == 1 and measured["mean_absolute_error"] == 0
    worse = said + torch.tensor([0.0] * 18 + [1.0, 1.0])
    # Beyond beta, smooth L1 is the error less half of beta.
    assert float(PretrainingLoss()(worse, labels)) == pytest.approx(1 - 0.15, abs=1e-6)
    assert pretraining_score(worse, labels) < pretraining_score(said, labels)
    assert np.isclose(pretraining_metrics(worse, labels)["mean_absolute_error"], 1)


def test_what_is_seen_on_the_left_is_seen_on_the_right_in_a_mirror() -> None:
    names = ["seen_left_frontal_mean", "seen_both", "seen_right_frontal_mean", "leftover"]
    assert mirrored(names).tolist() == [2, 1, 0, 3]
    assert mirrored(["seen_left_mean"]).tolist() == [0]


def test_a_mirrored_scan_swaps_its_sided_targets() -> None:
    item: dict = {
        "image": torch.arange(8.0).reshape(1, 2, 2, 2),
        "targets": np.array([1.0, 2.0, 3.0], np.float32),
        "mirrored": np.array([2, 1, 0]),
    }
    found = RandMirrord("image", prob=1.0)(item)
    torch.testing.assert_close(found["image"], item["image"].flip(1))
    assert found["targets"].tolist() == [3.0, 2.0, 1.0]
    assert item["targets"].tolist() == [1.0, 2.0, 3.0]
    assert RandMirrord("image", prob=0.0)(item)["targets"].tolist() == [1.0, 2.0, 3.0]


def test_grades_that_readers_differ_about_are_learned_as_they_differ(prepared: Path) -> None:
    cohort = pd.read_csv(prepared / "participants.tsv", sep="\t")
    table = cohort.assign(**dict(zip(READINGS, (0.2, 0.5, 0.3), strict=True)))
    path = prepared / "readings.tsv"
    table.to_csv(path, sep="\t", index=False)
    parts = split_with_targets(str(prepared), 0, 3, 0, targets=str(path), prefix="suvr_")
    path.unlink()
    for scan in parts["training"]:
        assert scan["shares"].tolist() == pytest.approx([0.2, 0.5, 0.3])


def with_scores(folder: Path, **changed: object) -> Path:
    """Two readers' scores of three scans: they differ about the left of the first."""
    scores = {f"reader_{n}_rctu_{name}": [1, 2, 3] for n in (1, 2) for name in SIDED_REGIONS}
    scores["reader_2_rctu_left_frontal"] = [2, 2, 3]
    return table(folder, seen_a=[1.0, 2.0, 3.0], **{**scores, **changed})


def test_readers_who_differ_about_a_region_share_its_score(tmp_path: Path) -> None:
    path = with_scores(tmp_path)
    scores = read_scores(path)
    assert has_scores(str(path)) and numbers_to_learn(str(path), "seen_") == 1
    first = scores.loc[("sub-1", "ses-01")]
    assert first[[f"left_frontal_{score}" for score in (1, 2, 3)]].tolist() == [0.5, 0.5, 0]
    assert first[[f"right_frontal_{score}" for score in (1, 2, 3)]].tolist() == [1, 0, 0]
    places = mirrored(list(scores))
    names = list(scores)
    assert names[places[names.index("left_parietal_3")]] == "right_parietal_3"
    assert not read_scores(table(tmp_path, seen_a=[1.0, 2.0, 3.0])).to_numpy().any()
    with pytest.raises(CohortError, match="reader_1_rctu_left_parietal holds something else"):
        read_scores(with_scores(tmp_path, reader_1_rctu_left_parietal=[1, 0, 3]))


def test_the_loss_of_scores_is_zero_where_they_are_known_and_sure() -> None:
    regions = len(SIDED_REGIONS)
    seen = torch.nn.functional.one_hot(torch.arange(2 * regions).reshape(2, -1) % 3, 3)
    labels = torch.cat([torch.eye(3)[[0, 2]], seen.flatten(1).float(), torch.ones(2, 1)], dim=1)
    sure = torch.tensor([[-40.0, 0.0], [40.0, -40.0], [40.0, 40.0]])
    scores = sure[torch.arange(2 * regions) % 3].reshape(2, -1)
    said = torch.cat([sure[[0, 2]], scores, torch.ones(2, 1)], dim=1)
    assert float(PretrainingLoss()(said, labels)) == pytest.approx(0, abs=1e-6)
    assert pretraining_metrics(said, labels)["score_accuracy"] == 1
    said[:, 2:4] = -said[:, 2:4]
    assert float(PretrainingLoss()(said, labels)) > 0.5
    # One region of eight is now answered wrongly in both scans.
    assert pretraining_metrics(said, labels)["score_accuracy"] == pytest.approx(7 / 8)
    chances = score_log_probabilities(scores).exp()
    assert chances.shape == (2, regions, 3)
    torch.testing.assert_close(chances, seen.float(), atol=1e-6, rtol=0)
