"""The studies that a user's paths stand for."""

import itertools
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from monai_amyloid.cells import read_cells
from monai_amyloid.errors import UserError
from monai_amyloid.pet.files.archive import is_archive_name
from monai_amyloid.pet.formats.bids import find_sessions
from monai_amyloid.pet.formats.table import format_named
from monai_amyloid.pet.identity import identity_of

_LISTS = (".txt", ".csv", ".tsv")
# Folders within folders of studies: hospital, year, patient, study.
_MOST_DEPTH = 6


@dataclass(frozen=True)
class NamedStudy:
    """A study to grade.

    Attributes:
        path: Path of the study, see :func:`~monai_amyloid.pet.study.read_study`.
        tracer: BIDS label of the tracer, None where neither a list nor an option names it.
        series: Name of the image to take, None where neither a list nor an option has it.
        tracer_is_really: Whether the tracer counts against what the study names.
    """

    path: Path
    tracer: str | None = None
    series: str | None = None
    tracer_is_really: bool = False


def list_named(
    paths: Iterable[Path],
    tracer: str | None = None,
    series: str | None = None,
    *,
    tracer_is_really: bool = False,
) -> list[NamedStudy]:
    """List the studies that paths stand for.

    Args:
        paths: Each a study; a BIDS dataset, for its PET sessions; a folder of studies, also in
            folders of patients; or a list: a text file with a path a line, or a table (CSV, or
            TSV such as ``participants.tsv``) with the columns ``path`` and, if known, ``tracer``
            and ``series``. Paths in a list are relative to its folder.
        tracer: BIDS label of the tracer for the studies whose list names none.
        series: Name of the image to take for the studies whose list names none.
        tracer_is_really: Whether ``tracer`` counts against what a study names. What a list names
            for a study does not.

    Raises:
        UserError: If a list cannot be read, or is empty.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, of broken values, which it prints
        found = list(itertools.chain.from_iterable(map(_of_path, paths)))
    return [
        NamedStudy(
            each.path,
            each.tracer or tracer,
            each.series or series,
            tracer_is_really and each.tracer is None,
        )
        for each in found
    ]


def _of_path(path: Path) -> list[NamedStudy]:
    if path.is_file() and path.suffix.lower() in _LISTS:
        return _of_list(path)
    if not path.is_dir():
        return [NamedStudy(path)]
    found = find_sessions(path) or list(_studies_below(path, _MOST_DEPTH))
    return [NamedStudy(each) for each in found]


def _studies_below(folder: Path, depth: int) -> Iterator[Path]:
    """A folder that holds more than one study, by what its entries say of themselves."""
    entries = _entries(folder)
    folders = [entry for entry in entries if entry.is_dir()]
    packed = [entry for entry in entries if not entry.is_dir() and _is_whole_study(entry)]
    if depth == 0 or len(folders) + len(packed) < 2 or not _are_studies(folders, packed):
        yield folder
        return
    for entry in entries:
        if entry.is_dir():
            yield from _studies_below(entry, depth - 1)
        elif is_archive_name(entry) or format_named(entry):
            yield entry


def _are_studies(folders: list[Path], packed: list[Path]) -> bool:
    """Whether entries belong to different studies, by their UIDs; a packed one without does."""
    known: set[str] = set()
    for entry in (*packed, *folders):
        uids = set((identity_of(entry) or {}).get("StudyInstanceUID", "").split("\n")) - {""}
        known |= uids
        if len(known) > 1 or (not uids and entry in packed and len(packed) > 1):
            return True
    return False


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    except OSError:  # reading it will say why
        return []


def _is_whole_study(file: Path) -> bool:
    """Whether a file is a study of its own; several images in one folder may be of one study."""
    image = format_named(file)
    return is_archive_name(file) or (image is not None and image.is_whole_study)


def _of_list(path: Path) -> list[NamedStudy]:
    """The studies of a list."""
    if path.suffix.lower() == ".txt":
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
        rows = [{"path": line} for line in lines if line and not line.startswith("#")]
    else:
        try:
            table = read_cells(
                pd.read_csv(
                    path,
                    sep=None,
                    engine="python",
                    dtype=str,
                    encoding="utf-8-sig",
                    na_values="n/a",
                )
            )
        except (ValueError, pd.errors.ParserError) as error:
            raise UserError(f"{path}: cannot be read as a table ({error})") from error
        if "path" not in table:
            raise UserError(
                f"{path}: found the columns {', '.join(map(str, table))}, needed one named path"
            )
        rows = [
            {str(key): value for key, value in row.items() if pd.notna(value)}
            for row in table.to_dict("records")
        ]
        rows = [row for row in rows if "path" in row]
    if not rows:
        raise UserError(f"{path}: the list is empty, needed a path a line")
    return [
        NamedStudy(path.parent / row["path"], row.get("tracer"), row.get("series")) for row in rows
    ]
