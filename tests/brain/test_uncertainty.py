import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.quantities.marks import compared
from monai_amyloid.brain.quantities.suvr import regional_suvr
from monai_amyloid.brain.quantities.uncertainty import (
    PREDICTORS,
    QUANTILES,
    centiloid_interval,
    chance_below,
    predictors,
    suvr_intervals,
    suvr_spreads,
)
from monai_amyloid.brain.template import DATA, READ_REGIONS, pet_templates

REGIONS = regional_suvr(pet_templates()[0])
USUAL = {
    "noise_cv": 0.10,
    "fwhm_mm": 6.5,
    "asymmetry": 0.04,
    "amyloid_load": 5.0,
    "registration": 0.92,
    "cerebellum_covered": 1.0,
    "cortex_covered": 1.0,
}


def width(
    load: float = 5.0, tracer: str = "18FFBB", name: str = "cortex", **changed: object
) -> float:
    found = suvr_intervals(REGIONS, suvr_spreads(load, {**USUAL, **changed}, tracer))
    low, high = found[name]
    return high - low


def test_the_cortex_and_each_read_region_and_side_have_an_interval_about_their_value() -> None:
    found = suvr_intervals(REGIONS, suvr_spreads(5.0, USUAL, "18FFBB"))
    sided = {f"{name}{side}" for name in READ_REGIONS for side in ("", "_left", "_right")}
    assert found.keys() == {"cortex", *sided}
    assert all(low < REGIONS[name] < high for name, (low, high) in found.items())


@pytest.mark.parametrize(
    "worse", [{"noise_cv": 0.2}, {"fwhm_mm": 9.0}, {"registration": 0.75}, {"load": 100.0}]
)
def test_a_worse_scan_has_a_wider_interval(worse: dict[str, float]) -> None:
    if "load" in worse:
        worse = {**worse, "amyloid_load": worse["load"]}
    assert width(**worse) > 1.05 * width()


@given(st.floats(0.5, 0.999))
def test_what_is_not_in_view_adds_in_quadrature(covered: float) -> None:
    own, cut = width(), width(cerebellum_covered=covered)
    assert cut > own
    # The closed form: 6.5 Centiloid for all of it, beside the scan's own spread.
    lost = 1.5 / 0.23 * (1 - covered) / 153.4
    row = pd.read_csv(DATA / "measurement_errors.tsv", sep="\t", index_col=0).loc["cortex"]
    times = row["q0.950"] - row["q0.050"]
    assert cut == pytest.approx(times * np.hypot(own / times, lost), rel=1e-2)


@pytest.mark.parametrize("unknown", [None, float("nan")])
def test_a_measure_that_a_scan_does_not_allow_is_taken_for_a_bad_one(unknown: object) -> None:
    assert np.isfinite(width(noise_cv=unknown))
    assert width(noise_cv=unknown) > width()


def test_an_interval_is_as_wide_in_centiloid_for_every_tracer() -> None:
    widths = []
    for tracer in ("18FFBB", "18FAV45", "11CPIB"):
        found = suvr_intervals(REGIONS, suvr_spreads(5.0, USUAL, tracer))
        low, high = centiloid_interval(found["cortex"], tracer)
        widths.append(high - low)
    np.testing.assert_allclose(widths, widths[0])


def test_the_interval_of_a_centiloid_is_that_of_the_cortex_on_its_line() -> None:
    low, high = suvr_intervals(REGIONS, suvr_spreads(5.0, USUAL, "18FAV45"))["cortex"]
    assert centiloid_interval((low, high), "18FAV45") == (
        centiloid(low, "18FAV45"),
        centiloid(high, "18FAV45"),
    )


def test_predictors_of_many_scans_are_those_of_each() -> None:
    many = {name: np.array([value, value / 2]) for name, value in USUAL.items()}
    found = predictors(np.array([5.0, 80.0]), many)
    assert found.shape == (2, len(PREDICTORS))
    np.testing.assert_allclose(found[0], predictors(5.0, USUAL))


def test_the_chance_to_lie_below_is_the_share_of_errors_that_are_larger() -> None:
    spread = suvr_spreads(5.0, USUAL, "18FFBB")["cortex"]
    row = pd.read_csv(DATA / "measurement_errors.tsv", sep="\t", index_col=0).loc["cortex"]
    for quantile in QUANTILES:
        error = row[f"q{quantile:.3f}"] * spread * 153.4
        found = chance_below(30.0 + error, 30.0, spread, "18FFBB")
        assert found == pytest.approx(1 - quantile, abs=1e-6)


@given(st.floats(-60, 200), st.floats(-60, 200), st.sampled_from([10.0, 24.1]))
def test_more_measured_amyloid_is_less_likely_below_a_mark(
    one: float, other: float, mark: float
) -> None:
    spread = suvr_spreads(5.0, USUAL, "18FFBB")["cortex"]
    low, high = sorted((one, other))
    assert chance_below(low, mark, spread, "18FFBB") >= chance_below(high, mark, spread, "18FFBB")
    assert 0 <= chance_below(one, mark, spread, "18FFBB") <= 1


def test_a_mark_that_the_interval_ends_on_is_told_and_one_within_it_is_not() -> None:
    spreads = suvr_spreads(24.1, USUAL, "18FFBB")
    at_mark = {each.mark.centiloid: each for each in compared(24.1, spreads["cortex"], "18FFBB")}
    assert list(at_mark) == [10.0, 11.0, 24.1, 30.0]
    assert at_mark[24.1].side == "cannot_tell" and 0.3 < at_mark[24.1].chance < 0.7
    sides = [each.side for each in compared(70.0, spreads["cortex"], "18FFBB")]
    assert sides == ["above"] * 4
    assert {each.side for each in compared(-9.0, spreads["cortex"], "18FFBB")} == {"below"}
