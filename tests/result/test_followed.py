"""What is said of several visits in a line and in a table."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from monai_amyloid.findings.finding import refusal, warning
from monai_amyloid.result.follow_table import write_follow_table
from monai_amyloid.result.followed import (
    Change,
    Followed,
    RegionChange,
    Visit,
    one_line,
    read_followed,
    span,
    write_followed,
)

from .persons import ALONE, BEFORE, REFUSED, TREATED, several


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def test_a_line_says_the_change_and_whether_the_amyloid_is_cleared() -> None:
    assert one_line(TREATED) == (
        "sub-01: Centiloid 84 [77, 91] -> 21 [15, 27], change -63 [-69, -57] in 1.5 years, "
        "-42 a year; cannot tell (below 24.1)"
    )
    unknown = replace(TREATED.changes[0], years=None, yearly=None, yearly_interval=None)
    short = one_line(replace(TREATED, changes=(unknown,), clearing=None))
    assert short.endswith("change -63 [-69, -57]")


def test_a_line_names_the_scans_that_were_refused() -> None:
    assert one_line(ALONE) == "sub-01: refused: ses-03: 1 of 3"
    assert one_line(several(3)).endswith("a year; refused: ses-03: 1 of 3")
    assert one_line(several(3)).startswith("sub-02: Centiloid 0 [-7, 7] -> 30 [23, 37], ")


def test_the_overall_change_is_from_the_first_graded_visit_to_the_last() -> None:
    overall = several(4).overall
    assert overall is not None and (overall.earlier, overall.later) == (0, 4)
    assert ALONE.overall is None


def test_the_table_has_a_row_a_change_with_its_numbers(tmp_path: Path) -> None:
    write_follow_table([TREATED, several(3), ALONE], tmp_path / "changes.csv")
    assert (tmp_path / "changes.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    rows = rows_of(tmp_path / "changes.csv")
    assert [row["person"] for row in rows] == ["sub-01", *3 * ["sub-02"], "sub-01"]
    first, alone = rows[0], rows[-1]
    for column, number in (
        ("change", -62.7), ("change_low", -68.9), ("change_high", -57.1), ("yearly", -41.8),
        ("plain_difference", -67.6), ("years", 1.5), ("clearing_chance", 0.79), ("to_visit", 2),
    ):  # fmt: skip
        assert float(first[column]) == pytest.approx(number)
    assert first["findings_of_change"] == "11 of 1; 22 of 2" and first["direction"] == "fallen"
    assert alone["change"] == "" and alone["refused"] == "ses-03: 1 of 3"
    assert "run" not in first


def test_the_table_says_why_a_person_has_no_change_and_what_makes_a_visit_doubtful(
    tmp_path: Path,
) -> None:
    person = replace(ALONE, findings=(refusal("code", "{number} of 5", number=5),))
    odd = replace(BEFORE, findings=(warning("code", "{number} of 6", number=6),))
    doubted = replace(TREATED, visits=(replace(TREATED.visits[0], result=odd), TREATED.visits[1]))
    write_follow_table([person], tmp_path / "follow.csv", [doubted])
    first, last = rows_of(tmp_path / "follow.csv")
    assert first["refused"] == "5 of 5; ses-03: 1 of 3" and first["findings_of_person"] == ""
    assert last["findings_of_visits"] == "ses-01: 6 of 6"
    assert (first["run"], last["run"]) == ("this", "earlier")
    assert one_line(person) == "sub-01: refused: 5 of 5; ses-03: 1 of 3"


@pytest.mark.parametrize("person", [TREATED, several(4), several(2, years=False), ALONE])
def test_what_is_written_of_a_person_is_read_again(person: Followed, tmp_path: Path) -> None:
    folder = tmp_path / person.name
    folder.mkdir()
    path = write_followed(replace(person, made_from={"scan": "a", "by": "b"}), folder)
    found = read_followed(folder)
    assert found is not None and found.made_from == {"scan": "a", "by": "b"}
    assert one_line(found) == one_line(person)
    assert (found.doses, found.clearing) == (person.doses, person.clearing)
    assert [dict(each.regions) for each in found.changes] == [
        rounded_regions(each) for each in person.changes
    ]
    for one, other in zip(found.changes, person.changes, strict=True):
        assert list(map(str, one.findings)) == list(map(str, other.findings))
    before = path.read_bytes()
    assert write_followed(found, folder).read_bytes() == before


def rounded_regions(change: Change) -> dict[str, RegionChange]:
    return {
        name: RegionChange(
            suvr=round(each.suvr, 4),
            interval=(round(each.interval[0], 4), round(each.interval[1], 4)),
        )
        for name, each in change.regions.items()
    }


def test_a_file_that_is_not_whole_or_of_another_kind_is_not_read(tmp_path: Path) -> None:
    path = write_followed(TREATED, tmp_path)
    whole = path.read_text(encoding="utf-8")
    for broken in (whole[:-40], whole.replace("follow/1", "follow/9"), "[]", "{}"):
        path.write_text(broken, encoding="utf-8")
        assert read_followed(tmp_path) is None


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, "on the same day"),
        (1, "in one day"),
        (21, "in 21 days"),
        (90, "in 3 months"),
        (335, "in 11 months"),
        (365, "in 1.0 years"),
        (731, "in 2.0 years"),
    ],
)
def test_a_time_is_said_in_days_or_months_below_a_year(days: int, text: str) -> None:
    assert str(span(days / 365.25)) == text
    change = replace(TREATED.changes[0], years=days / 365.25, yearly=None, yearly_interval=None)
    line = one_line(replace(TREATED, changes=(change,), clearing=None))
    assert line.endswith(f"change -63 [-69, -57] {text}")


def test_a_reason_that_begins_with_the_name_of_its_visit_does_not_repeat_it() -> None:
    found = refusal("code", "{number} of 9", number=9, where="ses-03")
    visit = Visit(result=replace(REFUSED, findings=(found,)))
    assert str(found) == "ses-03: 9 of 9"
    assert replace(ALONE, visits=(visit,)).refusals == ("ses-03: 9 of 9",)


def test_a_person_is_whole_where_every_visit_was_measured() -> None:
    assert TREATED.is_whole and several(1).overall is None
    assert not several(3).is_whole and several(3).overall is not None


def test_a_rule_of_two_scans_is_said_whole() -> None:
    assert TREATED.clearing is not None
    rule = replace(TREATED.clearing, below=11.0, twice_below=25.0)
    line = one_line(replace(TREATED, clearing=rule))
    assert line.endswith("; cannot tell (below 11, or twice in a row below 25)")


def test_the_rule_is_said_of_changes_to_the_last_visit_alone(tmp_path: Path) -> None:
    person = replace(several(3), clearing=TREATED.clearing)
    write_follow_table([person], tmp_path / "changes.csv")
    verdicts = [row["clearing"] for row in rows_of(tmp_path / "changes.csv")]
    assert verdicts == ["", "cannot_tell", "cannot_tell"]
