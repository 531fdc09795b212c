"""A hospital's spreadsheet, as it is: CSV or XLSX, any encoding Excel writes, Korean or English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from monai_amyloid.cohort.datalist import UNKNOWN, CohortError
from monai_amyloid.cohort.table.file import read_sheet
from monai_amyloid.cohort.table.grades import says_no_grade
from monai_amyloid.cohort.table.headers import Headers, read_headers
from monai_amyloid.cohort.table.records import Record, Refusal, read_records
from monai_amyloid.cohort.table.sheet import one_spelling
from monai_amyloid.cohort.table.vocabulary import HEADERS
from monai_amyloid.pet.header.tracer_names import tracer_label

# Files that are no participants.tsv, also where they are not there.
SPREADSHEETS = (".csv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods")
_MALE = ("m", "male", "남", "남자", "남성")
_FEMALE = ("f", "female", "여", "여자", "여성")


@dataclass(frozen=True)
class Spreadsheet:
    """A spreadsheet as a cohort table.

    Attributes:
        table: Text, ``n/a`` for unknown; the columns of ``participants.tsv`` that were found.
        headers: Headers of the spreadsheet, by the column that each was taken for.
        left_out: Headers that were not used, such as names of people.
        records: The row of the spreadsheet of each row of the table.
        refused: Rows that cannot be used.
        notes: What a user should know of how it was read.
    """

    table: pd.DataFrame
    headers: dict[str, str]
    left_out: tuple[str, ...]
    records: tuple[Record, ...] = ()
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()


def read_spreadsheet(
    path: Path, columns: Mapping[str, str] | None = None, sheet: str | None = None
) -> Spreadsheet:
    """Read a hospital's table of grades.

    A row that cannot be used, for its grade is in doubt or its formula ended with an error, is
    refused by itself; the table is, where no row of it could be trusted.

    Args:
        path: ``.csv`` or ``.txt`` in any encoding that Excel writes, separated by commas,
            semicolons or tabs; or an ``.xlsx``.
        columns: Headers of the spreadsheet by column of the cohort table, where they cannot be
            guessed; an empty one where the table has no such column.
        sheet: Name of the sheet; default: the only one a user sees that lists scans.

    Raises:
        CohortError: If it is missing or unreadable, a column is missing or could be two, formulas
            have no values, or the grades are none.
    """
    chosen = {name: one_spelling(header) for name, header in (columns or {}).items()}
    found, notes = read_sheet(path, chosen, sheet)
    source = f"{path}" if found.name is None else f"{path}, sheet '{found.name}'"
    headers = read_headers(found, source, chosen)
    records = read_records(found, headers, source)
    if not records:
        raise CohortError(
            f"{source}: found {len(found.rows)} rows, needed a row of headers and scans"
        )
    good = [record for record in records if not record.wrong]
    return Spreadsheet(
        _table(good, headers),
        {name: headers.texts[column] for name, column in headers.columns.items()},
        tuple(
            text for column, text in headers.texts.items() if column not in headers.columns.values()
        ),
        tuple(good),
        tuple(record.refusal() for record in records if record.wrong),
        tuple(dict.fromkeys([*notes, *headers.notes])),
    )


def _table(records: Sequence[Record], headers: Headers) -> pd.DataFrame:
    """The rows in the spelling of ``participants.tsv``."""
    table = pd.DataFrame(
        {
            "participant_id": [record.participant for record in records],
            "session_id": [record.session for record in records],
        },
        dtype=str,
    )
    for name in HEADERS:
        if name in headers.columns and name not in ("participant_id", "session_id", "date"):
            texts = [
                (record.grade or "") if name == "bapl" else record.cells[name].text
                for record in records
            ]
            table[name] = pd.Series([_spelled(name, text) for text in texts], dtype=str)
    return table


def _spelled(name: str, text: str) -> str:
    if not text or (name not in ("path", "series") and says_no_grade(text)):
        return UNKNOWN
    if name == "sex":
        return "M" if text.lower() in _MALE else "F" if text.lower() in _FEMALE else text
    return (tracer_label(text) or text) if name == "tracer" else text
