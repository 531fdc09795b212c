"""Whether amyloid is cleared: what a user types, and the chance that it holds."""

import numpy as np
import pytest

from monai_amyloid.errors import UserError
from monai_amyloid.following.rule import ClearingRule, chance, parse_rule, verdict


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("24.1", ClearingRule(24.1)),
        (" 11 , 25 x 2 ", ClearingRule(11, 25)),
        ("11,25X2", ClearingRule(11, 25)),
        ("-5", ClearingRule(-5)),
    ],
)
def test_a_rule_is_read_as_it_is_typed(text: str, rule: ClearingRule) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize("rule", [ClearingRule(24.1), ClearingRule(11, 25)])
def test_a_rule_is_written_as_it_is_read(rule: ClearingRule) -> None:
    assert parse_rule(str(rule)) == rule


@pytest.mark.parametrize("text", ["", "low", "25x2", "11,25", "11,25x3", "11;25x2", "nan", "1e9"])
def test_what_is_no_rule_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(
        UserError, match=r"needed a Centiloid such as 24\.1, or two such as 11,25x2"
    ):
        parse_rule(text)


@pytest.mark.parametrize("text", ["999", "11,300x2", "-60"])
def test_a_mark_that_no_brain_has_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="between -60 and 250"):
        parse_rule(text)


@pytest.mark.parametrize("text", ["25,11x2", "11,11x2"])
def test_a_second_mark_that_adds_nothing_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="needed a higher Centiloid for two scans in a row"):
        parse_rule(text)


def test_the_chance_of_two_scans_is_the_share_of_drawn_pairs_that_fulfil_the_rule() -> None:
    drawn = np.random.default_rng(3).normal([30.0, 22.0, 16.0], [4.0, 5.0, 6.0], (200_000, 3))
    rule = ClearingRule(11, 25)
    found = chance(rule, lambda visit, mark: float((drawn[:, visit] < mark).mean()), 3)
    before, last = drawn[:, 1], drawn[:, 2]
    held = (last < 11) | ((last < 25) & (before < 25))
    assert found == pytest.approx(held.mean(), abs=0.005)


def test_one_scan_alone_cannot_be_two_in_a_row() -> None:
    assert chance(ClearingRule(11, 25), lambda _, mark: 0.3 if mark == 11 else 1.0, 1) == 0.3


def test_without_a_second_mark_the_scan_before_does_not_count() -> None:
    assert chance(ClearingRule(24.1), lambda visit, _: 0.25 * (visit + 1), 3) == 0.75


def test_no_visit_has_no_chance() -> None:
    with pytest.raises(ValueError, match="one or more"):
        chance(ClearingRule(24.1), lambda *_: 1.0, 0)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_what_is_no_chance_is_an_error(value: float) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        chance(ClearingRule(24.1), lambda *_: value, 1)


@pytest.mark.parametrize(
    ("holds", "said"),
    [(1, "cleared"), (0.95, "cleared"), (0.949, "cannot_tell"), (0.051, "cannot_tell"),
     (0.05, "not_cleared"), (0, "not_cleared")],
)  # fmt: skip
def test_a_verdict_is_sure_on_either_side_alike(holds: float, said: str) -> None:
    assert verdict(holds) == said
