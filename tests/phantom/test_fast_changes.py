import numpy as np
import pandas as pd
import pytest

from monai_amyloid.following.change_errors import predictors
from monai_amyloid.phantom.cohorts.fast_changes import (
    FastErrors,
    drawn_pairs,
    errors,
)
from monai_amyloid.phantom.cohorts.four_visits import KINDS, UNCHANGED_YEARS
from monai_amyloid.phantom.cohorts.measured_changes import causes_of


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    return drawn_pairs(5, 150)


@pytest.fixture(scope="module")
def whole(drawn: pd.DataFrame) -> pd.DataFrame:
    """Pairs whose errors are known: 30 Centiloid a unit of white matter's logarithm, and chance."""
    random = np.random.default_rng(0)
    white = np.log(drawn["drawn_white_1"] / drawn["drawn_white_0"])
    error = 30 * white + random.normal(0, 0.5, len(drawn))
    measured = {f"{name}_{place}": drawn[f"drawn_{name}_{place}"]
                for name in ("fwhm_mm", "noise_cv") for place in (0, 1)}  # fmt: skip
    return drawn.assign(
        joint_0=drawn["true_0"],
        joint_1=drawn["true_1"] + error,
        registration_0=0.9,
        registration_1=0.9,
        **measured,
    )


def test_a_person_has_a_pair_of_each_kind_and_only_a_changed_one_has_another_load(
    drawn: pd.DataFrame,
) -> None:
    assert drawn["kind"].tolist() == [*KINDS[1:]] * 150
    same = drawn["true_0"] == drawn["true_1"]
    assert same[drawn["kind"] != "changed"].all()
    assert same[drawn["kind"] == "changed"].mean() < 0.2  # at the plateau nothing grows
    moved = drawn["site_0"] != drawn["site_1"]
    assert moved.eq(drawn["kind"] == "other_scanner").all()
    thinner = drawn["drawn_thinning_1"] - drawn["drawn_thinning_0"]
    assert thinner[drawn["kind"] == "unchanged"].to_numpy() == pytest.approx(
        0.006 * UNCHANGED_YEARS
    )
    fallen = (drawn["true_1"] < drawn["true_0"] - 20) & (drawn["kind"] == "changed")
    assert drawn["treated"][fallen].all() and fallen.any()


def test_what_a_cause_does_is_learnt_and_the_rest_is_as_wide_as_it_was(
    whole: pd.DataFrame,
) -> None:
    model = FastErrors.learnt(whole)
    white = np.log(whole["drawn_white_1"] / whole["drawn_white_0"])
    assert np.polyfit(white, model.explained(whole), 1)[0] == pytest.approx(30, abs=3)
    others = model.measured(drawn_pairs(6, 400), seed=6)
    assert errors(others).std() == pytest.approx(errors(whole).std(), rel=0.12)
    white = np.log(others["drawn_white_1"] / others["drawn_white_0"])
    assert np.polyfit(white, errors(others), 1)[0] == pytest.approx(30, abs=6)


def test_measured_pairs_have_what_an_interval_needs(whole: pd.DataFrame) -> None:
    others = FastErrors.learnt(whole).measured(drawn_pairs(6, 20), seed=6)
    for row in others.to_dict("records"):
        assert np.isfinite(predictors(causes_of(row, row["kind"] == "other_scanner"))).all()
    assert (others["fwhm_mm_0"] == others["drawn_fwhm_mm_0"]).all()  # as in the whole ones
    assert others["suvr_cortex"].to_numpy() == pytest.approx(
        (others["joint_1"] - others["joint_0"]).to_numpy() / 153.4
    )
