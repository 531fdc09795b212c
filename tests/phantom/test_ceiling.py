from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.errors import UserError
from monai_amyloid.phantom.cohorts.ceiling import (
    ceiling,
    many_readings,
    measure,
    observer_of_evidence,
    reader_agreement,
    scores,
)
from monai_amyloid.phantom.cohorts.reader import REGION_NOISE, SCAN_NOISE, THRESHOLDS


def truth_of(smaller: np.ndarray, confluent: np.ndarray) -> pd.DataFrame:
    """A table of scans that lie so far above each region's threshold."""
    table = {"participant_id": [f"sub-{i:04d}" for i in range(len(smaller))]}
    for name in READ_REGIONS:
        table[f"evidence_{name}_smaller_area"] = THRESHOLDS[name] + smaller
        table[f"evidence_{name}_confluent"] = THRESHOLDS[name] + confluent
        table[f"evidence_{name}_mean"] = THRESHOLDS[name] + (smaller + confluent) / 2
    return pd.DataFrame(table).assign(centiloid=80 * (smaller + 0.3))


CLEAR = truth_of(np.repeat([-0.3, 0.3, 0.4], 20), np.repeat([-0.5, -0.3, 0.3], 20))
CLEAR_GRADES = np.repeat([1, 2, 3], 20)


def drawn(count: int = 150) -> pd.DataFrame:
    random = np.random.default_rng(3)
    smaller = random.uniform(-0.15, 0.25, count)
    return truth_of(smaller, smaller - random.uniform(0.05, 0.15, count))


def test_all_readers_agree_on_clear_scans_and_the_observers_are_right() -> None:
    readings = many_readings(CLEAR, 30, np.random.default_rng(0))
    np.testing.assert_array_equal(readings, np.tile(CLEAR_GRADES[:, None], 30))
    assert set(ceiling(CLEAR, readers=10).value) == {1.0}


def test_a_scan_at_the_threshold_of_one_region_is_called_by_half_of_the_readers() -> None:
    off = 0.02
    truth = truth_of(np.array([-0.5]), np.array([-0.9]))
    truth["evidence_frontal_smaller_area"] = THRESHOLDS["frontal"] + off
    share = (many_readings(truth, 20000, np.random.default_rng(1)) == 2).mean()
    assert share == pytest.approx(norm.cdf(off / np.hypot(SCAN_NOISE, REGION_NOISE)), abs=0.01)


def test_the_observer_of_evidence_is_the_best_of_all_answers_by_accuracy() -> None:
    readings = many_readings(drawn(), 200, np.random.default_rng(2))
    best = observer_of_evidence(readings)
    accuracy = (best[:, None] == readings).mean()
    for other in (*readings.T[:10], np.full(len(best), 1)):
        assert (other[:, None] == readings).mean() <= accuracy
    assert 0.6 < accuracy < 1


def test_scores_are_those_of_a_confusion_matrix_counted_by_hand() -> None:
    answers, grades = np.array([1, 1, 2, 3, 3, 3]), np.array([1, 2, 2, 3, 3, 2])
    found = scores(answers, grades)
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["bapl2_f1"] == pytest.approx(2 / (1 + 3))
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1 / 2 + 4 / 5) / 3)


def test_readers_agree_less_where_the_disease_is_unsure() -> None:
    truth = drawn(400)
    kappas = reader_agreement(truth, many_readings(truth, 20, np.random.default_rng(4)))
    assert list(kappas) == ["all", "Centiloid below 10", "10 to 40", "above 40"]
    assert kappas["10 to 40"] < kappas["all"] < 1


def test_the_table_is_written_and_printed_with_its_ranges(tmp_path: Path) -> None:
    drawn().to_csv(tmp_path / "truth.tsv", sep="\t", index=False)
    printed = measure(tmp_path, readers=20)
    table = pd.read_csv(tmp_path / "ceiling.tsv", sep="\t")
    assert (
        len(table) == 8 and (table.low <= table.value).all() and (table.value <= table.high).all()
    )
    assert "true evidence of each region" in printed and "mean uptake of each region" in printed


@pytest.mark.parametrize("content", [None, "participant_id\tcentiloid\nsub-0001\t3\n"])
def test_a_folder_without_evidence_is_one_line(tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "truth.tsv").write_text(content)
    with pytest.raises(UserError, match="needed") as error:
        measure(tmp_path, readers=10)
    assert "\n" not in str(error.value)
