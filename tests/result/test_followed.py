"""What is said of several visits in a line and in a table."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from monai_amyloid.result.follow_table import write_follow_table
from monai_amyloid.result.followed import one_line

from .persons import ALONE, TREATED, several


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
    assert one_line(ALONE).endswith("; ses-03 refused: 1 of 3")
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


def test_the_rule_is_said_of_changes_to_the_last_visit_alone(tmp_path: Path) -> None:
    person = replace(several(3), clearing=TREATED.clearing)
    write_follow_table([person], tmp_path / "changes.csv")
    verdicts = [row["clearing"] for row in rows_of(tmp_path / "changes.csv")]
    assert verdicts == ["", "cannot_tell", "cannot_tell"]
