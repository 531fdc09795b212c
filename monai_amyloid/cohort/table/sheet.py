"""A sheet of cells, whichever file it came from, and what its rows and cells are called."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|#+)|Err:\d+")
_DIGITS_OF_NUMBERS = 15  # that a workbook keeps (IEEE 754); further ones become zeros


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: What a user sees of it, in one spelling of Unicode (NFC).
        day: Date and time, where the workbook says that it is one.
        uncomputed: Whether it is a formula that was saved without its value.
        is_number: Whether the workbook keeps it as a number, not as text.
    """

    text: str = ""
    day: datetime | None = None
    uncomputed: bool = False
    is_number: bool = False

    @property
    def error(self) -> str | None:
        """The error that a formula ended with, such as ``#N/A``."""
        return self.text if _ERROR.fullmatch(self.text) else None

    @property
    def lost_digits(self) -> bool:
        """Whether it is a number that a spreadsheet shows without all its digits."""
        if found := re.fullmatch(r"(\d)(?:[.,](\d+))?E\+(\d+)", self.text.upper()):
            return len(found[2] or "") < int(found[3])
        return self.is_number and len(self.text.partition(".")[0]) > _DIGITS_OF_NUMBERS


EMPTY = Cell()


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        number: Number of the row as a spreadsheet program shows it, from 1.
        cells: Cells that hold something, by column from 0.
        hidden: Whether a filter or a person has hidden it.
        width: How many cells a row of a text file has, empty ones too; else None.
        damage: Why it cannot be trusted as a whole; empty if it can.
    """

    number: int
    cells: Mapping[int, Cell]
    hidden: bool = False
    width: int | None = None
    damage: str = ""

    def cell(self, column: int) -> Cell:
        """A cell, which may be empty."""
        return self.cells.get(column, EMPTY)


@dataclass(frozen=True)
class Span:
    """Cells that are merged into one; rows from 1, columns from 0, the last ones included."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(frozen=True)
class Sheet:
    """The rows of one sheet that hold something.

    Attributes:
        name: Name of the sheet; None for a text file, which has one sheet alone.
        rows: Rows that hold something, from the top.
        hidden: Whether a user does not see it.
        hidden_columns: First and last column of each hidden range.
        spans: Merged cells.
        from_1904: Whether its dates are counted from 1904.
    """

    name: str | None
    rows: tuple[Row, ...]
    hidden: bool = False
    hidden_columns: tuple[tuple[int, int], ...] = ()
    spans: tuple[Span, ...] = field(default=())
    from_1904: bool = False

    def place(self, row: int, column: int | None = None) -> str:
        """What a row or a cell is called: ``sheet 'data', row 3`` or ``sheet 'data', cell D3``."""
        if self.name is None:
            return f"row {row}" if column is None else f"row {row}, column {column_name(column)}"
        inside = f"row {row}" if column is None else f"cell {column_name(column)}{row}"
        return f"sheet '{self.name}', {inside}"

    def is_hidden(self, column: int) -> bool:
        """Whether a user does not see a column."""
        return any(first <= column <= last for first, last in self.hidden_columns)


def column_name(column: int) -> str:
    """The letters of a column from 0, as a spreadsheet program shows them: A, B, … AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def one_spelling(text: str) -> str:
    """A text of a cell in one spelling of Unicode, without spaces and marks at its ends."""
    # No-break and zero-width spaces, and the byte order mark, come with pasted text.
    return unicodedata.normalize("NFC", text).strip(" \t\r\n\u00a0\u200b\u2060\ufeff\u3000")
