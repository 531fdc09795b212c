"""The sheets of an .xlsx workbook: what a user sees of them, within bounds of memory and time."""

import warnings
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

# Of all parts of openpyxl this one alone tells which rows are hidden, which cells merged and which
# formulas without value, and keeps no more than a row in memory.
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.table.sheet import Cell, Row, Sheet, Span, one_spelling
from monai_amyloid.errors import UserError, one_line

# A table of 20,000 scans with 50 columns has 40 MB of XML, and takes about 30 s.
MOST_BYTES = 128 * 2**20
MOST_CELLS = 1_000_000
_SAVE_AGAIN = "save it again as .xlsx without a password, or as CSV"


def read_workbook(path: Path) -> list[Sheet]:
    """Read the sheets of a workbook.

    Args:
        path: ``.xlsx`` or ``.xlsm``; no macro is run and no formula computed.

    Returns:
        Sheets of cells, in their order; charts are left out.

    Raises:
        CohortError: If it is no workbook, broken, protected by a password, or larger than a table
            of scans can be.
    """
    try:
        _check_size(path)
        with warnings.catch_warnings(), path.open("rb") as file:
            warnings.simplefilter("ignore")  # of what is not read: pictures, printing, rules
            book = load_workbook(file, read_only=True, data_only=True)
            return list(_sheets(path, book))
    except UserError:
        raise
    except Exception as error:  # a broken workbook fails in many ways
        raise CohortError(
            f"{path}: cannot be read as a workbook ({type(error).__name__}: {one_line(error)}); "
            + _SAVE_AGAIN
        ) from error


def _check_size(path: Path) -> None:
    """Refuse a workbook that would fill the memory before it is unpacked."""
    with ZipFile(path) as archive:
        parts = archive.infolist()
    if not parts:
        raise BadZipFile("it is empty")
    size = sum(part.file_size for part in parts if part.filename.lower().endswith(".xml"))
    if size > MOST_BYTES:
        raise CohortError(
            f"{path}: unpacks to {size:,} bytes, needed at most {MOST_BYTES:,}: this is no table "
            "of scans; copy its rows into a new workbook"
        )


class _Parser(WorkSheetParser):
    """openpyxl's reader of a sheet, which also marks formulas that have no value."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        """One cell; a formula that came to an empty text has a value, which is that."""
        if not len(element) and element.get(
            "r"
        ):  # a cell that is formatted and empty, of which there may be millions
            return {"value": None, "column": 0}
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and element.find(FORMULA_TAG) is not None:
            is_text = element.get("t") == "str" and element.find(VALUE_TAG) is not None
            cell["uncomputed"] = not is_text
        return cell


def _sheets(path: Path, book: Any) -> Iterator[Sheet]:
    cells = 0
    for each in book.worksheets:
        if not hasattr(each, "_get_source"):  # a sheet of charts
            continue
        with each._get_source() as source:
            parser = _Parser(
                source,
                each._shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,
                timedelta_formats=book._timedelta_formats,
            )
            rows = []
            for number, found in parser.parse():
                if kept := {c["column"] - 1: cell for c in found if (cell := _cell(c)) != Cell()}:
                    cells += len(kept)
                    rows.append(Row(number, kept, _is_hidden(parser, number)))
                parser.row_dimensions.clear()
                if cells > MOST_CELLS:
                    raise CohortError(
                        f"{path}: has more than {MOST_CELLS:,} cells: this is no table of scans; "
                        "copy its rows into a new workbook"
                    )
        yield Sheet(
            one_spelling(each.title),
            tuple(rows),
            each.sheet_state != "visible",
            tuple(_hidden_columns(parser)),
            tuple(_spans(parser)),
            book.epoch == CALENDAR_MAC_1904,
        )


def _cell(found: dict[str, Any]) -> Cell:
    """What a spreadsheet program shows of a cell."""
    value = found["value"]
    if value is None:
        return Cell(uncomputed=found.get("uncomputed", False))
    if isinstance(value, date):
        day = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        return Cell(day.strftime("%Y-%m-%d"), day)
    if isinstance(value, float) and value.is_integer():
        return Cell(str(int(value)), is_number=True)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Cell(str(value), is_number=True)
    return Cell(one_spelling(str(value)))


def _is_on(text: str | None) -> bool:
    return text in ("1", "true")


def _is_hidden(parser: WorkSheetParser, number: int) -> bool:
    row = parser.row_dimensions.get(str(number), {})
    return _is_on(row.get("hidden")) or row.get("ht") == "0"


def _hidden_columns(parser: WorkSheetParser) -> Iterator[tuple[int, int]]:
    for column in parser.column_dimensions.values():
        if _is_on(column.get("hidden")) or column.get("width") == "0":
            yield int(column["min"]) - 1, int(column["max"]) - 1


def _spans(parser: WorkSheetParser) -> Iterator[Span]:
    for each in parser.merged_cells.mergeCell if parser.merged_cells else ():
        yield Span(each.min_row, each.max_row, each.min_col - 1, each.max_col - 1)
