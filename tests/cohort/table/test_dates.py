from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_amyloid.cohort.table.dates import Day, read_days


def day(text: str, *others: str) -> str:
    return read_days([text, *others])[0].digits


@pytest.mark.parametrize(
    "text",
    [
        *("2019-03-12", "2019.3.12", "2019. 3. 12.", "2019/03/12", "20190312", "2019_3_12"),
        *(
            "2019년 3월 12일",
            "2019年3月12日",
            "19년 3월 12일",
            "\uff12\uff10\uff11\uff19\uff0d\uff10\uff13\uff0d\uff11\uff12",
            "43536",
        ),
        *("12 Mar 2019", "12-Mar-19", "March 12, 2019", "Tue 12 March 2019", "2019-03-12 (화)"),
        *("2019-03-12T14:30:00.000Z", "2019-03-12 오후 2:30", "20190312143000", "43536.6"),
        *("2019-03-12 00:00:00", "2019-03-12 14:30:00+09:00", "2019-03-12 baseline"),
    ],
)
def test_one_day_in_all_its_spellings(text: str) -> None:
    assert day(text) == "20190312"


@settings(deadline=None)
@given(st.dates(date(1995, 1, 1), date(2050, 1, 1)))
def test_a_workbook_counts_days_from_two_starts(when: date) -> None:
    windows = (when - date(1899, 12, 30)).days
    assert day(str(windows)) == f"{when:%Y%m%d}"
    apple = (when + timedelta(days=0) - date(1904, 1, 1)).days
    assert read_days([str(apple)], from_1904=True)[0].digits == f"{when:%Y%m%d}"


@pytest.mark.parametrize("text", ["3/12/2019", "03.12.2019", "12/3/19", "190312", "03122019"])
def test_a_day_that_could_be_two_is_in_doubt(text: str) -> None:
    (found,) = read_days([text])
    assert not found.digits and "could be 20" in found.doubt and " or 20" in found.doubt


def test_other_rows_of_the_column_tell_the_order() -> None:
    assert day("3/12/2019", "3/25/2019") == "20190312"
    assert day("3/12/2019", "25/3/2019") == "20191203"
    assert day("19.03.12", "18.12.31") == "20190312"
    assert "could be" in read_days(["3/12/2019", "3/25/2019", "25/3/2019"])[0].doubt


@pytest.mark.parametrize("text", ["2019-13-45", "2019-02-30", "99999999", "2019-03-12, 2021-05-01"])
def test_a_date_that_is_none_is_in_doubt(text: str) -> None:
    assert read_days([text]) == [Day(doubt="is no date")]


@pytest.mark.parametrize("text", ["baseline", "V2", "", "?"])
def test_a_visit_is_no_date_and_no_doubt(text: str) -> None:
    assert read_days([text]) == [Day()]


def test_a_month_is_the_beginning_of_a_day() -> None:
    assert day("2019-03") == day("2019년 3월") == day("March 2019") == day("Mar-19") == "201903"
    assert read_days(["12-Mar"]) == read_days(["Mar 12"]) == [Day(doubt="has no year")]
    assert read_days(["Marker 2019"]) == [Day()]
