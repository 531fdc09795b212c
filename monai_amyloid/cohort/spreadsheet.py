"""A hospital's spreadsheet, as it is: CSV or XLSX, any encoding Excel writes, Korean or English."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.cohort.datalist import ONLY_SESSION, UNKNOWN, CohortError
from monai_amyloid.pet.header.tracer_names import tracer_label

SPREADSHEETS = (".csv", ".xlsx", ".xlsm", ".txt")

# By the cohort table's column: headers that mean it, without spaces and punctuation, lower case.
HEADERS = {
    "participant_id": (
        *("participantid", "participant", "subjectid", "subject", "patientid", "patient", "id"),
        *("pid", "mrn", "환자번호", "환자id", "등록번호", "병록번호", "차트번호", "연구번호"),
        *("대상자번호", "식별번호"),
    ),
    "session_id": (
        *("sessionid", "session", "visit", "scandate", "studydate", "examdate", "date"),
        *("방문", "회차", "차수", "검사일", "검사일자", "촬영일", "촬영일자", "날짜"),
    ),
    "path": (
        *("path", "folder", "foldername", "file", "filename", "directory"),
        *("경로", "폴더", "폴더명", "파일", "파일명"),
    ),
    "tracer": ("tracer", "radiotracer", "radiopharmaceutical", "추적자", "방사성의약품", "약제"),
    "bapl": (
        *("bapl", "baplgrade", "baplscore", "grade", "score", "등급", "bapl등급", "판독"),
        *("판독결과", "판독등급"),
    ),
    "age": ("age", "ageyears", "나이", "연령", "만나이"),
    "sex": ("sex", "gender", "성별"),
    "site": ("site", "centre", "center", "hospital", "scanner", "기관", "병원", "센터", "장비"),
    "series": ("series", "시리즈"),
}
_NO_GRADE = ("", "-", "?", "na", "n/a", "nan", "unknown", "미판독", "판독불가", "미상")
_GRADE = re.compile(
    r"(?:bapl|grade|등급|점수)?\s*[:=-]?\s*([123])(?:\.0+)?\s*(?:gr|grade|등급|점)?"
)
_MALE = ("m", "male", "남", "남자", "남성")
_FEMALE = ("f", "female", "여", "여자", "여성")
_DATE = re.compile(r"(\d{4})[-./년\s]*(\d{1,2})[-./월\s]*(\d{1,2})\D*(?:00:00(?::00)?)?$")


@dataclass(frozen=True)
class Spreadsheet:
    """A spreadsheet as a cohort table.

    Attributes:
        table: Text, ``n/a`` for unknown; the columns of ``participants.tsv`` that were found.
        headers: Headers of the spreadsheet, by the column that each was taken for.
        left_out: Headers that were not used, such as names of people.
    """

    table: pd.DataFrame
    headers: dict[str, str]
    left_out: tuple[str, ...]


def read_spreadsheet(path: Path, columns: Mapping[str, str] | None = None) -> Spreadsheet:
    """Read a hospital's table of grades.

    Args:
        path: ``.csv`` or ``.txt`` in UTF-8, UTF-16 or Korean cp949, separated by commas,
            semicolons or tabs; or the first sheet of an ``.xlsx``.
        columns: Headers of the spreadsheet by column of the cohort table, where they cannot be
            guessed.

    Raises:
        CohortError: If it is missing or unreadable, a column is missing or could be two, or a
            grade is none.
    """
    if not path.is_file():
        raise CohortError(f"no table at {path}; needed participants.tsv or a spreadsheet")
    rows = _from_excel(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _from_text(path)
    rows = [row for row in rows if any(row)]
    if len(rows) < 2:
        raise CohortError(f"{path}: found {len(rows)} rows, needed a row of headers and scans")
    head, *body = rows
    width = len(head)
    cells = [[*row[:width], *[""] * (width - len(row))] for row in body]
    headers = _meaning(head, columns or {}, path)
    table = pd.DataFrame(
        {name: [row[head.index(header)] for row in cells] for name, header in headers.items()},
        dtype=str,
    )
    return Spreadsheet(
        _cleaned(table, path), headers, tuple(each for each in head if each not in headers.values())
    )


def _from_excel(path: Path) -> list[list[str]]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        return [[_as_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    except Exception as error:  # a broken workbook fails in many ways
        raise CohortError(
            f"{path}: cannot be read as a workbook ({type(error).__name__}: {error}); save it "
            "again as .xlsx without a password, or as CSV"
        ) from error


def _as_text(cell: Any) -> str:
    """What Excel shows of a cell."""
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return cell.strftime("%Y-%m-%d")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _from_text(path: Path) -> list[list[str]]:
    content = path.read_bytes()
    text = None
    # A byte order mark decides; UTF-8 is strict enough to be told from cp949, which takes most.
    codes = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp949")
    for code in codes:
        try:
            text = content.decode(code)
            break
        except UnicodeDecodeError:
            continue
    if text is None:
        raise CohortError(f"{path}: neither UTF-8, UTF-16 nor Korean cp949; save it again as UTF-8")
    first = text.lstrip().split("\n", maxsplit=1)[0]
    separator = max("\t,;", key=first.count)
    return [
        [cell.strip() for cell in row] for row in csv.reader(text.splitlines(), delimiter=separator)
    ]


def _plain(header: str) -> str:
    return re.sub(r"[\W_]+", "", header).lower()


def _meaning(head: list[str], chosen: Mapping[str, str], path: Path) -> dict[str, str]:
    """The header of each column of the cohort table."""
    for name, header in chosen.items():
        if name not in HEADERS or header not in head:
            raise CohortError(
                f"{path}: --column {name}={header}: needed one of {', '.join(HEADERS)} and one of "
                f"the headers {', '.join(head)}"
            )
    headers: dict[str, str] = {}
    for name, words in HEADERS.items():
        found = [header for header in head if _plain(header) in words]
        found = [chosen[name]] if name in chosen else [h for h in found if h not in chosen.values()]
        if len(set(found)) > 1 or (found and head.count(found[0]) > 1):
            raise CohortError(
                f"{path}: {' and '.join(found)} could each be {name}; say which with "
                f"--column {name}={found[0]}"
            )
        if found:
            headers[name] = found[0]
    if "participant_id" not in headers:
        raise CohortError(
            f"{path}: found the headers {', '.join(head)}; needed one for participant_id: say "
            "which with --column participant_id=HEADER"
        )
    return headers


def _cleaned(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The same in the spelling of ``participants.tsv``."""
    cleaned = table.replace("", UNKNOWN)
    if "bapl" in cleaned:
        cleaned["bapl"] = _grades(table["bapl"], path)
    if "sex" in cleaned:
        cleaned["sex"] = cleaned["sex"].map(_sex)
    if "tracer" in cleaned:
        cleaned["tracer"] = [tracer_label(text) or text for text in cleaned["tracer"]]
    if "session_id" in cleaned:
        cleaned["session_id"] = cleaned["session_id"].map(_session)
    else:
        cleaned.insert(1, "session_id", ONLY_SESSION)
    return cleaned


def _grades(column: "pd.Series[str]", path: Path) -> list[str]:
    grades: list[str] = []
    wrong: list[str] = []
    for text in column:
        found = _GRADE.fullmatch(text.strip().lower())
        if not found and text.strip().lower() not in _NO_GRADE:
            wrong.append(text)
        grades.append(found[1] if found else UNKNOWN)
    if wrong:
        raise CohortError(
            f"{path}: {len(wrong)} of {len(column)} grades are none, such as '{wrong[0]}'; allowed "
            "are 1, 2, 3, BAPL 1 … and nothing; another column may be meant: --column bapl=HEADER"
        )
    return grades


def _sex(text: str) -> str:
    if text.lower() in _MALE:
        return "M"
    return "F" if text.lower() in _FEMALE else text


def _session(text: str) -> str:
    """A date without signs, so that it can name a file; any other name as it is."""
    if not (found := _DATE.match(text)):
        return ONLY_SESSION if text == UNKNOWN else text
    return f"ses-{found[1]}{int(found[2]):02d}{int(found[3]):02d}"
