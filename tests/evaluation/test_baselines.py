import numpy as np
import pandas as pd
import pytest

from monai_amyloid.evaluation.baselines import (
    log_odds,
    majority,
    network_with_suvr,
    regional_boosting,
    suvr_regression,
)
from monai_amyloid.evaluation.held_out import PROBABILITIES, HeldOut


def cohort(count: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    grade = np.arange(count) % 3 + 1
    suvr = 1 + 0.3 * grade + random.normal(0, 0.03, count)
    return pd.DataFrame({"bapl": grade, "suvr_cortex": suvr, "suvr_frontal": suvr + 0.1})


def test_majority_says_the_commonest_grade_of_the_training_rows() -> None:
    said = majority(pd.DataFrame({"bapl": [1, 3, 3, 2]}), pd.DataFrame({"bapl": [1, 1]}))
    assert said.to_numpy().tolist() == [[0, 0, 1], [0, 0, 1]]


def test_suvr_regression_tells_grades_that_suvr_separates() -> None:
    said = suvr_regression(cohort(60, 0), cohort(30, 1)).to_numpy()
    assert said.sum(axis=1) == pytest.approx(1)
    assert (said.argmax(axis=1) + 1 == cohort(30, 1)["bapl"]).all()


def test_a_region_without_a_value_gets_the_training_median() -> None:
    test = cohort(3, 1)
    filled = test.assign(suvr_frontal=cohort(60, 0)["suvr_frontal"].median())
    absent = test.assign(suvr_frontal=np.nan)
    pd.testing.assert_frame_equal(
        suvr_regression(cohort(60, 0), absent), suvr_regression(cohort(60, 0), filled)
    )


def test_boosting_finds_what_a_line_through_suvr_cannot() -> None:
    def ring(seed: int) -> pd.DataFrame:
        suvr = np.random.default_rng(seed).uniform(0.8, 1.8, (240, 2))
        grade = np.where(np.abs(suvr[:, 0] - 1.3) < 0.2, 2, np.where(suvr[:, 1] > 1.3, 3, 1))
        names = {"suvr_cortex": suvr[:, 0], "suvr_insula_left": suvr[:, 1], "suvr_empty": np.nan}
        return pd.DataFrame({"bapl": grade, **names})

    told = [
        (model(ring(0), ring(1)).to_numpy().argmax(1) + 1 == ring(1)["bapl"]).mean()
        for model in (regional_boosting, suvr_regression)
    ]
    assert told[0] > 0.9 > 0.8 > told[1]


def test_boosting_on_grades_that_were_not_all_seen_gives_the_others_nothing() -> None:
    train = cohort(60, 0)
    said = regional_boosting(train[train["bapl"] != 2], cohort(30, 1))
    assert (said["p_bapl2"] == 0).all() and said.sum(axis=1).to_numpy() == pytest.approx(1)


def test_log_odds_give_the_probabilities_back() -> None:
    chances = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    positive, late = 1 / (1 + np.exp(-log_odds(chances).T))
    back = np.stack([1 - positive, positive * (1 - late), positive * late], axis=1)
    assert back == pytest.approx(chances, abs=1e-4)


def held_out(network: np.ndarray) -> HeldOut:
    """Ninety scans of three folds with what a network says."""
    rows = cohort(90, 0).assign(repeat=0, fold=np.arange(90) // 30)
    rows[PROBABILITIES] = network
    return HeldOut(rows, rows, {})


def test_joined_with_suvr_a_network_that_knows_nothing_is_as_good_as_suvr() -> None:
    said = network_with_suvr(held_out(np.full((90, 3), 1 / 3)))
    assert (said.argmax(1) + 1 == cohort(90, 0)["bapl"]).all()


def test_joined_with_suvr_a_network_learns_from_other_folds_alone() -> None:
    chances = np.random.default_rng(0).dirichlet(np.ones(3), 90)
    one, other = held_out(chances), held_out(chances)
    other.rows.loc[:29, "bapl"] = 4 - other.rows.loc[:29, "bapl"]
    first, second = network_with_suvr(one), network_with_suvr(other)
    assert (first[:30] == second[:30]).all() and (first[30:] != second[30:]).any()
