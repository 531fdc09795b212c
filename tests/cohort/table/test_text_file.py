from pathlib import Path

import pytest

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.spreadsheet import Spreadsheet, read_spreadsheet


def read(folder: Path, content: str | bytes, name: str = "t.csv") -> Spreadsheet:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_spreadsheet(path)


def ids(sheet: Spreadsheet) -> list[str]:
    return sheet.table["participant_id"].tolist()


@pytest.mark.parametrize(
    ("code", "name"),
    [("utf-16-le", "환자"), ("utf-16-be", "환자"), ("utf-32", "환자"), ("cp949", "환자"),
     ("cp1252", "Müller"), ("cp1252", "Äpfel"), ("cp932", "ヤマダ"), ("utf-8", "é")],
)  # fmt: skip
def test_letters_are_read_in_the_encoding_that_fits(tmp_path: Path, code: str, name: str) -> None:
    assert ids(read(tmp_path, f"ID,BAPL\n{name},1\nb,2\n".encode(code))) == [name, "b"]


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\nID;BAPL\n7;2\n",
        '"sep=|"\r\nID|BAPL\r\n7|2\r\n',
        "Cohort of 2019, both readers\nID;BAPL\n7;2\n",
        "ID\tBAPL\r7\t2\r",
        'ID,comment,BAPL\n7,"moderate,\nfrontal, parietal",2\n',
        'ID,comment,BAPL\n7,"A" study 5" thick,2\n',
        "ID,BAPL,,\n7,2,a note,\n",
    ],
)
def test_separators_titles_and_quotation_marks(tmp_path: Path, content: str) -> None:
    sheet = read(tmp_path, content)
    assert ids(sheet) == ["7"] and sheet.table["bapl"].tolist() == ["2"] and not sheet.refused


def test_text_under_the_name_of_an_old_workbook_is_text(tmp_path: Path) -> None:
    assert ids(read(tmp_path, "등록번호\t판독\n7\t2등급\n".encode("cp949"), "t.xls")) == ["7"]


def test_a_quotation_mark_that_does_not_close_is_named(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="line 2: a quotation mark opens there and does not clos"):
        read(tmp_path, 'ID,BAPL,c\n7,1,"x\n8,2,y\n')


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"ID,BAPL\n7,1\n8,2\0\n", "row 3 (8): it holds NUL bytes"),
        ("ID,판독\n7,1\n8,2\n".encode().replace(b"8", b"8\xed"), "bytes that are no letters"),
        (b"ID,BAPL\n7,1\n8,2,9\n", "row 3 (8): it has 3 cells and the headers are 2"),
        (b'ID,BAPL\n7,1\n8,"2\n9,"1\n', "row 3 (8): it goes over several lines"),
        (b"ID,BAPL\n7,1\n8,1 or 2\n", "row 3 (8): the grade '1 or 2' is none"),
        (b"ID,BAPL\n7,1\n1.23E+07,2\n", "row 3 (1.23E+07): the id 1.23E+07 has lost"),
        (b"ID,BAPL\n7,1\n,2\n", "row 3: it names no participant; the row above is of 7"),
        (b"ID,date,BAPL\n7,,1\n8,3/12/2019,2\n", "row 3 (8): the date '3/12/2019' could be"),
        (b"ID,BAPL\n7,1\na/b,2\n", "row 3 (a/b): 'a/b' cannot name a file"),
    ],
)
def test_a_bad_row_costs_that_row_and_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    sheet = read(tmp_path, content)
    assert ids(sheet) == ["7"] and [reason in each.reason for each in sheet.refused] == [True]


@pytest.mark.parametrize("grade", ["1 or 2", "#N/A", "3"])
def test_a_second_row_of_a_scan_makes_the_first_doubtful(tmp_path: Path, grade: str) -> None:
    sheet = read(tmp_path, f"ID,BAPL\n7,1\n8,2\n008,{grade}\n9,3\n")
    assert ids(sheet) == ["7", "9"] and len(sheet.refused) == 2


def test_every_bad_row_is_named_at_once(tmp_path: Path) -> None:
    sheet = read(tmp_path, "ID,date,BAPL\n7,2019-02-30,9\n8,,1\n9,,2\n9,,3\n10,,1\n11,,3\n")
    assert ids(sheet) == ["8", "10", "11"] and len(sheet.refused) == 3
    assert "is no date; and the grade '9' is none" in sheet.refused[0].reason
    assert "9 ses-01 is in row 5 too" in sheet.refused[1].reason


@pytest.mark.parametrize(
    ("text", "kept"),
    [("124.0", "124"), ("1.24E+02", "124"), ('"=""00124"""', "00124"), ("'0124", "0124"),
     ('"12,345"', "12345"), ("\uff11\uff12", "12")],
)  # fmt: skip
def test_ids_as_programs_leave_them(tmp_path: Path, text: str, kept: str) -> None:
    assert ids(read(tmp_path, f"ID,BAPL\n{text},1\n")) == [kept]


def test_a_part_behind_the_point_stays_where_ids_have_one(tmp_path: Path) -> None:
    assert ids(read(tmp_path, "ID,BAPL\n1.1,1\n2.0,2\n")) == ["1.1", "2.0"]
