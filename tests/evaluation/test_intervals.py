import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from monai_amyloid.evaluation.intervals import percentile_interval, resample, share_of, wilson


@given(count=st.integers(1, 500), data=st.data())
def test_wilsons_interval_is_scipys(count: int, data: st.DataObject) -> None:
    seen = data.draw(st.integers(0, count))
    own = wilson(seen / count, count)
    other = binomtest(seen, count).proportion_ci(0.95, method="wilson")
    assert (own.low, own.high) == pytest.approx((other.low, other.high), abs=1e-9)
    assert own.low <= own.value <= own.high


def test_a_share_of_nothing_is_unknown() -> None:
    assert np.isnan([*vars(share_of(np.array([], bool), [])).values()]).all()


def test_a_share_counts_each_participant_once() -> None:
    chosen = np.tile([True, False, True, True], 5)
    assert share_of(chosen, np.tile(list("abcd"), 5)) == wilson(0.75, 4)


def test_the_standard_error_of_a_mean_is_the_closed_form() -> None:
    values = np.random.default_rng(1).normal(size=150)
    _, draws = resample(np.arange(150), lambda w: {"mean": w @ values / w.sum(1)})
    assert draws["mean"].std() == pytest.approx(values.std() / np.sqrt(150), rel=0.06)


def test_a_participant_is_drawn_with_all_rows() -> None:
    _, draws = resample(list("aabbb"), lambda w: {"apart": np.ptp(w[:, :2], axis=1)})
    assert not draws["apart"].any()


def test_undefined_draws_are_left_out_of_an_interval() -> None:
    estimate = percentile_interval(0.5, np.array([np.nan, 0.2, 0.4]))
    assert (estimate.low, estimate.high) == pytest.approx((0.205, 0.395))
    assert np.isnan(percentile_interval(0.5, np.array([np.nan])).low)
