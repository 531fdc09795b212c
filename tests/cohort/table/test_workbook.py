"""Workbooks as people leave them, read through the rows that they become."""

import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.spreadsheet import Spreadsheet, read_spreadsheet

HEADS = ["ID", "date", "BAPL"]
DAY, LATER = datetime(2019, 3, 12), datetime(2021, 5, 1)


def book(
    path: Path, rows: list[list[Any]], change: Callable[[Workbook, Any], object] | None = None
) -> Path:
    made = Workbook()
    for row in rows:
        made.active.append(row)
    if change:
        change(made, made.active)
    made.save(path / "t.xlsx")
    return path / "t.xlsx"


def grades(sheet: Spreadsheet) -> dict[str, str]:
    return dict(zip(sheet.table["participant_id"], sheet.table["bapl"], strict=True))


def another(name: str, rows: list[list[Any]], state: str = "visible") -> Callable[..., None]:
    def add(made: Workbook, sheet: Any) -> None:
        more = made.create_sheet(name)
        for row in rows:
            more.append(row)
        more.sheet_state = state

    return add


@pytest.mark.parametrize(
    ("row", "cell"),
    [(["=A1", DAY, 2], "A2"), ([7, "=TODAY()", 2], "B2"), ([7, DAY, "=1+1"], "C2")],
)
def test_a_formula_without_a_value_is_named_by_its_cell(
    tmp_path: Path, row: list[Any], cell: str
) -> None:
    with pytest.raises(CohortError, match=f"sheet 'Sheet': found formulas without .* in {cell}"):
        read_spreadsheet(book(tmp_path, [HEADS, row]))


