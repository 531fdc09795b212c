"""A list of studies in a file: a path a line, or a table; a bad line costs itself alone."""

import csv
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from monai_amyloid.cells import plain
from monai_amyloid.errors import UserError
from monai_amyloid.findings.finding import Finding, Term, refusal

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MARK = b"\xef\xbb\xbf"
# What Korean Windows writes by default, where a text says nothing of its letters.
_KOREAN = "cp949"
_DELIMITERS = "\t,;|"
_UNKNOWN = ("", "n/a")
_COLUMNS = ("path", "tracer", "series", "participant_id", "session_id", "date", "site")
_LINE_END = re.compile(rb"\r\n|\n|\r")


def read_list(path: Path) -> list[dict[str, Any]]:
    """Read a list of studies.

    Args:
        path: Text file with a path a line (``.txt``), or table with the column ``path`` and, if
            known, ``tracer``, ``series``, ``participant_id``, ``session_id``, ``date`` and
            ``site``; in UTF-8, UTF-16 with a byte order mark, or what Korean Windows writes.

    Returns:
        Dictionary of each line with ``path`` and, of the other columns, what is known; of one that
        names no study with ``refused``, the reason, and a path that says which line it is.

    Raises:
        UserError: If the list has no line or a table no column ``path``.
        OSError: If it cannot be read.
    """
    lines = _lines(path)
    read = _of_text if path.suffix.lower() == ".txt" else _of_table
    found = [_named(path, number, cells) for number, cells in read(path, lines)]
    if not found:
        raise UserError(f"{path}: the list is empty, needed a path a line")
    return found


def _lines(path: Path) -> list[str]:
    """The lines of a text, each in its own letters."""
    content = path.read_bytes()
    if content.startswith(_UTF16):
        return content.decode("utf-16", "replace").splitlines()
    return [_decoded(line, path) for line in _LINE_END.split(content.removeprefix(_MARK))]


def _decoded(line: bytes, path: Path) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        pass
    # The name of a file whose bytes are no text, as `ls` writes it, names that file.
    as_file = os.fsdecode(line)
    if os.path.lexists(path.parent / as_file.replace("\0", "").strip()):
        return as_file
    try:
        return line.decode(_KOREAN)
    except UnicodeDecodeError:
        return as_file


def _of_text(path: Path, lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text and not text.startswith("#"):
            yield number, {"path": text}


def _of_table(path: Path, lines: list[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    header = next((line for line in lines if line.strip()), "")
    counts = {each: header.count(each) for each in _DELIMITERS}
    delimiter = "\t" if path.suffix.lower() == ".tsv" else max(counts, key=lambda k: counts[k])
    names: list[str] = []
    for number, cells in _rows(lines, delimiter):
        if cells is None:
            yield number, {"problem": "a quotation mark that is not closed"}
        elif not any(cells):
            continue
        elif not names:
            names = list(map(plain, cells))
            if "path" not in names:
                raise UserError(
                    f"{path}: found the columns {', '.join(names)}, needed one named path"
                )
        elif any(cells[len(names) :]):
            problem = f"{len(cells)} cells where the header has {len(names)}"
            yield number, {"problem": problem}
        else:
            yield number, dict(zip(names, map(plain, cells), strict=False))


def _rows(lines: list[str], delimiter: str) -> list[tuple[int, list[str] | None]]:
    """The number of each row's line and its cells; None for a row that is none."""

    def parsed(part: list[str], first: int) -> list[tuple[int, list[str] | None]]:
        rows = csv.reader((f"{line}\n" for line in part), delimiter=delimiter, strict=True)
        return [(first + rows.line_num, [cell.strip() for cell in row]) for row in rows]

    try:
        return parsed(lines, 0)
    except csv.Error:
        found: list[tuple[int, list[str] | None]] = []
    # A mark that is not closed would swallow all lines behind it: each by itself.
    for number, line in enumerate(lines):
        try:
            found += parsed([line], number)
        except csv.Error:
            found.append((number + 1, None))
    return found


def _named(path: Path, number: int, cells: Mapping[str, str]) -> dict[str, Any]:
    """A line as the study that it names."""
    known = {key: cells[key] for key in _COLUMNS if cells.get(key, "") not in _UNKNOWN}
    refused: Finding | None = None
    if "problem" in cells:
        refused = refusal(
            "list_line_unreadable",
            "line {line} of {list} cannot be read ({reason}); correct it",
            line=number,
            list=path,
            reason=cells["problem"],
        )
    elif "path" not in known:
        refused = refusal(
            "list_line_without_path",
            "line {line} of {list} has no path, needed that of a study in the column {column}",
            line=number,
            list=path,
            column=Term("path"),
        )
    elif "\0" in known["path"]:
        refused = refusal(
            "list_line_no_path",
            "line {line} of {list} has a zero byte, which no path has; save the list as UTF-8",
            line=number,
            list=path,
        )
    if refused is not None:
        return {"path": path.parent / f"{path.stem}_line-{number}", "refused": refused}
    return {**known, "path": path.parent / known["path"]}
