import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from monai_amyloid.evaluation.deciding import calibration
from monai_amyloid.evaluation.deciding.conformal import shares_of


def drawn(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and grades drawn by them: perfectly calibrated."""
    random = np.random.default_rng(seed)
    chances = random.dirichlet(np.full(3, 0.5), count)
    return chances, 1 + (random.random((count, 1)) > chances.cumsum(1)).sum(1).clip(0, 2)


@given(temperature=st.floats(0.1, 10), seed=st.integers(0, 99))
def test_a_temperature_keeps_the_order_and_is_undone_by_its_inverse(
    temperature: float, seed: int
) -> None:
    chances = drawn(20, seed)[0].clip(1e-4) / drawn(20, seed)[0].clip(1e-4).sum(1, keepdims=True)
    warm = calibration.temper(chances, temperature)
    assert warm.sum(1) == pytest.approx(1)
    assert (warm.argmax(1) == chances.argmax(1)).all()
    if temperature > 0.5:  # sharper ones meet the smallest probability
        assert calibration.temper(warm, 1 / temperature) == pytest.approx(chances, abs=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_spoiled_probabilities_is_found(temperature: float) -> None:
    chances, truth = drawn(20000)
    spoiled = calibration.temper(chances, 1 / temperature)
    assert calibration.fit_temperature(spoiled, shares_of(truth)) == pytest.approx(
        temperature, rel=0.05
    )


def test_two_grades_are_a_logistic_regression_without_intercept() -> None:
    random = np.random.default_rng(1)
    odds = random.normal(0, 3, 500)
    truth = 1 + (random.random(500) < 1 / (1 + np.exp(-0.6 * odds)))
    chances = np.stack([1 / (1 + np.exp(odds)), 1 / (1 + np.exp(-odds)), np.zeros(500)], axis=1)
    slope = LogisticRegression(C=np.inf, fit_intercept=False).fit(odds[:, None], truth).coef_
    assert 1 / calibration.fit_temperature(chances, shares_of(truth)) == pytest.approx(
        slope[0, 0], rel=0.01
    )


def test_losses_are_scikit_learns() -> None:
    chances, truth = drawn(60)
    assert calibration.log_loss(truth, chances) == pytest.approx(sklearn_log_loss(truth, chances))
    own = calibration.brier(truth, chances)
    assert own == pytest.approx(brier_score_loss(truth, chances, scale_by_half=False))


def test_the_calibration_error_is_that_of_counting_bin_by_bin() -> None:
    chances, truth = drawn(200)
    expected = 0.0
    for place in range(15):
        inside = [row for row in range(200) if place / 15 <= chances[row].max() < (place + 1) / 15]
        if inside:
            right = np.mean([chances[row].argmax() + 1 == truth[row] for row in inside])
            mean = np.mean([chances[row].max() for row in inside])
            expected += len(inside) / 200 * abs(right - mean)
    assert calibration.expected_calibration_error(truth, chances) == pytest.approx(expected)


def test_certainty_that_is_right_six_times_in_ten_is_wrong_by_four() -> None:
    chances = np.tile([1.0, 0, 0], (10, 1))
    truth = [1] * 6 + [2] * 4
    assert calibration.expected_calibration_error(truth, chances) == pytest.approx(0.4)


def test_the_error_by_chance_is_that_of_a_normal_sum() -> None:
    chances = np.tile([0.7, 0.2, 0.1], (400, 1))
    mean, high = calibration.error_if_calibrated(chances)
    deviation = np.sqrt(0.7 * 0.3 / 400)
    assert mean == pytest.approx(deviation * np.sqrt(2 / np.pi), rel=0.06)
    assert high == pytest.approx(1.96 * deviation, rel=0.08)


def test_the_table_of_reliability_holds_every_scan_and_gives_the_error() -> None:
    chances, truth = drawn(300)
    table = calibration.reliability(truth, chances)
    gap = (table["n"] * (table["accuracy"] - table["confidence"]).abs()).sum() / 300
    assert table["n"].sum() == 300
    assert gap == pytest.approx(calibration.expected_calibration_error(truth, chances))
    assert (table["confidence"].between(table["bin_low"], table["bin_high"])).all()