def test_formulas_with_values_and_those_of_other_columns_are_read(tmp_path: Path) -> None:
    path = book(tmp_path, [["ID", "BAPL", "other"], [7, "=1+1", "=1+1"], [8, '=""', None]])
    values = {b"<f>1+1</f><v />": b"<f>1+1</f><v>2</v>", b'<f>""</f><v />': b'<f>""</f><v></v>'}
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    xml = parts["xl/worksheets/sheet1.xml"]
    assert all(each in xml for each in values)
    for without, computed in values.items():
        xml = xml.replace(without, computed, 1)
    parts["xl/worksheets/sheet1.xml"] = xml.replace(b'r="B3"', b'r="B3" t="str"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert grades(read_spreadsheet(path)) == {"7": "2", "8": "n/a"}


def test_errors_cost_their_rows_and_one_in_the_age_only_the_age(tmp_path: Path) -> None:
    rows = [["ID", "BAPL", "age"], [7, "#N/A", 70], ["#REF!", 1, 70], [9, 3, "#VALUE!"], [8, 2, 1]]
    sheet = read_spreadsheet(book(tmp_path, rows))
    assert grades(sheet) == {"9": "3", "8": "2"}
    assert sheet.table["age"].tolist() == ["n/a", "1"]
    assert (
        "row 2 (7): sheet 'Sheet', cell B2 (bapl) holds the error #N/A" in sheet.refused[0].reason
    )
    assert "cell C4 (age)" in sheet.notes[0]


def test_a_row_that_is_filtered_out_is_refused_not_taken_nor_lost(tmp_path: Path) -> None:
    def hide(made: Workbook, sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = True

    sheet = read_spreadsheet(book(tmp_path, [HEADS, [7, DAY, 1], [8, DAY, 2]], hide))
    assert grades(sheet) == {"7": "1"}
    assert sheet.refused[0].participant == "8" and "row 3 (8): the row is hidden" in (
        sheet.refused[0].reason
    )


def test_of_two_columns_the_one_that_is_seen_counts(tmp_path: Path) -> None:
    def hide(made: Workbook, sheet: Any) -> None:
        sheet.column_dimensions["B"].hidden = True

    both = book(tmp_path, [["ID", "BAPL", "BAPL"], [7, 1, 3]], hide)
    assert grades(read_spreadsheet(both)) == {"7": "3"}
    alone = read_spreadsheet(book(tmp_path, [["ID", "BAPL"], [7, 1]], hide))
    assert grades(alone) == {"7": "1"} and "hidden and was taken for bapl" in alone.notes[0]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_left_out_unless_it_is_named(tmp_path: Path, state: str) -> None:
    path = book(tmp_path, [["ID", "BAPL"], [7, 1]], another("old", [["ID", "BAPL"], [7, 3]], state))
    sheet = read_spreadsheet(path)
    assert grades(sheet) == {"7": "1"} and "not 'old' (hidden)" in sheet.notes[0]
    assert grades(read_spreadsheet(path, sheet="old")) == {"7": "3"}


def test_two_sheets_of_scans_need_a_name_and_one_of_people_does_not(tmp_path: Path) -> None:
    scans = [["ID", "BAPL"], [8, 3]]
    path = book(tmp_path, [["ID", "BAPL"], [7, 1]], another("2020", scans))
    with pytest.raises(
        CohortError, match="'Sheet' and '2020' each list scans; say which with --sh"
    ):
        read_spreadsheet(path)
    assert grades(read_spreadsheet(path, sheet="2020")) == {"8": "3"}
    with pytest.raises(CohortError, match="has no sheet '2021'; its sheets are 'Sheet', '2020'"):
        read_spreadsheet(path, sheet="2021")
    people = another("people", [["ID", "age"], [7, 70]])
    assert grades(read_spreadsheet(book(tmp_path, [["ID", "BAPL"], [7, 1]], people))) == {"7": "1"}


def test_merged_ids_are_those_of_each_row_and_empty_ones_are_refused(tmp_path: Path) -> None:
    rows = [HEADS, [7, DAY, 1], [None, LATER, 2]]
    merged = book(tmp_path, rows, lambda made, sheet: sheet.merge_cells("A2:A3"))
    assert read_spreadsheet(merged).table["participant_id"].tolist() == ["7", "7"]
    sheet = read_spreadsheet(book(tmp_path, rows))
    assert grades(sheet) == {"7": "1"}
    assert "row 3: it names no participant; the row above is of 7" in sheet.refused[0].reason


def test_titles_double_headers_and_units_are_no_scans(tmp_path: Path) -> None:
    title = ["Amyloid cohort", None, None, None]
    heads = [["ID", "date", "reading", None], [None, "y-m-d", "doctor", "BAPL"]]
    rows = [title, [None, "2024"], *heads, [7, DAY, "R1", 2]]
    sheet = read_spreadsheet(book(tmp_path, rows, lambda made, sheet: sheet.merge_cells("C3:D3")))
    assert grades(sheet) == {"7": "2"} and "row 4 was read as headers, too" in sheet.notes[0]


@pytest.mark.parametrize("readers", [["reader 1", "reader 2"], ["A", "B"]])
def test_one_heading_over_two_readers_is_no_grade(tmp_path: Path, readers: list[str]) -> None:
    rows = [["ID", "BAPL", None], [None, *readers], [7, 2, 3]]
    path = book(tmp_path, rows, lambda made, sheet: sheet.merge_cells("B1:C1"))
    with pytest.raises(CohortError, match=r"BAPL .* and BAPL .* could be; say which with --column"):
        read_spreadsheet(path)


def test_a_stray_cell_in_the_last_corner_costs_nothing(tmp_path: Path) -> None:
    path = book(tmp_path, [["ID", "BAPL"], [7, 2]], lambda made, s: s.cell(1048576, 16384, "x"))
    assert grades(read_spreadsheet(path)) == {"7": "2"}


@pytest.mark.parametrize(
    ("value", "reason"),
    [(DAY, "become the date 2019-03-12"), (1234567890123456789, "lost its last digits")],
)
def test_an_id_that_the_program_has_spoiled_is_refused(
    tmp_path: Path, value: Any, reason: str
) -> None:
    sheet = read_spreadsheet(book(tmp_path, [["ID", "BAPL"], [value, 2], [7.0, 1]]))
    assert grades(sheet) == {"7": "1"} and reason in sheet.refused[0].reason


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(999), "Excel 97.*save it as .xlsx"),
        ("t.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
         "protected by a password"),
        ("t.xls", b"<html><table><tr><td>ID</td></tr></table>", "is a page or XML.*as .xlsx"),
    ],
)  # fmt: skip
def test_other_kinds_of_files_are_refused_with_what_to_do(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CohortError, match=reason):
        read_spreadsheet(tmp_path / name)


@pytest.mark.parametrize(
    ("part", "content", "reason"),
    [
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet", ".ods"),
        ("xl/workbook.bin", b"", ".xlsb"),
        ("xl/worksheets/sheet1.xml", bytes(20_000), "unpacks to 20,000 bytes"),
    ],
)
def test_archives_that_are_no_workbook_or_too_large_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, content: bytes, reason: str
) -> None:
    monkeypatch.setattr("monai_amyloid.cohort.table.workbook.MOST_BYTES", 10_000)
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, content)
    with pytest.raises(CohortError, match=reason):
        read_spreadsheet(tmp_path / "t.xlsx")
