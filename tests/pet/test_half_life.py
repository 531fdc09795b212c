"""The half-life that a header states: rounded, in another unit, or of another radionuclide."""

from dataclasses import replace

import pytest

from monai_amyloid.pet.header.half_life import half_life_in_seconds, half_life_of_another
from monai_amyloid.pet.tracers import TRACERS

from .truth_series import SMALL, truth_series


@pytest.mark.parametrize("stated", [6588, 6586.2, 6600, 6584.04, 1223.4, 1220, 122.24, 76.4, 597.9])
def test_a_half_life_in_seconds_stays_as_it_is(stated: float) -> None:
    assert half_life_in_seconds(stated) == (stated, ())


@pytest.mark.parametrize(
    ("stated", "unit", "seconds"),
    [
        (109.77, "min", 6586.2),
        (109.8, "min", 6588),
        (110, "min", 6600),
        (1.8295, "h", 6586.2),
        (1.83, "h", 6588),
        (6586200, "ms", 6586.2),
        (20.39, "min", 1223.4),
        (0.34, "h", 1224),
    ],
)
def test_another_unit_is_read_with_a_warning(stated: float, unit: str, seconds: float) -> None:
    found = half_life_in_seconds(stated)
    assert found.seconds == pytest.approx(seconds)
    (warning,) = map(str, found.warnings)
    assert f"is {stated:g}, needed seconds" in warning and f" {unit}, " in warning


@pytest.mark.parametrize("tracer", TRACERS)
def test_the_half_life_of_another_radionuclide_is_refused_in_any_unit(tracer: str) -> None:
    own = TRACERS[tracer].half_life_seconds
    (other,) = {one.half_life_seconds for one in TRACERS.values()} - {own}
    series = truth_series(SMALL, tracer=tracer)
    for factor in (1, 60, 3600):
        found = half_life_in_seconds(other / factor).seconds
        refusal = half_life_of_another(replace(series, half_life=found))
        assert "half-life (0018,1075)" in str(refusal) and tracer in str(refusal)
        found = half_life_in_seconds(own * 1.001 / factor).seconds
        assert half_life_of_another(replace(series, half_life=found)) is None
