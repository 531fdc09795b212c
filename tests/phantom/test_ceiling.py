from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.errors import UserError
from monai_amyloid.phantom.cohorts.ceiling import (
    ceiling,
    chances_by_means,
    measure,
    reader_agreement,
    scores,
)
from monai_amyloid.phantom.cohorts.reader import REGION_NOISE, SCAN_NOISE, THRESHOLDS
from monai_amyloid.phantom.cohorts.readers import draw_grades, grade_chances, reader_chances


def truth_of(smaller: np.ndarray, confluent: np.ndarray) -> pd.DataFrame:
    """A table of scans that lie so far above each region's threshold."""
    table = {"participant_id": [f"sub-{i:04d}" for i in range(len(smaller))]}
    for name in READ_REGIONS:
        table[f"evidence_{name}_smaller_area"] = THRESHOLDS[name] + smaller
        table[f"evidence_{name}_confluent"] = THRESHOLDS[name] + confluent
        table[f"evidence_{name}_mean"] = THRESHOLDS[name] + (smaller + confluent) / 2
    found = pd.DataFrame(table).assign(centiloid=80 * (smaller + 0.3))
    grades = 1 + (smaller > 0).astype(int) + (confluent > 0).astype(int)
    drawn = {f"draws_bapl_{grade}": (grades == grade).astype(int) for grade in (1, 2, 3)}
    return found.assign(panel_bapl=grades, reader_1_bapl=grades, **drawn)


CLEAR = truth_of(np.repeat([-0.3, 0.3, 0.4], 20), np.repeat([-0.5, -0.3, 0.3], 20))
CLEAR_GRADES = np.repeat([1, 2, 3], 20)


def drawn(count: int = 150) -> pd.DataFrame:
    random = np.random.default_rng(3)
    smaller = random.uniform(-0.15, 0.25, count)
    return truth_of(smaller, smaller - random.uniform(0.05, 0.15, count))


def test_all_readers_agree_on_clear_scans_and_the_observers_are_right() -> None:
    readings = draw_grades(reader_chances(CLEAR), 30, np.random.default_rng(0))
    np.testing.assert_array_equal(readings, np.tile(CLEAR_GRADES[:, None], 30))
    found = ceiling(CLEAR, readers=10)
    assert (found.value[found.observer.str.startswith("true")] == 1).all()
    assert found.value.min() > 0.98


def test_a_scan_at_the_threshold_of_one_region_is_called_by_half_of_the_readers() -> None:
    off = 0.02
    truth = truth_of(np.array([-0.5]), np.array([-0.9]))
    truth["evidence_frontal_smaller_area"] = THRESHOLDS["frontal"] + off
    share = reader_chances(truth)[0, 1]
    assert share == pytest.approx(norm.cdf(off / np.hypot(SCAN_NOISE, REGION_NOISE)), abs=1e-6)


@pytest.mark.slow
def test_nobody_who_sees_less_scores_higher() -> None:
    found = ceiling(drawn(200), readers=20).pivot_table("value", "metric", "observer")
    assert (found["true evidence of each region"] >= found["mean uptake of each region"]).all()
    assert 0.6 < found["true evidence of each region"]["accuracy"] < 1


def test_chances_by_the_means_are_chances_of_scans_that_were_not_learnt_from() -> None:
    truth = drawn(200)
    chances = grade_chances(truth)
    found = chances_by_means(truth, chances)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert np.abs(found - chances).mean() < 0.1
    truth.loc[0, "panel_bapl"] = 3  # its own grade is nothing that they are made of
    np.testing.assert_array_equal(chances_by_means(truth, chances)[0], found[0])


def test_scores_are_those_of_a_confusion_matrix_counted_by_hand() -> None:
    answers, grades = np.array([1, 1, 2, 3, 3, 3]), np.array([1, 2, 2, 3, 3, 2])
    found = scores(answers, grades)
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["bapl2_f1"] == pytest.approx(2 / (1 + 3))
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1 / 2 + 4 / 5) / 3)


def test_readers_agree_less_where_the_disease_is_unsure() -> None:
    truth = drawn(400)
    kappas = reader_agreement(
        truth, draw_grades(reader_chances(truth), 20, np.random.default_rng(4))
    )
    assert list(kappas) == ["all", "Centiloid below 10", "10 to 40", "above 40"]
    assert kappas["10 to 40"] < kappas["all"] < 1


@pytest.mark.slow
def test_the_table_is_written_and_printed_with_its_ranges(tmp_path: Path) -> None:
    drawn().to_csv(tmp_path / "truth.tsv", sep="\t", index=False)
    printed = measure(tmp_path, readers=20)
    table = pd.read_csv(tmp_path / "ceiling.tsv", sep="\t")
    assert (
        len(table) == 8 and (table.low <= table.value).all() and (table.value <= table.high).all()
    )
    assert "true evidence of each region" in printed and "mean uptake of each region" in printed


def test_a_cohort_that_does_not_tell_its_draws_is_one_line(tmp_path: Path) -> None:
    old = drawn().drop(columns="draws_bapl_1")
    old.to_csv(tmp_path / "truth.tsv", sep="\t", index=False)
    with pytest.raises(UserError, match=r"how its people were drawn.*simulate the cohort again"):
        measure(tmp_path, readers=10)


@pytest.mark.parametrize("content", [None, "participant_id\tcentiloid\nsub-0001\t3\n"])
def test_a_folder_without_evidence_is_one_line(tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "truth.tsv").write_text(content)
    with pytest.raises(UserError, match="needed") as error:
        measure(tmp_path, readers=10)
    assert "\n" not in str(error.value)
