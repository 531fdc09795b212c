"""A hospital's spreadsheet, whatever program and language it comes from."""

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.listing import list_scans
from monai_amyloid.cohort.matching.name_words import read_name
from monai_amyloid.cohort.matching.person_in_name import find_id
from monai_amyloid.cohort.matching.study_folders import StudyFolders
from monai_amyloid.cohort.spellings import words_of
from monai_amyloid.cohort.spreadsheet import read_spreadsheet
from monai_amyloid.cohort.table.records import Record
from monai_amyloid.cohort.table.vocabulary import HEADERS

KOREAN = ["등록번호", "성명", "검사일", "나이", "성별", "판독 결과", "방사성의약품"]
ROWS = [
    ["0012", "홍길동", "2019-03-12", "71", "남", "BAPL 2", "Neuraceq"],
    ["0013", "성춘향", "2019-04-01", "68", "여성", "3", "florbetaben"],
    ["0014", "이몽룡", "2019-04-02", "", "남자", "미판독", ""],
]
EXPECTED = {
    "participant_id": ["0012", "0013", "0014"],
    "session_id": ["ses-20190312", "ses-20190401", "ses-20190402"],
    "tracer": ["18FFBB", "18FFBB", "n/a"],
    "bapl": ["2", "3", "n/a"],
    "age": ["71", "68", "n/a"],
    "sex": ["M", "F", "M"],
}


def save(path: Path, encoding: str, separator: str) -> Path:
    lines = [separator.join(row) for row in (KOREAN, *ROWS)]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["cp949", "utf-8", "utf-8-sig", "utf-16"])
