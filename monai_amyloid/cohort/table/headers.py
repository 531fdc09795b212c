"""Which row of a sheet has the headers, and which column each of them is."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.table.dates import read_days
from monai_amyloid.cohort.table.grades import grade_of, says_no_grade
from monai_amyloid.cohort.table.sheet import Row, Sheet, column_name

# By column of the cohort table: headers that mean it, without spaces and punctuation, lower case.
HEADERS = {
    "participant_id": (
        *("participantid", "participant", "subjectid", "subject", "patientid", "patient", "id"),
        *("pid", "mrn", "subjectno", "subjectnumber", "patientno", "patientnumber", "recordid"),
        *("hospitalid", "hospitalno", "hospitalnumber", "chartno", "chartnumber", "researchid"),
        *("studyno", "participantno", "participantnumber", "caseid", "subjid", "ptid"),
        *("환자번호", "환자id", "등록번호", "병록번호", "차트번호", "연구번호", "병원번호"),
        *("대상자번호", "식별번호", "대상자id", "피험자번호", "연구id", "환자등록번호"),
    ),
    "session_id": (
        *("sessionid", "session", "visit", "visitno", "visitid", "timepoint"),
        *("방문", "회차", "차수", "방문차수", "방문회차"),
    ),
    "date": (
        *("scandate", "studydate", "examdate", "date", "petdate", "dateofpet", "dateofscan"),
        *("petscandate", "visitdate", "sessiondate", "acquisitiondate", "imagingdate"),
        *("dateofexam", "dateofstudy", "dateofimaging", "examinationdate", "datepet"),
        *("검사일", "검사일자", "검사날짜", "촬영일", "촬영일자", "촬영날짜", "날짜", "일자"),
        *("pet검사일", "pet촬영일", "pet날짜", "pet일자", "방문일", "스캔일", "촬영일시"),
        *("검사일시",),
    ),
    "path": (
        *("path", "folder", "foldername", "file", "filename", "directory", "filepath"),
        *("경로", "폴더", "폴더명", "파일", "파일명", "폴더이름", "파일이름", "파일경로"),
    ),
    "tracer": (
        *("tracer", "radiotracer", "radiopharmaceutical", "ligand", "tracername"),
        *("추적자", "방사성의약품", "약제", "트레이서"),
    ),
    "bapl": (
        *("bapl", "baplgrade", "baplscore", "grade", "score", "등급", "bapl등급", "판독"),
        *("판독결과", "판독등급", "bapl점수", "bapl판독", "그레이드"),
    ),
    "age": ("age", "ageyears", "ageatscan", "나이", "연령", "만나이"),
    "sex": ("sex", "gender", "성별"),
    "site": ("site", "centre", "center", "hospital", "scanner", "기관", "병원", "센터", "장비"),
    "series": ("series", "시리즈"),
}
_MEANING = {word: name for name, words in HEADERS.items() for word in words}
# A sheet with one of them lists scans; one with ids and other columns may be of people.
OF_SCANS = ("bapl", "date", "session_id", "path", "tracer", "series")
# A column of grades that is not surely the one has one of these in its header.
_PERHAPS_GRADES = re.compile(r"bapl|grade|등급|판독|visualread")
_LOOKED_AT = 30  # rows from the top


@dataclass
class Headers:
    """What the headers of a sheet say.

    Attributes:
        row: Number of the row with the headers.
        columns: Column from 0 by its meaning.
        texts: Header of each column.
        body: The rows below.
        notes: What a user should know of how they were understood.
    """

    row: int
    columns: dict[str, int]
    texts: dict[int, str]
    body: tuple[Row, ...]
    notes: list[str] = field(default_factory=list)


def meaning_of(header: str) -> str | None:
    """The column of the cohort table that a header means, if it is known.

    Args:
        header: Text, in any case and spelling of Unicode, with or without a remark in brackets.
    """
    text = unicodedata.normalize("NFKC", header)
    return _MEANING.get(_plain(text)) or _MEANING.get(_plain(re.sub(r"\(.*?\)|\[.*?\]", "", text)))


def _plain(header: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", header)).lower()


def find_header_row(sheet: Sheet, chosen: Mapping[str, str]) -> Row | None:
    """The row of headers of a sheet, below a title if it has one.

    Args:
        sheet: Sheet that may list scans.
        chosen: Headers by their meaning that the user has named.

    Returns:
        The first of the rows with the most known headers, one of which is of the participants.
    """
    top = sheet.rows[:_LOOKED_AT]
    known = [
        (len(set(found)), row)
        for row in top
        if "participant_id" in (found := found_in(row, chosen))
    ]
    most = max((count for count, _ in known), default=0)
    return next((row for count, row in known if count == most), None)


def found_in(row: Row, chosen: Mapping[str, str]) -> list[str]:
    """The meanings of the cells of a row that are headers, or that the user has named."""
    by_header = {header: name for name, header in chosen.items() if header}
    texts = [cell.text for cell in row.cells.values()]
    names = [by_header.get(text) or meaning_of(text) for text in texts]
    return [name for name in names if name]


def read_headers(sheet: Sheet, source: str, chosen: Mapping[str, str]) -> Headers:
    """Find the headers of a sheet and what they mean.

    Args:
        sheet: The sheet that lists the scans.
        source: How the file is called in errors.
        chosen: Headers by their meaning that the user has named; an empty one: there is none.

    Raises:
        CohortError: If there is no header of participants, or a column could be two.
    """
    row = find_header_row(sheet, chosen)
    if row is None:
        first = sheet.rows[0]
        found = ", ".join(cell.text for cell in list(first.cells.values())[:20])
        _check_chosen(source, chosen, [cell.text for cell in first.cells.values()])
        raise CohortError(
            f"{source}: found the headers {found} in {sheet.place(first.number)}; needed one for "
            "participant_id: say which with --column participant_id=HEADER"
        )
    texts = {column: cell.text for column, cell in row.cells.items() if cell.text}
    columns = {column: meaning_of(text) for column, text in texts.items()}
    position = sheet.rows.index(row)
    body = sheet.rows[position + 1 :]
    notes = []
    while body and _is_second_header(sheet, row, body[0], columns):
        more, above = body[0], dict(texts)
        for column, cell in more.cells.items():
            if cell.text:
                texts[column] = f"{_heading(sheet, row, above, column)} {cell.text}".strip()
                # The word below is nearer to the cells, and one heading may stand over several.
                is_wide = _is_wide(sheet, row, column) or (
                    column + 1 not in above and bool(more.cell(column + 1).text)
                )
                columns[column] = meaning_of(cell.text) or (
                    None if is_wide else columns.get(column)
                )
        notes.append(f"{sheet.place(more.number)} was read as headers, too")
        body = body[1:]
    if any(cell.uncomputed for cell in row.cells.values()):
        raise CohortError(
            f"{source}: {sheet.place(row.number)} has headers that are formulas without a value; "
            "open it in a spreadsheet program and save it again"
        )
    _check_chosen(source, chosen, list(texts.values()))
    headers = Headers(row.number, {}, texts, body, notes)
    headers.columns = _columns(sheet, source, headers, columns, chosen)
    return headers


def _check_chosen(source: str, chosen: Mapping[str, str], texts: Iterable[str]) -> None:
    for name, header in chosen.items():
        if name not in HEADERS or (header and header not in texts):
            raise CohortError(
                f"{source}: --column {name}={header}: needed one of {', '.join(HEADERS)} and one "
                f"of the headers {', '.join(texts)}"
            )


def _is_wide(sheet: Sheet, row: Row, column: int) -> bool:
    """Whether the header above a column is merged over several columns."""
    return any(
        span.first_row <= row.number <= span.last_row
        and span.first_column <= column <= span.last_column
        and span.last_column > span.first_column
        for span in sheet.spans
    )


def _heading(sheet: Sheet, row: Row, texts: Mapping[int, str], column: int) -> str:
    """The header above a column, which may be merged over it."""
    for span in sheet.spans:
        if span.first_row <= row.number <= span.last_row and (
            span.first_column <= column <= span.last_column
        ):
            return texts.get(span.first_column, "")
    return texts.get(column, "")


def _is_second_header(sheet: Sheet, top: Row, row: Row, columns: Mapping[int, str | None]) -> bool:
    """Whether a row below the headers holds headers, units or a description, and no scan."""
    if row.damage or row.number > top.number + 3:
        return False
    cells = {column: cell.text for column, cell in row.cells.items() if cell.text}
    ids = [
        cells[column]
        for column, name in columns.items()
        if name == "participant_id" and column in cells
    ]
    if any(meaning_of(text) != "participant_id" and any(map(str.isdigit, text)) for text in ids):
        return False
    if not ids and _has_headers(cells):
        return True
    used = [(name, cells[column]) for column, name in columns.items() if name and column in cells]
    others = [(name, text) for name, text in used if name not in ("participant_id", "path")]
    if ids and all(meaning_of(text) == "participant_id" for text in ids):
        return True
    needed = 2 if ids else 1
    return len(others) >= needed and not any(_is_value(name, text) for name, text in others)


def _has_headers(cells: Mapping[int, str]) -> bool:
    return any(meaning_of(text) for text in cells.values())


def _is_value(name: str, text: str) -> bool:
    """Whether a cell could hold what its column is for."""
    if name == "bapl":
        return grade_of(text) is not None or says_no_grade(text)
    if name in ("date", "session_id"):
        day = read_days([text])[0]
        return (
            bool(day.digits or day.doubt)
            or says_no_grade(text)
            or (name == "session_id" and re.search(r"\d|^.$|base|follow", text.lower()) is not None)
        )
    if name == "age":
        return any(map(str.isdigit, text))
    # A tracer, a site or a sex could be any word.
    return name != "sex" or text.strip().lower() in ("m", "f", "남", "여", "male", "female")


def _columns(
    sheet: Sheet,
    source: str,
    headers: Headers,
    columns: Mapping[int, str | None],
    chosen: Mapping[str, str],
) -> dict[str, int]:
    """The column of each meaning, which is one or none."""
    named = {header for header in chosen.values() if header}
    found: dict[str, int] = {}
    for name in HEADERS:
        if chosen.get(name) == "":
            continue
        places = [
            place
            for place, text in headers.texts.items()
            if (
                text == chosen[name]
                if name in chosen
                else columns.get(place) == name and text not in named
            )
        ]
        places = _visible(sheet, headers, name, places)
        if name == "bapl" and len(places) > 1:
            different = {headers.texts[place] for place in places}
            graded = [place for place in places if _holds_numbers(headers, place)]
            places = graded if len(graded) == 1 and len(different) == len(places) else places
        if len(places) > 1:
            texts = [headers.texts[place] for place in places]
            where = " and ".join(column_name(place) for place in places)
            advice = (
                f"say which with --column {name}={texts[0]}"
                if len(set(texts)) == len(texts)
                else f"several columns ({where}) have the same header: give each one of its own"
            )
            raise CohortError(
                f"{source}: {' and '.join(texts)} could each be {name} (columns {where}); {advice}"
            )
        if places:
            found[name] = places[0]
    if "participant_id" not in found:
        raise CohortError(
            f"{source}: found the headers {', '.join(headers.texts.values())} in "
            f"{sheet.place(headers.row)}; needed one for participant_id: say which with --column "
            "participant_id=HEADER"
        )
    if "bapl" not in found and "bapl" not in chosen:
        _check_no_grades_are_lost(source, headers, found)
    return found


def _visible(sheet: Sheet, headers: Headers, name: str, places: list[int]) -> list[int]:
    """Columns that a user sees, or else the hidden ones."""
    seen = [place for place in places if not sheet.is_hidden(place)]
    for place in places:
        if sheet.is_hidden(place):
            became = "was left out" if seen else f"was taken for {name}"
            headers.notes.append(
                f"column {column_name(place)} ({headers.texts[place]}) is hidden and {became}"
            )
    return seen or places


def _holds_grades(headers: Headers, column: int) -> bool:
    texts = [row.cell(column).text for row in headers.body if row.cell(column).text]
    return any(row.cell(column).uncomputed for row in headers.body) or any(map(grade_of, texts))


def _holds_numbers(headers: Headers, column: int) -> bool:
    """Whether a column may be of grades, on whatever scale, and is no free text."""
    cells = [row.cell(column) for row in headers.body]
    return any(
        cell.uncomputed or cell.error or grade_of(cell.text) or len(cell.text) == 1
        for cell in cells
    )


def _check_no_grades_are_lost(source: str, headers: Headers, found: Mapping[str, int]) -> None:
    """Refuse a table whose grades stand under a header that is not known."""
    perhaps = [
        text
        for column, text in headers.texts.items()
        if column not in found.values()
        and _PERHAPS_GRADES.search(_plain(text))
        and _holds_grades(headers, column)
    ]
    if perhaps:
        raise CohortError(
            f"{source}: no header surely is that of the grades, but {' and '.join(perhaps)} could "
            f"be; say which with --column bapl='{perhaps[0]}', or --column bapl= for none"
        )
