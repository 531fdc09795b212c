import numpy as np
import pytest

from monai_amyloid.evaluation.deciding.conformal import shares_of
from monai_amyloid.evaluation.deciding.standing import MOST_WRONG, NEVER, least_probabilities


def chances_of(grade: int, own: np.ndarray) -> np.ndarray:
    chances = np.repeat(((1 - own) / 2)[:, None], 3, axis=1)
    chances[:, grade - 1] = own
    return chances


def learned(own: np.ndarray, wrong: np.ndarray) -> float:
    shares = np.stack([1 - wrong, wrong, 0 * wrong], axis=1)
    return least_probabilities(chances_of(1, own), np.ones(len(own), bool), shares)[0]


def test_nineteen_sure_scans_are_needed_before_a_grade_may_stand() -> None:
    """(0 wrong + 1) / (n + 1) is 5 % at n = 19."""
    own = np.linspace(0.8, 0.99, 19)
    assert learned(own, np.zeros(19)) == pytest.approx(0.8)
    assert learned(own[1:], np.zeros(18)) == NEVER


def test_as_many_scans_stand_as_keep_the_bound() -> None:
    own = np.linspace(0.99, 0.6, 100)
    wrong = np.where(np.arange(100) < 60, 0.0, 0.5)
    # (1 + 0.5 k) / (60 + k + 1) is at most 5 % up to k = 4.
    assert learned(own, wrong) == pytest.approx(own[63])


def test_scans_of_one_probability_stand_or_fall_together() -> None:
    own = np.repeat([0.99, 0.9], [30, 10])
    wrong = np.repeat([0.0, 0.0, 1.0], [30, 1, 9])
    assert learned(own, wrong) == pytest.approx(0.99)


def test_each_grade_answers_for_itself_and_sets_of_several_count_for_none() -> None:
    own = np.linspace(0.7, 0.99, 40)
    chances = np.concatenate([chances_of(1, own), chances_of(3, own)])
    truth, alone = np.repeat([1, 2], 40), np.ones(80, bool)
    first, second, third = least_probabilities(chances, alone, shares_of(truth))
    assert first == pytest.approx(0.7) and second == third == NEVER
    assert least_probabilities(chances, ~alone, shares_of(truth)) == (NEVER,) * 3


@pytest.mark.parametrize("scans", [60, 300, 600])
def test_the_next_scan_that_stands_is_wrong_no_more_often_than_stated(scans: int) -> None:
    random = np.random.default_rng(scans)
    wrong = []
    for _ in range(400):
        own = random.uniform(0.5, 1, scans + 400)
        # The chance of an error is twice what is left of the probability: no calibration helps.
        mistaken = (random.uniform(size=len(own)) < 2 * (1 - own)).astype(float)
        least = learned(own[:scans], mistaken[:scans])
        told = own[scans:] >= least
        wrong.append(mistaken[scans:][told].mean() if told.any() else 0.0)
    # On average over what might be learned from; rather less than more.
    assert 0 < np.mean(wrong) <= MOST_WRONG
