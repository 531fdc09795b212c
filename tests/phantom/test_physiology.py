from dataclasses import astuple

import numpy as np
import pytest

from monai_amyloid.phantom.people.physiology import (
    Physiology,
    draw_drift,
    draw_physiology,
    on_a_day,
)
from monai_amyloid.phantom.people.uptake import florbetaben_values, typical_excess

VALUES = florbetaben_values(typical_excess(50.0), 0.6)


def test_each_factor_is_of_its_own_tissue() -> None:
    varied = Physiology(white=1.1, cerebellar_grey=0.9, cerebellar_white=0.8).vary(VALUES)
    (cerebellum,), (brainstem,) = VALUES.labels_of("cerebellum"), VALUES.labels_of("brainstem")
    frontal = VALUES.labels_of("lateral_frontal")[0]
    assert varied.white[frontal] == pytest.approx(1.1 * VALUES.white[frontal])
    assert varied.white[brainstem] == pytest.approx(0.8 * VALUES.white[brainstem])
    assert varied.grey[cerebellum] == pytest.approx(0.9 * VALUES.grey[cerebellum])
    assert varied.grey[frontal] == VALUES.grey[frontal]
    np.testing.assert_array_equal(varied.amyloid, VALUES.amyloid)


def test_two_days_of_a_person_are_more_alike_than_two_people() -> None:
    random = np.random.default_rng(0)
    usual = draw_physiology(random)
    days = [astuple(on_a_day(usual, draw_drift(random), 0.0, random)) for _ in range(300)]
    people = [astuple(draw_physiology(random)) for _ in range(300)]
    np.testing.assert_allclose(np.mean(days, axis=0), astuple(usual), rtol=0.005)
    assert (np.std(days, axis=0) < 0.6 * np.std(people, axis=0)).all()


def test_years_add_up() -> None:
    random = np.random.default_rng(1)
    drift = Physiology(white=1.01)
    levels = [
        np.mean([on_a_day(Physiology(), drift, years, random).white for _ in range(400)])
        for years in (0.0, 10.0)
    ]
    assert levels[1] / levels[0] == pytest.approx(1.01**10, rel=0.01)
