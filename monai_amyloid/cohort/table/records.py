"""The rows of a table as scans: whose, of which day and grade, or why a row cannot be used."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monai_amyloid.cohort.datalist import ONLY_SESSION, UNKNOWN, CohortError, in_one_line, some_of
from monai_amyloid.cohort.spellings import folded, words_of
from monai_amyloid.cohort.table.dates import Day, read_days
from monai_amyloid.cohort.table.grades import read_grades, says_no_grade, starts_at_zero
from monai_amyloid.cohort.table.header_rows import repeats_headers
from monai_amyloid.cohort.table.headers import Headers
from monai_amyloid.cohort.table.ids import read_ids, spoiled
from monai_amyloid.cohort.table.merged import fill_merged
from monai_amyloid.cohort.table.sheet import EMPTY, Cell, Row, Sheet, column_name

# Without their value a row is of another scan, or of none.
_DECIDING = ("participant_id", "session_id", "date", "path", "bapl", "tracer", "series")
_UNSAFE = re.compile(r'[/\\:*?"<>|\x00-\x1f]|^\.|\.$')
_DATE_IN_SESSION = re.compile(r"\d{1,4}\s*[-./년年]\s*\d{1,2}|\d{8}")


@dataclass(frozen=True)
class Refusal:
    """A row that cannot be used.

    Attributes:
        participant: Participant as the row spells it; ``n/a`` where it has none.
        session: Name of the session.
        reason: What is wrong, in one line, with the place of the row.
    """

    participant: str
    session: str
    reason: str


@dataclass
class Record:
    """A row that can be used.

    Attributes:
        place: What it is called, such as ``sheet 'data', row 3``.
        row: Number of the row as a spreadsheet program shows it.
        cells: Cells by the column of the cohort table.
        participant: Participant as the row spells it.
        session: Session, named after the day where there is no other name.
        visit: Name of the session if the table gives one that is no date.
        day: Day of the scan as ``20190312``, ``201903`` of a month; empty where unknown.
        grade: Grade ``1``, ``2`` or ``3``; None where there is none.
        wrong: Why the row cannot be used after all.
    """

    place: str
    row: int
    cells: Mapping[str, Cell]
    participant: str = ""
    session: str = ONLY_SESSION
    visit: str = ""
    day: str = ""
    grade: str | None = None
    wrong: list[str] = field(default_factory=list)

    def refusal(self) -> Refusal:
        """Why it is refused, for every reason at once."""
        name = self.participant or UNKNOWN
        whose = f" ({name})" if self.participant else ""
        reason = f"{self.place}{whose}: {'; and '.join(dict.fromkeys(self.wrong))}"
        return Refusal(in_one_line(name), in_one_line(self.session), in_one_line(reason))


def read_records(sheet: Sheet, headers: Headers, source: str) -> list[Record]:
    """Read the rows of a sheet.

    Args:
        sheet: Sheet that lists scans.
        headers: Headers of the sheet; what a user should know of a row is added to its notes.
        source: How the file is called in errors.

    Returns:
        Rows that hold something; those that cannot be used say why.

    Raises:
        CohortError: If formulas have no values, the grades are none, or another table begins in
            the middle.
    """
    _check_formulas(sheet, headers, source)
    records: list[Record] = []
    for row in fill_merged(sheet, headers, source):
        repeated = repeats_headers(row, headers.columns)
        if repeated is None:
            raise CohortError(
                f"{source}: {sheet.place(row.number)} has headers again, in another order; give "
                "each table a sheet or file of its own"
            )
        if repeated:
            headers.notes.append(f"{sheet.place(row.number)} was read as headers again")
            continue
        record = _record(sheet, headers, row)
        if any(cell != EMPTY for cell in record.cells.values()) or record.wrong:
            records.append(record)
    if records:
        _check_errors(records, sheet, headers, [n for n in headers.columns if n != "bapl"])
        _read_people(records)
        _read_sessions(records, sheet.from_1904)
        _check_names(records)
        # Afterwards: a second row of a scan makes its grade doubtful, also where that has none.
        if "bapl" in headers.columns:
            _check_errors(records, sheet, headers, ("bapl",))
            _read_grades(records, source, headers.notes)
    return records


def _check_formulas(sheet: Sheet, headers: Headers, source: str) -> None:
    """Refuse a workbook whose formulas were never computed: no value is not the same as none."""
    cells = [
        f"{column_name(column)}{row.number} ({headers.texts[column]})"
        for row in headers.body
        for column in headers.columns.values()
        if row.cell(column).uncomputed
    ]
    if cells:
        raise CohortError(
            f"{source}: found formulas without a value in {some_of(cells)}: the program that saved "
            "it did not compute; open it in a spreadsheet program and save it again"
        )


def _record(sheet: Sheet, headers: Headers, row: Row) -> Record:
    cells = {name: row.cell(column) for name, column in headers.columns.items()}
    record = Record(sheet.place(row.number), row.number, cells)
    used = any(cell != EMPTY for cell in cells.values())
    top = next((each for each in sheet.rows if each.number == headers.row), row)
    if row.damage:
        record.wrong.append(row.damage)
    elif row.width and top.width and any(column >= top.width for column in row.cells):
        record.wrong.append(
            f"it has {max(row.cells) + 1} cells and the headers are {top.width}, so that its "
            "columns may have moved; put texts with a separator between quotation marks"
        )
    if used and row.hidden:
        record.wrong.append("the row is hidden, by a filter or by hand; show it, or remove it")
    return record


def _check_errors(
    records: Sequence[Record], sheet: Sheet, headers: Headers, names: Sequence[str]
) -> None:
    """Refuse rows whose formulas ended with an error; an age may be unknown."""
    for record in records:
        for name in names:
            error = record.cells[name].error
            if error is None:
                continue
            where = f"{sheet.place(record.row, headers.columns[name])} ({name})"
            if name in _DECIDING:
                record.wrong.append(f"{where} holds the error {error}")
            else:
                headers.notes.append(f"{where} holds the error {error}, taken as unknown")
                record.cells = {**record.cells, name: EMPTY}


def _shown(text: str) -> str:
    """A cell in a message, short and in one line."""
    line = " ".join(text.split())
    return f"'{line[:60]}…'" if len(line) > 60 else f"'{line}'"


def _read_people(records: Sequence[Record]) -> None:
    ids = read_ids([record.cells["participant_id"] for record in records])
    above = ""
    for record, name in zip(records, ids, strict=True):
        cell = record.cells["participant_id"]
        if name and not says_no_grade(name):
            record.participant = above = name
        elif not record.wrong:
            record.wrong.append(
                "it names no participant"
                + (f"; the row above is of {above}: write the id into each row" if above else "")
            )
        if reason := spoiled(cell):
            record.wrong.append(reason)


def _read_sessions(records: Sequence[Record], from_1904: bool) -> None:
    """The day and the session of each row."""
    _read_column(records, "date", from_1904)
    _read_column(records, "session_id", from_1904)
    for record in records:
        if record.visit:
            record.session = record.visit
        elif record.day:
            record.session = f"ses-{record.day}"


def _read_column(records: Sequence[Record], name: str, from_1904: bool) -> None:
    cells = [record.cells.get(name, EMPTY) for record in records]
    texts = [cell.text for cell in cells]
    if name == "session_id":  # its other numbers are visits
        texts = [text.removeprefix("ses-") for text in texts]
        texts = [text if _DATE_IN_SESSION.match(text) else "" for text in texts]
    days = read_days(
        ["" if cell.day else t for cell, t in zip(cells, texts, strict=True)], from_1904=from_1904
    )
    for record, cell, day in zip(records, cells, days, strict=True):
        found = Day(f"{cell.day:%Y%m%d}") if cell.day else day
        if cell.error:
            continue
        if found.doubt:
            record.wrong.append(f"the date {_shown(cell.text)} {found.doubt}")
        elif found.digits:
            if record.day and not record.day.startswith(found.digits):
                record.wrong.append(f"its date is {record.day}, its session {found.digits}")
            record.day = record.day or found.digits
        elif cell.text and not says_no_grade(cell.text):
            record.visit = cell.text


def _read_grades(records: Sequence[Record], source: str, notes: list[str]) -> None:
    texts = ["" if (cell := each.cells["bapl"]).error else cell.text for each in records]
    grades = read_grades(texts)
    wrong = [place for place, is_wrong in enumerate(grades.wrong) if is_wrong]
    if grades.mostly_wrong or starts_at_zero(texts):
        first = records[wrong[0]]
        raise CohortError(
            f"{source}: {len(wrong)} of {len(texts)} grades are none, such as "
            f"{_shown(texts[wrong[0]])} in {first.place} ({first.participant}); allowed are 1, 2, "
            "3, BAPL 1 … and nothing; another column or scale may be meant: --column bapl=HEADER"
        )
    for place in wrong:
        records[place].wrong.append(
            f"the grade {_shown(texts[place])} is none; allowed are 1, 2, 3, BAPL 1 … and nothing"
        )
    if grades.names:
        notes.append(
            f"{some_of(list(map(_shown, grades.names)))} were read as grades 1, 2 and 3 in their "
            "order; they are stages or diagnoses and no BAPL: train with --grade_names, so that "
            "results say theirs"
        )
    for record, grade in zip(records, grades.grades, strict=True):
        record.grade = grade


def _check_names(records: Sequence[Record]) -> None:
    """Refuse rows whose names cannot be those of files, or are those of other rows."""
    rows: dict[tuple[tuple[str, ...], str], list[Record]] = {}
    for record in records:
        for text in (record.participant, record.session):
            if _UNSAFE.search(text):
                record.wrong.append(
                    f"{_shown(text)} cannot name a file; use letters, digits, - and _"
                )
        if record.participant:
            # 0012 and 12 are one person, whose zeros a spreadsheet lost in one row.
            person = words_of(record.participant) or (folded(record.participant),)
            key = person, folded(record.session)
            rows.setdefault(key, []).append(record)
    for alike in rows.values():
        # A row that is refused for itself takes no other row's place.
        usable = [record for record in alike if not record.wrong]
        for record in usable if len(usable) > 1 else ():
            others = [each.place for each in usable if each is not record]
            record.wrong.append(
                f"{record.participant} {record.session} is in {some_of(others)} too; give each "
                "scan of a participant a date or session of its own"
            )
