"""Texts of the report in both languages."""

import re
from dataclasses import replace

import numpy as np
import pytest

from monai_amyloid.brain.template import READ_REGIONS, regions
from monai_amyloid.report.study.sentences import (
    likely_grades,
    quality_rows,
    region_name,
    what_drove,
)
from monai_amyloid.report.words import WORDS
from monai_amyloid.result.result import Result

HANGUL = re.compile("[가-힣]")
RESULT = Result(name="x", status="graded", grade=3, prediction_set=(3,))


def shares(**sides: float) -> dict[str, float]:
    every = {f"{region}_{side}": 0.0 for region in READ_REGIONS for side in ("left", "right")}
    return {**every, **sides}


def test_every_text_has_korean_letters_and_no_placeholder() -> None:
    assert all(HANGUL.search(text.ko) for text in WORDS.values())
    assert not any("{" in text.en + text.ko for text in WORDS.values())


def test_every_region_of_the_template_has_a_korean_name() -> None:
    assert all(HANGUL.search(region_name(name).ko) for name in (*regions().table.region, "cortex"))


def test_the_two_strongest_regions_and_the_stronger_side_are_named() -> None:
    weights = shares(frontal_left=0.26, frontal_right=0.08, parietal_left=0.2, parietal_right=0.2)
    said = what_drove(replace(RESULT, explanation={**weights, "lateral_temporal_left": 0.26}))
    assert said is not None
    assert said.en == (
        "The grade was driven most by the parietal cortex (40 %) and the frontal cortex "
        "(34 %, left more than right)."
    )
    assert "두정엽(40%), 전두엽(34%, 왼쪽 우세)" in said.ko


def test_a_negative_scan_is_not_said_to_be_driven_by_amyloid() -> None:
    said = what_drove(replace(RESULT, grade=1, explanation=shares(frontal_right=1.0)))
    assert said is not None
    assert said.en.startswith("What spoke most for BAPL 1 is the frontal cortex (100 %, right")


def test_without_an_explanation_nothing_drove_the_grade() -> None:
    assert what_drove(RESULT) is None


def test_equal_regions_do_not_stand_out() -> None:
    said = what_drove(replace(RESULT, explanation=dict.fromkeys(shares(), 0.125)))
    assert said is not None and said.en.startswith("No read region stood out")


@pytest.mark.parametrize(
    ("likely", "words"),
    [((), "None"), ((2,), "BAPL 2, though BAPL 3"), ((2, 3), "BAPL 2 or BAPL 3")],
)
def test_a_prediction_set_is_told_in_words(likely: tuple[int, ...], words: str) -> None:
    said = likely_grades(replace(RESULT, prediction_set=likely))
    assert said.en.startswith(words) and HANGUL.search(said.ko)


def test_a_measure_that_a_scan_does_not_allow_is_a_dash() -> None:
    rows = quality_rows({"registration": 0.97, "asymmetry": float(np.nan)})
    assert [value for _, value, _ in rows] == ["0.97", "\N{EN DASH}"]
