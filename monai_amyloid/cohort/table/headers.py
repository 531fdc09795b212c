"""Which column of a sheet is which, by its headers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.table.grades import grade_of
from monai_amyloid.cohort.table.header_rows import find_header_row, is_second_header
from monai_amyloid.cohort.table.sheet import Row, Sheet, column_name
from monai_amyloid.cohort.table.vocabulary import HEADERS, meaning_of, plain

# A column of grades that is not surely the one has one of these in its header.
_PERHAPS_GRADES = re.compile(r"bapl|grade|등급|판독|visualread")


@dataclass
class Headers:
    """What the headers of a sheet say.

    Attributes:
        row: Number of the row with the headers.
        columns: Column from 0 by its meaning.
        texts: Header of each column, of two rows joined.
        names: Headers by which each column may be chosen.
        body: The rows below.
        notes: What a user should know of how they were understood.
    """

    row: int
    columns: dict[str, int]
    texts: dict[int, str]
    names: dict[int, set[str]]
    body: tuple[Row, ...]
    notes: list[str] = field(default_factory=list)


def read_headers(sheet: Sheet, source: str, chosen: Mapping[str, str]) -> Headers:
    """Find the headers of a sheet and what they mean.

    Args:
        sheet: The sheet that lists the scans.
        source: How the file is called in errors.
        chosen: Headers by their meaning that the user has named; an empty one: there is none.

    Raises:
        CohortError: If there is no header of participants, or a column could be two.
    """
    row = find_header_row(sheet, chosen)
    if row is None:
        first = sheet.rows[0]
        found = ", ".join(cell.text for cell in list(first.cells.values())[:20])
        _check_chosen(source, chosen, [cell.text for cell in first.cells.values()])
        raise CohortError(
            f"{source}: found the headers {found} in {sheet.place(first.number)}; needed one for "
            "participant_id: say which with --column participant_id=HEADER"
        )
    texts = {column: cell.text for column, cell in row.cells.items() if cell.text}
    columns = {column: meaning_of(text) for column, text in texts.items()}
    names = {column: {text} for column, text in texts.items()}
    position = next(place for place, each in enumerate(sheet.rows) if each is row)
    body = sheet.rows[position + 1 :]
    notes = []
    while body and is_second_header(sheet, row, body[0], columns):
        more, above = body[0], dict(texts)
        for column, cell in more.cells.items():
            if cell.text:
                texts[column] = f"{_heading(sheet, row, above, column)} {cell.text}".strip()
                # The word below is nearer to the cells, and one heading may stand over several.
                is_wide = _is_wide(sheet, row, column) or (
                    column + 1 not in above and bool(more.cell(column + 1).text)
                )
                before = set() if is_wide else names.get(column, set())
                names[column] = before | {texts[column], cell.text}
                columns[column] = meaning_of(cell.text) or (
                    None if is_wide else columns.get(column)
                )
        notes.append(f"{sheet.place(more.number)} was read as headers, too")
        body = body[1:]
    if any(cell.uncomputed for cell in row.cells.values()):
        raise CohortError(
            f"{source}: {sheet.place(row.number)} has headers that are formulas without a value; "
            "open it in a spreadsheet program and save it again"
        )
    _check_chosen(source, chosen, [name for each in names.values() for name in sorted(each)])
    headers = Headers(row.number, {}, texts, names, body, notes)
    headers.columns = _columns(sheet, source, headers, columns, chosen)
    return headers


def _check_chosen(source: str, chosen: Mapping[str, str], texts: Iterable[str]) -> None:
    for name, header in chosen.items():
        if name not in HEADERS or (header and header not in texts):
            raise CohortError(
                f"{source}: --column {name}={header}: needed one of {', '.join(HEADERS)} and one "
                f"of the headers {', '.join(texts)}"
            )


def _is_wide(sheet: Sheet, row: Row, column: int) -> bool:
    """Whether the header above a column is merged over several columns."""
    return any(
        span.first_row <= row.number <= span.last_row
        and span.first_column <= column <= span.last_column
        and span.last_column > span.first_column
        for span in sheet.spans
    )


def _heading(sheet: Sheet, row: Row, texts: Mapping[int, str], column: int) -> str:
    """The header above a column, which may be merged over it."""
    for span in sheet.spans:
        if span.first_row <= row.number <= span.last_row and (
            span.first_column <= column <= span.last_column
        ):
            return texts.get(span.first_column, "")
    return texts.get(column, "")


def _columns(
    sheet: Sheet,
    source: str,
    headers: Headers,
    columns: Mapping[int, str | None],
    chosen: Mapping[str, str],
) -> dict[str, int]:
    """The column of each meaning, which is one or none."""
    named = {header for header in chosen.values() if header}
    found: dict[str, int] = {}
    for name in HEADERS:
        if chosen.get(name) == "":
            continue
        places = [
            place
            for place, text in headers.texts.items()
            if (
                chosen[name] in headers.names[place]
                if name in chosen
                else columns.get(place) == name and not headers.names[place] & named
            )
        ]
        places = _visible(sheet, headers, name, places)
        if name == "bapl" and len(places) > 1:
            different = {headers.texts[place] for place in places}
            graded = [place for place in places if _holds_numbers(headers, place)]
            places = graded if len(graded) == 1 and len(different) == len(places) else places
        if len(places) > 1 and _are_equal(headers, places):
            places = places[:1]
        if len(places) > 1:
            texts = [headers.texts[place] for place in places]
            where = " and ".join(column_name(place) for place in places)
            advice = (
                f"say which with --column {name}={texts[0]}"
                if len(set(texts)) == len(texts)
                else f"several columns ({where}) have the same header: give each one of its own"
            )
            raise CohortError(
                f"{source}: {' and '.join(texts)} could each be {name} (columns {where}); {advice}"
            )
        if places:
            found[name] = places[0]
    if "participant_id" not in found:
        raise CohortError(
            f"{source}: found the headers {', '.join(headers.texts.values())} in "
            f"{sheet.place(headers.row)}; needed one for participant_id: say which with --column "
            "participant_id=HEADER"
        )
    if "bapl" not in found and "bapl" not in chosen:
        _check_no_grades_are_lost(source, headers, found)
    return found


def _visible(sheet: Sheet, headers: Headers, name: str, places: list[int]) -> list[int]:
    """Columns that a user sees, or else the hidden ones."""
    seen = [place for place in places if not sheet.is_hidden(place)]
    for place in places:
        if sheet.is_hidden(place):
            became = "was left out" if seen else f"was taken for {name}"
            headers.notes.append(
                f"column {column_name(place)} ({headers.texts[place]}) is hidden and {became}"
            )
    return seen or places


def _are_equal(headers: Headers, places: list[int]) -> bool:
    """Whether columns hold the same in every row, so that it does not matter which is taken."""
    return all(len({row.cell(place) for place in places}) == 1 for row in headers.body)


def _holds_grades(headers: Headers, column: int) -> bool:
    texts = [row.cell(column).text for row in headers.body if row.cell(column).text]
    return any(row.cell(column).uncomputed for row in headers.body) or any(map(grade_of, texts))


def _holds_numbers(headers: Headers, column: int) -> bool:
    """Whether a column may be of grades, on whatever scale, and is no free text."""
    cells = [row.cell(column) for row in headers.body]
    return any(
        cell.uncomputed or cell.error or grade_of(cell.text) or len(cell.text) == 1
        for cell in cells
    )


def _check_no_grades_are_lost(source: str, headers: Headers, found: Mapping[str, int]) -> None:
    """Refuse a table whose grades stand under a header that is not known."""
    perhaps = [
        text
        for column, text in headers.texts.items()
        if column not in found.values()
        and _PERHAPS_GRADES.search(plain(text))
        and _holds_grades(headers, column)
    ]
    if perhaps:
        raise CohortError(
            f"{source}: no header surely is that of the grades, but {' and '.join(perhaps)} could "
            f"be; say which with --column bapl='{perhaps[0]}', or --column bapl= for none"
        )
