import pandas as pd

from monai_amyloid.cohort.counts import counts


def test_scans_are_counted_by_grade_tracer_and_site() -> None:
    table = pd.DataFrame({"bapl": [3, 1, None, 1], "tracer": ["18FFBB"] * 4})
    table["site"] = ["B", "A", "n/a", "A"]
    lines = ["grade: 1: 2, 3: 1, unknown: 1", "tracer: 18FFBB: 4", "site: A: 2, B: 1, unknown: 1"]
    assert list(counts(table)) == lines


def test_grades_are_counted_where_nothing_else_is_known() -> None:
    table = pd.DataFrame({"bapl": [None, None], "site": [None, "n/a"]})
    assert list(counts(table)) == ["grade: unknown: 2"]
    many = pd.DataFrame({"site": [f"{n:02d}" for n in range(25)]})
    assert next(counts(many)).endswith("19: 1 and 5 more")
