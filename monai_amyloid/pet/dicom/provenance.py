"""What of a DICOM header is kept with the image: all that describes it, nothing of a person."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence as DatasetSequence

from monai_amyloid.pet.dicom.functional_groups import (
    converted_attributes,
    first_groups,
    sequence_items,
    unit_code,
)
from monai_amyloid.pet.dicom.header import Header
from monai_amyloid.pet.dicom.slices import ENHANCED
from monai_amyloid.pet.header.content import KEPT
from monai_amyloid.pet.header.device import device_marks

# Image Type, value 3, of an enhanced PET says what Series Type says in a classic one.
_SERIES_TYPES = ("STATIC", "DYNAMIC", "GATED", "WHOLE BODY")
# Flags of an enhanced PET (PS3.3 C.8.22.4), and the terms of Corrected Image for the same.
_CORRECTIONS = {
    "AttenuationCorrected": "ATTN",
    "DecayCorrected": "DECY",
    "ScatterCorrected": "SCAT",
    "RandomsCorrected": "RAN",
    "DeadTimeCorrected": "DTIM",
}


def provenance_of(dataset: Dataset, others: Sequence[Dataset] = ()) -> dict[str, Any]:
    """Keep what the header says of the image, without anything that names a person.

    Args:
        dataset: Header of any file of the series.
        others: Items of sequences in it that describe the image too, such as functional groups.

    Returns:
        Values by DICOM keyword, all of which JSON can hold, and ``"source": "dicom"``.
    """
    kept: dict[str, Any] = {"source": "dicom"}
    isotopes = _value(dataset, "RadiopharmaceuticalInformationSequence") or [Dataset()]
    for keyword in KEPT:
        for part in (dataset, *others, isotopes[0]):
            value = _value(part, keyword)
            if keyword == "RadiopharmaceuticalCodeSequence" and value:
                names = ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
                kept[keyword] = [
                    {name: _text(_value(item, name)) for name in names} for item in value
                ]
            elif (
                value not in (None, "") and not isinstance(value, DatasetSequence) and _text(value)
            ):
                kept[keyword] = _plain(value)
    machine = {key: _text(_value(dataset, key)) for key in ("DeviceSerialNumber", "StationName")}
    return kept | device_marks(machine)


def enhanced_provenance(header: Header) -> dict[str, Any]:
    """Give what a multi-frame file says of the image where a classic one says it elsewhere.

    Args:
        header: Header of the file, of any kind.

    Returns:
        Values by DICOM keyword, in the spelling of a classic file; nothing for a classic file.
    """
    if header.text("SOPClassUID") not in ENHANCED:
        return {}
    groups, converted = first_groups(header), converted_attributes(header)
    isotopes = [
        item
        for part in converted
        for item in sequence_items(part, "RadiopharmaceuticalInformationSequence", header)[:1]
    ]
    made = groups.items("PETReconstructionSequence")
    found = provenance_of(header.dataset, [*converted, *isotopes, *made])
    kind = header.parts("ImageType")[2:3]
    if "SeriesType" not in found and kind and kind[0] in _SERIES_TYPES:
        found["SeriesType"] = kind
    flags = {term: header.text(keyword) for keyword, term in _CORRECTIONS.items()}
    if any(flags.values()):
        found["CorrectedImage"] = [term for term, flag in flags.items() if flag == "YES"]
    codes = [unit_code(item) for item in groups.items("RealWorldValueMappingSequence")]
    codes.sort(key=lambda code: "bq" not in code.lower())
    if codes and codes[0]:
        found["Units"] = codes[0]
    return found


def _value(dataset: Dataset, keyword: str) -> Any:
    """Give a value that only describes; one that is broken is as good as missing."""
    try:
        return dataset.get(keyword)
    except Exception:  # pydicom converts on access and raises whatever broken bytes lead it to
        return None


def _text(value: Any) -> str:
    """Give a value as text; nothing of a broken one, which may have swallowed a name behind it."""
    text = "" if value is None else str(value)
    return text if text.isprintable() else ""


def _plain(value: Any) -> Any:
    """Turn a DICOM value into what JSON can hold."""
    if isinstance(value, MultiValue):
        return [_plain(part) for part in value]
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) and np.isfinite(value) else str(value)
