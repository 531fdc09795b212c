"""What BIDS says of a scan beside its image: whose it is, which visit, and of which day."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monai_amyloid.cells import plain
from monai_amyloid.pet.scan_moment import ScanMoment, moment_of_text

# A folder or file of BIDS, or one that is named as BIDS names a file: sub-01_ses-02.
_NAME = re.compile(r"sub-([^\W_]+)(?:_ses-([^\W_]+))?(?:[_.].*)?")
_SESSION = re.compile(r"ses-([^\W_]+)")
_DEEPEST = 4  # from a dataset to an image: sub-01/ses-02/pet/sub-01_ses-02_pet.nii.gz
_LARGEST_TABLE = 10_000_000  # bytes
_TIME, _DATE = "acq_time", "date"


@dataclass(frozen=True)
class BidsLabels:
    """Labels of a scan in the names of its path.

    Attributes:
        participant: Label behind ``sub-``; empty where there is none.
        session: Label behind ``ses-``; empty where there is none.
        folder: Folder ``sub-…`` of the participant; None where the path has none.
    """

    participant: str = ""
    session: str = ""
    folder: Path | None = None


def bids_labels(study: Path) -> BidsLabels:
    """Find the labels in the path of a study; nothing is read.

    Args:
        study: Image, or folder of images.
    """
    participant = session = ""
    folder = None
    for place in (study, *study.parents)[:_DEEPEST]:
        if (alone := _SESSION.fullmatch(place.name)) and not session:
            session = alone[1]
        elif found := _NAME.fullmatch(place.name):
            if participant and found[1] != participant:
                break
            participant, session = found[1], session or found[2] or ""
            if place.name == f"sub-{participant}" and place != study:
                folder = place
                break
    return BidsLabels(participant, session, folder)


def bids_moment(study: Path) -> ScanMoment | None:
    """Read when a study was scanned from the tables of its dataset.

    Args:
        study: Image or folder in a BIDS dataset.

    Returns:
        Moment in ``*_scans.tsv``, else ``*_sessions.tsv``, else in the column ``date`` of
        ``participants.tsv`` where that has a row for each visit; None where none has it.
    """
    labels = bids_labels(study)
    if labels.folder is None:
        return None
    moments = _of_scans(study, labels.folder)
    return min(moments) if moments else _of_sessions(labels, labels.folder)


def _of_scans(study: Path, folder: Path) -> list[ScanMoment]:
    """Moments of the study's PET images in the table of its visit."""
    found = []
    for level in (study, *study.parents):
        for table in level.glob("*_scans.tsv") if level != study or study.is_dir() else ():
            for row in _rows(table):
                image = level / row.get("filename", "")
                of_study = image == study or study in image.parents
                is_pet = image.name.partition(".")[0].endswith("_pet")
                if of_study and is_pet and (moment := moment_of_text(row.get(_TIME, ""))):
                    found.append(moment)
        if level == folder:
            break
    return found


def _of_sessions(labels: BidsLabels, folder: Path) -> ScanMoment | None:
    """Moment of the visit in the table of the person's visits, or in that of all people."""
    participant, session = f"sub-{labels.participant}", f"ses-{labels.session}"
    of_person = (
        (row, _TIME)
        for row in _rows(folder / f"{participant}_sessions.tsv")
        if row.get("session_id") == session
    )
    of_all = (
        (row, _DATE)
        for row in _rows(folder.parent / "participants.tsv")
        if row.get("participant_id") == participant and row.get("session_id") == session
    )
    for rows in (of_person, of_all):
        for row, column in rows:
            moment = moment_of_text(row.get(column, ""))
            if moment is not None:
                return moment
    return None


def _rows(table: Path) -> Iterator[dict[str, str]]:
    """Rows of a table of BIDS; none of one that cannot be read, for it only adds a date."""
    try:
        if not table.is_file() or table.stat().st_size > _LARGEST_TABLE:
            return
        lines = table.read_text(encoding="utf-8-sig").splitlines()
        rows = list(csv.reader(lines, delimiter="\t"))
    except (OSError, ValueError, csv.Error):
        return
    for row in rows[1:]:
        yield dict(zip(map(plain, rows[0]), map(plain, row), strict=False))
