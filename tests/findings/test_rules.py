"""When a reader must look: one rule for every way in."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.evaluation.deciding.decision import Decision
from monai_amyloid.evaluation.deciding.standing import NEVER
from monai_amyloid.findings.bounds import MOST_LEFT_OUT
from monai_amyloid.findings.rules import GradedScan, doubts

LEAST = (0.9, 0.8, 0.9)
SURE = GradedScan(
    probabilities=(0.01, 0.02, 0.97), prediction_set=(3,), least_probable=LEAST, centiloid=84.0
)
DECISION = Decision(
    temperature=1.0,
    set_thresholds=(0.3, 0.2, 0.3),
    least_probable=LEAST,
    positive_threshold=0.5,
    usual_centiloid=((-25.0, 20.0), (-10.0, 70.0), (25.0, 130.0)),
)


def codes(scan: GradedScan) -> list[str]:
    return [found.code for found in doubts(scan)]


def test_a_sure_grade_that_centiloid_supports_needs_no_reader() -> None:
    assert codes(SURE) == []


@pytest.mark.parametrize("likely", [(2, 3), (1, 2, 3)])
def test_a_set_that_is_not_the_most_probable_grade_alone_needs_a_reader(
    likely: tuple[int, ...],
) -> None:
    assert codes(replace(SURE, prediction_set=likely)) == ["several_grades_likely"]


def test_a_grade_that_could_not_be_calibrated_needs_a_reader() -> None:
    scan = replace(SURE, prediction_set=(2, 3), never_left_out=(2,))
    [found] = doubts(scan)
    assert str(found).startswith("BAPL 2 cannot be left out")


@pytest.mark.parametrize(
    ("probabilities", "least", "code"),
    [
        ((0.005, 0.79, 0.205), 0.8, "grade_too_unsure"),
        ((0.1, 0.80, 0.10), 0.8, None),
        ((0.01, 0.98, 0.01), NEVER, "grade_never_alone"),
    ],
)
def test_a_grade_stands_alone_only_where_it_is_probable_enough(
    probabilities: tuple[float, ...], least: float, code: str | None
) -> None:
    scan = GradedScan(
        probabilities=probabilities,
        prediction_set=(2,),
        least_probable=(0.5, least, 0.5),
        centiloid=30.0,
    )
    assert codes(scan) == [code] * (code is not None)


@pytest.mark.parametrize(("load", "unusual"), [(24.0, True), (26.0, False), (131.0, True)])
def test_a_centiloid_that_scans_of_the_grade_hardly_have_needs_a_reader(
    load: float, unusual: bool
) -> None:
    scan = replace(SURE, centiloid=load, usual_centiloid=DECISION.usual_centiloid)
    assert codes(scan) == ["centiloid_unusual_of_grade"] * unusual


@pytest.mark.parametrize(
    ("grade", "load", "code"),
    [
        (1, 44.0, "negative_with_high_centiloid"),
        (3, -7.0, "positive_with_low_centiloid"),
        (1, 30.0, None),
        (2, 10.0, None),
        (2, None, None),
    ],
)
def test_a_grade_that_centiloid_contradicts_needs_a_reader(
    grade: int, load: float | None, code: str | None
) -> None:
    chances = tuple(0.98 if each == grade else 0.01 for each in (1, 2, 3))
    scan = GradedScan(
        probabilities=chances, prediction_set=(grade,), least_probable=LEAST, centiloid=load
    )
    assert codes(scan) == [code] * (code is not None)


def test_grades_are_named_as_the_bundle_names_them() -> None:
    scan = replace(SURE, prediction_set=(2, 3), grade_names=("none", "some", "much"))
    assert str(doubts(scan)[0]) == "more than one grade is likely: some or much"
    assert str(doubts(replace(SURE, prediction_set=(2, 3)))[0]).endswith("likely: BAPL 2 or 3")


@given(seed=st.integers(0, 10_000))
def test_no_scan_is_graded_below_the_bounds(seed: int) -> None:
    random = np.random.default_rng(seed)
    own = random.dirichlet(np.full(3, 0.4), 20)
    loads = random.uniform(-20, 120, 20)
    predictions = DECISION.apply(own, pd.DataFrame({"centiloid": loads}))
    for chances, reader in zip(predictions.probabilities, predictions.needs_reader, strict=True):
        most, second = np.sort(chances)[[2, 1]]
        assert reader or (most >= LEAST[chances.argmax()] and second < MOST_LEFT_OUT)


def test_a_cohort_is_judged_as_each_of_its_scans_is() -> None:
    own = np.array([[0.97, 0.02, 0.01], [0.97, 0.02, 0.01], [0.01, 0.5, 0.49]])
    rows = pd.DataFrame({"centiloid": [3.0, 60.0, np.nan], "fwhm_mm": ["5.1", "5.2", "n/a"]})
    assert DECISION.apply(own, rows).needs_reader.tolist() == [False, True, True]
    assert DECISION.apply(own).needs_reader.tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("quality", "bounds", "found"),
    [
        ({"noise_cv": 0.2}, {"noise_cv": 0.15}, "noise of single voxels is 0.20, above 0.15"),
        ({"noise_cv": 0.1}, {"noise_cv": 0.15}, None),
        ({"registration": 0.7}, {"registration": 0.8}, "match to the template is 0.70, below"),
        ({"registration": 0.9}, {"registration": 0.8}, None),
        ({"features_apart": 3.0}, {"features_apart": 1.5}, "what the network sees is 3.00"),
        ({}, {"features_apart": 1.5}, None),
        ({"features_apart": None}, {"features_apart": 1.5}, None),
        ({"noise_cv": 9.0}, {}, None),
    ],
)
def test_a_scan_unlike_those_that_calibrated_the_bundle_needs_a_reader(
    quality: dict, bounds: dict, found: str | None
) -> None:
    scan = GradedScan(
        probabilities=(0.99, 0.005, 0.005),
        prediction_set=(1,),
        least_probable=(0.9, 0.9, 0.9),
        quality=quality,
        usual_quality=bounds,
    )
    reasons = [str(each) for each in doubts(scan)]
    assert (not reasons) if found is None else found in reasons[0]
