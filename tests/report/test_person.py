"""Whose scan it is, as a person writes it."""

import pytest

from monai_amyloid.findings.phrase import in_language
from monai_amyloid.report.person import day_in_words, identifiers, person_name, person_rows

PATIENT = {
    "PatientName": "Hong^Gildong=洪^吉洞=홍^길동",
    "PatientID": "00123456",
    "PatientBirthDate": "19480306",
    "PatientSex": "F",
    "StudyDate": "2024-03-05",
    "StudyInstanceUID": "1.2.3",
}


def texts(patient: dict[str, str], language: str) -> dict[str, str]:
    return {in_language(label, language): in_language(text, language)
            for label, text in person_rows(patient)}  # fmt: skip


def test_everything_is_in_both_languages_as_people_write_it() -> None:
    assert texts(PATIENT, "en") == {
        "Name": "Gildong Hong (홍길동)",
        "Number": "00123456",
        "Born": "6 March 1948",
        "Sex": "female",
        "Age at the scan": "75 years",
        "Scanned": "5 March 2024",
    }
    assert texts(PATIENT, "ko") == {
        "이름": "홍길동 (Gildong Hong)",
        "번호": "00123456",
        "생년월일": "1948년 3월 6일",
        "성별": "여",
        "촬영 시 나이": "75세",
        "촬영일": "2024년 3월 5일",
    }
    others = identifiers({**PATIENT, "SeriesDate": "20240305"})
    assert [(key, str(text)) for key, text in others] == [
        ("StudyInstanceUID", "1.2.3"),
        ("SeriesDate", "5 March 2024"),
    ]


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("Adams^John Robert Quincy^^Rev.^B.A. M.Div.", "Rev. John Robert Quincy Adams B.A. M.Div."),
        ("Doe^Jane^Q", "Jane Q Doe"),
        ("홍^길동", "홍길동"),
        ("홍길동", "홍길동"),
        ("=洪^吉洞=", "洪吉洞"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Tarou Yamada (山田太郎)"),
        ("HONG GILDONG", "HONG GILDONG"),
        ("^^^^", "^^^^"),
        ("A^" + "long " * 40, ("long " * 40).strip() + " A"),
    ],
)
def test_a_name_is_written_as_its_bearer_is_called(header: str, shown: str) -> None:
    assert str(person_name(header)) == shown


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("20240305", "5 March 2024"),
        ("2024.03.05", "5 March 2024"),
        ("20240305101500.000", "5 March 2024"),
        ("20241305", "20241305"),
        ("2024", "2024"),
        ("last week", "last week"),
    ],
)
def test_a_day_is_written_out_or_left_as_it_is(header: str, shown: str) -> None:
    assert str(day_in_words(header)) == shown


def test_no_age_is_told_that_is_not_known() -> None:
    for born in ("", "20300101", "19480306\n19500101", "17000101"):
        assert "Age at the scan" not in texts({**PATIENT, "PatientBirthDate": born}, "en")


def test_several_values_are_all_shown() -> None:
    assert texts({"PatientName": "A^B\nC^D"}, "en") == {"Name": "B A, D C"}
