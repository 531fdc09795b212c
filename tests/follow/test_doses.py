"""Doses of an antibody, as hospitals and the simulation list them."""

from pathlib import Path

import pytest

from monai_amyloid.errors import UserError
from monai_amyloid.following.doses import read_doses
from monai_amyloid.following.visits import Person
from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan

from .scans import dicom, follow


@pytest.fixture
def people(tmp_path: Path) -> tuple[Person, ...]:
    return follow(
        dicom(tmp_path / "a", "2019-03-12", participant="77123456"),
        dicom(tmp_path / "b", "2020-03-12", participant="77123456"),
        dicom(tmp_path / "c", "2020-01-01", participant="sub-0002"),
        one_by_one=False,
    )


def table(folder: Path, text: str, name: str = "doses.tsv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_doses_are_counted_in_years_from_the_first_visit(
    people: tuple[Person, ...], tmp_path: Path
) -> None:
    rows = "0077123456\t2020-03-12\n77123456\t2019-03-12\n0002\t2019-12-02\nothers\t2020-01-01\n"
    doses = read_doses(table(tmp_path, f"participant_id\tdate\n{rows}"), people)
    assert doses["person-0001"] == pytest.approx((0, 1), abs=0.01)
    assert doses["sub-0002"] == pytest.approx((-30 / 365.25,))


@pytest.mark.parametrize(
    ("header", "value"), [("months", "6"), ("Years", "0.5"), ("Months since first visit", "6,0")]
)
def test_years_and_months_need_no_date(
    people: tuple[Person, ...], tmp_path: Path, header: str, value: str
) -> None:
    text = f"환자번호;{header}\nsub-0002;{value}\n"
    assert read_doses(table(tmp_path, text, "d.csv"), people) == {"sub-0002": (0.5,)}


def test_a_dose_that_is_listed_twice_is_one(people: tuple[Person, ...], tmp_path: Path) -> None:
    doses = table(tmp_path, "id,years\nsub-0002,1\nsub-0002,1.0\nsub-0002,2\n")
    assert read_doses(doses, people) == {"sub-0002": (1.0, 2.0)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "found the columns none; needed participant_id"),
        ("participant_id\twhen\nsub-0002\t1\n", "found the columns participant_id, when; needed"),
        ("participant_id\tdate\tyears\nsub-0002\t\t1\n", "one of the three"),
        ("participant_id\tid\tyears\nsub-0002\t1\t1\n", "two columns are participant_id"),
        ("participant_id\tyears\n\t1\n", "row 2: names nobody"),
        ("participant_id\tyears\nsub-0002\tsoon\n", "row 2: found 'soon', needed a number"),
        ("participant_id\tyears\nsub-0002\tinf\n", "row 2: found 'inf', needed a number"),
        ("participant_id\tyears\nsub-0002\t2019\n", "2019.0 years from the first visit"),
        ("participant_id\tdate\nsub-0002\t3/4/2020\n", "could be 2020-03-04 or 2020-04-03"),
        ("participant_id\tdate\nsub-0002\t2020-02-31\n", "is no date; needed a day"),
        ("participant_id\tdate\nsub-0002\t\n", "'' is no date"),
        ("participant_id\tyears\nsub-9\t1\n", "none of its 1 rows is of a person"),
        ('participant_id\tyears\n"sub-0002\t1\n', "quotation mark"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_in_one_line(
    people: tuple[Person, ...], tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(UserError) as caught:
        read_doses(table(tmp_path, text), people)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(range(256)), b"\0" * 99])
def test_a_file_that_is_no_table_is_an_error(
    people: tuple[Person, ...], tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "doses.tsv").write_bytes(content)
    with pytest.raises(UserError):
        read_doses(tmp_path / "doses.tsv", people)
    with pytest.raises(UserError, match="no such table"):
        read_doses(tmp_path, people)


def test_a_date_needs_that_of_the_first_visit(tmp_path: Path) -> None:
    undated = dicom(tmp_path / "a", "2019-03-12", AcquisitionDate="", StudyDate="", SeriesDate="")
    doses = table(tmp_path, "participant_id\tdate\nsub-0001\t2019-04-12\n")
    with pytest.raises(UserError, match="the first visit of sub-0001 has none; needed years"):
        read_doses(doses, follow(undated))


@pytest.mark.slow
def test_the_doses_that_the_simulation_lists_are_read(tmp_path: Path) -> None:
    plan = Plan(seed=0, sessions=2, treated=1.0, sites=("site-1",), fixed_prevalence=False)
    simulate(tmp_path, 1, plan, form="dicom")
    people = follow(*sorted((tmp_path / "scans").iterdir()), one_by_one=False)
    doses = read_doses(tmp_path / "doses.tsv", people)["sub-0001"]
    assert doses[0] == 0
    assert len(doses) == len((tmp_path / "doses.tsv").read_text().splitlines()) - 1
    assert people[0].visits[-1].years is not None
    assert doses[-1] <= people[0].visits[-1].years
