"""Dates and times as headers write them: what is clear is read, what is not is not guessed."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.pet.dicom.times.moments import (
    Moment,
    is_of_dicom,
    moment_in,
    offset_in,
    seconds_of_date,
    seconds_of_day,
)

HALF_PAST_TEN = 10.5 * 3600


def seconds(*when: int) -> float:
    """Seconds since the year 1, by the standard library."""
    return (datetime(*when) - datetime(1, 1, 1)).total_seconds() + 86400


@pytest.mark.parametrize(
    "text",
    ["103000", "1030", "10:30", "10:30:00", "103000.000000", "10:30:00.5", "10:30 AM", "10:30a.m."],
)
def test_a_time_is_read_in_any_clear_spelling(text: str) -> None:
    assert seconds_of_day(text) == pytest.approx(HALF_PAST_TEN, abs=0.5)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("9:28", 9 + 28 / 60),
        ("0930", 9.5),
        ("930", 9.5),
        ("93000", 9.5),
        ("23", 23.0),
        ("12:15 AM", 0.25),
        ("12:15 pm", 12.25),
        ("3:00 p.m.", 15.0),
        ("100000,25", 10 + 0.25 / 3600),
        ("100000.1234567890", 10 + 0.123456789 / 3600),
    ],
)
def test_odd_times_have_their_closed_form(text: str, hours: float) -> None:
    assert seconds_of_day(text) == pytest.approx(hours * 3600)


@pytest.mark.parametrize(
    "text", ["", "2561", "256100", "24:10", "10:60", "13:00 PM", "noon", "10-30", "10.30", "1"]
)
def test_what_is_no_clear_time_is_not_guessed(text: str) -> None:
    assert seconds_of_day(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "20000131",
        "2000.01.31",
        "2000-01-31",
        "2000/1/31",
        "2000. 1. 31.",
        "31-01-2000",
        "01/31/2000",
        "31.1.2000",
        "31-Jan-2000",
        "31 January 2000",
        "31JAN2000",
    ],
)
def test_a_date_is_read_in_any_clear_spelling(text: str) -> None:
    assert seconds_of_date(text) == seconds(2000, 1, 31)


@pytest.mark.parametrize(
    "text", ["", "00000000", "20000231", "01-02-2000", "2/1/2000", "32-13-2000", "1-Ja-2000", "x"]
)
def test_a_date_of_two_meanings_or_of_none_is_not_guessed(text: str) -> None:
    assert seconds_of_date(text) is None


def test_day_and_month_that_are_the_same_need_no_order() -> None:
    assert seconds_of_date("02-02-2000") == seconds(2000, 2, 2)


@pytest.mark.parametrize(
    "text",
    [
        "20000101103000",
        "200001011030",
        "20000101103000.00",
        "2000-01-01T10:30",
        "2000-01-01 10:30",
        "01-01-2000 10:30:00",
        "2000/01/01 10:30:00.0",
        "1-Jan-2000 10:30 AM",
        "1 Jan 2000 10:30",
    ],
)
def test_a_date_and_time_are_read_in_any_clear_spelling(text: str) -> None:
    assert moment_in(text) == Moment(seconds(2000, 1, 1, 10, 30))


@pytest.mark.parametrize(
    "text",
    [
        "20000101103000+0900",
        "20000101103000.5+0900",
        "2000-01-01T10:30+09:00",
        "2000-01-01 10:30:00 +0900",
    ],
)
def test_an_offset_from_utc_is_kept_beside_the_time(text: str) -> None:
    moment = moment_in(text)
    assert moment is not None and moment.offset == 9 * 3600
    assert moment.seconds == pytest.approx(seconds(2000, 1, 1, 10, 30), abs=0.5)


@pytest.mark.parametrize(
    "text", ["", "20000101", "00000000000000", "01-02-2000 10:30", "2000-01-01", "20000101 99:00"]
)
def test_what_is_no_clear_moment_is_none(text: str) -> None:
    assert moment_in(text) is None


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("+0900", 9),
        ("-05:00", -5),
        ("Z", 0),
        ("+0000", 0),
        ("+0545", 5.75),
        ("+1500", None),
        ("0900", None),
        ("", None),
    ],
)
def test_an_offset_is_hours_and_minutes(text: str, hours: float | None) -> None:
    assert offset_in(text) == (None if hours is None else hours * 3600)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)))
def test_what_dicom_writes_is_read_to_the_microsecond(when: datetime) -> None:
    moment = moment_in(when.strftime("%Y%m%d%H%M%S.%f"))
    expected = (when - datetime(1, 1, 1)).total_seconds() + 86400
    assert moment is not None and moment.seconds == pytest.approx(expected, abs=1e-4)


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_none(text: str) -> None:
    for read in (seconds_of_date, seconds_of_day, moment_in, offset_in):
        read(text)


def test_the_spelling_of_dicom_is_told_from_others() -> None:
    assert all(map(is_of_dicom, ("20000101", "103000.5", "20000101103000+0900")))
    assert not any(map(is_of_dicom, ("9:28", "01-01-2000 10:30:00", "2000-01-01T10:30")))
