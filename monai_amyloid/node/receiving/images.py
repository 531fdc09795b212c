"""An image as it came in: whole or not, whose it is, and kept under what it holds."""

import re
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from monai_amyloid.checksum import sha256
from monai_amyloid.node.durable import on_disk
from monai_amyloid.node.queue.arrived import Arrived
from monai_amyloid.output import replacing
from monai_amyloid.pacs.study_module import MANUFACTURER

# Below the node's data.
IMAGES = Path("images")
# Preamble, "DICM" and the group length of the file's own header (PS3.10 7.1).
_META_BEGINS = 128 + 4 + 12
_PET = "PT"
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
# PS3.5 9.1; leading zeros let pass: scanners write them.
_UID = re.compile(r"[0-9][0-9.]{0,63}")
# Few bytes of it may stand for more than there is memory, and no scanner writes PET so.
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_META_ENDS = 1000
_UNDEFINED = 0xFFFFFFFF  # PS3.5 7.1.1


class NotWholeError(ValueError):
    """A file is DICOM and ends too early: it may still be written."""


class NotDicomError(ValueError):
    """A file is no DICOM file, or does not say what it is of."""


class OwnObjectError(ValueError):
    """An object is a result of this program, which is never graded."""


def read_image(content: bytes, data: Path, source: str, key: str | None, title: str) -> Arrived:
    """Read an image, and keep it where it is PET.

    Args:
        content: Bytes of a DICOM file.
        data: Folder of the node's data.
        source: Name of the source that it came from.
        key: Identifier at the source; None where it has none.
        title: Title of the machine that sent it; empty where that is not known.

    Raises:
        NotDicomError: If it is no DICOM file, or lacks a UID.
        NotWholeError: If it ends too early.
        OwnObjectError: If this program made it.
    """
    header = _read(content)
    modality = _text(header, "Modality")
    uids = [
        _text(header, name) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
    ]
    if not all(map(is_uid, uids)):
        raise NotDicomError("found no Study, Series or SOP Instance UID")
    if is_own(header):
        raise OwnObjectError(uids[2])
    described = (_text(header, name) for name in ("StudyDescription", "SeriesDescription"))
    return Arrived(
        study_uid=uids[0],
        series_uid=uids[1],
        sop_uid=uids[2],
        modality=modality,
        digest=_digest(header, content),
        file=keep(content, data).as_posix() if modality == _PET else None,
        source=source,
        source_key=key,
        calling_title=title,
        patient_id=_text(header, "PatientID"),
        patient_name=_text(header, "PatientName"),
        study_date=_text(header, "StudyDate"),
        description=" / ".join(dict.fromkeys(filter(None, described))),
    )


def is_uid(text: str) -> bool:
    """Whether a text is a UID: nothing that stands for others in a query, or leads elsewhere.

    Args:
        text: What a header or another machine has for one.
    """
    return _UID.fullmatch(text) is not None


def keep(content: bytes, data: Path) -> Path:
    """Keep bytes in a file that is called as they are, and there after a power loss.

    Args:
        content: Bytes of a file.
        data: Folder of the node's data.

    Returns:
        The file, relative to ``data``.
    """
    name = sha256(content)
    file = IMAGES / name[:2] / f"{name}.dcm"
    if (data / file).is_file() and (data / file).stat().st_size == len(content):
        return file
    with replacing(data / file) as partial:
        partial.write_bytes(content)
        on_disk(partial)
    on_disk((data / file).parent)
    return file


def _read(content: bytes) -> Dataset:
    if _DEFLATED in content[:_META_ENDS]:
        raise NotDicomError("found a deflated file, needed one whose length is its own")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's, of odd values
            header = pydicom.dcmread(BytesIO(content))
    except InvalidDicomError as error:
        raise NotDicomError("found no DICOM file (PS3.10)") from error
    except Exception as error:  # pydicom raises whatever broken bytes lead it to
        raise NotWholeError(f"cannot be read ({type(error).__name__})") from error
    last = max(header.keys(), default=None)
    element: Any = None if last is None else header.get_item(last)
    if isinstance(element, RawDataElement) and not _is_whole(element):
        raise NotWholeError("the last value is shorter than its length")
    if "Rows" in header and not any(name in header for name in _PIXELS):
        raise NotWholeError("an image without its pixels")
    return header


def _is_whole(element: RawDataElement) -> bool:
    undefined = element.length == _UNDEFINED or element.value is None
    return undefined or len(element.value or b"") == element.length


def _digest(header: Dataset, content: bytes) -> str:
    length = header.file_meta.get("FileMetaInformationGroupLength")
    begins = _META_BEGINS + int(length) if length else 0
    return sha256(_text(header.file_meta, "TransferSyntaxUID").encode() + content[begins:])


def is_own(header: Dataset) -> bool:
    """Whether this program made an object of a result; simulated scans are its own, too, as PET.

    Args:
        header: Header of the object.
    """
    if _text(header, "Manufacturer") != MANUFACTURER:
        return False
    return _text(header, "Modality") != _PET or _text(header, "ImageType").startswith("['DERIVED'")


def _text(header: Dataset, name: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = header.get(name)
    except Exception:
        return ""
    return "" if value is None else printable(value)


def printable(value: object) -> str:
    """A text from elsewhere without what no database takes, and without blanks at its ends.

    Args:
        value: Value of a header or an answer.
    """
    return "".join(each for each in str(value).strip().strip("\0") if each.isprintable()).strip()
