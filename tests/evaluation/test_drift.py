"""An alarm of drift comes soon where something changed, and seldom where nothing did."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm

from monai_amyloid.evaluation.drift import evidence, log_bets, since

Numbers = NDArray[np.float64]


def followed(seed: int, after: Numbers, a_month: int) -> tuple[Numbers, str]:
    """The evidence of values after a reference of 100 normal ones, and since when."""
    random = np.random.default_rng(seed)
    reference = random.normal(size=100).tolist()
    bets = log_bets(reference, after.tolist(), random.uniform(size=len(after)).tolist())
    months = [f"{place // a_month:04}" for place in range(len(after))]
    return evidence(bets, months), since(bets, months)


def test_each_bet_is_one_on_average_over_uniform_ranks() -> None:
    pool = norm.ppf(np.arange(0.5, 1000) / 1000).tolist()
    bets = np.array([log_bets(pool, [value], [0.5])[0] for value in pool])
    mean = np.exp(bets).mean(axis=0)
    assert (mean > 0.85).all() and (mean < 1.001).all()  # below 1 as the ends are cut off


def test_a_bet_on_a_shift_is_how_much_likelier_it_makes_a_normal_value() -> None:
    pool = norm.ppf(np.arange(0.5, 9999) / 9999).tolist()
    [[down, *_, spread]] = log_bets(pool, [1.0], [0.5])
    assert down == pytest.approx(norm.logpdf(1, -1.5) - norm.logpdf(1), abs=0.01)
    assert spread == pytest.approx(norm.logpdf(1, 0, 2) - norm.logpdf(1), abs=0.01)


def test_false_alarms_are_as_seldom_as_is_promised() -> None:
    """Of ten periods the sum is ten on average: 100 is reached in one of ten at most."""
    random, reached = np.random.default_rng(0), 0
    for seed in range(100):
        found, _ = followed(seed, random.normal(size=60), a_month=6)
        reached += found.max() >= 100
    assert reached <= 10


@pytest.mark.parametrize("shift", [-1.5, 1.5])
def test_a_shift_is_found_within_some_values_and_the_month_is_named(shift: float) -> None:
    after = np.random.default_rng(1).normal(size=80)
    after[40:] += shift
    found, month = followed(2, after, a_month=40)
    assert 40 < int(np.argmax(found >= 360)) < 70 and month == "0001"


def test_a_wider_spread_is_found_too() -> None:
    found, _ = followed(4, np.random.default_rng(3).normal(size=60) * 3, a_month=60)
    assert found.max() > 360


def test_a_share_that_grows_is_found_although_values_are_equal() -> None:
    random = np.random.default_rng(5)
    after = (random.uniform(size=60) < 0.6).astype(float).tolist()
    reference = [float(place < 10) for place in range(100)]
    bets = log_bets(reference, after, random.uniform(size=60).tolist())
    assert evidence(bets, ["m"] * 60)[-1] > 360


@given(st.lists(st.integers(-3, 3), max_size=20), st.integers(0, 2**32 - 1))
def test_only_the_order_counts(values: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    reference, ties = random.integers(-3, 3, 10), random.uniform(size=len(values)).tolist()
    plain = log_bets(reference.tolist(), values, ties)
    stretched = log_bets(np.exp(reference).tolist(), np.exp(values).tolist(), ties)
    assert np.array_equal(plain, stretched) and plain.shape == (len(values), 5)


def test_a_reference_is_needed() -> None:
    with pytest.raises(ValueError, match="reference"):
        log_bets([], [1.0], [0.5])
