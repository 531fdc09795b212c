"""The sheet of a file that lists the scans, whichever kind of file it is."""

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.table.header_rows import find_header_row, found_in
from monai_amyloid.cohort.table.sheet import Sheet, one_spelling
from monai_amyloid.cohort.table.text_file import read_text_file
from monai_amyloid.cohort.table.vocabulary import OF_SCANS, meaning_of
from monai_amyloid.cohort.table.workbook import read_workbook

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # of Office 97 to 2003, and of passwords
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WORKBOOKS = (".xlsx", ".xlsm")
_ADVICE = "open it in a spreadsheet program and save it as .xlsx or CSV"


def read_sheet(path: Path, chosen: Mapping[str, str], name: str | None) -> tuple[Sheet, list[str]]:
    """Read the sheet of a file that lists the scans.

    Args:
        path: Any file; its content tells what it is, for programs name text and pages ``.xls``.
        chosen: Headers that the user has named, by what they mean.
        name: Name of the sheet; None for the only one that is shown and lists scans.

    Returns:
        The sheet, and what a user should know of the others.

    Raises:
        CohortError: If it is no table, or it cannot be known which sheet is meant.
    """
    if not path.is_file():
        raise CohortError(f"no table at {path}; needed participants.tsv or a spreadsheet")
    if _is_workbook(path):
        return _choose(path, read_workbook(path), chosen, name)
    if name is not None:
        raise CohortError(f"{path}: --sheet goes with an .xlsx workbook; this file has no sheets")
    sheet = read_text_file(path, lambda text: meaning_of(text) is not None)
    if not sheet.rows:
        raise CohortError(f"{path}: found 0 rows, needed a row of headers and scans")
    return sheet, []


def _is_workbook(path: Path) -> bool:
    """Whether a file is an .xlsx workbook, or else text.

    Raises:
        CohortError: If it is neither.
    """
    with path.open("rb") as file:
        start = file.read(2048)
        if start.startswith(_COMPOUND):
            locked = _ENCRYPTED in start + file.read(2**20)
            raise CohortError(
                f"{path}: is protected by a password; save it again as .xlsx without one"
                if locked
                else f"{path}: is a workbook of Excel 97 to 2003, which is not read; {_ADVICE}"
            )
    if start.startswith(b"PK"):
        _check_kind(path)
        return True
    head = start.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if head.startswith((b"<html", b"<!doctype html", b"<table", b"<?xml", b"<meta", b"<head")):
        raise CohortError(f"{path}: is a page or XML, no table of text; {_ADVICE}")
    if head.startswith((b"%pdf", b"{\\rtf")):
        raise CohortError(f"{path}: is a document, no table; {_ADVICE}")
    # What calls itself a workbook and is none is broken; an .xls may well be text.
    return path.suffix.lower() in _WORKBOOKS


def _check_kind(path: Path) -> None:
    """Refuse an archive that is another kind of document."""
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
            kind = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except (BadZipFile, OSError, NotImplementedError, RuntimeError):
        return  # said when it is read as a workbook
    if kind:
        raise CohortError(
            f"{path}: is a document of OpenOffice (.ods), which is not read; {_ADVICE}"
        )
    if "xl/workbook.bin" in names:
        raise CohortError(f"{path}: is a binary workbook (.xlsb), which is not read; {_ADVICE}")
    if any(each.startswith("Index/") for each in names):
        raise CohortError(f"{path}: is a document of Numbers, which is not read; {_ADVICE}")


def _choose(
    path: Path, sheets: list[Sheet], chosen: Mapping[str, str], name: str | None
) -> tuple[Sheet, list[str]]:
    listed = ", ".join(f"'{sheet.name}'{' (hidden)' * sheet.hidden}" for sheet in sheets)
    if name is not None:
        sought = one_spelling(name)
        named = [sheet for sheet in sheets if sheet.name == sought]
        named = named or [s for s in sheets if str(s.name).casefold() == sought.casefold()]
        if len(named) != 1:
            raise CohortError(f"{path}: has no sheet '{name}'; its sheets are {listed}")
        if not named[0].rows:
            raise CohortError(f"{path}: sheet '{named[0].name}' is empty")
        return named[0], []
    filled = [sheet for sheet in sheets if sheet.rows]
    shown = [sheet for sheet in filled if not sheet.hidden]
    fitting = [sheet for sheet in shown if _lists(sheet, chosen, OF_SCANS)]
    fitting = fitting or [sheet for sheet in shown if _lists(sheet, chosen, ())]
    if len(fitting) > 1:
        names = " and ".join(f"'{sheet.name}'" for sheet in fitting)
        raise CohortError(
            f"{path}: the sheets {names} each list scans; say which with --sheet "
            f"'{fitting[0].name}', or copy them into one sheet"
        )
    hidden = [sheet for sheet in filled if sheet.hidden and _lists(sheet, chosen, OF_SCANS)]
    if not fitting and hidden:
        raise CohortError(
            f"{path}: sheet '{hidden[0].name}' lists scans, but is hidden; show it, or take it "
            f"with --sheet '{hidden[0].name}'"
        )
    if not fitting and len(shown) == 1:
        fitting = shown  # its headers are named in the error
    if not fitting:
        raise CohortError(
            f"{path}: found 0 rows that list scans in a sheet that is shown; its sheets are "
            f"{listed or 'none'}: say which with --sheet, and which header is the id with "
            "--column participant_id=HEADER"
        )
    others = [
        f"'{sheet.name}'{' (hidden)' * sheet.hidden}" for sheet in filled if sheet is not fitting[0]
    ]
    notes = [f"sheet '{fitting[0].name}' was read, not {', '.join(others)}"] if others else []
    return fitting[0], notes


def _lists(sheet: Sheet, chosen: Mapping[str, str], needed: tuple[str, ...]) -> bool:
    """Whether a sheet has a header of participants, and one of those needed."""
    row = find_header_row(sheet, chosen)
    if row is None or row is sheet.rows[-1]:  # none, or a form that nobody has filled in
        return False
    return not needed or any(name in needed for name in found_in(row, chosen))
