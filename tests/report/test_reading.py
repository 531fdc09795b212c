"""The read: positive or negative, each region's score, and where the numbers part."""

import re
from dataclasses import replace

import pytest

from monai_amyloid.brain.template import READ_REGIONS, voi
from monai_amyloid.findings.phrase import in_language
from monai_amyloid.report.study.reading import (
    answer_in_words,
    called,
    cortex_and_regions,
    grade_by_scores,
    percent,
    region_scores,
)
from monai_amyloid.report.study.regions import cortex_shares, region_name
from monai_amyloid.result.result import Result

HANGUL = re.compile("[가-힣]")
SIDES = [f"{region}_{side}" for region in READ_REGIONS for side in ("left", "right")]
RESULT = Result(name="x", status="graded", grade=3, prediction_set=(3,))
DOUBTFUL = replace(RESULT, status="needs_reader", grade=2)


def positive(result: Result, chance: float, threshold: float = 0.4) -> str:
    called_ = {"called": chance >= threshold, "chance": chance, "threshold": threshold}
    found = called(replace(result, positive=called_))
    assert found is not None and HANGUL.search(in_language(found[0], "ko"))
    return f"{found[0]}: {found[1]}"


def test_a_grade_is_called_positive_with_its_chance_and_threshold() -> None:
    words = "BAPL 2 or 3: 97.5%; called positive from 40% on"
    assert positive(RESULT, 0.975) == f"Amyloid positive: {words}"
    negative = replace(RESULT, grade=1, prediction_set=(1,))
    assert positive(negative, 0.1).startswith("Amyloid negative: BAPL 2 or 3: 10.0%")
    assert called(RESULT) is None


@pytest.mark.parametrize(
    ("likely", "chance", "word"),
    [
        ((1, 2), 0.75, "Positive or negative: open"),
        ((1, 2, 3), 0.1, "Positive or negative: open"),
        ((2, 3), 0.9, "Positive, in doubt"),
        ((2,), 0.9, "Positive, in doubt"),
        ((1,), 0.3, "Negative, in doubt"),
    ],
)
def test_what_is_in_doubt_is_never_called_without_doubt(
    likely: tuple[int, ...], chance: float, word: str
) -> None:
    assert positive(replace(DOUBTFUL, prediction_set=likely), chance).startswith(word)


@pytest.mark.parametrize(
    ("likely", "words"),
    [
        ((1, 2), "Likely: BAPL 1 or 2"),
        ((2,), "The grade is open"),
        ((), "The grade is open"),
    ],
)
def test_a_doubtful_answer_is_its_set_and_never_one_grade(
    likely: tuple[int, ...], words: str
) -> None:
    answer = answer_in_words(replace(DOUBTFUL, prediction_set=likely))
    assert str(answer) == words and HANGUL.search(in_language(answer, "ko"))


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, ">99.9%"), (0.0, "<0.1%"), (0.955, "95.5%"), (0.999, "99.9%")]
)
def test_nothing_is_certain_or_impossible(share: float, text: str) -> None:
    assert percent(share) == text


def scored(**sides: tuple[float, float, float]) -> Result:
    return replace(RESULT, region_scores={**dict.fromkeys(SIDES, (0.98, 0.02, 0.0)), **sides})


def test_every_score_that_cannot_be_left_out_is_shown() -> None:
    rows = region_scores(
        scored(
            frontal_left=(0.6, 0.4, 0), frontal_right=(0.3, 0.3, 0.4), parietal_left=(0.81, 0.19, 0)
        )
    )
    assert [str(name) for name, *_ in rows] == [str(region_name(name)) for name in READ_REGIONS]
    cells = {str(name): [(str(each.scores), each.chances) for each in sides]
             for name, *sides in rows}  # fmt: skip
    assert cells["Frontal cortex"] == [("1 or 2", "60%, 40%"), ("1\N{EN DASH}3", "30%, 30%, 40%")]
    assert cells["Parietal cortex"][0] == ("1", "81%")
    assert region_scores(RESULT) == []


def test_the_scores_make_a_grade_by_the_labels_rule() -> None:
    assert "the scores make BAPL 3." in str(grade_by_scores(scored(frontal_left=(0, 0.1, 0.9))))
    open_ = str(grade_by_scores(replace(scored(parietal_left=(0.6, 0.4, 0)), prediction_set=(1,))))
    assert open_.endswith("the scores make BAPL 1 or 2.")
    other = str(grade_by_scores(scored()))
    assert "BAPL 1, which is not the program's answer" in other
    assert grade_by_scores(RESULT) is None
    assert grade_by_scores(replace(scored(), grade_names=("a", "b", "c"))) is None


def measured(cortex: float, **sides: float) -> list[str]:
    z = {"cortex": cortex, **dict.fromkeys(SIDES, 0.0), **sides}
    result = replace(RESULT, z_scores=z, suvr=dict.fromkeys(z, 1.25))
    return list(map(str, cortex_and_regions(result)))


def test_a_high_region_in_a_low_cortex_is_focal() -> None:
    [sentence] = measured(1.2, frontal_left=3.6)
    assert sentence.startswith(
        "Focal: 1 of 8 sides of the regions lie above most negatives, the highest Frontal cortex "
        "on the left (SUVR 1.25, z +3.6), while the cortex as a whole does not (SUVR 1.25, z +1.2)."
    )
    share = cortex_shares()["frontal"]
    assert f"Frontal cortex makes up {share:.0%} of it." in sentence


def test_agreement_and_other_ways_to_part_are_told() -> None:
    every = dict.fromkeys(SIDES, 5.0)
    assert "all 8 sides" in measured(6.0, **every)[0]
    assert "7 of 8 sides" in measured(6.0, **{**every, "parietal_right": 0.8})[0]
    assert (
        "the lowest Parietal cortex on the right"
        in measured(6.0, **{**every, "parietal_right": 0.8})[0]
    )
    assert measured(0.5)[0].startswith("Neither the cortex as a whole")
    assert "though none of the regions does" in measured(2.5)[0]
    assert cortex_and_regions(replace(RESULT, suvr={"cortex": 1.0})) == []


def test_a_score_against_its_regions_suvr_is_told() -> None:
    z = {"cortex": 3.0, **dict.fromkeys(SIDES, 0.0), "frontal_left": 3.0, "frontal_right": 3.0}
    result = replace(scored(parietal_left=(0.1, 0.5, 0.4)), z_scores=z, suvr=dict.fromkeys(z, 1.2))
    _, lower, higher = map(str, cortex_and_regions(result))
    assert lower == "Scored 1, though SUVR lies above most negatives: Frontal cortex."
    assert higher.endswith("not lie above most negatives: Parietal cortex on the left.")


def test_the_regions_shares_of_the_cortex_are_counted_voxels() -> None:
    shares = cortex_shares()
    assert set(shares) == set(READ_REGIONS) and 0.5 < sum(shares.values()) < 1
    assert (voi("cortex") > 0).any() and shares["frontal"] > shares["parietal"]
