import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm

from monai_amyloid.evaluation import comparison
from monai_amyloid.evaluation.metrics import measure_all


def models(seed: int, count: int = 80) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Held-out rows, a model that is right more often and one that guesses."""
    random = np.random.default_rng(seed)
    truth = random.integers(1, 4, count)
    rows = pd.DataFrame({"repeat": 0, "participant_id": np.arange(count).astype(str)})
    guess = random.dirichlet(np.ones(3), count)
    better = guess + 0.5 * np.eye(3)[truth - 1]
    return rows.assign(bapl=truth), better / 1.5, guess


def test_a_model_is_as_good_as_itself() -> None:
    rows, model, _ = models(0)
    measured = measure_all(rows["participant_id"], rows["bapl"], model, rows["repeat"])
    found = comparison.compare(measured, measured)
    assert (found["difference"], found["difference_low"], found["p"]) == (0, 0, 1)
    assert comparison.compare_accuracy(rows, model, model)["p_mcnemar"] == 1


def test_the_table_holds_each_pair_once_and_finds_the_better() -> None:
    rows, model, guess = models(0)
    said = {"network": model, "joined": model, "guess": guess}
    measured = {
        name: measure_all(rows["participant_id"], rows["bapl"], each, rows["repeat"])
        for name, each in said.items()
    }
    table = comparison.comparison_table(rows, said, measured, ["network", "joined"])
    pairs = list(zip(table["model"], table["against"], strict=True))
    assert pairs == [("network", "guess"), ("joined", "network"), ("joined", "guess")]
    assert table["difference_low"][0] > 0 and table["p"][0] == pytest.approx(2 / 2001)
    assert table["p_holm"].tolist() == pytest.approx([6 / 2001, 1, 6 / 2001])


def test_p_of_a_normal_difference_is_the_closed_form() -> None:
    draws = norm.ppf((np.arange(20000) + 0.5) / 20000, loc=1.5)
    assert comparison.two_sided_p(draws) == pytest.approx(2 * norm.cdf(-1.5), rel=0.002)


@given(alone=st.integers(0, 20), against=st.integers(0, 20))
def test_mcnemars_p_is_twice_the_binomial_tail(alone: int, against: int) -> None:
    tail = binom.cdf(min(alone, against), alone + against, 0.5)
    assert comparison.mcnemar_p(alone, against) == pytest.approx(min(1, 2 * tail))


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(p: list[float]) -> None:
    """A hypothesis' p is the greatest Bonferroni p of all the sets that it stands in."""
    count = len(p)
    expected = [
        max(
            min(1.0, bin(chosen).count("1") * min(p[j] for j in range(count) if chosen >> j & 1))
            for chosen in range(1 << count)
            if chosen >> i & 1
        )
        for i in range(count)
    ]
    assert comparison.holm(p) == pytest.approx(expected)


def test_scans_that_one_model_alone_tells_right_are_counted_in_the_first_repeat() -> None:
    rows = pd.DataFrame({"repeat": [0, 0, 0, 1, 1, 1], "bapl": [1, 2, 3] * 2})
    model, other = np.eye(3)[[0, 1, 0, 2, 2, 2]], np.eye(3)[[1, 1, 2, 0, 0, 0]]
    found = comparison.compare_accuracy(rows, model, other)
    assert (found["right_alone"], found["wrong_alone"]) == (1, 1)
