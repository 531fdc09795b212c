from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.brain.template import regions
from monai_amyloid.phantom.uptake import (
    LATENT_CENTILOID,
    UPTAKE,
    Disease,
    amyloid_excess,
    draw_disease,
    label_values,
)

EXPONENTS = st.floats(0.3, 3)


@given(EXPONENTS)
def test_the_excess_is_nothing_at_zero_one_at_80_and_saturates(exponent: float) -> None:
    assert amyloid_excess(0, exponent) == amyloid_excess(-20, exponent) == 0
    assert amyloid_excess(80, exponent) == pytest.approx(1)
    assert amyloid_excess(1000, exponent) == 1.3


@given(st.floats(-50, 200), st.floats(-50, 200), EXPONENTS)
def test_more_centiloid_never_means_less_amyloid(one: float, two: float, exponent: float) -> None:
    low, high = sorted((one, two))
    assert 0 <= amyloid_excess(low, exponent) <= amyloid_excess(high, exponent) <= 1.3


def test_the_excess_halfway_is_the_power_of_a_half() -> None:
    assert amyloid_excess(40, 2) == pytest.approx(0.25)
    assert amyloid_excess(40, 1) == pytest.approx(0.5)


def test_cingulate_precuneus_and_orbitofrontal_lead_and_primary_cortex_comes_last() -> None:
    early = ("anterior_cingulate", "posterior_cingulate", "precuneus", "orbitofrontal")
    at_30 = {name: amyloid_excess(30, uptake.exponent) for name, uptake in UPTAKE.items()}
    assert min(at_30[name] for name in early) > at_30["lateral_frontal"]
    assert at_30["lateral_frontal"] > at_30["lateral_occipital"] > at_30["sensorimotor"]


@pytest.mark.parametrize(("centiloid", "column"), [(0.0, "negative"), (80.0, "positive")])
def test_typical_people_have_the_values_of_the_table(centiloid: float, column: str) -> None:
    table = regions().table
    values = label_values(Disease(centiloid, np.full(len(table), centiloid / 80), "diffuse"))
    assert values.shape == (2, len(table) + 1)
    for label, region in zip(table.label, table.region, strict=True):
        grey, white = (
            ("cerebellar_grey", "cerebellar_white")
            if region == "cerebellum"
            else (region, "brainstem" if region == "brainstem" else "cerebral_white")
        )
        expected = [getattr(UPTAKE[grey], column), getattr(UPTAKE[white], column)]
        np.testing.assert_allclose(values[:, label], expected)


def test_people_vary_by_a_few_percent_in_white_matter_and_cerebellum() -> None:
    disease = draw_disease(1, np.random.default_rng(0))
    people = [label_values(disease, np.random.default_rng(seed)) for seed in range(300)]
    ratio = np.array(people)[:, :, 1:] / label_values(disease)[:, 1:]
    assert np.abs(ratio.mean(axis=0) - 1).max() < 0.015
    assert ratio[:, 1].std(axis=0).min() > 0.02
    assert ratio.std(axis=0).max() < 0.07


def test_the_latent_stage_follows_the_grade() -> None:
    for grade, (mean, deviation) in LATENT_CENTILOID.items():
        random = np.random.default_rng(grade)
        drawn = [draw_disease(grade, random).latent_centiloid for _ in range(300)]
        assert np.mean(drawn) == pytest.approx(mean, abs=4 * deviation / np.sqrt(300))
        assert np.std(drawn) == pytest.approx(deviation, rel=0.17)


def test_grade_2_is_often_focal_or_one_sided_and_other_grades_never() -> None:
    random = np.random.default_rng(0)
    patterns = Counter(draw_disease(2, random).pattern for _ in range(300))
    # Four standard deviations about 40 % and 25 % of 300.
    assert patterns["focal"] == pytest.approx(120, abs=34)
    assert patterns["one_sided"] == pytest.approx(75, abs=30)
    assert {draw_disease(grade, random).pattern for grade in (1, 3) for _ in range(50)} == {
        "diffuse"
    }


def test_a_pattern_shows_in_the_regions() -> None:
    table, random = regions().table, np.random.default_rng(1)
    drawn = [draw_disease(2, random) for _ in range(200)]
    drawn = [disease for disease in drawn if disease.latent_centiloid > 25]
    ratio: dict[str, list[float]] = {"diffuse": [], "focal": [], "one_sided": []}
    for disease in drawn:
        load = table.assign(excess=disease.excess)
        sides = load.groupby("hemisphere").excess.mean()
        ratio[disease.pattern].append(max(sides.left, sides.right) / min(sides.left, sides.right))
    assert np.median(ratio["one_sided"]) == pytest.approx(1.3 / 0.5, rel=0.25)
    assert np.median(ratio["diffuse"]) < 1.3
    assert np.median(ratio["focal"]) < 1.6
