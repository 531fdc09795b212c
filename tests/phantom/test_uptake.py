import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.brain.template import regions
from monai_amyloid.phantom.people.uptake import (
    FULL_CENTILOID,
    SATURATION,
    UPTAKE,
    amyloid_excess,
    by_label,
    florbetaben_values,
    typical_excess,
)

EXPONENTS = st.floats(0.3, 3)
TABLE = regions().table


@given(EXPONENTS)
def test_the_excess_is_nothing_at_zero_one_at_full_uptake_and_saturates(exponent: float) -> None:
    assert amyloid_excess(0, exponent) == amyloid_excess(-20, exponent) == 0
    assert amyloid_excess(FULL_CENTILOID, exponent) == pytest.approx(1)
    assert amyloid_excess(1000, exponent) == SATURATION


@given(st.floats(-50, 200), st.floats(-50, 200), EXPONENTS)
def test_more_centiloid_never_means_less_amyloid(one: float, two: float, exponent: float) -> None:
    low, high = sorted((one, two))
    assert 0 <= amyloid_excess(low, exponent) <= amyloid_excess(high, exponent) <= SATURATION


def test_the_excess_halfway_is_the_power_of_a_half() -> None:
    assert amyloid_excess(FULL_CENTILOID / 2, 2) == pytest.approx(0.25)
    assert amyloid_excess(FULL_CENTILOID / 2, 1) == pytest.approx(0.5)


def test_cingulate_precuneus_and_orbitofrontal_lead_and_primary_cortex_comes_last() -> None:
    early = ("anterior_cingulate", "posterior_cingulate", "precuneus", "orbitofrontal")
    at_30 = dict(zip(TABLE.region, typical_excess(30), strict=True))
    assert min(at_30[name] for name in early) > at_30["lateral_frontal"]
    assert at_30["lateral_frontal"] > at_30["lateral_occipital"] > at_30["sensorimotor"]
    assert at_30["sensorimotor"] == pytest.approx(at_30["calcarine_lingual"])


@pytest.mark.parametrize(("centiloid", "column"), [(0.0, "negative"), (FULL_CENTILOID, "positive")])
def test_typical_people_have_the_values_of_the_table(centiloid: float, column: str) -> None:
    values = florbetaben_values(typical_excess(centiloid), centiloid / FULL_CENTILOID)
    for label, region in zip(TABLE.label, TABLE.region, strict=True):
        expected = UPTAKE[region]
        grey = values.grey[label] + values.amyloid[label]
        assert grey == pytest.approx(getattr(expected, column))
        assert values.white[label] == pytest.approx(getattr(expected, f"white_{column}"))


def test_amyloid_is_added_in_proportion_and_changes_nothing_else() -> None:
    none = florbetaben_values(np.zeros(len(TABLE)), 0.5)
    half = florbetaben_values(np.full(len(TABLE), 0.5), 0.5)
    assert not none.amyloid.any()
    np.testing.assert_array_equal(half.grey, none.grey)
    np.testing.assert_array_equal(half.white, none.white)
    gain = [0.5 * (UPTAKE[name].positive - UPTAKE[name].negative) for name in TABLE.region]
    np.testing.assert_allclose(half.amyloid[TABLE.label], gain, rtol=1e-6)


def test_the_reference_region_holds_no_amyloid() -> None:
    values = florbetaben_values(np.ones(len(TABLE)), 1.0)
    for name in ("cerebellum", "brainstem"):
        for label in values.labels_of(name):
            assert values.amyloid[label] == 0


def test_values_stand_at_their_label() -> None:
    indexed = by_label(list(range(100, 100 + len(TABLE))))
    assert indexed[0] == 0
    assert indexed[TABLE.label].tolist() == list(range(100, 100 + len(TABLE)))
