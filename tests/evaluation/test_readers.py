import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from monai_amyloid.evaluation.readers import MEASURED, against_readers, drawn_grades

RANDOM = np.random.default_rng(0)
SHARES = RANDOM.dirichlet(np.full(3, 0.4), 300)
PEOPLE = np.arange(300)


def test_readers_give_each_grade_as_often_as_it_is_likely() -> None:
    grades = drawn_grades(SHARES[:5], 20_000, np.random.default_rng(1))
    seen = np.stack([(grades == grade).mean(axis=0) for grade in (1, 2, 3)], axis=1)
    np.testing.assert_allclose(seen, SHARES[:5], atol=0.015)


@pytest.mark.slow
def test_scores_are_the_mean_of_scikit_learns_over_readers() -> None:
    predicted = SHARES.argmax(axis=1) + 1
    found = against_readers(PEOPLE, SHARES, predicted)
    grades = drawn_grades(SHARES, 200, np.random.default_rng(5))
    f1 = [f1_score(each, predicted, average="macro") for each in grades]
    kappa = [cohen_kappa_score(each, predicted, weights="quadratic") for each in grades]
    assert found["macro_f1"].value == pytest.approx(np.mean(f1), abs=0.004)
    assert found["quadratic_kappa"].value == pytest.approx(np.mean(kappa), abs=0.004)


def test_where_readers_agree_it_is_the_score_against_their_grade() -> None:
    truth = RANDOM.integers(1, 4, 300)
    predicted = np.where(RANDOM.random(300) < 0.8, truth, 2)
    found = against_readers(PEOPLE, np.eye(3)[truth - 1], predicted)
    assert found["macro_f1"].value == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert found["accuracy"].low < (truth == predicted).mean() < found["accuracy"].high


def test_nobody_is_right_more_often_than_who_knows_how_likely_each_grade_is() -> None:
    best = against_readers(PEOPLE, SHARES, SHARES.argmax(axis=1) + 1)["accuracy"].value
    assert best == pytest.approx(SHARES.max(axis=1).mean(), abs=0.003)
    for _ in range(5):
        other = RANDOM.integers(1, 4, 300)
        assert against_readers(PEOPLE, SHARES, other)["accuracy"].value < best


def test_all_measures_have_an_interval_about_their_value() -> None:
    found = against_readers(PEOPLE, SHARES, SHARES.argmax(axis=1) + 1)
    assert set(found) == set(MEASURED)
    assert all(each.low < each.value < each.high for each in found.values())
