"""The page of several visits on A4."""

from dataclasses import replace
from pathlib import Path

import pytest
from result.persons import ALONE, BEFORE, TREATED, several

from monai_amyloid.errors import UserError
from monai_amyloid.findings.finding import warning
from monai_amyloid.pictures import fonts
from monai_amyloid.result.followed import Followed

from .reading import english
from .test_follow_page import MINUS, NAMES, scans_of
from .test_one_page import text_of

pytest.importorskip("matplotlib")


def pdf_of(folder: Path, followed: Followed, language: str = "en") -> bytes:
    from monai_amyloid.report.follow.one_page import write_follow_pdf

    path = folder / "follow.pdf"
    return write_follow_pdf(path, followed, *scans_of(followed), language).read_bytes()


def test_the_pdf_is_one_page_with_the_numbers_of_the_result(tmp_path: Path) -> None:
    pdf = pdf_of(tmp_path, TREATED)
    text = " ".join(text_of(pdf, tmp_path).split()).replace(MINUS, "-")
    assert pdf.count(b"/Type /Page ") + pdf.count(b"/Type /Page\n") == 1
    for number in (
        "change -63 [-69, -57] (95% interval) in 1.5 years", "84 [77, 91]", "19 [10, 27]",
        "-42 [-46, -38]", "rule: below 24.1", "22 of 2", "44 of 4", "-0.22 [-0.33, -0.12]",
    ):  # fmt: skip
        assert number in text
    assert text.index("22 of 2") < text.index("11 of 1")
    assert text.count("Research software. Not for clinical decisions.") == 2
    assert "not been tested on patients" in text


@pytest.mark.parametrize("person", [TREATED, several(7, years=False)])
def test_a_korean_page_has_no_english(person: Followed, tmp_path: Path) -> None:
    try:
        fonts.font_files("ko")
    except UserError:
        pytest.skip("needs a Korean font, such as the Debian package fonts-nanum")
    text = text_of(pdf_of(tmp_path, person, "ko"), tmp_path)
    assert english(text, *NAMES) == []
    assert "센틸로이드" in text and "연구용 소프트웨어입니다" in text


@pytest.mark.parametrize("language", ["en", "ko"])
def test_who_it_is_of_is_not_cut(tmp_path: Path, language: str) -> None:
    patient = {"PatientName": "HONG^" + "GILDONG" * 8, "PatientID": "0123456789" * 6}
    patient |= {"PatientBirthDate": "19440305", "StudyDate": "20240102"}
    visits = [
        replace(each, result=replace(each.result, patient=patient)) for each in TREATED.visits
    ]
    person = replace(TREATED, name="longname" * 24, visits=tuple(visits))
    text = "".join(text_of(pdf_of(tmp_path, person, language), tmp_path).split())
    for whole in ("longname" * 24, "GILDONG" * 8, "0123456789" * 6, "1944", "2024"):
        assert whole in text


def test_many_visits_leave_out_some_and_say_so(tmp_path: Path) -> None:
    text = text_of(pdf_of(tmp_path, several(11)), tmp_path)
    assert "6 other visits" in text and "ses-00" in text and "ses-11" in text
    assert "ses-05" not in text


def test_what_makes_a_visit_doubtful_stands_after_what_is_said_of_the_change(
    tmp_path: Path,
) -> None:
    odd = replace(BEFORE, findings=(warning("code", "{number} of 7", number=77),))
    visits = (replace(TREATED.visits[0], result=odd), TREATED.visits[1])
    text = text_of(pdf_of(tmp_path, replace(TREATED, visits=visits)), tmp_path)
    assert text.index("22 of 2") < text.index("44 of 4") < text.index("Visit 1, year 0.0: 77 of 7")


def test_a_refused_visit_has_its_reason(tmp_path: Path) -> None:
    text = text_of(pdf_of(tmp_path, ALONE), tmp_path)
    assert "Refused: 1 of 3" in text and "No change could be measured" in text


@pytest.mark.slow
def test_the_same_content_makes_the_same_pdf(tmp_path: Path) -> None:
    pdf = pdf_of(tmp_path, TREATED)
    assert b"CreationDate" not in pdf and pdf == pdf_of(tmp_path, TREATED)
