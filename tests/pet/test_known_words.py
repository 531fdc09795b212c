"""Of a text only words of a closed list leave, wherever it stood."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monai_amyloid.pet.known_words import HIDDEN, known_name, known_path, only_known
from monai_amyloid.pet.private import is_pseudonym, tells

# People whose names are in no list, in the spellings that headers have.
PERSONS = ["Kim Minsu", "HONG^KILDONG", "홍길동", "金民俊", "Müller", "O'Brien", "Nguyễn", "Ran",
           "Min", "Im", "Ge", "An", "Mi", "MIN-SU", "kimminsu", "Zorblaxon"]  # fmt: skip
# Numbers of people and days.
NUMBERS = ["1948-02-29", "19480229", "480229", "29.02.1948", "1948", "29 Feb 48", "77120034",
           "0077-1200", "1.2.840.113619.2.55.3", "1_2_840_113619",
           "\uff11\uff19\uff14\uff18"]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["PET Brain AC", "BrainNAC", "AC MIP", "NAC", "PET_STATIC", "DYNAMIC CTAC", "OSEM 3i21s",
     "PSF+TOF 3i21s", "90-110 min", "GE MEDICAL SYSTEMS", "SIEMENS", "Biograph64_mCT",
     "DECY\\ATTN\\SCAT\\DTIM\\RAN\\NORM", "Florbetaben F^18^", "[18F]AV-45", "FBB 4 x 5 min",
     "ORIGINAL\\PRIMARY", "Discovery 690", "뇌 아밀로이드 PET", "5 mm"],
)  # fmt: skip
def test_what_scanners_and_protocols_write_stays(text: str) -> None:
    assert only_known(text) == text


@pytest.mark.parametrize(
    "text",
    ["[18F]PI-2620", "PI2620", "18F-RO948", "F-18 MK 6240", "18FPI2620", "[11C]UCB-J", "T807",
     "PET AV-1451 80-100 min", "[18F]XYZ-1234", "18F-SMBT-1"],
)  # fmt: skip
def test_the_name_of_a_tracer_stays_whoever_has_listed_it(text: str) -> None:
    assert only_known(text) == text


@pytest.mark.parametrize("label", ["PI2620", "18FRO948", "MK6240", "UCBJ", "NEW42"])
def test_the_tracer_of_a_bids_name_stays(label: str) -> None:
    name = f"sub-01_trc-{label}_pet.nii.gz"
    assert known_name(name) == name


@pytest.mark.parametrize(
    "text",
    ["PI 1944", "KIM-1944", "RO-9481948", "[18F]KimMinsu", "[18F] KIM-44", "trc-Kim", "omar"],
)
def test_what_is_spelled_like_a_tracer_is_none(text: str) -> None:
    assert HIDDEN in only_known(text)


@pytest.mark.parametrize("person", [*PERSONS, *NUMBERS])
@pytest.mark.parametrize("around", ["{}", "PET AC {}", "{} Biograph", "OSEM_{}_3i21s", "mCT({})"])
def test_no_field_may_hold_a_person(person: str, around: str) -> None:
    shown = only_known(around.format(person))
    assert HIDDEN in shown and person not in shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("IM_0012.dcm", "IM_0012.dcm"), ("00000012.dcm", "00000012.dcm"), ("I10", "I10"),
     ("slice_012.ima", "slice_012.ima"), ("HONG_0012.dcm", "…_0012.dcm"), ("홍길동.nii", "….nii"),
     ("sub-0001_ses-02_trc-18FFBB_pet.nii.gz",) * 2, ("sub-Kim_pet.nii", "sub-…_pet.nii"),
     ("PT000000", "PT000000"),
     ("1.2.840.113.12.dcm", "….dcm"), ("PT 20210517", "PT …"), ("0077120034.zip", "….zip"),
     ("kim.exe", "…")],
)  # fmt: skip
def test_a_file_keeps_its_kind_and_its_number(name: str, shown: str) -> None:
    assert known_name(name) == shown
    assert known_path(f"PT/{name}") == f"PT/{shown}"


@pytest.mark.parametrize(
    ("name", "may"),
    [("sub-01", True), ("sub-000123_ses-02", True), ("sub-ADNI002S0295", True),
     ("sub-control", True), ("sub-KimMinsu", False), ("sub-19480229", False),
     ("sub-01_ses-Kim", False)],
)  # fmt: skip
def test_a_label_of_bids_is_no_name(name: str, may: bool) -> None:
    assert is_pseudonym(name) is may and tells(name, None) is not may


def test_a_harmless_name_is_hidden_where_it_is_the_persons_own() -> None:
    for name, key, value in (
        ("1234", "PatientID", "1234"),
        ("sub-KIM01", "PatientName", "KIM^MINSU"),
        ("sub-480229", "PatientBirthDate", "19480229"),
    ):
        assert tells(name, {key: value}) and not tells(name, {key: "n/a"})


@given(st.text(max_size=60))
@example("a\u202eb")
@example("PET\x1b[31m")
@example("…7…")
def test_cleaning_twice_is_cleaning_once_and_what_is_left_can_be_printed(text: str) -> None:
    for clean in (only_known, known_name, known_path):
        once = clean(text)
        assert clean(once) == once and once.isprintable()
