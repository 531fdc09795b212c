import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from monai_amyloid.pet.frames.decay import correction_time, decay_correction

F18 = 6586.2

starts = st.floats(-7200, 14400)
durations = st.floats(0, 7200)
half_lives = st.floats(75, 400_000)


def test_a_point_in_time_doubles_with_each_half_life() -> None:
    assert decay_correction(0, 0, F18) == 1
    assert decay_correction(F18, 0, F18) == pytest.approx(2)
    assert decay_correction(0, 0, F18, reference=3 * F18) == pytest.approx(1 / 8)


def test_undecayed_fluorine_loses_an_eighth_in_twenty_minutes() -> None:
    assert 1 / decay_correction(1200, 0, F18) == pytest.approx(0.881, abs=5e-4)


def test_a_frame_of_one_half_life_has_the_closed_form() -> None:
    # The mean of 2^-x for x from 0 to 1 is 1 / (2 ln 2).
    assert decay_correction(0, 1200, 1200) == pytest.approx(2 * math.log(2), rel=1e-12)


@given(start=starts, duration=st.floats(1, 7200), half_life=st.floats(600, 400_000))
def test_the_factor_is_the_inverse_of_the_integral_over_the_frame(
    start: float, duration: float, half_life: float
) -> None:
    counted, _ = quad(lambda time: 0.5 ** (time / half_life), start, start + duration)
    factor = decay_correction(start, duration, half_life)
    assert factor * counted / duration == pytest.approx(1, rel=1e-7)


@given(start=starts, half_life=half_lives)
def test_the_shortest_frame_is_a_point_in_time(start: float, half_life: float) -> None:
    point = decay_correction(start, 0, half_life)
    assert decay_correction(start, 1e-9, half_life) == pytest.approx(point, rel=1e-9)


@given(start=starts, duration=durations, half_life=half_lives, reference=starts)
def test_the_correction_time_is_found_again(
    start: float, duration: float, half_life: float, reference: float
) -> None:
    factor = decay_correction(start, duration, half_life, reference)
    found = correction_time(factor, start, duration, half_life)
    assert found == pytest.approx(reference, abs=1e-4)


@given(start=starts, duration=durations, half_life=half_lives, shift=starts)
def test_only_the_time_between_frame_and_reference_counts(
    start: float, duration: float, half_life: float, shift: float
) -> None:
    here = decay_correction(start, duration, half_life, 60)
    assert decay_correction(start + shift, duration, half_life, 60 + shift) == pytest.approx(here)


@pytest.mark.parametrize(
    ("start", "duration", "half_life", "reason"),
    [
        (0, 300, 0, "half-life is 0 s"),
        (0, 300, -F18, "half-life is -6586"),
        (0, 300, np.nan, "half-life is nan"),
        (0, -1, F18, "duration is -1"),
        (0, np.inf, F18, "duration is inf"),
        (np.nan, 300, F18, "starts at nan"),
    ],
)
def test_impossible_times_are_refused(
    start: float, duration: float, half_life: float, reason: str
) -> None:
    for calculate in (decay_correction, lambda *frame: correction_time(1.5, *frame)):
        with pytest.raises(ValueError, match=reason):
            calculate(start, duration, half_life)


@pytest.mark.parametrize("start", [1e9, -1e9])
def test_more_decay_than_a_float_holds_is_refused(start: float) -> None:
    with pytest.raises(ValueError, match="too many half-lives"):
        decay_correction(start, 300, F18)


@pytest.mark.parametrize("half_life", [1e-320, 1e-306])
def test_a_half_life_too_short_for_a_float_is_refused(half_life: float) -> None:
    with pytest.raises(ValueError, match="too many half-lives"):
        correction_time(1.5, 0, 300, half_life)


def test_a_reference_that_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="reference time is nan"):
        decay_correction(0, 300, F18, math.nan)


@pytest.mark.parametrize("factor", [0, -1, math.nan, math.inf])
def test_an_impossible_decay_factor_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="decay factor is"):
        correction_time(factor, 0, 300, F18)
