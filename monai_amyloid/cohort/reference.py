"""What somebody else says of a cohort's scans: a visual read, another pipeline's numbers.

Known headers are those of published tables. ADNI's: the data dictionary of ``UCBERKELEY_AMY_6MM``
(``CENTILOIDS``, ``SUMMARY_SUVR``, ``AMYLOID_STATUS``) and of the earlier ``UCBERKELEYAV45`` and
``UCBERKELEYFBB``. OASIS-3's: the imaging data dictionary, table ``PUP``, such as
``Centil_fSUVR_TOT_CORTMEAN``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.table.file import read_sheet
from monai_amyloid.cohort.table.headers import read_headers
from monai_amyloid.cohort.table.sheet import one_spelling
from monai_amyloid.findings.finding import Phrase, Term, phrase

Kind = Literal["call", "centiloid", "suvr"]

_CALL: Kind = "call"
_CENTILOID: Kind = "centiloid"
_SUVR: Kind = "suvr"
# Headers by their letters and digits alone, in lower case.
_KNOWN: Mapping[str, Kind] = {
    **dict.fromkeys(
        (
            *("visual", "visualread", "visualreading", "visualcall", "amyloidvisual"),
            *("amyloidstatus", "amyloidpositive", "amyloidpositivity", "petstatus"),
            *("summarysuvrwholecerebnorm111cutoff", "summarysuvrwholecerebnorm108cutoff"),
            *("판독", "육안판독", "아밀로이드"),
        ),
        _CALL,
    ),
    **dict.fromkeys(
        (
            *("centiloid", "centiloids", "cl", "centilfsuvrtotcortmean", "centilfbptotcortmean"),
            *("centilfsuvrrsftotcortmean", "centilfbprsftotcortmean"),
            *("centiloidfsuvrtotcortmean", "centiloidfbptotcortmean", "센틸로이드"),
        ),
        _CENTILOID,
    ),
    **dict.fromkeys(
        (
            *("suvr", "summarysuvr", "globalsuvr", "compositesuvr", "corticalsuvr"),
            *("summarysuvrwholecerebnorm", "petfsuvrtotcortmean", "petfsuvrrsftotcortmean"),
        ),
        _SUVR,
    ),
}
# Headers of people, beside those of every spreadsheet.
_PEOPLE = ("participant_id", "PTID", "RID", "subject_id", "OASISID", "Subject", "AIBL_ID")
_SESSIONS = ("session_id", "session")
_POSITIVE = ("1", "1.0", "positive", "pos", "p", "+", "yes", "true", "abnormal", "양성")
_NEGATIVE = (
    "0",
    "0.0",
    "negative",
    "neg",
    "n",
    "-",
    "\N{MINUS SIGN}",
    "no",
    "false",
    "normal",
    "음성",
)
_MOST_SHOWN = 20


@dataclass(frozen=True)
class Reference:
    """One column of somebody's table.

    Attributes:
        column: Header of the column in the table.
        kind: ``call`` (1 positive, 0 negative), ``centiloid`` or ``suvr``.
        rows: ``participant_id``, ``session_id`` (empty where there is none) and ``value``.
    """

    column: str
    kind: Kind
    rows: pd.DataFrame


def read_reference(
    path: Path,
    *,
    column: str | None = None,
    kind: Kind | None = None,
    people: str | None = None,
    sheet: str | None = None,
) -> list[Reference]:
    """Read what a table says of scans.

    Args:
        path: CSV, TSV or XLSX.
        column: Header to take; None for every known one.
        kind: What ``column`` holds, where its header does not tell.
        people: Header of the people's ids; None for a known one.
        sheet: Name of the sheet of a workbook.

    Returns:
        One for each column.

    Raises:
        CohortError: If it is no table, lacks such a column, or a value cannot be read.
    """
    headers, lines = _table(path, people, sheet)
    by_text = {text: place for place, text in headers.items()}
    who = _first(by_text, (people,) if people else _PEOPLE)
    if who is None:
        raise CohortError(
            f"{path}: found the headers {_listed(by_text)}; needed one of people's ids: say which "
            "with --id HEADER"
        )
    when = _first(by_text, _SESSIONS)
    if column is not None:
        chosen = _first(by_text, (column,))
        if chosen is None:
            raise CohortError(f"{path}: no column '{column}'; its headers are {_listed(by_text)}")
        means = kind or _KNOWN.get(_bare(column))
        if means is None:
            raise CohortError(
                f"{path}: what '{column}' holds is not known; add --kind call, centiloid or suvr"
            )
        taken: dict[str, Kind] = {chosen: means}
    else:
        taken = {text: _KNOWN[_bare(text)] for text in by_text if _bare(text) in _KNOWN}
    if not taken:
        raise CohortError(
            f"{path}: found the headers {_listed(by_text)}; needed a visual read, Centiloid or "
            "SUVR: say which with --column HEADER and --kind"
        )
    found = []
    for text, means in taken.items():
        rows = [
            {
                "participant_id": line.get(by_text[who], "").strip(),
                "session_id": "" if when is None else line.get(by_text[when], "").strip(),
                "value": _value(line.get(by_text[text], ""), means, f"{path}: {text}"),
            }
            for line in lines
        ]
        table = pd.DataFrame(rows, columns=["participant_id", "session_id", "value"])
        found.append(Reference(text, means, table[table["value"].notna()].reset_index(drop=True)))
    return found


def match_scans(
    reference: Reference, cohort: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, Phrase]]:
    """Put a reference's values beside a cohort's scans.

    Args:
        reference: What somebody says.
        cohort: Rows with ``participant_id`` and ``session_id``.

    Returns:
        The rows of the cohort that have a value, with ``value``; and why each other person of the
        reference or of the cohort was left out, by name.
    """
    values = reference.rows.assign(
        person=reference.rows["participant_id"].map(person_key),
        visit=reference.rows["session_id"].map(_visit_key),
    )
    scans = cohort.assign(
        person=cohort["participant_id"].map(person_key), visit=cohort["session_id"].map(_visit_key)
    )
    left_out: dict[str, Phrase] = {}
    rows = []
    for person, of_person in scans.groupby("person", sort=False):
        name = str(of_person["participant_id"].iloc[0])
        of_table = values[values["person"] == person]
        if of_table.empty:
            left_out[name] = phrase("reference_not_in_table", "not in the table")
        elif (of_table["visit"] != "").all() and len(of_table) + len(of_person) > 2:
            for _, scan in of_person.iterrows():
                same = of_table[of_table["visit"] == scan["visit"]]
                if len(same) == 1:
                    rows.append({**scan, "value": float(same["value"].iloc[0])})
                else:
                    left_out[f"{name} {scan['session_id']}"] = phrase(
                        "reference_rows_of_session",
                        "rows of that session: {rows:d}, needed 1",
                        rows=len(same),
                    )
        elif len(of_table) == len(of_person) == 1:
            rows.append({**of_person.iloc[0], "value": float(of_table["value"].iloc[0])})
        else:
            left_out[name] = phrase(
                "reference_rows_for_scans",
                "rows: {rows:d}, scans: {scans:d}, and no {column} tells which is of which",
                rows=len(of_table),
                scans=len(of_person),
                column=Term("session_id"),
            )
    known = set(scans["person"])
    for name in values.loc[~values["person"].isin(known), "participant_id"].unique():
        left_out[str(name)] = phrase("reference_no_scan", "no scan of the cohort")
    return pd.DataFrame(rows), left_out


def person_key(text: str) -> str:
    """A person's id by its letters and digits: ``sub-002S0295`` is ``002_S_0295``."""
    bare = _bare(str(text))
    return bare.removeprefix("sub") if str(text).casefold().startswith("sub-") else bare


