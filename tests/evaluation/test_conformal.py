import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.evaluation import conformal


def chances_of_grade_1(values: np.ndarray) -> np.ndarray:
    return np.stack([values, (1 - values) / 2, (1 - values) / 2], axis=1)


@pytest.mark.parametrize("count", [9, 19, 25, 62])
def test_coverage_of_exchangeable_scans_is_the_closed_form(count: int) -> None:
    """With n scans and rank r of n + 1, one more is covered with probability r / (n + 1)."""
    random = np.random.default_rng(count)
    held, draws = [], 3000
    for _ in range(draws):
        values = random.random(count + 1)
        thresholds = conformal.set_thresholds(chances_of_grade_1(values[:-1]), np.ones(count))
        held.append(values[-1] >= thresholds[0])
    expected = np.ceil(0.9 * (count + 1) - 1e-9) / (count + 1)
    error = np.sqrt(expected * (1 - expected) / draws)
    assert abs(np.mean(held) - expected) < 4 * error


def test_the_threshold_is_the_stated_rank() -> None:
    values = np.arange(1, 20) / 20
    # 18th highest of 19, for (19 + 1) * 0.9 = 18.
    found = conformal.set_thresholds(chances_of_grade_1(values), np.ones(19))
    assert found == (pytest.approx(0.1), 0.0, 0.0)


def test_a_grade_with_too_few_scans_is_in_every_set() -> None:
    chances = chances_of_grade_1(np.full(8, 0.9))
    assert conformal.set_thresholds(chances, np.ones(8)) == (0.0, 0.0, 0.0)


@given(seed=st.integers(0, 1000), thresholds=st.tuples(*[st.floats(0, 1)] * 3))
def test_a_set_holds_what_reaches_its_threshold_without_a_gap(
    seed: int, thresholds: tuple[float, float, float]
) -> None:
    chances = np.random.default_rng(seed).dirichlet(np.full(3, 0.4), 20)
    sets = conformal.prediction_sets(chances, thresholds)
    for row, inside in zip(chances, sets, strict=True):
        reached = {place for place in range(3) if row[place] >= thresholds[place]}
        assert {*np.flatnonzero(inside)} == (reached | {1} if {0, 2} <= reached else reached)


def test_covered_is_whether_the_true_grade_is_inside() -> None:
    sets = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0]], bool)
    assert conformal.covered(sets, [1, 2, 3]).tolist() == [True, True, False]
