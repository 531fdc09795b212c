from dataclasses import asdict, fields

import numpy as np
import pytest

from monai_amyloid.phantom.people.surroundings import Surroundings, draw_surroundings

DRAWN = [draw_surroundings(np.random.default_rng(seed)) for seed in range(500)]


def test_the_same_seed_draws_the_same_surroundings() -> None:
    assert draw_surroundings(np.random.default_rng(3)) == DRAWN[3] != DRAWN[4]


@pytest.mark.parametrize("name", [field.name for field in fields(Surroundings)])
def test_values_vary_about_the_typical_one(name: str) -> None:
    values = np.array([getattr(each, name) for each in DRAWN])
    assert values.min() > 0 and values.std() > 0
    if name != "unevenness":
        assert np.median(values) == pytest.approx(getattr(Surroundings(), name), rel=0.1)


def test_scalps_differ_by_more_than_a_factor_of_three() -> None:
    low, high = np.quantile([each.scalp for each in DRAWN], [0.025, 0.975])
    assert high / low > 3


def test_sulci_are_brighter_than_cisterns_and_these_than_ventricles() -> None:
    typical = Surroundings()
    assert typical.ventricle < typical.csf < typical.sulci < typical.meninges


def test_surroundings_of_one_uptake_are_even() -> None:
    values = asdict(Surroundings.of(0.7))
    assert values.pop("unevenness") == 0 and values.pop("lesion") == 1
    assert set(values.values()) == {0.7}
