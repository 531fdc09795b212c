"""The line through a cohort, against cohorts whose stages are known."""

import numpy as np
import pytest

from monai_amyloid.exploring.continuum import COVERAGE, fit_continuum

from .cohorts import agreement, make_cohort


def test_the_score_follows_the_stage_and_better_than_the_mean_uptake_does() -> None:
    cohort = make_cohort()
    values = cohort.suvr.to_numpy() @ np.linalg.qr(np.random.default_rng(1).normal(size=(34, 8)))[0]
    score = fit_continuum(values, cohort.amount).score(values)
    negative = cohort.stage < 0.15
    assert agreement(score, cohort.stage) > 0.95
    assert agreement(cohort.amount[negative], cohort.stage[negative]) < 0.5
    assert agreement(score[negative], cohort.stage[negative]) > 0.6


def test_the_end_with_more_uptake_has_the_higher_scores() -> None:
    random = np.random.default_rng(0)
    stage = random.uniform(size=200)
    values = np.column_stack([stage, stage**2, -stage]) + random.normal(0, 0.05, (200, 3))
    grows, falls = (fit_continuum(values, sign * stage).score(values) for sign in (1, -1))
    assert agreement(grows, stage) > 0.97
    assert agreement(falls, stage) < -0.97


def test_an_interval_holds_the_true_place_at_least_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    stage = random.uniform(0.1, 0.9, 2000)
    line = np.column_stack([stage, np.sin(2 * stage), 0.5 * stage**2])
    values = line + random.normal(0, 0.06, line.shape)
    continuum = fit_continuum(values, stage)
    # Where the line itself, without any noise, stands.
    truth = continuum.score(line)
    low, high = continuum.interval(values).T
    # More often, for scans that are far off are given more room.
    assert COVERAGE - 0.02 <= ((truth >= low) & (truth <= high)).mean() <= 0.97


def test_a_scan_far_from_the_line_is_less_sure_of_its_place() -> None:
    cohort = make_cohort()
    values = cohort.suvr.to_numpy()[:, :6]
    continuum = fit_continuum(values, cohort.amount)
    near = continuum.places[[30]]
    far = near + 8 * np.linalg.inv(continuum.axes)[-1]
    (low, high), (far_low, far_high) = continuum.interval(np.concatenate([near, far]))
    assert far_high - far_low > high - low


def test_chances_are_of_all_places_and_scores_lie_between_0_and_100() -> None:
    cohort = make_cohort(100)
    values = cohort.suvr.to_numpy()[:, :5]
    continuum = fit_continuum(values, cohort.amount)
    beyond = np.concatenate([values, 10 * values, -10 * values])
    assert continuum.probabilities(beyond).sum(axis=1) == pytest.approx(np.ones(300))
    low, high = continuum.interval(beyond).T
    score = continuum.score(beyond)
    assert ((low >= 0) & (low <= high) & (high <= 100)).all()
    assert ((score >= 0) & (score <= 100)).all()


def test_a_cohort_of_fewer_scans_than_a_line_needs_is_refused() -> None:
    with pytest.raises(ValueError, match="found 9 scans for 5 coordinates"):
        fit_continuum(np.zeros((9, 5)), np.zeros(9))
