"""Texts of the report that depend on a result."""

import re
from dataclasses import replace

import numpy as np
import pytest

from monai_amyloid.brain.template import READ_REGIONS, regions
from monai_amyloid.findings.finding import Phrase
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.report.study.measures import quality_rows
from monai_amyloid.report.study.regions import region_name
from monai_amyloid.report.study.sentences import (
    grade_meanings,
    how_sure,
    what_drove,
    where_strongest,
)
from monai_amyloid.result.result import Result

HANGUL = re.compile("[가-힣]")
RESULT = Result(name="x", status="graded", grade=3, prediction_set=(3,))


def korean(text: Phrase) -> str:
    return in_language(text, "ko")


def shares(**sides: float) -> dict[str, float]:
    every = {f"{region}_{side}": 0.0 for region in READ_REGIONS for side in ("left", "right")}
    return {**every, **sides}


def test_every_region_of_the_template_has_a_korean_name() -> None:
    names = [korean(region_name(name)) for name in (*regions().table.region, "cortex")]
    assert all(HANGUL.search(name) for name in names)


def test_the_two_strongest_regions_and_the_stronger_side_are_named() -> None:
    weights = shares(frontal_left=0.26, frontal_right=0.08, parietal_left=0.2, parietal_right=0.2)
    sentence = what_drove(replace(RESULT, explanation={**weights, "lateral_temporal_left": 0.26}))
    assert sentence is not None
    assert str(sentence) == (
        "Of the four read regions, these contributed most to the grade (an even share is 25%): "
        "Parietal cortex (40%), "
        "Frontal cortex (34%, left more than right)."
    )
    assert "두정엽(40%), 전두엽(34%, 왼쪽 우세)" in korean(sentence)


def test_a_negative_scan_is_not_said_to_be_driven_by_amyloid() -> None:
    sentence = what_drove(replace(RESULT, grade=1, explanation=shares(frontal_right=1.0)))
    assert str(sentence).startswith(
        "Of the four read regions, these support BAPL 1 most (an even share is 25%): Frontal "
        "cortex (100%, right"
    )


def test_without_an_explanation_nothing_drove_the_grade() -> None:
    assert what_drove(RESULT) is None


def test_equal_regions_do_not_stand_out() -> None:
    sentence = what_drove(replace(RESULT, explanation=dict.fromkeys(shares(), 0.125)))
    assert str(sentence).startswith("None of the four read regions stood out")


def test_how_sure_a_grade_is_stands_beside_no_doubt() -> None:
    sentence = how_sure(RESULT)
    assert str(sentence).startswith("BAPL 3 alone is likely.") and "90%" in str(sentence)
    assert sentence is not None and HANGUL.search(korean(sentence))
    assert how_sure(replace(RESULT, status="needs_reader")) is None


def test_grades_of_other_names_have_those_names_and_no_meaning_of_bapl() -> None:
    other = replace(RESULT, grade_names=("low", "middle", "high"))
    assert str(how_sure(other)).startswith("high alone")
    assert grade_meanings(other) == {} and grade_meanings(RESULT).keys() == {1, 2, 3}


def test_a_measure_that_a_scan_does_not_allow_is_a_dash() -> None:
    rows = quality_rows({"registration": 0.97, "asymmetry": float(np.nan)})
    assert [value for _, value, _ in rows] == ["0.97", "\N{EN DASH}"]


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ("precuneus_left", "The strongest single spot: Precuneus, left."),
        ("insula_right", "The strongest single spot: Insula, right."),
        ("cerebellum", "The strongest single spot: Cerebellum."),
        ("", "The strongest single spot lies outside every region, such as in white matter."),
    ],
)
def test_the_strongest_spot_is_named_where_it_is(region: str, words: str) -> None:
    spot = {"region": region, "mm": [0.0, 0.0, 0.0]}
    sentence = where_strongest(replace(RESULT, strongest_spot=spot))
    assert str(sentence) == words and HANGUL.search(korean(sentence))
    assert where_strongest(RESULT) is None
