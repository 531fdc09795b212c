import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.evaluation.deciding import conformal
from monai_amyloid.findings.bounds import MOST_LEFT_OUT

THRESHOLDS = st.tuples(*[st.floats(0, 1)] * 3)


def drawn(seed: int, count: int = 30) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(3, 0.4), count)


def second_grades(before: np.ndarray) -> np.ndarray:
    """Scans that are most probably BAPL 1, with so much of it before BAPL 2."""
    return np.stack([before, (1 - before) * 0.9, (1 - before) * 0.1], axis=1)


@pytest.mark.parametrize("count", [9, 19, 25, 62])
def test_coverage_of_exchangeable_scans_is_the_closed_form(count: int) -> None:
    """With n scans and rank r of n + 1, one more is covered with probability r / (n + 1)."""
    random = np.random.default_rng(count)
    held, draws = [], 3000
    for _ in range(draws):
        before = random.uniform(0.6, 1, count + 1)
        labels = conformal.shares_of(np.full(count, 2))
        _, threshold, _ = conformal.set_thresholds(second_grades(before[:-1]), labels)
        held.append(before[-1] <= threshold)
    expected = np.ceil(0.9 * (count + 1) - 1e-9) / (count + 1)
    error = np.sqrt(expected * (1 - expected) / draws)
    assert abs(np.mean(held) - expected) < 4 * error


def test_a_grade_with_too_few_scans_is_in_every_set() -> None:
    labels = conformal.shares_of(np.full(8, 2))
    found = conformal.set_thresholds(second_grades(np.full(8, 0.7)), labels)
    assert found == (conformal.ALWAYS,) * 3
    assert conformal.prediction_sets(drawn(0), found).all()


def test_a_scan_that_readers_differ_about_counts_for_each_grade_as_far_as_they_gave_it() -> None:
    before = np.linspace(0.6, 0.99, 40)
    once = conformal.set_thresholds(second_grades(before), conformal.shares_of(np.full(40, 2)))
    halves = np.tile([[0.5, 0.5, 0.0]], (80, 1))
    twice = conformal.set_thresholds(second_grades(np.repeat(before, 2)), halves)
    assert twice[1] == pytest.approx(once[1])


@given(seed=st.integers(0, 1000), thresholds=THRESHOLDS)
def test_no_set_is_without_its_top_grade_or_has_a_gap(
    seed: int, thresholds: tuple[float, float, float]
) -> None:
    chances = drawn(seed)
    sets = conformal.prediction_sets(chances, thresholds)
    assert sets[np.arange(len(sets)), chances.argmax(axis=1)].all()
    assert not (sets[:, 0] & ~sets[:, 1] & sets[:, 2]).any()


@given(seed=st.integers(0, 1000), thresholds=THRESHOLDS)
def test_no_grade_of_a_fifth_is_left_out(seed: int, thresholds: tuple[float, float, float]) -> None:
    chances = drawn(seed)
    sets = conformal.prediction_sets(chances, thresholds)
    assert (chances[~sets] < MOST_LEFT_OUT).all()


@given(seed=st.integers(0, 1000), low=THRESHOLDS, high=THRESHOLDS)
def test_a_higher_threshold_never_makes_a_set_smaller(
    seed: int, low: tuple[float, float, float], high: tuple[float, float, float]
) -> None:
    lower, higher = np.minimum(low, high), np.maximum(low, high)
    small, large = (conformal.prediction_sets(drawn(seed), tuple(t)) for t in (lower, higher))
    assert (small <= large).all()


@given(seed=st.integers(0, 1000), thresholds=THRESHOLDS)
def test_reversing_the_scale_reverses_the_sets(
    seed: int, thresholds: tuple[float, float, float]
) -> None:
    chances = drawn(seed)
    mirrored = conformal.prediction_sets(chances[:, ::-1], thresholds[::-1])
    np.testing.assert_array_equal(mirrored[:, ::-1], conformal.prediction_sets(chances, thresholds))


def test_doubt_between_neighbours_is_said_whatever_the_thresholds() -> None:
    chances = np.array([[0.005, 0.575, 0.42], [0.01, 0.46, 0.53], [0.3, 0.69, 0.01]])
    sets = conformal.prediction_sets(chances, (0.0, 0.0, 0.0))
    assert sets.astype(int).tolist() == [[0, 1, 1], [0, 1, 1], [1, 1, 0]]


def test_covered_is_whether_the_true_grade_is_inside() -> None:
    sets = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0]], bool)
    assert conformal.covered(sets, [1, 2, 3]).tolist() == [True, True, False]
