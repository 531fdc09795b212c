from pathlib import Path

import pandas as pd
import pytest

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.reference import match_scans, person_key, read_reference

ADNI = """LONIUID,RID,PTID,SCANDATE,TRACER,AMYLOID_STATUS,CENTILOIDS,SUMMARY_SUVR
I1,295,002_S_0295,2011-06-01,FBP,1,61,1.31
I2,413,002_S_0413,2011-07-01,FBP,0,-3,1.01
I3,559,002_S_0559,2011-08-01,FBP,,,
"""
OASIS = """PUP_PUPTIMECOURSEDATA ID,tracer,OASISID,Centil_fSUVR_TOT_CORTMEAN
OAS30001_AV45_PUPTIMECOURSE_d2430,AV45,OAS30001,12.5
OAS30002_PIB_PUPTIMECOURSE_d1,PIB,OAS30002,80.1
"""


def cohort(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["participant_id", "session_id"])


def written(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_adnis_table_is_known_by_its_headers(tmp_path: Path) -> None:
    found = {each.column: each for each in read_reference(written(tmp_path, ADNI))}
    kinds = {column: each.kind for column, each in found.items()}
    assert kinds == {"AMYLOID_STATUS": "call", "CENTILOIDS": "centiloid", "SUMMARY_SUVR": "suvr"}
    scans, left_out = match_scans(
        found["CENTILOIDS"], cohort(("sub-002S0295", "ses-01"), ("sub-002S0413", "ses-01"))
    )
    assert scans["value"].tolist() == [61, -3] and left_out == {}


def test_people_may_be_named_by_another_column(tmp_path: Path) -> None:
    path = written(tmp_path, ADNI)
    [found] = read_reference(path, column="CENTILOIDS", people="RID")
    scans, left_out = match_scans(found, cohort(("sub-295", "ses-01"), ("sub-7", "ses-01")))
    assert scans["value"].tolist() == [61]
    texts = {name: str(why) for name, why in left_out.items()}
    assert texts == {"sub-7": "not in the table", "413": "no scan of the cohort"}


def test_oasis_table_is_known_by_its_headers(tmp_path: Path) -> None:
    [found] = read_reference(written(tmp_path, OASIS))
    assert found.kind == "centiloid"
    scans, _ = match_scans(found, cohort(("sub-OAS30001", "ses-01")))
    assert scans["value"].tolist() == [12.5]


@pytest.mark.parametrize(
    ("word", "value"), [("positive", 1), ("Neg", 0), ("+", 1), ("음성", 0), ("1", 1), ("No", 0)]
)
def test_calls_are_read_in_any_spelling(tmp_path: Path, word: str, value: int) -> None:
    path = written(tmp_path, f"participant_id,visual read\nsub-1,{word}\nsub-2,positive\n")
    [found] = read_reference(path)
    assert found.kind == "call" and found.rows["value"].tolist() == [value, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("participant_id,visual\nsub-1,perhaps\nsub-2,positive\n", "holds 'perhaps', needed pos"),
        ("participant_id,centiloid\nsub-1,high\nsub-2,3\n", "holds 'high', needed a number"),
        ("participant_id,mood\nsub-1,good\nsub-2,good\n", "needed a visual read, Centiloid"),
    ],
)
def test_a_table_that_says_nothing_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        read_reference(written(tmp_path, text))


def test_a_column_of_ones_own_needs_its_kind(tmp_path: Path) -> None:
    path = written(tmp_path, "participant_id,our load\nsub-1,30\nsub-2,3\n")
    with pytest.raises(CohortError, match="add --kind"):
        read_reference(path, column="our load")
    [found] = read_reference(path, column="Our Load", kind="centiloid")
    assert found.rows["value"].tolist() == [30, 3]
    with pytest.raises(CohortError, match="no column 'their load'"):
        read_reference(path, column="their load")


def test_visits_are_never_mixed_up(tmp_path: Path) -> None:
    two = cohort(("sub-1", "ses-01"), ("sub-1", "ses-02"))
    path = written(tmp_path, "participant_id,centiloid\nsub-1,30\nsub-1,40\n")
    scans, left_out = match_scans(read_reference(path)[0], two)
    assert scans.empty and "no session_id tells which" in str(left_out["sub-1"])
    path = written(tmp_path, "participant_id,session_id,centiloid\nsub-1,02,40\nsub-1,01,30\n")
    scans, left_out = match_scans(read_reference(path)[0], two)
    assert dict(zip(scans["session_id"], scans["value"], strict=True)) == {
        "ses-01": 30,
        "ses-02": 40,
    }


def test_ids_are_compared_by_letters_and_digits() -> None:
    assert person_key("sub-002S0295") == person_key("002_S_0295") == "002s0295"
    assert person_key("submarine") == "submarine"
