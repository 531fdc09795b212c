"""Place of a simulated scan in its cohort's folder, in the formats that hospitals send."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from monai_amyloid.cells import read_cells
from monai_amyloid.output import replace_file
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.version import __version__
from monai_amyloid.writing.dicom import write_dicom_frames
from monai_amyloid.writing.frames import SCAN_START
from monai_amyloid.writing.nifti import write_nifti_frames

Form = Literal["nifti", "dicom", "bids"]
FORMS: tuple[Form, ...] = get_args(Form)

_BIDS_VERSION = "1.11.0"
# Values of every simulated scan, unless its scanner has its own. BIDS requires a number
# for the injected activity: none was injected.
_SIMULATED: Mapping[str, Any] = {
    "Manufacturer": "monai-amyloid",
    "ManufacturerModelName": "phantom",
    "BodyPartExamined": "HEAD",
    "AcquisitionMode": "simulated",
    "ReconMethodName": "simulated",
    "ModeOfAdministration": "bolus",
    "InjectedRadioactivity": 0,
    "InjectedRadioactivityUnits": "MBq",
}
_COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "participant_id": {"Description": "Simulated person"},
    "session_id": {"Description": "Scan of that person"},
    "path": {"Description": "File or folder of the scan, relative to this table"},
    "tracer": {
        "Description": "Amyloid tracer, by its BIDS label",
        "Levels": {label: tracer.name for label, tracer in TRACERS.items()},
    },
    "bapl": {
        "LongName": "brain amyloid plaque load",
        "Description": "Grade that a simulated reader gave",
        "Levels": {
            "1": "no amyloid deposition",
            "2": "minor amyloid deposition",
            "3": "significant amyloid deposition",
        },
    },
    "age": {"Description": "Age at the scan", "Units": "year"},
    "sex": {"Description": "Sex", "Levels": {"F": "female", "M": "male"}},
    "site": {"Description": "Simulated site, which has a scanner of its own"},
    "date": {"Description": "Day of the scan, counted from a first visit on 2000-01-01"},
}
_README = """\
# Simulated amyloid PET

Made by monai-amyloid {version}. Nobody was scanned: heads, uptake, scanners and readers are
simulated, every first visit is on 1 January 2000 and nothing was injected (the injected
radioactivity, a field that BIDS requires, is 0).

`participants.tsv` is the table that a hospital would have; `participants.json` describes it.
What no hospital has, the truth of each scan, is in the tables that `.bidsignore` names.
"""


def path_of(participant: str, session: str, form: Form, tracer: str | None = None) -> Path:
    """Give the place of a scan.

    Args:
        participant: Participant label, such as ``"sub-0001"``.
        session: Session label, such as ``"ses-01"``.
        form: Format of the scan, one of :data:`FORMS`.
        tracer: BIDS label of the tracer, which is part of a BIDS name; None for none.

    Returns:
        File, or folder of DICOM files, relative to the cohort's folder.

    Raises:
        ValueError: If the form is unknown.
    """
    if form not in FORMS:
        raise ValueError(f"found the form {form!r}, needed one of {', '.join(FORMS)}")
    stem = f"{participant}_{session}"
    if form == "dicom":
        return Path("scans", stem)
    if form == "nifti":
        return Path("scans", f"{stem}_pet.nii.gz")
    label = f"_trc-{tracer}" if tracer else ""
    return Path(participant, session, "pet", f"{stem}{label}_pet.nii.gz")


def store(
    series: FrameSeries,
    cohort: Path,
    participant: str,
    session: str,
    form: Form,
    seed: int,
    *,
    started: datetime = SCAN_START,
) -> Path:
    """Write one simulated scan, whole or not at all.

    Args:
        series: Scan, static or dynamic; ``stored_bits`` 8 in its provenance makes it an 8-bit
            export. The other values there are written into the header.
        cohort: Folder of the cohort.
        participant: Participant label, such as ``"sub-0001"``.
        session: Session label, such as ``"ses-01"``.
        form: Format of the scan: NIfTI with sidecar, a folder of DICOM slices, or NIfTI at its
            place in BIDS.
        seed: Seed of the cohort; DICOM UIDs follow from it.
        started: Date and time of the scan, for DICOM; NIfTI and its sidecar hold no date.

    Returns:
        Path of the scan, as :func:`path_of` gives it.

    Raises:
        FileExistsError: If there is a DICOM series already; a NIfTI file is replaced.
        ValueError: If the form is unknown or cannot hold the series.
    """
    path = path_of(participant, session, form, series.tracer)
    series = replace(series, provenance={**_SIMULATED, **series.provenance})
    if form == "dicom":
        write_dicom_frames(
            series,
            cohort / path,
            participant=participant,
            seed_uid=f"{seed}.{participant}.{session}",
            started=started,
            description=f"PET brain AC {'dynamic' if len(series.frames) > 1 else 'static'}",
        )
    else:
        write_nifti_frames(series, cohort / path)
    return path


def bids_files(cohort: Path, extra: Sequence[str] = ("truth*", "simulation.json")) -> None:
    """Write what makes a cohort's folder a BIDS dataset, beside scans and ``participants.tsv``.

    Args:
        cohort: Folder of the cohort, whose scans are stored as ``"bids"``, with its
            ``participants.tsv``.
        extra: Patterns of files in the folder that are not BIDS, for ``.bidsignore``.
    """
    table = read_cells(pd.read_csv(cohort / "participants.tsv", sep="\t", dtype=str))
    if table["participant_id"].duplicated().any():
        # BIDS has one row a participant, this project one a scan.
        extra = (*extra, "participants.tsv", "participants.json")
    generator = {"Name": "monai-amyloid", "Version": __version__}
    description = {
        "Name": "Simulated amyloid PET",
        "BIDSVersion": _BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [generator],
    }
    replace_file(cohort / "dataset_description.json", _json(description))
    described = {name: about for name, about in _COLUMNS.items() if name in table or name != "date"}
    replace_file(cohort / "participants.json", _json(described))
    replace_file(cohort / "README.md", _README.format(version=__version__).encode())
    replace_file(cohort / ".bidsignore", "".join(f"{name}\n" for name in extra).encode())


def _json(content: Mapping[str, Any]) -> bytes:
    """Write a JSON file that a person can read."""
    return (json.dumps(content, indent=2) + "\n").encode()
