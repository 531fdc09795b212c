"""Which study each row of a table is given, and which rows are refused."""

import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from monai_amyloid.cohort.listing import Listing, list_scans

SAME, LATER = "00123_2019-03-12_PET", "00123_2021-05-01_PET"


def scans(folder: Path, table: str, names: Mapping[str, Any] | tuple[str, ...]) -> Listing:
    """A table beside studies, of which some have a header."""
    for name in names:
        study = folder / "studies" / name
        study.mkdir(parents=True)
        (study / "pet.nii").touch()
        if isinstance(names, Mapping):
            (study / "pet.json").write_text(json.dumps(names[name]), encoding="utf-8")
    (folder / "t.csv").write_text(table, encoding="utf-8")
    return list_scans(folder / "t.csv", folder / "studies")


def taken(found: Listing, folder: Path) -> dict[str, str]:
    """The study of each session."""
    base = (folder / "studies").resolve()
    rows = found.table.to_dict("records")
    return {
        f"{row['participant_id']} {row['session_id']}": Path(row["path"])
        .relative_to(base)
        .as_posix()
        for row in rows
    }


def header(person: str, day: str = "") -> dict[str, str]:
    return {"PatientID": person, "StudyDate": day}


def test_the_exact_name_comes_before_a_header_and_that_before_words(tmp_path: Path) -> None:
    studies = {"7": header("x"), "a": header("0008"), "8 b": header("y"), "9_PET": header("z")}
    found = scans(tmp_path, "ID\n7\n8\n9\n", studies)
    assert list(taken(found, tmp_path).values()) == ["7", "a", "9_PET"]
    assert found.table["matched_by"].tolist() == ["name", "header", "words of the name"]
    assert "studies found: 1 by name, 1 by header, 1 by words" in found.described()[-1]


def test_a_header_of_another_row_refuses_and_one_of_other_numbers_does_not(tmp_path: Path) -> None:
    studies = {"7": header("8"), "8": header("8"), "9": header("H-4711")}
    found = scans(tmp_path, "ID\n7\n8\n9\n", studies)
    assert list(taken(found, tmp_path)) == ["8 ses-01", "9 ses-01"]
    assert "PatientID says another participant" in found.refused["reason"][0]


def test_a_name_of_another_row_refuses_what_a_header_says(tmp_path: Path) -> None:
    studies = {"sub-007 PET": header("12"), "sub-012 PET": header("7"), "x": header("9")}
    found = scans(tmp_path, "ID\n7\n12\n9\n", studies)
    assert list(taken(found, tmp_path).values()) == ["x"]
    assert found.refused["reason"].str.contains("its name says another participant").all()


def test_a_name_that_is_that_of_its_header_is_nobody_elses(tmp_path: Path) -> None:
    found = scans(tmp_path, "ID\n000456\n", {"00123_000456": header("123")})
    assert found.table.empty and "PatientID says another participant" in found.refused["reason"][0]


@pytest.mark.parametrize("studies", [(SAME,), {"123": header("x", "20190312")},
                                     {"x": header("123", "20190312")}])  # fmt: skip
def test_a_row_of_another_date_is_refused(tmp_path: Path, studies: Any) -> None:
    found = scans(tmp_path, "ID,date\n123,2019-03-12\n123,2021-05-01\n", studies)
    assert list(taken(found, tmp_path)) == ["123 ses-20190312"]
    assert "row 3 (123): the row is of the date 2021-05-01, and" in found.refused["reason"][0]


def test_of_several_studies_the_one_of_the_date_is_taken(tmp_path: Path) -> None:
    studies = {SAME: header("a"), "123_x": header("a", "20210501"), "123_y": header("a")}
    found = scans(tmp_path, "ID,date\n123,2019-03-12\n123,2021.5.1\n", studies)
    assert list(taken(found, tmp_path).values()) == [SAME, "123_x"]


