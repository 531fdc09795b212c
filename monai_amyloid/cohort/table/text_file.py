"""The rows of a text file: CSV, tabs or semicolons, in whichever letters it was saved."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.table.sheet import Cell, Row, Sheet, one_spelling

MOST_BYTES = 64 * 2**20
_MARKS = {b"\xff\xfe\x00\x00": "utf-32", b"\x00\x00\xfe\xff": "utf-32"}
_MARKS |= {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_SEPARATORS = "\t,;|"
_NAMED_SEPARATOR = re.compile(r"\ufeff?\"?sep=(.)\"?\r?\n", re.IGNORECASE)
_LOOKED_AT = 20  # rows from the top
# ="0012" is how people keep zeros from Excel in a CSV.
_KEPT_ZEROS = re.compile(r'="(.*)"|\'(\d.*)')
_END = "\x1ethe end of the table\x1e"
# Of the letters that are not plain ones: a text of another encoding is damaged nearly everywhere.
_MOST_DAMAGE = 0.5
_KANA = re.compile("[\u3040-\u30ff]")


def read_text_file(path: Path, is_header: Callable[[str], bool]) -> Sheet:
    """Read a table that is text.

    Args:
        path: Text in UTF-8, UTF-16, UTF-32, Korean cp949, Japanese cp932 or Western cp1252.
        is_header: Whether a cell is a header that is known; the separator is the one that finds
            most of them.

    Returns:
        Rows of the file, numbered as a spreadsheet program does that opens it.

    Raises:
        CohortError: If it is no text, too large, or a quotation mark does not close.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise CohortError(
            f"{path}: has {size:,} bytes, needed at most {MOST_BYTES:,}: this is no table of scans"
        )
    text = _decoded(path)
    named = _NAMED_SEPARATOR.match(text)
    if named:
        text = text[named.end() :]
    separator = str(named[1]) if named else _separator(text, is_header)
    rows = _rows(path, text, separator)
    return Sheet(None, tuple(row for row in rows if row.cells or row.damage))


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    for mark, code in _MARKS.items():
        if content.startswith(mark):
            return _of_code(path, content, code)
    if (unmarked := _code_of_zeros(content)) is not None:
        return _of_code(path, content, unmarked)
    damaged = content.decode("utf-8-sig", errors="replace")
    if 0 < damaged.count("\ufffd") <= _MOST_DAMAGE * sum(not each.isascii() for each in damaged):
        return damaged
    for code, is_likely in _CODES.items():
        try:
            text = content.decode(code)
        except UnicodeDecodeError:
            continue
        if is_likely(text):
            return text
    raise CohortError(f"{path}: its letters are in no known encoding; save it again as CSV UTF-8")


def _of_code(path: Path, content: bytes, code: str) -> str:
    try:
        return content.decode(code)
    except UnicodeDecodeError as error:
        raise CohortError(f"{path}: its {code} text is cut or damaged; save it again") from error


def _code_of_zeros(content: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of plain letters is zero."""
    start = content[:2000]
    zeros = [start[place::2].count(0) * 3 > len(start) // 2 for place in (0, 1)]
    if len(start) < 4 or zeros[0] == zeros[1]:
        return None
    return "utf-16-be" if zeros[0] else "utf-16-le"


def _is_korean(text: str) -> bool:
    """Whether most other than plain letters are common in Korean; cp949 takes nearly any bytes."""
    others = [letter for letter in text if not letter.isascii()]
    common = sum(len(letter.encode("euc_kr", "ignore")) == 2 for letter in others)
    return common >= 0.9 * len(others)


# Tried one after the other. UTF-8 is strict enough to be told from the others.
_CODES: dict[str, Callable[[str], bool]] = {
    "utf-8-sig": lambda text: True,
    "cp949": _is_korean,
    "cp932": lambda text: bool(_KANA.search(text)),
    "cp1252": lambda text: True,
}


def _separator(text: str, is_header: Callable[[str], bool]) -> str:
    def score(separator: str) -> tuple[int, int]:
        rows = []
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
            for row in reader:
                rows.append(row)
                if len(rows) == _LOOKED_AT:
                    break
        except csv.Error:
            pass
        known = [sum(is_header(cell) for cell in row) for row in rows]
        return max(known, default=0), max(map(len, rows), default=0)

    return max(_SEPARATORS, key=score)


def _rows(path: Path, text: str, separator: str) -> list[Row]:
    """The rows with their numbers; cells may hold line breaks between quotation marks."""
    exact = _is_exact(text, separator)
    # The last row shows whether a mark was open to the end of the file, and took it in.
    source = io.StringIO(f"{text}\n{_END}\n", newline="")
    reader = csv.reader(source, delimiter=separator)
    rows: list[Row] = []
    first_line, line, cells = 1, 0, [""]
    try:
        for cells in reader:
            first_line, line = line + 1, reader.line_num
            rows.append(_row(len(rows) + 1, cells, several_lines=line > first_line and not exact))
    except csv.Error as error:
        raise CohortError(f"{path}, row {len(rows) + 1}: cannot be read ({error})") from error
    if cells != [_END]:
        raise CohortError(
            f"{path}, line {first_line}: a quotation mark opens there and does not close, so that "
            "the rows behind it cannot be told apart; correct that line"
        )
    return rows[:-1]


def _is_exact(text: str, separator: str) -> bool:
    """Whether every quotation mark stands where one may stand."""
    try:
        for _ in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            pass
    except csv.Error:
        return False
    return True


def _row(number: int, cells: list[str], *, several_lines: bool) -> Row:
    found = {p: Cell(text) for p, cell in enumerate(cells) if cell and (text := _text(cell))}
    damage = ""
    if any("\0" in cell for cell in cells):
        damage = "it holds NUL bytes, so that the file is damaged or not whole"
    elif any("\ufffd" in cell for cell in cells):
        damage = "it holds bytes that are no letters, so that its text is damaged"
    elif several_lines:
        damage = "it goes over several lines, and its quotation marks do not fit"
    return Row(number, found, width=len(cells), damage=damage)


def _text(cell: str) -> str:
    text = one_spelling(cell.replace("\0", ""))
    kept = _KEPT_ZEROS.fullmatch(text)
    return one_spelling(kept[1] or kept[2] or "") if kept else text
