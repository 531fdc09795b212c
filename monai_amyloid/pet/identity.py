"""Who a study is of: read to keep it out of what is written, or to write it when asked."""

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.charset import convert_encodings, decode_bytes, python_encoding
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.valuerep import PN_DELIMS

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.attributes import tag_of
from monai_amyloid.pet.dicom.header import open_header
from monai_amyloid.pet.files.archive import is_archive_name, is_packed_name, peek
from monai_amyloid.pet.files.fingerprint import fingerprint
from monai_amyloid.pet.files.sources import open_study
from monai_amyloid.pet.formats.bids import read_sidecar
from monai_amyloid.pet.formats.file_format import FileFormat
from monai_amyloid.pet.formats.itk.text_header import decoded
from monai_amyloid.pet.formats.table import format_named, format_of
from monai_amyloid.temporary import temporary_folder

# DICOM keywords of what names a person, a day, or a study that is kept of that person.
IDENTIFYING = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "OtherPatientIDs",
    "OtherPatientNames",
    "PatientBirthName",
    "PatientMotherBirthName",
    "PatientAddress",
    "PatientTelephoneNumbers",
    "IssuerOfPatientID",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "SeriesDate",
    "AcquisitionDate",
    "AcquisitionDateTime",
    "ContentDate",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "ReferringPhysicianName",
    "RequestingPhysician",
    "NameOfPhysiciansReadingStudy",
    "PhysiciansOfRecord",
    "PerformingPhysicianName",
    "OperatorsName",
    "InstitutionName",
    "StationName",
)
_KEYWORDS = {keyword.lower(): keyword for keyword in IDENTIFYING}
# A tag as the key of a text: 0010|0010, (0010,0010), DICOM_0010_0010.
_TAG = re.compile(r"(?i)(?:dicom[_.]?)?\(?([0-9a-f]{4})[|,_]?([0-9a-f]{4})\)?")
# Sequences that hold more of them (PS3.3 C.2.2; F.5 for a DICOMDIR).
_SEQUENCES = {
    "OtherPatientIDsSequence": {"PatientID": "OtherPatientIDs"},
    "DirectoryRecordSequence": {key: key for key in IDENTIFYING},
}
_REMOVED, _CHARACTERS = "PatientIdentityRemoved", "SpecificCharacterSet"
# What headers declare, or is taken where they do not, also where the letters are others.
_WESTERN = {"iso8859", "latin_1"}
_PSEUDONYMS = ("PatientName", "PatientID")
_FIRST_GROUPS = (b"\x02\x00", b"\x08\x00", b"\x00\x08")  # of a file without its preamble
_MOST_FOLDERS = 32  # of one study that are looked into: one for each series
_MOST_FILES = 5  # of one folder, which may hold several series: from the first to the last
_MOST_ENTRIES = 64  # of an archive: a disc begins with the files of a viewer
_HEADER_BYTES = 2**17
_MOST_ITEMS = 1000  # of a sequence


def content_and_identity(
    study: Path, besides: Path | None = None
) -> tuple[str, dict[str, str] | None]:
    """Checksum of a study's content, and who it is of.

    Args:
        study: Any study; it may be broken.
        besides: Folder within the study that does not count as its content, such as the results.

    Returns:
        What :func:`~monai_amyloid.pet.files.fingerprint.fingerprint` and :func:`identity_of` give.
    """
    # In this order: of a study that changes meanwhile the checksum is then another.
    return fingerprint(study, besides), identity_of(study)


def identity_of(study: Path) -> dict[str, str] | None:
    """Read who a study is of.

    Args:
        study: Any study that :func:`~monai_amyloid.pet.study.read_study` takes; it may be broken.

    Returns:
        Values of all its headers by DICOM keyword, several values of one keyword joined by a
        line break; what a header declares to be a pseudonym is left out (Patient Identity
        Removed (0012,0062)). None where no header has any.
    """
    try:
        # Opening a pipe would wait for ever.
        if not (study.is_file() or study.is_dir()):
            return None
        if format_named(study):
            return _together([_values_of(study)])
        if is_archive_name(study):
            beginnings = _of_archive(study)
            if beginnings is not None:
                return beginnings
        with open_study(study) as files:
            found = [*map(_values_of, [*_directory(study), *spread(files.files)])]
            broken = [Path(str(each.findings[0].values["where"])) for each in files.failed]
            return _together([*found, *(_of_archive(each) or {} for each in broken)])
    except (StudyRefused, OSError, ValueError, RuntimeError):
        try:
            return _together([_values_of(study)]) if study.is_file() else None
        except (OSError, ValueError):  # not even that can be looked at
            return None


def _of_archive(study: Path) -> dict[str, str] | None:
    """The headers of its first files, without unpacking the rest; None where these say nothing."""
    with temporary_folder() as place:
        found = peek(study, place, _MOST_ENTRIES, _HEADER_BYTES)
        return None if any(map(is_packed_name, found)) else _together(map(_values_of, found))


def _directory(study: Path) -> list[Path]:
    """What names the patients of a disc besides their images."""
    return [study] if study.is_file() else []


