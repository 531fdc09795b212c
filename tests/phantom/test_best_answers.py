from itertools import product

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from monai_amyloid.phantom.cohorts.best_answers import BEST_ANSWERS

SCANS, LABELS = 4, [1, 2, 3]
# Every possible set of answers to so many scans.
ALL_ANSWERS = np.array(list(product(LABELS, repeat=SCANS)))


def expected_scores(answers: np.ndarray, chances: np.ndarray) -> dict[str, float]:
    """Scores by scikit-learn of a cohort in which each scan has every grade, by its weight."""
    told, true = np.repeat(answers, 3), np.tile(LABELS, len(answers))
    weights = chances.ravel()
    each = f1_score(true, told, labels=LABELS, average=None, sample_weight=weights, zero_division=0)
    kappa = cohen_kappa_score(true, told, labels=LABELS, weights="quadratic", sample_weight=weights)
    return {
        "accuracy": weights[told == true].sum() / weights.sum(),
        "macro_f1": each.mean(),
        "bapl2_f1": each[1],
        "quadratic_kappa": kappa,
    }


@pytest.mark.parametrize("seed", range(3))
def test_no_other_answers_score_higher(seed: int) -> None:
    chances = np.random.default_rng(seed).dirichlet([0.7, 0.5, 0.7], SCANS)
    every = [expected_scores(answers, chances) for answers in ALL_ANSWERS]
    for metric, answer in BEST_ANSWERS.items():
        found = expected_scores(answer(chances), chances)[metric]
        assert found == pytest.approx(max(scores[metric] for scores in every), abs=1e-9), metric


def test_the_middle_grade_is_called_sooner_for_f1_than_for_accuracy() -> None:
    chances = np.random.default_rng(1).dirichlet([2, 1, 2], 500)
    calls = {metric: (answer(chances) == 2).sum() for metric, answer in BEST_ANSWERS.items()}
    assert calls["bapl2_f1"] > calls["macro_f1"] > calls["accuracy"]
