"""Doubtful grades, against grades that were changed on purpose."""

import numpy as np
import pytest

from monai_amyloid.exploring.label_errors import cross_validated, doubt


def test_changed_grades_stand_first() -> None:
    random = np.random.default_rng(0)
    truth = np.repeat([1, 2, 3], [150, 60, 90])
    places = truth[:, None] * [2.0, 1.0] + random.normal(0, 0.4, (300, 2))
    changed = random.choice(300, 15, replace=False)
    given = truth.copy()
    given[changed] = 1 + (truth[changed] + random.integers(0, 2, 15)) % 3
    told = cross_validated(places, given, np.arange(300).astype(str))
    assert told is not None and told.sum(axis=1) == pytest.approx(np.ones(300))
    first = np.argsort(-doubt(told, given))[:30]
    assert np.isin(changed, first).mean() >= 0.9


def test_a_participant_is_never_told_by_a_model_that_saw_them() -> None:
    # Two sessions each, whose place says who it is and nothing else.
    people = np.repeat(np.arange(60), 2)
    places = np.random.default_rng(0).normal(size=(60, 20))[people]
    bapl = (people % 3) + 1
    told = cross_validated(places, bapl, people.astype(str))
    assert told is not None
    assert (told.argmax(axis=1) + 1 == bapl).mean() < 0.55


def test_a_grade_of_too_few_participants_allows_no_ranking() -> None:
    bapl = np.repeat([1, 2, 3], [30, 9, 30])
    assert cross_validated(np.zeros((69, 2)), bapl, np.arange(69).astype(str)) is None


def test_doubt_is_how_much_more_probable_another_grade_is() -> None:
    told = np.array([[0.9, 0.1, 0.0], [0.3, 0.6, 0.1], [0.6, 0.4, 0.0], [0.0, 0.1, 0.9]])
    assert doubt(told, np.array([1, 1, 2, 1])) == pytest.approx([-0.8, 0.3, 0.2, 0.9])


def test_errors_of_one_grade_are_found_although_the_middle_one_is_rare() -> None:
    random = np.random.default_rng(1)
    truth = np.repeat([1, 2, 3], [290, 80, 230])
    places = truth[:, None] * [2.0, 1.0] + random.normal(0, 0.6, (600, 2))
    changed = random.choice(600, 30, replace=False)
    given = truth.copy()
    given[changed] = np.where(truth[changed] == 2, random.choice([1, 3], len(changed)), 2)
    told = cross_validated(places, given, np.arange(600).astype(str))
    assert told is not None
    assert np.isin(changed, np.argsort(-doubt(told, given))[:60]).mean() >= 0.7