def spread(files: Sequence[Path]) -> Iterator[Path]:
    """Some files from the first to the last of every folder, which may hold more than one series.

    Args:
        files: All files of a study, those of a folder one after the other.
    """
    for count, (_, each) in enumerate(groupby(files, key=lambda file: file.parent)):
        if count < _MOST_FOLDERS:
            inside = list(each)
            places = np.linspace(0, len(inside) - 1, min(_MOST_FILES, len(inside)))
            yield from (inside[round(place)] for place in places)


def _together(headers: Iterable[Mapping[str, Any]]) -> dict[str, str] | None:
    """Every value once; None where there is none."""
    found: dict[str, dict[str, None]] = {}
    for each in headers:
        for keyword in IDENTIFYING:
            value = each.get(keyword) or ()
            texts = value if isinstance(value, list | tuple) else [value]
            lines = (line.strip() for text in texts for line in str(text).splitlines())
            found.setdefault(keyword, {}).update((line, None) for line in lines if line)
    return {key: "\n".join(values) for key, values in found.items() if values} or None


def _values_of(file: Path) -> Mapping[str, Any]:
    """Values of one file's header; none where it cannot be read."""
    try:
        image = format_of(file)
        if image is not None:
            return texts_of_image(file, image)
        with file.open("rb") as stream:
            head = stream.read(_HEADER_BYTES)
        if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
            content = json.loads(head)
            return content if isinstance(content, dict) else {}
        return _of_dicom(file, head)
    except Exception:  # readers raise whatever the broken bytes lead them to
        return {}


def texts_of_image(file: Path, image: FileFormat) -> dict[str, list[Any]]:
    """Values of an image's own header and of its sidecars, each of which may be broken.

    Args:
        file: Path of the image.
        image: Format of the image.

    Returns:
        Values by DICOM keyword, or by the header's own key where that is none.
    """
    found: dict[str, list[Any]] = {}
    for read in (image.header_texts, read_sidecar):
        with suppress(Exception):  # readers raise whatever the broken bytes lead them to
            for key, value in read(file).items():
                values = value if isinstance(value, list) else [value or ""]
                found.setdefault(_keyword(key), []).extend(values)
    return found


def _keyword(key: str) -> str:
    """The DICOM keyword of a header's key, which may be the keyword or, as ITK writes it, a tag."""
    tag = _TAG.fullmatch(key)
    if tag:
        return keyword_for_tag(int(tag[1] + tag[2], 16)) or key
    letters = re.sub("[^a-z]", "", key.lower()).removeprefix("dicom")
    return _KEYWORDS.get(letters, key)


def _of_dicom(file: Path, head: bytes) -> dict[str, list[str]]:
    try:
        header = open_header(file)
        if header is not None:
            return _of_dataset(header.dataset)
    except StudyRefused:
        pass
    if head[128:132] != b"DICM" and head[:2] not in _FIRST_GROUPS:
        return {}
    # Broken behind its beginning, or without the mark of a file: the name comes early.
    tags = [tag_of(key) for key in (*IDENTIFYING, *_SEQUENCES, _REMOVED, _CHARACTERS)]
    return _of_dataset(
        pydicom.dcmread(io.BytesIO(head), force=True, stop_before_pixels=True, specific_tags=tags)
    )


def _of_dataset(dataset: Dataset, characters: Sequence[str] = ()) -> dict[str, list[str]]:
    """The values of a header, each as often as it stands there."""
    declared = [each for each in _texts(dataset, _CHARACTERS, ()) if each in python_encoding]
    characters = convert_encodings(declared) if declared else characters
    left_out = _PSEUDONYMS if _texts(dataset, _REMOVED, ()) == ["YES"] else ()
    found = {key: _texts(dataset, key, characters) for key in IDENTIFYING if key not in left_out}
    for sequence, keywords in _SEQUENCES.items():
        with suppress(Exception):  # broken bytes
            for item in (dataset.get(sequence) or ())[:_MOST_ITEMS]:
                for inner, values in _of_dataset(item, characters).items():
                    if inner in keywords:
                        found.setdefault(keywords[inner], []).extend(values)
    return found


def _texts(dataset: Dataset, keyword: str, characters: Sequence[str]) -> list[str]:
    """The values of an attribute, from its bytes: pydicom would print broken ones in a warning."""
    try:
        element = dataset.get_item(tag_of(keyword))
        value = None if element is None else element.value
        if isinstance(value, bytes):
            value = _decoded(value, characters)
        parts = re.split(r"\\", value) if isinstance(value, str) else value or ()
        return [text for part in parts if (text := str(part).strip("\0 "))]
    except Exception:  # pydicom converts on access and raises whatever broken bytes lead it to
        return []


def _decoded(value: bytes, characters: Sequence[str]) -> str:
    """A text; where a header does not say in which letters, in those that fit."""
    if characters and not set(characters) <= _WESTERN:
        text = decode_bytes(value, characters, PN_DELIMS)
        if "\ufffd" not in text:
            return text
    return decoded(value)
