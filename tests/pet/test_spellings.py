"""A person's name, number and date are found however they are written, and other words are not."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monai_amyloid.pet.known_words import HIDDEN
from monai_amyloid.pet.spellings import (
    hide,
    spellings_of_date,
    spellings_of_name,
    spellings_of_number,
)

PERSON = (
    spellings_of_name("KIM^MINJUN=金^民俊=김^민준")
    | spellings_of_name("GARCÍA LÓPEZ^MARÍA JOSÉ")
    | spellings_of_number("0077120034")
    | spellings_of_number("ACC5599381")
    | spellings_of_date("19480209")
)
SAFE = st.text("qxzQXZ .,:;()\u3042", min_size=0, max_size=20)


@pytest.mark.parametrize(
    "written",
    ["KIM^MINJUN", "KIMMINJUN", "minjun kim", "MinJunKim", "kim_min_jun", "Min-Jun, Kim", "Kim",
     "김민준", "민준김", "김_민준", "민준", "金民俊", unicodedata.normalize("NFD", "김민준"),
     "GARCIA-LOPEZ", "maria_jose", "Garcia", "0077120034", "77120034", "0077-120034",
     "ACC-5599381", "5599381", "19480209", "1948-02-09", "1948. 2. 9", "09.02.1948", "02/09/1948",
     "9-Feb-1948", "480209", "1948년 2월 9일"],
)  # fmt: skip
def test_every_spelling_is_found(written: str) -> None:
    # Full-width letters, too, as an input method for Korean writes them.
    wide = written.translate({code: code + 0xFEE0 for code in range(ord("0"), ord("z") + 1)})
    for text in (written, wide):
        shown = hide(f"of {text}: broken", PERSON)
        assert shown == f"of {HIDDEN}: broken"


@pytest.mark.parametrize(
    ("written", "shown"),
    [("KimPET", "…PET"), ("PT_KIM_01", "PT_…_01"), ("xkimminjunx", "x…x"), ("PT77120034", "PT…"),
     ("19480209103000", "…103000"), ("kim.dcm", "….dcm"), ("김민준님", "…님")],
)  # fmt: skip
def test_a_name_of_a_file_is_searched_within_its_words(written: str, shown: str) -> None:
    assert hide(written, PERSON) == shown


@pytest.mark.parametrize(
    "text",
    ["a kimono of minutes", "김치", "77 of 120 of 34 slices", "(1948,0209)", "1,948 of 2,009",
     "Units (0054,1001) 5599", "194802", "brain PET of the patient", "as a rule, 9 Feb"],
)  # fmt: skip
def test_other_words_and_numbers_stay(text: str) -> None:
    assert hide(text, PERSON) == text


@given(SAFE, SAFE, st.sampled_from(["홍길동", "길동홍", "hong_kildong", "KILDONG  HONG"]))
def test_a_name_is_found_in_any_text_and_nothing_else_is_touched(
    before: str, after: str, written: str
) -> None:
    shown = hide(f"{before} {written} {after}", spellings_of_name("홍길동=HONG^KILDONG"))
    assert shown == unicodedata.normalize("NFC", f"{before} {HIDDEN} {after}")


@given(st.text(max_size=30), st.text(max_size=60))
def test_hiding_twice_hides_no_more(name: str, text: str) -> None:
    spellings = spellings_of_name(name) | spellings_of_number(name) | spellings_of_date(name)
    once = hide(text, spellings)
    assert len(once) <= len(unicodedata.normalize("NFC", text))
    assert spellings_of_name("…") == set()


@pytest.mark.parametrize("hostile", ["(a+)+$", "^", ".*", "\\", "\0\n", "a b", "가", "["])
def test_a_hostile_name_takes_no_time(hostile: str) -> None:
    began = time.perf_counter()
    spellings = spellings_of_name(hostile * 10_000) | spellings_of_number(hostile * 10_000)
    hide(hostile * 1000, spellings)
    assert time.perf_counter() - began < 1
