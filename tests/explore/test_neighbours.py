"""Neighbours, density, and the early mark, in closed forms."""

import numpy as np
import pytest

from monai_amyloid.exploring.continuum import fit_continuum
from monai_amyloid.exploring.early import (
    EARLY_CENTILOID,
    chance_beyond,
    early_amyloid_chance,
    early_mark,
)
from monai_amyloid.exploring.neighbours import RARE, nearest, share_as_far, surroundings


def test_a_participants_other_sessions_are_no_neighbours() -> None:
    axes = np.repeat(np.arange(30.0), 2)[:, None]
    people = np.repeat(np.arange(30), 2).astype(str)
    found = surroundings(axes, people)
    assert not (people[found.nearest] == people[:, None]).any()
    assert found.distances[10, :4] == pytest.approx([1, 1, 1, 1])


def test_neighbours_are_those_of_all_distances() -> None:
    random = np.random.default_rng(0)
    axes = random.normal(size=(50, 3))
    found = surroundings(axes, np.arange(50).astype(str))
    apart = np.linalg.norm(axes[:, None] - axes[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    assert (found.nearest == np.argsort(apart, axis=1)[:, :8]).all()
    assert found.loneliness == pytest.approx(np.sort(apart, axis=1)[:, :10].mean(axis=1))


def test_a_scan_far_from_all_is_rare_and_one_among_them_is_not() -> None:
    cohort = np.random.default_rng(0).normal(size=(300, 4))
    lonely = surroundings(cohort, np.arange(300).astype(str)).loneliness
    _, _, away = nearest(np.array([[9.0, 9, 9, 9], [0, 0, 0, 0]]), cohort)
    far, inside = share_as_far(away, lonely)
    assert far < RARE and inside > 0.5


def test_the_early_mark_is_where_centiloid_passes_it() -> None:
    score = np.linspace(0, 100, 500)
    mark = early_mark(score, 0.9 * score)
    assert mark == pytest.approx(EARLY_CENTILOID / 0.9, abs=0.3)
    assert np.isnan(early_mark(score, score - 200)) and np.isnan(early_mark(score, score + 200))


def test_the_chance_to_be_beyond_the_mark_grows_along_the_line() -> None:
    random = np.random.default_rng(0)
    stage = random.uniform(size=300)
    values = np.column_stack([stage, stage]) + random.normal(0, 0.03, (300, 2))
    continuum = fit_continuum(values, stage)
    chance = chance_beyond(continuum, continuum.places, 50.0)
    assert chance[0] == pytest.approx(0, abs=1e-6) and chance[-1] == pytest.approx(1, abs=1e-6)
    assert chance[30] == pytest.approx(0.5, abs=0.1)
    assert chance_beyond(continuum, values, -1.0) == pytest.approx(np.ones(300))
    assert np.isnan(chance_beyond(continuum, values, float("nan"))).all()


def test_the_chance_of_a_load_grows_with_how_far_a_scan_seems_beyond_the_mark() -> None:
    seems = np.linspace(0, 1, 101)
    chance = early_amyloid_chance(seems)
    assert (np.diff(chance) >= 0).all() and chance[0] < 0.01 and chance[-1] > 0.9
    # Fewer people have the load than seem to.
    assert chance[50] < 0.5
    assert np.isnan(early_amyloid_chance(np.array([np.nan]))).all()
