from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.following import change_errors
from monai_amyloid.following.change import measure_change, timed_change
from monai_amyloid.following.change_errors import (
    Causes,
    change_interval,
    change_spreads,
    expected_errors,
)
from monai_amyloid.pet.tracers import TRACERS

QUALITY = {"noise_cv": 0.10, "fwhm_mm": 6.5, "registration": 0.92}
USUAL = Causes(
    loads=(40.0, 40.0), earlier=QUALITY, later=QUALITY, other_scanner=False, tracer="18FFBB"
)
REGIONS = dict.fromkeys(change_spreads(USUAL), 1.2)


def spread(**changed: object) -> float:
    return change_spreads(replace(USUAL, **changed))["cortex"]


def test_what_makes_a_change_less_sure_widens_its_interval() -> None:
    assert spread(other_scanner=True) > spread()
    assert spread(loads=(90.0, 40.0)) > spread()
    for name, worse in (("noise_cv", 0.15), ("fwhm_mm", 8.5), ("registration", 0.85)):
        assert spread(later=QUALITY | {name: worse}) > spread()
    assert spread(later=QUALITY | {"fwhm_mm": None}) > spread()  # what is not known


@given(st.floats(-0.5, 0.5), st.floats(0.005, 0.1))
def test_an_interval_holds_what_was_measured_and_grows_with_its_share(
    change: float, size: float
) -> None:
    low, high = change_interval(change, size)
    narrow = change_interval(change, size, share=0.8)
    assert low < narrow[0] < change < narrow[1] < high


def test_the_centiloid_of_a_change_is_that_of_the_cortex_by_the_tracers_own_line() -> None:
    for tracer in TRACERS:
        found = measure_change(
            REGIONS, REGIONS | {"cortex": 1.1}, replace(USUAL, tracer=tracer, years=2.0)
        )
        assert found.centiloid == pytest.approx(-0.1 * TRACERS[tracer].centiloid_slope)
        assert found.yearly == pytest.approx(found.centiloid / 2)
        assert found.yearly_interval == pytest.approx(np.array(found.interval) / 2)


@pytest.mark.parametrize(
    ("later", "direction"), [(1.1, "fallen"), (1.3, "risen"), (1.205, "cannot_tell")]
)
def test_a_direction_is_named_where_the_interval_leaves_out_no_change(
    later: float, direction: str
) -> None:
    assert measure_change(REGIONS, REGIONS | {"cortex": later}, USUAL).direction == direction


def test_usual_ageing_takes_of_a_high_load_and_nothing_of_none() -> None:
    def expected(load: float, years: float | None) -> float:
        return expected_errors(replace(USUAL, loads=(load, load), years=years))["cortex"]

    assert expected(90.0, None) == expected(90.0, 0.0) == expected(0.0, 3.0) == 0.0
    assert expected(90.0, 3.0) < 0
    assert expected(90.0, 3.0) == pytest.approx(3 * expected(90.0, 1.0))
    assert expected(90.0, 40.0) == expected(90.0, 5.0)  # beyond what was simulated
    plain, shifted = (change_interval(0.0, 0.02, expected=each) for each in (0.0, -0.01))
    assert np.subtract(shifted, plain) == pytest.approx([0.01, 0.01])


@pytest.mark.parametrize("years", [None, 0.0, 0.05])
def test_no_rate_is_given_without_time_between_the_scans(years: float | None) -> None:
    found = measure_change(REGIONS, REGIONS | {"cortex": 1.1}, replace(USUAL, years=years))
    assert found.yearly is None
    assert found.yearly_interval is None


def test_a_change_between_tracers_has_no_rate_within_days_either() -> None:
    within_days = timed_change(-20.0, (-35.0, -5.0), 0.02, {})
    assert within_days.yearly is None and within_days.direction == "fallen"
    assert timed_change(-20.0, (-35.0, -5.0), 2.0, {}).yearly_interval == (-17.5, -2.5)


def test_the_quantiles_of_every_row_rise() -> None:
    table = pd.read_csv(change_errors._TABLE, sep="\t", index_col="region").drop("unknown")
    quantiles = table[[change_errors.column(each) for each in change_errors.QUANTILES]]
    assert (np.diff(quantiles.to_numpy(), axis=1) >= 0).all()
