import json
from collections import Counter
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid import cli
from monai_amyloid.errors import UserError
from monai_amyloid.phantom.cohorts.plan import (
    NAMED,
    Pattern,
    Plan,
    grades_by_prevalence,
    named_plan,
)
from monai_amyloid.phantom.scanning.sites import USUAL_SITES


def test_the_full_cohort_has_the_grades_of_the_study() -> None:
    assert Counter(grades_by_prevalence(603)) == {1: 291, 2: 78, 3: 234}


@given(st.integers(1, 700), st.integers(1, 700))
def test_a_longer_cohort_begins_with_a_shorter_one(one: int, two: int) -> None:
    short, long = sorted((one, two))
    assert grades_by_prevalence(long)[:short] == grades_by_prevalence(short)


@given(st.integers(1, 603))
def test_every_beginning_is_close_to_the_prevalence(count: int) -> None:
    made = Counter(grades_by_prevalence(count))
    for grade, total in {1: 291, 2: 78, 3: 234}.items():
        assert abs(made[grade] - count * total / 603) <= 1


def test_grades_are_drawn_in_the_proportions_of_the_study() -> None:
    assert Plan().shares == pytest.approx([291 / 603, 78 / 603, 234 / 603])


def test_a_named_cohort_has_its_size_and_every_site() -> None:
    count, plan = named_plan("clinic-603")
    assert (count, plan) == (603, Plan())
    assert plan.sites == tuple(USUAL_SITES) and plan.seed == 0


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no cohort is named 'best'; choose from .*clinic-603"):
        named_plan("best")
    with pytest.raises(UserError, match=r"'site-9' is no site; choose from site-1, site-2"):
        Plan(sites=("site-1", "site-9"))
    with pytest.raises(UserError, match=r"'colin27' is no anatomy; choose from icbm152, 9861"):
        Plan(anatomies=("icbm152", "colin27"))
    with pytest.raises(UserError, match=r"no anatomy is named; choose from icbm152, 9861"):
        Plan(anatomies=())
    with pytest.raises(UserError, match=r"a share of 1.5 treated people; needed 0 to 1"):
        Plan(treated=1.5)
    with pytest.raises(UserError, match=r"0 months between two visits; needed more than 0"):
        Plan(months_between_sessions=0)


def test_every_pattern_of_a_plan_can_be_asked_for_on_the_command_line() -> None:
    assert {pattern.value for pattern in cli.simulating.Pattern} == set(get_args(Pattern))


def test_two_plans_have_the_same_record_only_if_they_are_the_same() -> None:
    records = [json.dumps(plan.as_record()) for _, plan in NAMED.values()]
    changes = ({"seed": 1}, {"tracer": "11CPIB"}, {"sites": ("site-2",)},
               {"anatomies": ("9861",)}, {"sessions": 2}, {"readers": 3},
               {"fixed_prevalence": False}, {"pattern": "tau"}, {"difficult": True},
               {"months_between_sessions": 6.0}, {"treated": 0.5},
               {"dynamic": True})  # fmt: skip
    records += [json.dumps(replace(Plan(), **change).as_record()) for change in changes]
    assert len(set(records)) == len(records)
