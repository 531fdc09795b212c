from dataclasses import replace

import numpy as np
import pytest

from monai_amyloid.brain.template import regions
from monai_amyloid.phantom.people.course import Course, draw_course
from monai_amyloid.phantom.people.disease import typical_disease
from monai_amyloid.phantom.people.uptake import typical_excess

WEEK = 7 / 365.25


def courses(level: float, spread: float, *, treated: bool, count: int = 600) -> list[Course]:
    """People whose latent Centiloid is about a level."""
    random = np.random.default_rng(3)
    levels = np.maximum(random.normal(level, spread, count), 37.0 if treated else -np.inf)
    return [draw_course(typical_disease(float(each)), treated, random) for each in levels]


def levels_after(people: list[Course], years: float) -> np.ndarray:
    return np.array([person.after(years).latent_centiloid for person in people])


def test_amyloid_grows_by_about_3_centiloid_a_year_where_there_is_some() -> None:
    random = np.random.default_rng(0)
    people = [draw_course(typical_disease(float(level)), False, random)
              for level in random.uniform(15, 90, 600)]  # fmt: skip
    rates = levels_after(people, 1.0) - levels_after(people, 0.0)
    assert rates.mean() == pytest.approx(3.3, abs=0.3)  # published: about 3.3
    assert 1.0 < rates.std() < 2.0


def test_growth_ends_at_a_plateau_and_hardly_begins_without_amyloid() -> None:
    assert levels_after(courses(105, 5, treated=False), 10.0).max() < 125
    none = courses(0, 3, treated=False)
    assert (levels_after(none, 2.0) - levels_after(none, 0.0)).mean() == pytest.approx(1, abs=0.3)


def test_treatment_clears_amyloid_as_published() -> None:
    people = courses(106, 34, treated=True)
    # As if nobody stopped before the last scan of the trial.
    at_24, at_52, at_76 = (levels_after(people, weeks * WEEK) for weeks in (24, 52, 76))
    change = at_76 - levels_after(people, 0.0)
    assert change.mean() == pytest.approx(-84, abs=5) and change.std() > 15
    assert (at_24 < 24.1).mean() == pytest.approx(0.42, abs=0.06)
    assert (at_52 < 24.1).mean() == pytest.approx(0.71, abs=0.06)
    assert (at_76 < 24.1).mean() == pytest.approx(0.78, abs=0.06)


def test_clearing_is_uneven_among_regions_and_leaves_the_patches() -> None:
    (person,) = courses(90, 0, treated=True, count=1)
    half = person.after(0.4)
    left = half.excess / person.disease.excess
    assert left.std() > 0.03 and (left > 0).all() and (left < 1).all()
    assert half.patches is person.disease.patches


def test_doses_come_every_four_weeks_until_a_scan_ends_them() -> None:
    quick, slow = (
        replace(courses(60, 0, treated=True, count=1)[0], clearance=np.full(len(TABLE), rate))
        for rate in (20.0, 0.3)
    )
    assert slow.stops_after_years == pytest.approx(78 * WEEK)
    assert quick.stops_after_years == pytest.approx(26 * WEEK)
    assert len(quick.doses_after_years) == 7 and len(slow.doses_after_years) == 20
    assert np.diff(slow.doses_after_years) == pytest.approx(np.full(19, 4 * WEEK))


def test_amyloid_grows_again_after_the_last_dose() -> None:
    people = courses(70, 10, treated=True, count=200)
    ends = np.array([person.after(person.stops_after_years).latent_centiloid for person in people])
    later = np.array([p.after(p.stops_after_years + 2).latent_centiloid for p in people])
    assert (later - ends).mean() == pytest.approx(2 * 3.7, abs=1.0)


def test_an_untreated_disease_keeps_its_places() -> None:
    (person,) = courses(40, 0, treated=False, count=1)
    before, after = person.disease, person.after(6.0)
    grown = typical_excess(after.latent_centiloid) - typical_excess(before.latent_centiloid)
    np.testing.assert_allclose(after.excess - before.excess, grown, atol=1e-9)
    assert not person.treated and person.doses_after_years == []
    assert person.after(0.0) is before


TABLE = regions().table
