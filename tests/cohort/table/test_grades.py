import pytest

from monai_amyloid.cohort.table.grades import grade_of, read_grades, says_no_grade, starts_at_zero


@pytest.mark.parametrize(
    "text",
    [
        *("2", "2.0", "2,0", "\uff12", "Ⅱ", "ii", "BAPL 2", "bapl-2", "Gr.2", "Gr 2", "grade II"),
        *("BAPL score: 2", "2등급", "등급 2", "2점", "2 (moderate)", "②"),
    ],
)
def test_one_grade_in_all_its_spellings(text: str) -> None:
    assert grade_of(text) == "2"


@pytest.mark.parametrize(
    "text",
    [
        *("1 or 2", "1-2", "1/2", "2?", "-2", "2.5", "4", "12", "iv", "two", "positive", "=C2"),
        *("1 (positive)", "3 (negative)", "2 (prior 1)", "2nd", "True"),
    ],
)
def test_what_is_in_doubt_is_no_grade(text: str) -> None:
    assert grade_of(text) is None and not says_no_grade(text)


@pytest.mark.parametrize("text", ["", " - ", "N/A", "미판독", "판독 불가", "pending", "NaT"])
def test_words_for_none_are_not_wrong(text: str) -> None:
    assert read_grades([text]).wrong == (False,) and says_no_grade(text)


def test_a_scale_that_starts_at_zero_is_told_from_a_slip() -> None:
    assert starts_at_zero(["0", "1", "1"])
    assert starts_at_zero(["0", "1", "2", "3"])
    assert not starts_at_zero(["0", *["1", "2", "3"] * 20])
    assert not starts_at_zero(["1", "2", "3"])


@pytest.mark.parametrize(
    ("texts", "grades"),
    [
        (("HC", "MCI", "AD"), ("1", "2", "3")),
        (("정상군", "초중기", "후기"), ("1", "2", "3")),
        (("Normal", " early to middle stage ", "LATE"), ("1", "2", "3")),
        (("1", "MCI", "BAPL 3"), ("1", "2", "3")),
    ],
)
def test_names_of_stages_and_diagnoses_are_grades_and_are_named(
    texts: tuple[str, ...], grades: tuple[str, ...]
) -> None:
    found = read_grades(texts)
    assert found.grades == grades and not any(found.wrong)
    assert found.names == tuple(text.strip() for text in texts if not grade_in_digits(text))


def grade_in_digits(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


@pytest.mark.parametrize("text", ["abnormal", "early", "middle", "MCI or AD", "normal?", "AD 2"])
def test_a_name_that_is_none_of_three_is_no_grade(text: str) -> None:
    assert grade_of(text) is None
