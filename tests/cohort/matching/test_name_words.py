"""Whose a study is by the words of its name, and whose it is not."""

import pytest

from monai_amyloid.cohort.matching.name_words import read_name
from monai_amyloid.cohort.matching.person_in_name import find_id, visits_of
from monai_amyloid.cohort.spellings import words_of


def holds(name: str, participant: str) -> bool:
    place = find_id(read_name(name), words_of(participant))
    return place is not None and place.is_sure


@pytest.mark.parametrize(
    ("name", "participant"),
    [
        *[("00123_2019-03-12_PET", "123"), ("sub-004 PET", "4"), ("AB-001_B", "AB-001")],
        *[("20190312_00123", "123"), ("2019-03-13 124", "124"), ("HongGilDong_00124", "124")],
        *[("00123_KIM_2019-03-12", "KIM"), ("site_02_sub_007", "7"), ("PET_002", "2")],
        *[("V01_PET", "V01"), ("M-12_PET", "M-12"), ("20101015_PET", "20101015")],
        *[("KBB01_12345678", "12345678"), ("P02_visit_2", "P02"), ("환자2_아밀로이드", "환자2")],
    ],
)
def test_an_id_is_found_as_whole_words(name: str, participant: str) -> None:
    assert holds(name, participant)


@pytest.mark.parametrize(
    ("name", "participant"),
    [
        *[("00123_2019-03-12_PET", each) for each in ("3", "03", "12", "2019", "PET", "23")],
        *[("00123_12.03.2019", "12"), ("00123_20190312_143000", "143000"), ("1_190312", "190312")],
        *[("00123 2019년 3월 12일", "3"), ("00123_12Mar2019", "12"), ("00123_2019-03", "3")],
        *[("P07_visit_1", "1"), ("P07_V1", "V1"), ("P07_ses-01", "1"), ("P07_2차", "2")],
        *[("P07_run-2", "2"), ("P07_M_71", "71"), ("site_02_sub_007", "2"), ("P07_71Y", "71")],
        *[("P07_18F-FBB", "18"), ("P07_FBB_CT", "FBB"), ("AB-001_B", "B"), ("00123_3", "3")],
        *[("F-18_FBB_P07", "18"), ("AV-45_P07", "45"), ("300 MBq_P07", "300"), ("CT_2_P07", "2")],
        *[("P07_Siemens_mCT", "Siemens"), ("AD_00123", "AD"), ("00123_2019", "2019")],
        *[("P07_90-110min", "90"), ("P07_3T", "3T"), ("A-70", "A-7"), ("00123_00456", "456")],
    ],
)
def test_dates_visits_modalities_and_other_numbers_are_nobody(name: str, participant: str) -> None:
    assert not holds(name, participant)


@pytest.mark.parametrize(
    "name",
    ["x_2019-03-12", "2019.3.12 x", "x_2019년 3월 12일", "x 12Mar2019", "x_2019_03_12_y"],
)
def test_the_day_of_a_name_in_all_its_spellings(name: str) -> None:
    assert read_name(name).days == {"20190312"}


def test_a_day_whose_order_is_not_sure_may_be_each() -> None:
    assert read_name("x_12-03-2019").days == {"20190312", "20191203"}
    assert read_name("x_31-12-2019").days == {"20191231"}


@pytest.mark.parametrize("text", ["2", "V2", "visit 02", "ses-02", "2차", "2nd", "tp2"])
def test_one_visit_in_all_its_spellings(text: str) -> None:
    assert visits_of(text) == {"2"}
