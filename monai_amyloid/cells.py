"""Cells of tables that are written for people, who open them with a spreadsheet.

A text that a spreadsheet would run (``=HYPERLINK(…)``) begins with an apostrophe, by which
spreadsheets know a text, and what cannot be seen is spelled out. :func:`read_cells` takes both
away: what this program wrote it reads back as it was. Numbers stay numbers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from monai_amyloid.shown import spelled, unspelled

if TYPE_CHECKING:
    import pandas as pd

# Behind spaces and quotation marks, which spreadsheets pass over; full-width signs count, too.
_RUN = re.compile(
    r"[\s'\"\u2018\u2019\u201c\u201d\uff07\uff02]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]"
)
# A sign alone, too, is nothing that could be run.
_NUMBER = re.compile(r"[\s'\"]*[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?%?)?\s*")


def harmless(text: str) -> str:
    """A text as a cell holds it.

    Args:
        text: Any text: an id, a name of a file, a reason.
    """
    seen = spelled(text)
    return f"'{seen}" if _would_run(seen) else seen


def plain(cell: str) -> str:
    """The text that :func:`harmless` was given.

    Args:
        cell: Cell of a table.
    """
    return unspelled(cell[1:] if cell[:1] == "'" and _would_run(cell[1:]) else cell)


def write_cells(table: pd.DataFrame) -> pd.DataFrame:
    """A table of harmless cells and column names.

    Args:
        table: Table to write; numbers in it stay as they are.
    """
    return _each(table, harmless)


def read_cells(table: pd.DataFrame) -> pd.DataFrame:
    """The table that :func:`write_cells` was given.

    Args:
        table: Table as it was read.
    """
    return _each(table, plain)


def _each(table: pd.DataFrame, change: Any) -> pd.DataFrame:
    import pandas as pd

    def cell(value: Any) -> Any:
        return change(value) if isinstance(value, str) else value

    changed = {
        place: table.iloc[:, place].map(cell)
        for place, kind in enumerate(table.dtypes)
        if not pd.api.types.is_numeric_dtype(kind)
    }
    columns = [changed.get(place, table.iloc[:, place]) for place in range(table.shape[1])]
    made = pd.concat(columns, axis=1) if columns else table.copy()
    made.columns = pd.Index(list(map(cell, table.columns)))
    made.index = table.index.map(cell) if len(table.index) else table.index
    return made


def _would_run(text: str) -> bool:
    return _RUN.match(text) is not None and _NUMBER.fullmatch(text) is None