@pytest.mark.parametrize("day", ["19000101", "20000101", "18991230", ""])
def test_a_removed_date_is_none(tmp_path: Path, day: str) -> None:
    found = scans(tmp_path, "ID,date\n123,2019-03-12\n", {"123": header("x", day)})
    assert len(found.table) == 1


def test_visits_are_told_apart_and_another_visit_is_refused(tmp_path: Path) -> None:
    names = ("P7_v01", "P7_v02", "P8_visit_1", "AB-1_A", "P9_followup")
    table = "ID,visit\nP7,1\nP7,V2\nP8,2\nAB-1,A\nP9,baseline\n"
    found = scans(tmp_path, table, names)
    assert list(taken(found, tmp_path).values()) == ["P7_v01", "P7_v02", "AB-1_A"]
    assert found.refused["participant_id"].tolist() == ["P8", "P9"]


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("ID,date\n7,2019-03-12\n7,2021-05-01\n", ("7/20190312", "7/20210501")),
        ("ID,visit\n7,1\n7,2\n", ("sub-07/ses-01", "sub-07/ses-02")),
    ],
)
def test_visits_in_the_folder_of_a_person(
    tmp_path: Path, table: str, names: tuple[str, ...]
) -> None:
    assert tuple(taken(scans(tmp_path, table, names), tmp_path).values()) == names


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("ID\n125\n00125\n", ("00125",)),
        ("ID,date\n125,2019-03-12\n125,2021-05-01\n", ("00125",)),
        ("ID,date\n123,2019-03-12\n123,2019.3.12\n", (SAME,)),
        ("ID\n123\n", (SAME, LATER)),
        ("ID\n8\n9\n", ("8 9",)),
    ],
)
def test_two_rows_of_a_study_or_two_studies_of_a_row_are_refused(
    tmp_path: Path, table: str, names: tuple[str, ...]
) -> None:
    found = scans(tmp_path, table, names)
    assert found.table.empty
    assert len(found.refused) == table.count("\n") - 1
    assert all(found.refused["reason"].str.contains(r"^row \d \(\d+\)"))


def test_the_longer_of_two_ids_in_a_name_has_it(tmp_path: Path) -> None:
    found = scans(tmp_path, "ID\nAB\nAB-001\n", ("AB-001_A",))
    assert list(taken(found, tmp_path)) == ["AB-001 ses-01"]
    assert "would be the study of AB (row 2) and of AB-001 (row 3)" in found.refused["reason"][0]


def test_names_in_both_spellings_of_korean_are_the_same(tmp_path: Path) -> None:
    mac = unicodedata.normalize("NFD", "홍길동")
    found = scans(tmp_path, f"등록번호\n홍길동\n{mac}-2_김\n", (mac, "홍길동-2_김"))
    assert len(found.table) == 2


def test_paths_of_windows_and_of_nowhere(tmp_path: Path) -> None:
    table = 'ID,path\n1,.\\ab-002\n2,AB\\001\n3,"""x"""\n4,D:\\PET\\0001\n5,\\\\server\\x\n6,\n'
    found = scans(tmp_path, table, ("ab-002", "AB/001", "x", "6"))
    assert list(taken(found, tmp_path).values()) == ["ab-002", "AB/001", "x", "6"]
    reasons = found.refused["reason"]
    assert reasons.str.contains("another computer's drive; give paths relative to").all()


def test_sidecars_and_tables_are_no_studies(tmp_path: Path) -> None:
    for name in ("12.nii.gz", "12.json", "2019.3.1_13.nii.gz", "14.zip", "14.txt", "table.csv"):
        (tmp_path / name).touch()
    (tmp_path / "t.csv").write_text("ID\n12\n13\n14\ntable\n", encoding="utf-8")
    found = list_scans(tmp_path / "t.csv")
    paths = [Path(path).name for path in found.table["path"]]
    assert paths == ["12.nii.gz", "2019.3.1_13.nii.gz", "14.zip"]
