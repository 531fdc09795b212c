import numpy as np
import pandas as pd
import pytest

from monai_amyloid.learning.baselines import majority, suvr_regression


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