def test_the_same_table_is_read_from_every_encoding(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    sheet = read_spreadsheet(save(tmp_path / "판독.csv", encoding, separator))
    assert sheet.table.to_dict("list") == EXPECTED
    assert sheet.left_out == ("성명",) and sheet.headers["bapl"] == "판독 결과"


def test_a_workbook_as_another_library_writes_it(tmp_path: Path) -> None:
    table = pd.DataFrame(ROWS, columns=KOREAN)
    table["검사일"] = [datetime.fromisoformat(day) for day in table["검사일"]]
    table["판독 결과"] = [2.0, 3.0, None]
    table.to_excel(tmp_path / "판독.xlsx", index=False)
    assert read_spreadsheet(tmp_path / "판독.xlsx").table.to_dict("list") == EXPECTED


@pytest.mark.parametrize(
    ("text", "grade"),
    [("1", "1"), ("2.0", "2"), ("BAPL3", "3"), ("bapl: 1", "1"), ("2등급", "2"), ("3gr", "3"),
     ("Grade 2", "2"), ("?", "n/a"), ("", "n/a"), ("판독불가", "n/a")],
)  # fmt: skip
def test_grades_as_people_write_them(tmp_path: Path, text: str, grade: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"id,grade\na,1\nb,{text}\n", encoding="utf-8")
    assert read_spreadsheet(path).table["bapl"].tolist() == ["1", grade]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,grade\na,4\nb,5\nc,1\n", "2 of 3 grades are none, such as '4'"),
        ("id,grade\na,1\nb,0\n", "1 of 2 grades are none, such as '0'"),
        ("id,grade\na,12\n", "such as '12'"),
        ("name,grade\na,1\n", "needed one for participant_id"),
        ("id,grade,BAPL\na,1,2\n", "grade and BAPL could each be bapl"),
        ("id,id\na,b\n", "could each be participant_id"),
        ("id,grade\n", "found 1 rows"),
        ("", "found 0 rows"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_line(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(CohortError, match=said) as error:
        read_spreadsheet(tmp_path / "t.csv")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"", b"id,grade"])
def test_a_workbook_that_is_none_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.xlsx").write_bytes(content)
    with pytest.raises(CohortError, match="cannot be read as a workbook") as error:
        read_spreadsheet(tmp_path / "t.xlsx")
    assert "\n" not in str(error.value)


def test_a_header_is_named_where_it_cannot_be_guessed(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,grade,final read\na,1,3\n")
    chosen = {"bapl": "final read"}
    assert read_spreadsheet(tmp_path / "t.csv", chosen).table["bapl"].tolist() == ["3"]
    for wrong in ({"bapl": "gone"}, {"grade": "grade"}):
        with pytest.raises(CohortError, match="needed one of participant_id"):
            read_spreadsheet(tmp_path / "t.csv", wrong)


def test_no_header_means_two_columns() -> None:
    words = [word for known in HEADERS.values() for word in known]
    assert len(words) == len(set(words))


def test_studies_are_found_by_what_their_names_hold(tmp_path: Path) -> None:
    names = ["000123_PET", "12", "A-7_2019.3.1", "A-7_20190405", "A-70", "AB-7.nii.gz"]
    for name in names:
        (tmp_path / name).mkdir()

    def find(participant: str, session: str) -> Path | str:
        record = Record(
            "row 2", 2, {}, participant, session, day=session[4:] if len(session) > 8 else ""
        )
        (found,) = StudyFolders(tmp_path).find([record])
        return found if isinstance(found, str) else found.study.path

    assert find("123", "ses-01") == tmp_path / "000123_PET"
    assert find("12", "ses-01") == tmp_path / "12"
    assert find("A-7", "ses-20190301") == tmp_path / "A-7_2019.3.1"
    assert find("A-7", "ses-20190405") == tmp_path / "A-7_20190405"
    assert find("a-70", "ses-01") == tmp_path / "A-70"
    assert "2 studies" in str(find("A-7", "ses-01"))
    assert "no study in" in str(find("23", "ses-01"))


@settings(deadline=None)
@given(number=st.integers(1, 99999), width=st.integers(5, 9), other=st.integers(1, 99999))
def test_leading_zeros_never_make_another_person(number: int, width: int, other: int) -> None:
    found = find_id(read_name(f"{number:0{width}d}_PET"), words_of(str(other)))
    assert (found is not None) == (number == other)


def test_rows_without_a_study_and_two_people_of_one_study_are_refused(tmp_path: Path) -> None:
    for name in ("7", "8 9"):
        (tmp_path / name).mkdir()
    (tmp_path / "t.csv").write_text("id,grade\n7,1\n8,2\n9,3\n10,1\n")
    scans = list_scans(tmp_path / "t.csv")
    assert scans.table["participant_id"].tolist() == ["7"]
    reasons = dict(zip(scans.refused["participant_id"], scans.refused["reason"], strict=True))
    assert "the study of 8 (row 3) and of 9 (row 4)" in reasons["8"]
    assert "no study in" in reasons["10"]


def test_a_path_of_the_spreadsheet_is_taken_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "studies" / "x").mkdir(parents=True)
    (tmp_path / "t.csv").write_text("id,folder\n1,x\n2,gone\n")
    scans = list_scans(tmp_path / "t.csv", tmp_path / "studies")
    assert scans.table["path"].tolist() == [str(tmp_path / "studies" / "x")]
    assert "gone is not there" in scans.refused["reason"][0]


def test_options_of_a_spreadsheet_do_not_go_with_a_cohort_table(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="go with a spreadsheet"):
        list_scans(tmp_path / "participants.tsv", studies=tmp_path)
    with pytest.raises(CohortError, match="no table at"):
        list_scans(tmp_path / "gone.xlsx")


def test_columns_that_are_equal_are_one(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "id,검사일,촬영일,BAPL,BAPL\na,2019-3-1,2019-3-1,2,2\n", "utf-8"
    )
    table = read_spreadsheet(tmp_path / "t.csv").table
    assert table["session_id"].tolist() == ["ses-20190301"] and table["bapl"].tolist() == ["2"]


def test_a_column_that_may_be_of_grades_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,BAPL_R1,BAPL_R2\na,2,3\n")
    with pytest.raises(CohortError, match="BAPL_R1 and BAPL_R2 could be; say which with --column"):
        read_spreadsheet(tmp_path / "t.csv")
    assert read_spreadsheet(tmp_path / "t.csv", {"bapl": "BAPL_R2"}).table["bapl"].tolist() == ["3"]
    assert "bapl" not in read_spreadsheet(tmp_path / "t.csv", {"bapl": ""}).table


def test_how_a_table_was_read_is_said_without_its_other_columns(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "t.csv").write_text("id,name,BAPL\n7,Kim,1\n8,Lee,1\n9,Park,1 or 2\n")
    scans = list_scans(tmp_path / "t.csv")
    lines = ["id → participant_id", "BAPL → bapl", "not used: name"]
    assert scans.described() == [*lines, "studies found: 1 by name; refused: 2"]
    assert "Kim" not in scans.table.to_csv() and "Park" not in scans.refused.to_csv()
