"""Which scans a cohort has: of a table, or of a hospital's spreadsheet and its study folders."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from monai_amyloid.cohort.datalist import UNKNOWN, CohortError, check_cohort, read_cohort
from monai_amyloid.cohort.spreadsheet import SPREADSHEETS, read_spreadsheet
from monai_amyloid.cohort.study_folders import StudyFolders

REFUSED = ["participant_id", "session_id", "path", "reason", "findings"]


@dataclass(frozen=True)
class Listing:
    """Scans to prepare.

    Attributes:
        source: The table that names them.
        table: One row a session whose study is there, ``path`` absolute.
        refused: One row a session without a study, with its reason.
        headers: Headers of a spreadsheet by the column that each was taken for; else empty.
        left_out: Headers that were not used.
    """

    source: Path
    table: pd.DataFrame
    refused: pd.DataFrame
    headers: Mapping[str, str]
    left_out: tuple[str, ...]


def list_scans(
    cohort: Path, studies: Path | None = None, columns: Mapping[str, str] | None = None
) -> Listing:
    """Read a cohort table or a hospital's spreadsheet, and find the study of each row.

    Args:
        cohort: ``participants.tsv``, the folder that holds it, or a spreadsheet
            (:mod:`monai_amyloid.cohort.spreadsheet`).
        studies: Folder of a spreadsheet's studies; default: where the spreadsheet lies.
        columns: Headers of a spreadsheet by column of the cohort table.

    Raises:
        CohortError: If the table is not usable.
    """
    source = cohort / "participants.tsv" if cohort.is_dir() else cohort
    if source.suffix.lower() not in SPREADSHEETS:
        if studies is not None or columns:
            raise CohortError(f"{source}: --studies and --column go with a spreadsheet")
        nobody = pd.DataFrame(columns=REFUSED)
        return Listing(source, read_cohort(source), nobody, {}, ())
    sheet = read_spreadsheet(source, columns)
    table = check_cohort(sheet.table.copy(), source)
    found = _find_studies(table, studies or source.parent)
    there = [isinstance(path, Path) for path in found]
    reasons = [
        {**row, "path": UNKNOWN, "reason": reason}
        for row, reason in zip(table.to_dict("records"), found, strict=True)
        if isinstance(reason, str)
    ]
    return Listing(
        source,
        table.assign(path=[str(path) for path in found])[there].reset_index(drop=True),
        pd.DataFrame(reasons, columns=REFUSED),
        sheet.headers,
        sheet.left_out,
    )


def _find_studies(table: pd.DataFrame, folder: Path) -> list[Path | str]:
    """The study of each row, or why there is none."""
    if "path" in table:
        paths = [(folder / path).resolve() for path in table["path"]]
        found: list[Path | str] = [
            path if path.exists() and text != UNKNOWN else f"{path} is not there"
            for path, text in zip(paths, table["path"], strict=True)
        ]
    else:
        folders = StudyFolders(folder)
        rows = zip(table["participant_id"], table["session_id"], strict=True)
        found = [folders.find(participant, session) for participant, session in rows]
    owners: dict[Path, list[str]] = {}
    for study, participant in zip(found, table["participant_id"], strict=True):
        if isinstance(study, Path):
            owners.setdefault(study, []).append(participant)
    return [
        f"{study} would be the study of {' and of '.join(owners[study])}"
        if isinstance(study, Path) and len(owners[study]) > 1
        else study
        for study in found
    ]
