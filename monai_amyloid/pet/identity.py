"""Who a study is of: read to keep it out of what is written, or to write it when asked."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydicom.dataset import Dataset

from monai_amyloid.pet.archive import peek
from monai_amyloid.pet.bids import read_sidecar
from monai_amyloid.pet.dicom.header import open_header
from monai_amyloid.pet.image import StudyRefused
from monai_amyloid.pet.nifti import is_nifti
from monai_amyloid.pet.sources import open_study

# DICOM keywords of what names a person, a day, or a study that is kept of that person.
IDENTIFYING = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "OtherPatientIDs",
    "OtherPatientNames",
    "PatientAddress",
    "PatientTelephoneNumbers",
    "IssuerOfPatientID",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "SeriesDate",
    "AcquisitionDate",
    "ContentDate",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "OperatorsName",
    "InstitutionName",
    "StationName",
)
_PSEUDONYMS = ("PatientName", "PatientID")
_MOST_FOLDERS = 32  # of one study that are looked into: one for each series
_MOST_ENTRIES = 3  # of a zip that are tried
_HEADER_BYTES = 2**20


def identity_of(study: Path) -> dict[str, str] | None:
    """Read who a study is of.

    Args:
        study: As :func:`~monai_amyloid.pet.study.read_study` takes it; it may be broken.

    Returns:
        What is said by any of its headers, by DICOM keyword, several values of one joined by a
        line break; what a header declares to be a pseudonym is left out (Patient Identity
        Removed (0012,0062)). None where no header can be read.
    """
    try:
        if is_nifti(study):
            return _of_sidecar(read_sidecar(study))
        if study.suffix.lower() == ".zip":
            return _of_zip(study)
        with open_study(study) as files:
            return _of_files(_one_of_each_folder(files.files))
    except (StudyRefused, OSError):
        return None


def _one_of_each_folder(files: tuple[Path, ...]) -> Iterator[Path]:
    """The first files of every folder: a series stands in a folder of its own, or all in one."""
    tried: dict[Path, int] = {}
    for file in files:
        if tried.setdefault(file.parent, 0) < _MOST_ENTRIES and len(tried) <= _MOST_FOLDERS:
            tried[file.parent] += 1
            yield file


def _of_files(files: Iterator[Path]) -> dict[str, str] | None:
    found: dict[str, list[str]] | None = None
    for file in files:
        try:
            header = open_header(file)
            dataset = header.dataset if header is not None else None
        except (StudyRefused, OSError):
            continue
        if dataset is None:
            continue
        found = {} if found is None else found
        for keyword, value in _of_dataset(dataset).items():
            if value not in found.setdefault(keyword, []):
                found[keyword].append(value)
    return None if found is None else {key: "\n".join(values) for key, values in found.items()}


def _of_dataset(dataset: Dataset) -> dict[str, str]:
    removed = _text(dataset, "PatientIdentityRemoved") == "YES"
    said = {key: _text(dataset, key) for key in IDENTIFYING if not (removed and key in _PSEUDONYMS)}
    return {key: value for key, value in said.items() if value}


def _text(dataset: Dataset, keyword: str) -> str:
    try:
        return str(dataset.get(keyword) or "").strip()
    except Exception:  # pydicom converts on access and raises whatever broken bytes lead it to
        return ""


def _of_sidecar(sidecar: Mapping[str, object]) -> dict[str, str]:
    """Converters can be told to keep the patient in the JSON file beside a NIfTI."""
    return {key: str(sidecar[key]) for key in IDENTIFYING if sidecar.get(key)}


def _of_zip(study: Path) -> dict[str, str] | None:
    """The header of one of its first files, without unpacking the rest."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        return _of_files(iter(peek(study, Path(place), _MOST_ENTRIES, _HEADER_BYTES)))
