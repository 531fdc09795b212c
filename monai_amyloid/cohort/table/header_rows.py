"""Which rows of a sheet are headers, and which are titles, units or scans."""

import re
from collections.abc import Mapping

from monai_amyloid.cohort.table.dates import read_days
from monai_amyloid.cohort.table.grades import grade_of, says_no_grade
from monai_amyloid.cohort.table.sheet import Row, Sheet
from monai_amyloid.cohort.table.vocabulary import meaning_of

_LOOKED_AT = 30  # rows from the top
_MOST_ROWS = 3  # of headers below the first
_SEXES = ("m", "f", "남", "여", "male", "female")


def find_header_row(sheet: Sheet, chosen: Mapping[str, str]) -> Row | None:
    """The row of headers of a sheet, below a title if it has one.

    Args:
        sheet: Sheet that may list scans.
        chosen: Headers by their meaning that the user has named.

    Returns:
        The first of the rows with the most known headers, one of which is of the participants.
    """
    top = sheet.rows[:_LOOKED_AT]
    known = [
        (len(set(found)), row)
        for row in top
        if "participant_id" in (found := found_in(row, chosen))
    ]
    most = max((count for count, _ in known), default=0)
    return next((row for count, row in known if count == most), None)


def found_in(row: Row, chosen: Mapping[str, str]) -> list[str]:
    """The meanings of the cells of a row that are headers, or that the user has named."""
    by_header = {header: name for name, header in chosen.items() if header}
    texts = [cell.text for cell in row.cells.values()]
    names = [by_header.get(text) or meaning_of(text) for text in texts]
    return [name for name in names if name]


def is_second_header(sheet: Sheet, top: Row, row: Row, columns: Mapping[int, str | None]) -> bool:
    """Whether a row below the headers holds headers, units or a description, and no scan."""
    if row.damage or row.number > top.number + _MOST_ROWS:
        return False
    cells = {column: cell.text for column, cell in row.cells.items() if cell.text}
    ids = [
        cells[column]
        for column, name in columns.items()
        if name == "participant_id" and column in cells
    ]
    if any(meaning_of(text) != "participant_id" and any(map(str.isdigit, text)) for text in ids):
        return False
    if not ids and _has_headers(cells):
        return True
    used = [(name, cells[column]) for column, name in columns.items() if name and column in cells]
    others = [(name, text) for name, text in used if name not in ("participant_id", "path")]
    if ids and all(meaning_of(text) == "participant_id" for text in ids):
        return True
    needed = 2 if ids else 1
    return len(others) >= needed and not any(_is_value(name, text) for name, text in others)


def _has_headers(cells: Mapping[int, str]) -> bool:
    return any(meaning_of(text) for text in cells.values())


def _is_value(name: str, text: str) -> bool:
    """Whether a cell could hold what its column is for."""
    if name == "bapl":
        return grade_of(text) is not None or says_no_grade(text)
    if name in ("date", "session_id"):
        day = read_days([text])[0]
        return (
            bool(day.digits or day.doubt)
            or says_no_grade(text)
            or (name == "session_id" and re.search(r"\d|^.$|base|follow", text.lower()) is not None)
        )
    if name == "age":
        return any(map(str.isdigit, text))
    # A tracer, a site or a sex could be any word.
    return name != "sex" or text.strip().lower() in _SEXES


def repeats_headers(row: Row, columns: Mapping[str, int]) -> bool | None:
    """Whether a row in the middle of a table repeats its headers, as printed pages do.

    Args:
        row: Row below the headers.
        columns: Column from 0 by its meaning.

    Returns:
        Answer; None where the row has headers, but others: another table begins there.
    """
    found = {name: meaning_of(row.cell(column).text) for name, column in columns.items()}
    if found["participant_id"] != "participant_id" or len(set(found.values()) - {None}) < 2:
        return False
    return True if all(each in (name, None) for name, each in found.items()) else None