def _visit_key(text: str) -> str:
    bare = _bare(str(text))
    return bare.removeprefix("ses") if str(text).casefold().startswith("ses-") else bare


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", one_spelling(text).casefold())


def _first(by_text: Mapping[str, int], sought: tuple[str, ...]) -> str | None:
    for name in sought:
        for text in by_text:
            if _bare(text) == _bare(name):
                return text
    return None


def _listed(texts: Mapping[str, int]) -> str:
    more = ", …" if len(texts) > _MOST_SHOWN else ""
    return ", ".join(list(texts)[:_MOST_SHOWN]) + more


def _table(
    path: Path, people: str | None, sheet: str | None
) -> tuple[dict[int, str], list[dict[int, str]]]:
    """Headers by column, and the text of each row's cells below them."""
    last: CohortError | None = None
    for name in (people,) if people else _PEOPLE:
        # An empty header says that there is none: what looks like grades is what is sought here.
        chosen = {"participant_id": one_spelling(name), "bapl": ""}
        try:
            found, _ = read_sheet(path, chosen, sheet)
            headers = read_headers(found, str(path), chosen)
        except CohortError as error:
            last = last or error
            continue
        lines = [{place: cell.text for place, cell in row.cells.items()} for row in headers.body]
        return dict(headers.texts), lines
    raise last or CohortError(f"{path}: no table")


def _value(text: str, kind: Kind, where: str) -> float | None:
    word = text.strip().casefold()
    if word in ("", "n/a", "na", "nan", "null", "none", ".", "-4"):
        return None
    if kind == _CALL:
        if word in _POSITIVE or word in _NEGATIVE:
            return float(word in _POSITIVE)
        raise CohortError(
            f"{where} holds '{text[:40]}', needed positive or negative (also 1 and 0, + and -)"
        )
    try:
        return float(word.replace(",", "."))
    except ValueError as error:
        raise CohortError(f"{where} holds '{text[:40]}', needed a number") from error
