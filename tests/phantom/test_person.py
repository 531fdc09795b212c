from dataclasses import replace

import numpy as np
import pytest

from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.reader import Evidence, Sides, plaque_load
from monai_amyloid.phantom.people.person import Reading, Session, draw_sessions, reading_row

from .people import ONE_SITE, draw

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def visits() -> list[Session]:
    """Three visits of one person, each read by three readers."""
    return list(draw_sessions(replace(ONE_SITE, sessions=3, readers=3), 7, 2))


def test_the_same_number_and_plan_draw_the_same_person() -> None:
    one, again, other, later = draw(7, 1), draw(7, 1), draw(8, 1), draw(7, 1, Plan(seed=1))
    assert one.participant == "sub-0007" and one.session == "ses-01"
    assert (one.age, one.sex, one.scan) == (again.age, again.sex, again.scan)
    assert one.head.morphology == again.head.morphology
    np.testing.assert_array_equal(one.uptake, again.uptake)
    assert one.reading == again.reading
    for changed in (other, later):
        assert changed.head.morphology != one.head.morphology and changed.scan != one.scan


def test_more_visits_do_not_change_the_first(visits: list[Session]) -> None:
    (alone,) = draw_sessions(replace(ONE_SITE, readers=3), 7, 2)
    assert (alone.scan, alone.reading) == (visits[0].scan, visits[0].reading)
    np.testing.assert_array_equal(alone.uptake, visits[0].uptake)


def test_a_person_comes_back_older_in_the_same_head(visits: list[Session]) -> None:
    assert [visit.session for visit in visits] == ["ses-01", "ses-02", "ses-03"]
    assert np.diff([visit.age for visit in visits]).tolist() == [2, 2]
    assert [visit.years for visit in visits] == [0, 2, 4]
    assert len({visit.participant for visit in visits}) == 1
    heads = [visit.head.morphology for visit in visits]
    assert len({(head.seed, head.scale, head.anatomy) for head in heads}) == 1
    assert heads[0].thinning < heads[1].thinning < heads[2].thinning
    assert len({visit.scan.seed for visit in visits}) == 3
    assert visits[2].disease.latent_centiloid != visits[0].disease.latent_centiloid
    assert visits[2].disease.patches is visits[0].disease.patches
    # From day to day other uptake, and a grade as it comes.
    assert len({visit.physiology.white for visit in visits}) == 3
    assert visits[0].draws and not visits[1].draws


def test_heads_of_atrophy_are_thinner_and_wider_under_any_grade() -> None:
    for number, grade in ((1, 1), (2, 2), (3, 3)):
        usual, worn = draw(number, grade), draw(number, grade, Plan(years_of_atrophy=15.0))
        assert worn.reading is not None and worn.reading.bapl == grade
        lost = [session.head.morphology.thinning for session in (usual, worn)]
        assert lost[1] > max(lost[0], 0.09 - 1e-9)
        first = worn.head.morphology
        assert first.lateral_ventricles_mm > 0.09 / 0.03 * 1.5 - 3 - 1e-9


def test_the_readers_agree_with_the_grade_that_was_asked_for() -> None:
    plan = replace(ONE_SITE, readers=3)
    for number, grade in enumerate((1, 2, 3, 2), start=20):
        session = draw(number, grade, plan)
        reading = session.reading
        assert reading is not None and reading.bapl == grade == sorted(reading.grades)[1]
        assert reading.grades == [plaque_load(each) for each in reading.regional]
        # Whoever was drawn before them was given another grade.
        assert session.draws[grade] == 1


def test_who_is_asked_for_is_the_first_of_the_population_with_that_grade() -> None:
    """With any grade the first draw is taken; asked for that grade, the same person comes."""
    anyone = draw(50, None)
    assert anyone.reading is not None
    again = draw(50, anyone.reading.bapl)
    assert again.head.morphology == anyone.head.morphology
    assert again.disease.latent_centiloid == anyone.disease.latent_centiloid
    assert again.reading == anyone.reading


def test_only_people_with_amyloid_are_treated() -> None:
    plan = replace(ONE_SITE, treated=1.0)
    negative, positive = draw(3, 1, plan), draw(3, 3, plan)
    assert not negative.course.treated and positive.course.treated
    assert not draw(3, 3, ONE_SITE).course.treated


def test_grades_come_as_they_may_where_none_is_asked_for() -> None:
    plan = replace(ONE_SITE, fixed_prevalence=False)
    readings = [draw(number, None, plan).reading for number in range(30, 37)]
    assert {reading.bapl for reading in readings if reading} in ({1, 2}, {1, 3}, {1, 2, 3})


def test_readers_see_every_tracer_as_florbetaben() -> None:
    florbetaben, pib = (draw(3, 3, replace(ONE_SITE, tracer=name)) for name in ("18FFBB", "11CPIB"))
    assert florbetaben.reading == pib.reading
    assert florbetaben.head.morphology == pib.head.morphology and florbetaben.scan == pib.scan
    assert np.abs(florbetaben.uptake - pib.uptake).max() > 0.3


def test_no_reader_grades_a_scan_of_something_else_than_amyloid() -> None:
    session = draw(3, None, replace(ONE_SITE, pattern="fdg"))
    assert session.reading is None
    grey, white = (session.uptake[session.head.fractions[i] > 0.95].mean() for i in (0, 1))
    assert grey > 1.5 * white


def test_what_surrounds_the_brain_is_a_persons_own_at_every_visit(visits: list[Session]) -> None:
    head = visits[0].head
    scalp = (head.anatomy.depth == 0) & (head.fractions[5] > 0.9)
    first, *later = (visit.uptake[scalp] for visit in visits)
    for again in later:
        np.testing.assert_array_equal(again, first)
    other = draw(9, 2)
    assert np.abs(other.uptake[scalp].mean() / first.mean() - 1) > 0.02


def test_white_matter_and_cerebellum_vary_between_people() -> None:
    levels = []
    for number in range(40, 47):
        person = draw(number, 1)
        white = person.head.fractions[1] > 0.9
        cerebellum = white & (person.head.anatomy.labels == 34)
        levels.append([float(person.uptake[m].mean()) for m in (white & ~cerebellum, cerebellum)])
    spread = np.std(levels, axis=0) / np.mean(levels, axis=0)
    assert (spread > 0.015).all() and (spread < 0.2).all()


def test_a_reading_becomes_columns() -> None:
    seen = {name: Sides(Evidence(0.8, 0.5, 0.4), Evidence(0.7, 0.6, 0.5)) for name in READ_REGIONS}
    regional = tuple(
        dict.fromkeys(READ_REGIONS, (1, grade)) | {"parietal": (2, 1)} for grade in (1, 3)
    )
    row = reading_row(Reading(seen, regional))
    assert row["evidence_frontal_smaller_area"] == 0.8
    assert (row["evidence_parietal_confluent"], row["evidence_parietal_mean"]) == (0.6, 0.5)
    assert (row["seen_left_frontal_mean"], row["seen_right_frontal_mean"]) == (0.4, 0.5)
    assert (row["reader_1_rctu_frontal"], row["reader_2_rctu_frontal"]) == (1, 3)
    assert (row["reader_1_rctu_left_parietal"], row["reader_1_rctu_right_parietal"]) == (2, 1)
    assert (row["reader_1_bapl"], row["reader_2_bapl"]) == (2, 3)
    assert len(row) == 3 * 3 * 4 + 2 * (3 * 4 + 1)
