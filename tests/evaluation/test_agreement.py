import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from monai_amyloid.evaluation.agreement import against_calls, agreement, kappa


def test_figures_are_those_of_the_textbook() -> None:
    random = np.random.default_rng(0)
    other = random.normal(40, 30, 200)
    own = 1.1 * other - 3 + random.normal(0, 5, 200)
    found = agreement(own, other, np.arange(200))
    differences = own - other
    assert found.bias.value == pytest.approx(differences.mean())
    assert found.spread.value == pytest.approx(differences.std(ddof=1))
    assert found.upper.value == pytest.approx(differences.mean() + 1.96 * differences.std(ddof=1))
    line = stats.linregress(other, own)
    assert found.slope.value == pytest.approx(line.slope)
    assert found.correlation.value == pytest.approx(line.rvalue)
    # Closed form of the mean's interval (Student).
    half = stats.t.ppf(0.975, 199) * differences.std(ddof=1) / np.sqrt(200)
    assert found.bias.high - found.bias.low == pytest.approx(2 * half, rel=0.1)
    assert found.slope.low < line.slope < found.slope.high


def test_one_person_scanned_often_is_one_person() -> None:
    random = np.random.default_rng(1)
    other = random.normal(40, 30, 50)
    own = other + random.normal(0, 5, 50)
    once = agreement(own, other, np.arange(50))
    often = agreement(np.tile(own, 4), np.tile(other, 4), np.tile(np.arange(50), 4))
    assert often.people == 50 and often.scans == 200
    assert often.bias.high - often.bias.low == pytest.approx(once.bias.high - once.bias.low)


def test_calls_are_counted_as_scikit_learn_counts_them() -> None:
    random = np.random.default_rng(2)
    truth = random.random(300) < 0.4
    score = truth + random.normal(0, 0.7, 300)
    called = score > 0.5
    found = against_calls(score, called, truth, np.arange(300))
    assert found.auc.value == pytest.approx(roc_auc_score(truth, score))
    assert found.auc.low < found.auc.value < found.auc.high
    assert found.sensitivity.value == pytest.approx(called[truth].mean())
    assert found.specificity.value == pytest.approx((~called[~truth]).mean())
    assert found.positives == truth.sum() and found.scans == 300
    assert kappa(called, truth) == pytest.approx(cohen_kappa_score(called, truth))
    assert np.isnan(kappa([True, True], [True, True]))


def test_where_all_calls_are_alike_there_is_no_area() -> None:
    found = against_calls([0.1, 0.9], [False, True], [True, True], ["a", "b"])
    assert np.isnan(found.auc.value) and np.isnan(found.specificity.value)
    assert found.sensitivity.value == 0.5
