"""Which scans a cohort has: of a table, or of a hospital's spreadsheet and its study folders."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from monai_amyloid.cohort.datalist import (
    UNKNOWN,
    CohortError,
    check_cohort,
    in_one_line,
    read_cohort,
)
from monai_amyloid.cohort.matching.choice import match_path, without_shared
from monai_amyloid.cohort.matching.match import Match
from monai_amyloid.cohort.matching.study_folders import StudyFolders
from monai_amyloid.cohort.matching.study_paths import find_path
from monai_amyloid.cohort.spreadsheet import SPREADSHEETS, read_spreadsheet
from monai_amyloid.cohort.table.records import Record, Refusal

REFUSED = ["participant_id", "session_id", "path", "reason", "findings"]


@dataclass(frozen=True)
class Listing:
    """Scans to prepare.

    Attributes:
        source: The table that names them.
        table: One row a session whose study is there, ``path`` absolute; of a spreadsheet with
            ``matched_by``: what told which study it is.
        refused: One row a session that cannot be used, or has no study, with its reason.
        headers: Headers of a spreadsheet by the column that each was taken for; else empty.
        left_out: Headers that were not used.
        notes: What a user should know of how a spreadsheet was read.
    """

    source: Path
    table: pd.DataFrame
    refused: pd.DataFrame
    headers: Mapping[str, str]
    left_out: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def described(self) -> list[str]:
        """How a spreadsheet was understood, in lines: each header, what was not used, and why."""
        lines = [f"{header} → {name}" for name, header in self.headers.items()]
        if self.left_out:
            lines.append(f"not used: {', '.join(self.left_out)}")
        lines += self.notes
        if self.headers:
            by = Counter(self.table["matched_by"])
            found = [f"{count} by {name}" for name, count in by.items()]
            lines.append(
                f"studies found: {', '.join(found) or 'none'}; refused: {len(self.refused)}"
            )
        return [in_one_line(line) for line in lines]


def list_scans(
    cohort: Path,
    studies: Path | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> Listing:
    """Read a cohort table or a hospital's spreadsheet, and find the study of each row.

    Args:
        cohort: ``participants.tsv``, the folder that holds it, or a spreadsheet
            (:mod:`monai_amyloid.cohort.spreadsheet`).
        studies: Folder of a spreadsheet's studies; default: where the spreadsheet lies.
        columns: Headers of a spreadsheet by column of the cohort table.
        sheet: Sheet of a workbook that lists the scans; default: the only one that does.

    Raises:
        CohortError: If the table is not usable.
    """
    source = cohort / "participants.tsv" if cohort.is_dir() else cohort
    if not _is_spreadsheet(source):
        if studies is not None or columns or sheet is not None:
            raise CohortError(f"{source}: --studies, --column and --sheet go with a spreadsheet")
        nobody = pd.DataFrame(columns=REFUSED)
        return Listing(source, read_cohort(source), nobody, {}, ())
    found = read_spreadsheet(source, columns, sheet)
    table = check_cohort(found.table.copy(), source)
    others = [each.participant for each in found.refused if each.participant != UNKNOWN]
    matches = _find_studies(found.records, others, studies or source.parent)
    there = [isinstance(match, Match) for match in matches]
    rows = zip(found.records, matches, strict=True)
    refused = [*found.refused, *(_without_study(*row) for row in rows if isinstance(row[1], str))]
    paths = [str(match.study.path) if isinstance(match, Match) else "" for match in matches]
    by = [match.by if isinstance(match, Match) else "" for match in matches]
    return Listing(
        source,
        table.assign(path=paths, matched_by=by).loc[np.array(there, bool)].reset_index(drop=True),
        pd.DataFrame(map(_as_row, refused), columns=REFUSED),
        found.headers,
        found.left_out,
        found.notes,
    )


def _is_spreadsheet(source: Path) -> bool:
    """Whether a file is a hospital's table, not one of this program or of BIDS."""
    if not source.is_file():
        return source.suffix.lower() in SPREADSHEETS
    if source.suffix.lower() != ".tsv" or source.name.lower() == "participants.tsv":
        return source.suffix.lower() != ".tsv"
    with source.open("rb") as file:
        return b"participant_id" not in file.readline(100_000)


def _without_study(record: Record, reason: Match | str) -> Refusal:
    record.wrong.append(str(reason))
    return record.refusal()


def _as_row(refused: Refusal) -> dict[str, str]:
    named = {"participant_id": refused.participant, "session_id": refused.session}
    return {**named, "path": UNKNOWN, "reason": refused.reason}


def _find_studies(
    records: Sequence[Record], without_row: Sequence[str], folder: Path
) -> list[Match | str]:
    """The study of each row, or why there is none."""
    found: dict[int, Match | str] = {}
    named: list[int] = []
    others: list[int] = []
    for place, record in enumerate(records):
        text = record.cells["path"].text if "path" in record.cells else ""
        (named if text and text != UNKNOWN else others).append(place)
    for place in named:
        path = find_path(folder, records[place].cells["path"].text)
        found[place] = path if isinstance(path, str) else match_path(path, records[place], folder)
    if others:
        folders = StudyFolders(folder)
        matches = folders.find([records[place] for place in others], without_row)
        found |= dict(zip(others, matches, strict=True))
    in_order = [found[place] for place in range(len(records))]
    return without_shared(records, in_order, {})
