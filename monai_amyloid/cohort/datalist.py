"""The cohort table, checked."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from monai_amyloid.cells import plain
from monai_amyloid.cohort.matching.study_paths import find_path
from monai_amyloid.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

GRADES = (1, 2, 3)
UNKNOWN = "n/a"  # BIDS spelling of a missing value
ONLY_SESSION = "ses-01"  # where the table names none
# pandas writes a column of whole numbers with gaps as 1.0, 2.0, 3.0.
_GRADE_SPELLINGS = {f"{grade}{end}": grade for grade in GRADES for end in ("", ".0")}
# Headers that are read, in any case of their letters.
COLUMNS = (
    *("participant_id", "session_id", "path", "tracer", "bapl", "age", "sex", "site", "series"),
)
_MOST_NAMED = 5
_NUMBERS = ("centiloid", "suvr_")


_LONGEST_LINE = 2000


def in_one_line(text: str) -> str:
    """A text with cells of a table in it, as one printable line of bounded length."""
    line = "".join(
        letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in text
    )
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"


class CohortError(UserError):
    """A cohort table or its folds that cannot be used, in one line.

    Args:
        message: Text, which may hold what a table does.
    """

    def __init__(self, message: str) -> None:
        super().__init__(in_one_line(message))


def read_cohort(table: Path) -> pd.DataFrame:
    """Read and check ``participants.tsv``, of raw studies or of prepared volumes.

    Args:
        table: Path of a tab-separated UTF-8 table, ``n/a`` for unknown. Needs ``participant_id``
            and ``path``; ``session_id`` is ``ses-01`` and ``bapl`` unknown where absent.

    Returns:
        One row a session, in the table's order: ``path`` absolute, ``bapl`` as nullable
        integer, ``centiloid`` and ``suvr_*`` as float, every other column as text.

    Raises:
        CohortError: If the table is missing, unreadable or empty, lacks a column, names
            a session twice or an unknown grade, or an image file is not there.
    """
    cohort = _read_text(table)
    needed = [name for name in ("participant_id", "path") if name not in cohort]
    if needed:
        raise CohortError(
            f"{table}: found the columns {', '.join(cohort.columns)}; needed "
            f"{' and '.join(needed)} too, separated by tabs"
        )
    _check_grades_are_named(cohort.columns.tolist(), table)
    if cohort.empty:
        raise CohortError(f"{table}: found no row, needed one for each session")
    cohort = check_cohort(cohort, table)
    cohort["path"] = _images(cohort["path"], table)
    return cohort.reset_index(drop=True)


def check_cohort(cohort: pd.DataFrame, table: Path) -> pd.DataFrame:
    """Check everything but the images.

    Args:
        cohort: Table as text, one row for each session.
        table: Path that the table was read from, for messages.

    Returns:
        Table like that of :func:`read_cohort`, but with ``path`` as it is written in the file.

    Raises:
        CohortError: As :func:`read_cohort`.
    """
    if "session_id" not in cohort:
        cohort.insert(1, "session_id", ONLY_SESSION)
    cohort["bapl"] = _grades(cohort, table)
    for name in cohort.columns[cohort.columns.str.startswith(_NUMBERS)]:
        cohort[name] = _numbers(cohort[name], table)
    _check_sessions(cohort, table)
    return cohort


def _read_text(table: Path) -> pd.DataFrame:
    """The table as text; its index counts the lines below the headers."""
    import pandas as pd

    if not table.is_file():
        raise CohortError(
            f"no dataset at {table}: make one with `monai-amyloid simulate cohort` and "
            "`monai-amyloid prepare cohort --output prepared`"
        )
    try:
        text = table.read_bytes().decode("utf-8-sig")
        lines = csv.reader(io.StringIO(text, newline=""), delimiter="\t")
        rows = [list(map(plain, row)) for row in lines]
    except UnicodeDecodeError as error:
        raise CohortError(f"{table}: not UTF-8 text; save it again as UTF-8") from error
    except csv.Error as error:
        raise CohortError(f"{table}: not a tab-separated table: {error}") from error
    if not rows or not any(rows[0]):
        raise CohortError(f"{table}: not a tab-separated table: its first line is empty")
    if "\0" in text:
        raise CohortError(f"{table}: holds NUL bytes, so that it is damaged; write it again")
    names = _names(rows[0], table)
    body = {line: row for line, row in enumerate(rows[1:]) if any(cell.strip() for cell in row)}
    _check_widths(body, len(names), table)
    # A row with fewer cells than the header has missing values.
    cells = [[*row[: len(names)], *[UNKNOWN] * (len(names) - len(row))] for row in body.values()]
    found = pd.DataFrame(cells, index=list(body), columns=range(len(names)), dtype=str)
    return pd.DataFrame(
        {name: found[place].str.strip() for place, name in enumerate(names) if name}
    )


def _names(header: list[str], table: Path) -> list[str]:
    """The headers, those that this program reads in lower case."""
    names = [unicodedata.normalize("NFC", name).strip() for name in header]
    names = [low if (low := name.casefold()) in COLUMNS else name for name in names]
    read = [name for name in names if name in COLUMNS or name.startswith(_NUMBERS)]
    twice = [name for name in dict.fromkeys(read) if read.count(name) > 1]
    if twice:
        places = [str(place) for place, name in enumerate(names, start=1) if name == twice[0]]
        raise CohortError(
            f"{table}: the header {twice[0]} is there more than once, in columns "
            f"{' and '.join(places)}; keep one of them"
        )
    return names


def _check_grades_are_named(names: Sequence[str], table: Path) -> None:
    """Refuse a table whose grades would be left out in silence."""
    grades = [name for name in names if "bapl" in name.casefold()]
    if grades and "bapl" not in names:
        raise CohortError(
            f"{table}: no header is bapl, but {' and '.join(grades)} may be meant; call it bapl, "
            "or remove it"
        )


def _check_widths(rows: dict[int, list[str]], width: int, table: Path) -> None:
    """Refuse rows with more cells than headers: which of them is wrong cannot be known."""
    wrong = [
        f"line {line + 2} ({row[0].strip()}) has {len(row)} cells"
        for line, row in rows.items()
        if any(cell.strip() for cell in row[width:])
    ]
    if wrong:
        raise CohortError(
            f"{table}: {some_of(wrong)}, needed {width} as there are headers; correct the tabs"
        )


def some_of(texts: Sequence[str]) -> str:
    """The first of several texts, and how many more there are."""
    more = f" and {len(texts) - _MOST_NAMED} more" if len(texts) > _MOST_NAMED else ""
    return ", ".join(texts[:_MOST_NAMED]) + more


def _grades(cohort: pd.DataFrame, table: Path) -> pd.Series[int]:
    import pandas as pd

    if "bapl" not in cohort:
        return pd.Series(pd.NA, index=cohort.index, dtype="Int64")
    text = cohort["bapl"]
    grades = text.map(_GRADE_SPELLINGS).astype("Int64")
    wrong = cohort[grades.isna() & ~text.isin(["", UNKNOWN])]
    if not wrong.empty:
        # The header is line 1 of the file.
        places = [
            f"line {int(line) + 2} ({name}): found bapl '{found}'"
            for line, name, found in zip(wrong.index, wrong.participant_id, wrong.bapl, strict=True)
        ]
        raise CohortError(f"{table}, {some_of(places)}, allowed are 1, 2, 3 and n/a")
    return grades


def _numbers(column: pd.Series[str], table: Path) -> pd.Series[float]:
    import pandas as pd

    known = column.where(~column.isin(["", UNKNOWN]))
    numbers = pd.to_numeric(known, errors="coerce")
    wrong = known[numbers.isna() & known.notna()]
    if not wrong.empty:
        raise CohortError(
            f"{table}, line {int(wrong.index[0]) + 2}: found {column.name} '{wrong.iloc[0]}', "
            "needed a number or n/a"
        )
    return numbers.astype(float)


def _check_sessions(cohort: pd.DataFrame, table: Path) -> None:
    names = cohort["participant_id"]
    if names.isin(["", UNKNOWN]).any():
        line = int(names.isin(["", UNKNOWN]).to_numpy().argmax()) + 2
        raise CohortError(f"{table}, line {line}: participant_id is empty; needed a name")
    # Files are named after both: a name must not lead out of its folder, on any system.
    for column in ("participant_id", "session_id"):
        unsafe = cohort[cohort[column].str.contains(r'[/\\:*?"<>|\x00-\x1f]|^\.|\.$')]
        if not unsafe.empty:
            raise CohortError(
                f"{table}: {column} {unsafe[column].iloc[0]!r} cannot name a file; "
                "use letters, digits, - and _"
            )
    alike = cohort.duplicated(["participant_id", "session_id"], keep=False)
    if alike.any():
        first = cohort[alike].iloc[0]
        raise CohortError(
            f"{table}: {first.participant_id} {first.session_id} is in more than one row "
            f"({_lines(cohort[alike])}); give each scan of a participant a session_id of its own"
        )


def _lines(wrong: pd.DataFrame | pd.Series[str]) -> str:
    """The lines of rows in the file."""
    return some_of([f"line {int(line) + 2}" for line in wrong.index])


def _images(paths: pd.Series[str], table: Path) -> pd.Series[str]:
    found = paths.map(lambda path: None if path in ("", UNKNOWN) else find_path(table.parent, path))
    missing = paths[~found.map(lambda path: isinstance(path, Path)).astype(bool)]
    if not missing.empty:
        raise CohortError(
            f"{table}: {len(missing)} of {len(paths)} images do not exist, the first is "
            f"'{missing.iloc[0]}' ({_lines(missing)}); paths are relative to the table"
        )
    return found.map(str)
