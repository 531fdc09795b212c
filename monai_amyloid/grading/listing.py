"""The studies that a user's paths stand for."""

import itertools
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from monai_amyloid.findings.finding import Finding
from monai_amyloid.grading.written_list import read_list
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
        refused: Why the line of a list names no study that could be read; None for all others.
        participant_id: Label of the person by the list; empty where it has none.
        session_id: Label of the visit by the list; empty where it has none.
        date: Day of the scan by the list; empty where it does not say.
        site: Site of the scan by the list; empty where it does not say.
        listed_in: The list that names the study; None where none does.
    """

    path: Path
    tracer: str | None = None
    series: str | None = None
    tracer_is_really: bool = False
    refused: Finding | None = None
    participant_id: str = ""
    session_id: str = ""
    date: str = ""
    site: str = ""
    listed_in: Path | None = None


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
            and ``series``. Paths in a list are relative to its folder. A line that names no study
            is one that is refused.
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
        replace(
            each,
            tracer=each.tracer or tracer,
            series=each.series or series,
            tracer_is_really=tracer_is_really and each.tracer is None,
        )
        for each in found
    ]


def _of_path(path: Path) -> list[NamedStudy]:
    try:
        if path.is_file() and path.suffix.lower() in _LISTS:
            return [NamedStudy(**line, listed_in=path) for line in read_list(path)]
        if path.is_dir():
            found = find_sessions(path) or list(_studies_below(path, _MOST_DEPTH))
            return [NamedStudy(each) for each in found]
    except OSError:  # a folder that nobody may look into: reading it will say so
        pass
    return [NamedStudy(path)]


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
