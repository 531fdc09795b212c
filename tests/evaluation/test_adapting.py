import numpy as np
import pandas as pd
import pytest

from monai_amyloid.evaluation.deciding.adapting import SHIPPED_COUNTS_AS, adapted, judge
from monai_amyloid.evaluation.deciding.calibration import fit_temperature, temper
from monai_amyloid.evaluation.deciding.conformal import covered, prediction_sets, shares_of
from monai_amyloid.evaluation.deciding.decision import Decision, fit_decision


def scans(
    each: int, seed: int, *, too_sure: float = 1.0, lean: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a network and true grades, as many of each.

    A network that is right about its doubts, then ``too_sure`` times as sure, and leaning to one
    end by ``lean``.
    """
    random = np.random.default_rng(seed)
    truth = np.repeat([1, 2, 3], each)
    seen = truth + random.normal(0, 0.5, len(truth)) + lean
    logits = -((seen[:, None] - np.array([1, 2, 3])) ** 2) / (2 * 0.5**2)
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    return temper(chances, 1 / too_sure), truth


@pytest.fixture(scope="module")
def shipped() -> Decision:
    return fit_decision(*scans(300, seed=0))


def coverage(decision: Decision, chances: np.ndarray, truth: np.ndarray) -> np.ndarray:
    sets = prediction_sets(decision.calibrate(chances), decision.set_thresholds)
    held = covered(sets, truth)
    return np.array([held[truth == grade].mean() for grade in (1, 2, 3)])


def test_where_the_promise_was_broken_twenty_scans_a_grade_restore_it(shipped: Decision) -> None:
    many = scans(2000, seed=1, too_sure=3, lean=0.35)
    assert coverage(shipped, *many).min() < 0.8
    after = np.mean(
        [
            coverage(adapted(shipped, *scans(20, seed, too_sure=3, lean=0.35)), *many)
            for seed in range(10, 60)
        ],
        axis=0,
    )
    assert after.min() >= 0.88


def test_where_nothing_differs_little_changes(shipped: Decision) -> None:
    few = scans(20, seed=2)
    found = adapted(shipped, *few)
    own = fit_temperature(few[0], shares_of(few[1]))
    # Between its own and the shipped temperature, by the number of scans.
    weight = 60 / (60 + SHIPPED_COUNTS_AS)
    expected = weight * np.log(own) + (1 - weight) * np.log(shipped.temperature)
    assert np.log(found.temperature) == pytest.approx(expected)
    judged = judge(shipped, *few, participants=np.arange(60))
    assert judged.difference.low < 0 < judged.difference.high
    assert "either bundle will do" in judged.verdict() or judged.worth_it


def test_grades_that_are_hardly_there_keep_the_shipped_thresholds(shipped: Decision) -> None:
    chances, truth = scans(20, seed=3, too_sure=3)
    kept = (truth != 2) | (np.cumsum(truth == 2) <= 5)
    found = adapted(shipped, chances[kept], truth[kept])
    assert found.set_thresholds[1] == shipped.set_thresholds[1]


def test_a_network_that_is_too_sure_is_worth_adapting(shipped: Decision) -> None:
    chances, truth = scans(30, seed=4, too_sure=4, lean=0.3)
    judged = judge(shipped, chances, truth, np.arange(90))
    assert judged.difference.high < 0 and judged.worth_it
    assert judged.after.value < judged.before.value
    assert judged.verdict().startswith("Worth using")
    assert judged.people == judged.scans == 90
    assert (judged.table["n"] == 30).all()


def test_one_person_is_never_judged_by_what_he_taught(shipped: Decision) -> None:
    chances, truth = scans(20, seed=5, too_sure=4)
    # Everybody twice: with each scan as a person of its own, copies would teach about themselves.
    twice = np.repeat(chances, 2, axis=0), np.repeat(truth, 2)
    once = judge(shipped, chances, truth, np.arange(60))
    people = judge(shipped, *twice, participants=np.repeat(np.arange(60), 2))
    assert people.people == once.people == 60
    assert people.difference.high - people.difference.low == pytest.approx(
        once.difference.high - once.difference.low, rel=0.35
    )


def test_it_is_judged_by_the_whole_rule_that_grades(shipped: Decision) -> None:
    chances, truth = scans(20, seed=6)
    # Every Centiloid contradicts the grade, so that no scan stands without a reader.
    against = pd.DataFrame({"centiloid": np.where(truth == 1, 100.0, -30.0)})
    judged = judge(shipped, chances, truth, np.arange(60), measurements=against)
    alone = judge(shipped, chances, truth, np.arange(60))
    right = judged.table["bapl"] != 2
    assert (judged.table["graded_after"] < alone.table["graded_after"])[right].all()
