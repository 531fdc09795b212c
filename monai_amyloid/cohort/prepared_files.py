"""What a prepared cohort's folder holds: a volume and a record of each scan, by its content."""

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from monai_amyloid.brain.quantities.suvr import Reference
from monai_amyloid.checksum import sha256
from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.output import read_json_record, writable_folder
from monai_amyloid.pet.files.fingerprint import NOTHING, fingerprint
from monai_amyloid.study_names import safe_name, same_name

# A row of a table, as columns and values; those of the outcome have a ``reason`` where refused.
Row = dict[str, Any]
TABLE, REFUSALS, SCANS = "participants.tsv", "refused.tsv", "scans"


@dataclass(frozen=True)
class Settings:
    """How every scan of a cohort is prepared.

    Attributes:
        output: Folder of the prepared cohort.
        tracer: BIDS label for scans whose header and table row name none.
        tracer_is_really: Whether it counts against what a header names.
        reference: Region that SUVR is over.
        names: Name of each scan's files, by participant and session.
        code: Checksum of the code that prepares it.
    """

    output: Path
    tracer: str | None
    tracer_is_really: bool
    reference: Reference
    names: Mapping[tuple[str, str], str]
    code: str

    def name(self, row: Row) -> str:
        """Name of a scan's files."""
        return self.names[row["participant_id"], row["session_id"]]

    def volume(self, row: Row) -> Path:
        """File of a scan's prepared volume."""
        return self.output / SCANS / f"{self.name(row)}.nii.gz"

    def record(self, row: Row) -> Path:
        """File of a scan's outcome; it is written last, and says what volume it is of."""
        return self.output / SCANS / f"{self.name(row)}.row.json"

    def made_from(self, row: Row, scan: str) -> dict[str, str]:
        """Everything that a scan's outcome depends on; a checksum, for a row may name a person."""
        facts: dict[str, Any] = {
            "code": self.code,
            "tracer": self.tracer,
            "tracer_is_really": self.tracer_is_really,
            "reference": self.reference,
            # Where a study lies says nothing of what is in it.
            "row": {key: value for key, value in row.items() if key != "path"},
        }
        return {"scan": scan, "by": sha256(json.dumps(facts, default=str, sort_keys=True))}


def names_of(rows: Sequence[Row]) -> dict[tuple[str, str], str]:
    """A name for each scan's files that is no other's, on any system.

    ``sub-1_a`` of session ``b`` and ``sub-1`` of session ``a_b`` would have one, and ``S1`` and
    ``s1`` where case does not count: such names are told apart by a checksum of both parts.
    """
    plain = {
        (row["participant_id"], row["session_id"]): safe_name(
            f"{row['participant_id']}_{row['session_id']}"
        )
        for row in rows
    }
    alike: dict[str, int] = {}
    for name in plain.values():
        alike[same_name(name)] = alike.get(same_name(name), 0) + 1
    return {
        who: name if alike[same_name(name)] == 1 else f"{name}_{sha256(json.dumps(who))[:8]}"
        for who, name in plain.items()
    }


@dataclass(frozen=True)
class Earlier:
    """What an earlier run left under a scan's name.

    Attributes:
        result: Row of its outcome, if it is of the same content and made alike; else None.
        is_other: Whether it was prepared from other content.
    """

    result: Row | None
    is_other: bool


def look_back(rows: Sequence[Row], settings: Settings) -> dict[str, Earlier]:
    """What earlier runs left, by the name of the scan's files."""
    there = [row for row in rows if settings.record(row).is_file()]
    # Mostly waiting for a disk or a network.
    with ThreadPoolExecutor(min(16, 4 * (os.cpu_count() or 1))) as pool:
        found = pool.map(partial(earlier_of, settings=settings), there)
        return {settings.name(row): each for row, each in zip(there, found, strict=True)}


def earlier_of(row: Row, settings: Settings) -> Earlier:
    """What an earlier run left under the name of a scan; nothing where its record is not whole."""
    volume = settings.volume(row)
    scan = fingerprint(Path(row["path"]))
    record = read_json_record(settings.record(row))
    try:
        made_from, result = record["made_from"], dict(record["result"])
        is_same = scan != NOTHING and made_from == settings.made_from(row, scan)
        # A run that was killed may have put another volume there, and not its record yet.
        is_whole = volume.is_file() and fingerprint(volume) == record["volume"]
        is_other = made_from["scan"] != scan
    except (OSError, ValueError, KeyError, TypeError):  # of an earlier version, or cut off
        return Earlier(None, False)
    return Earlier(result if is_same and is_whole else None, is_other)


def listed(table: Path) -> list[str]:
    """Participant and session of each row of a prepared table; none where it is not there."""
    if not table.is_file():
        return []
    rows = pd.read_csv(table, sep="\t", dtype=str, keep_default_na=False)
    return [f"{row.participant_id} {row.session_id}" for row in rows.itertuples()]


def check_prepared(output: Path) -> None:
    """Refuse a folder whose table is not that of a prepared cohort, which would be lost.

    Args:
        output: Folder to prepare into.

    Raises:
        CohortError: If so.
    """
    ours = (output / REFUSALS).exists() or any((output / SCANS).glob("*.row.json"))
    if (output / TABLE).exists() and not ours:
        raise CohortError(
            f"{output / TABLE}: is not the table of a prepared cohort, and would be replaced; "
            "choose another --output"
        )
    writable_folder(output / SCANS)
