"""DICOM attributes with wild values, taken away, put in where they do not belong."""

import io
import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from . import raw

Rng = np.random.Generator

# Whose values the reader uses: spoiled more often than the others.
READ = (
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID"),
    *("FrameOfReferenceUID", "Modality", "ImageType", "SeriesType", "Units", "CorrectedImage"),
    *("DecayCorrection", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit"),
    *("PixelRepresentation", "SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames"),
    *("NumberOfSlices", "NumberOfTimeSlices", "ImagePositionPatient", "ImageOrientationPatient"),
    *("PixelSpacing", "RescaleSlope", "RescaleIntercept", "AcquisitionDate", "AcquisitionTime"),
    *("FrameReferenceTime", "ActualFrameDuration", "DecayFactor", "ImageIndex"),
    *("RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime", "CodeValue"),
    *("RadionuclideHalfLife", "Radiopharmaceutical", "CodeMeaning", "SeriesDescription"),
    *("AttenuationCorrectionMethod", "RealWorldValueSlope", "RealWorldValueIntercept"),
    *("FrameAcquisitionDateTime", "FrameReferenceDateTime", "FrameAcquisitionDuration"),
    *("TemporalPositionIndex", "DecayCorrectionDateTime", "DecayCorrected", "AttenuationCorrected"),
    *("PixelValueTransformationSequence", "RealWorldValueMappingSequence", "PlanePositionSequence"),
    *("PlaneOrientationSequence", "PixelMeasuresSequence", "FrameContentSequence"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *("RadiopharmaceuticalInformationSequence", "SpecificCharacterSet", "PixelData"),
)
SIZES = (
    *("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("SamplesPerPixel", "NumberOfFrames", "NumberOfSlices", "NumberOfTimeSlices"),
)
_TAGS = frozenset(tag_for_keyword(keyword) for keyword in READ)
_TEXTS = (
    *(b"", b"NaN", b"inf", b"-inf", b"1e400", b"-1", b"0", b"65535", b"1e-320", b"1", b"2"),
    *(b"9" * 5000, b"1" * 17, b"1\\2\\3", b"\x1b[31m\0\r\n\x07", b"../../x", b"1,5", b"1_0"),
    *("환자".encode(), "١٢".encode(), b"\xff\xfe\xfd\xfc", b"  ", b"\\", b"\\" * 4000, b"0x10"),
    *(b"99999999", b"240000", b"20000101", b"1e5", b"NONE", b"YES", b"01", b"DERIVED\\MIP"),
    *(b"Flutemetamol", b"Florbetapir (18F)", b"FDG -- fluorodeoxyglucose"),
)
_VRS = ("UN", "OB", "OW", "SQ", "DS", "IS", "US", "SS", "FD", "FL", "LO", "UI", "AT", "PN", "UT")
_WIDE = ("OB", "OW", "SQ", "UN", "UT", "UC", "UR", "OF", "OD", "OL", "OV")


def read(content: bytes) -> Dataset:
    return pydicom.dcmread(io.BytesIO(content), force=True)


def written(dataset: Dataset) -> bytes:
    stream = io.BytesIO()
    dataset.save_as(stream)
    return stream.getvalue()


def walk(dataset: Dataset) -> Iterator[tuple[Dataset, BaseTag]]:
    """Give every attribute with the dataset or item that holds it."""
    for tag in list(dataset.keys()):
        yield dataset, tag
        element = dataset.get_item(tag)
        if getattr(element, "VR", None) == "SQ" or isinstance(element.value, Sequence):
            for item in dataset[tag].value:
                yield from walk(item)


def pick(dataset: Dataset, rng: Rng) -> int:
    """Choose which attribute to spoil, by its number in :func:`walk`."""
    tags = [tag for _, tag in walk(dataset)]
    used = [number for number, tag in enumerate(tags) if tag in _TAGS]
    if used and rng.random() < 0.8:
        # Each attribute as likely as another, however many frames repeat it.
        wanted = rng.choice(sorted({tags[number] for number in used}))
        return int(rng.choice([number for number in used if tags[number] == wanted]))
    return int(rng.integers(len(tags)))


def _number(value: bytes, rng: Rng) -> bytes:
    """Spoil one number of a text so that it stays one."""
    parts = value.split(b"\\")
    at = int(rng.integers(len(parts)))
    number = float(parts[at])
    wild = (number * 1.01, number * 1.5, number * 3, number * 10, -number, number + 1, number / 7)
    parts[at] = f"{wild[int(rng.integers(len(wild)))]:.9g}".encode()
    return b"\\".join(parts)


def _wild(element: RawDataElement, rng: Rng) -> bytes:
    """Give other bytes for a value."""
    value = bytes(element.value or b"")
    if element.VR in ("US", "SS", "UL", "SL", "FL", "FD", "AT"):
        length = int(rng.choice([len(value)] * 6 + [0, 1, 2, 3, 4, 8, 64]))
        other = (b"\0", b"\xff", b"\x01\0", b"\0\x01", b"\0\x80", b"\0\0\xc0\x7f", rng.bytes(8))
        return (other[int(rng.integers(len(other)))] * (length + 1))[:length]
    if rng.random() < 0.4:
        try:
            return _number(value, rng)
        except ValueError:
            return raw.flip(value, rng) if value else b"1"
    return _TEXTS[int(rng.integers(len(_TEXTS)))]


def _as_raw(element: DataElement | RawDataElement, like: RawDataElement) -> RawDataElement:
    """Give an attribute that was converted already as bytes again, empty."""
    if isinstance(element, RawDataElement):
        return element
    return like._replace(tag=element.tag, VR=element.VR, value=b"", length=0)


def raw_item(dataset: Dataset, tag: BaseTag) -> RawDataElement:
    """An attribute as it was stored."""
    item = dataset.get_item(tag)
    assert isinstance(item, RawDataElement)
    return item


def set_value(dataset: Dataset, at: int, rng: Rng) -> None:
    """Give one attribute a wild value, or another value representation."""
    places = list(walk(dataset))
    holder, tag = places[min(at, len(places) - 1)]
    items = (one.get_item(where) for one, where in places)
    like = next(item for item in items if isinstance(item, RawDataElement))
    element = _as_raw(holder.get_item(tag), like)
    if rng.random() < 0.1:
        holder._dict[tag] = element._replace(VR=str(rng.choice(_VRS)))
        return
    value = _wild(element, rng)
    value += b"\0" if len(value) % 2 and element.VR == "UI" else b" " * (len(value) % 2)
    if len(value) > 0xFFFF and element.VR not in _WIDE:
        value = value[:0xFFFE]
    holder._dict[tag] = element._replace(value=value, length=len(value))


def remove(dataset: Dataset, at: int, rng: Rng) -> None:
    """Take one attribute away."""
    places = list(walk(dataset))
    holder, tag = places[min(at, len(places) - 1)]
    del holder._dict[tag]


def set_size(dataset: Dataset, at: int, rng: Rng) -> None:
    """Claim another number of rows, frames or bits; ``at`` says which."""
    keyword = SIZES[at % len(SIZES)]
    now = int(dataset.get(keyword) or 1)
    claims = (0, 1, 2, 8, 12, 16, 32, 64, 65535, now - 1, now + 1, now - 1, now + 1, 2 * now)
    claim = claims[int(rng.integers(len(claims)))]
    setattr(dataset, keyword, max(claim, 0))
    if keyword == "BitsStored" and rng.random() < 0.5:
        dataset.HighBit = max(claim, 1) - 1


def _item(**values: Any) -> Sequence:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return Sequence([item])


# What a file may hold that no PET needs: each would change the voxels of a reader that obeys it.
_UNEXPECTED: tuple[dict[str, Any], ...] = (
    {"GatedInformationSequence": _item(TriggerTime="1")},
    {
        "ModalityLUTSequence": _item(
            LUTDescriptor=[4, 0, 16], ModalityLUTType="US", LUTData=b"\1" * 8
        )
    },
    {"VOILUTSequence": _item(LUTDescriptor=[4, 0, 16], LUTData=b"\1" * 8)},
    {"RealWorldValueMappingSequence": _item(RealWorldValueSlope=7.0, RealWorldValueIntercept=9.0)},
    {"PixelAspectRatio": ["1", "2"]},
    {"ImagerPixelSpacing": ["9", "9"]},
    {"NominalScannedPixelSpacing": ["9", "9"]},
    {"GantryDetectorTilt": "30"},
    {"PresentationLUTShape": "INVERSE"},
    {"LossyImageCompression": "01"},
    {"PixelPaddingValue": 0},
    {"NumberOfFrames": "2"},
    {"NumberOfFrames": "2147483647"},
    {"TriggerTime": "500"},
    {"WindowCenter": "10", "WindowWidth": "1", "RescaleType": "HU"},
    {"SpacingBetweenSlices": "99"},
    {"SliceLocation": "-5"},
    {"SharedFunctionalGroupsSequence": _item(PixelMeasuresSequence=_item(PixelSpacing=["9", "9"]))},
    {"IconImageSequence": _item(Rows=2, Columns=2, PixelData=b"\0" * 4)},
    {"FloatPixelData": b"\0" * 360},
    {"ExtendedOffsetTable": b"\xff" * 88, "ExtendedOffsetTableLengths": b"\xff" * 88},
    {"DataSetTrailingPadding": b"\0" * 4000},
    {"PixelDataProviderURL": "http://localhost/x"},
    {"SpecificCharacterSet": ["ISO 2022 IR 149", "no such"]},
)


def add(dataset: Dataset, at: int, rng: Rng) -> None:
    """Put in what does not belong there; ``at`` says what."""
    choice = at % (len(_UNEXPECTED) + 2)
    if choice < len(_UNEXPECTED):
        for keyword, value in _UNEXPECTED[choice].items():
            setattr(dataset, keyword, value)
    elif choice == len(_UNEXPECTED):
        dataset.add_new(0x60000010, "US", 10)
        dataset.add_new(0x60000011, "US", 9)
        dataset.add_new(0x60000102, "US", 15)
        dataset.add_new(0x60003000, "OW", b"\xff" * 12)
    else:
        block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x09, "DS", "3.5")


Edit = Callable[[Dataset, int, Rng], None]


def lengths(content: bytes, rng: Rng) -> bytes:
    """Spoil the length of an element, found by what looks like its value representation."""
    marks = [
        m
        for vr in (b"DS", b"UI", b"SQ", b"OW", b"OB", b"LO", b"US", b"CS")
        for m in _all(content, vr)
    ]
    if not marks:
        return raw.flip(content, rng)
    at = int(rng.choice(marks))
    lengths_of = (0xFFFFFFFF, 0, 1, 0x7FFFFFFF, 0xFFFE, 0x10000, len(content), 7)
    wild = lengths_of[int(rng.integers(len(lengths_of)))]
    if content[at : at + 2].decode() in _WIDE:
        return content[: at + 4] + struct.pack("<I", wild) + content[at + 8 :]
    return content[: at + 2] + struct.pack("<H", wild & 0xFFFF) + content[at + 4 :]


def _all(content: bytes, mark: bytes) -> list[int]:
    found, at = [], content.find(mark, 132)
    while 0 <= at < raw.header_length(content):
        found.append(at)
        at = content.find(mark, at + 1)
    return found


def nested(content: bytes, rng: Rng) -> bytes:
    """Put sequences within sequences before the pixels."""
    depth = int(rng.choice([10, 300, 900, 2000, 20000]))
    undefined = b"\xff\xff\xff\xff"
    tag = struct.pack("<HH", 0x0088, 0x0200)
    start = tag + b"SQ\0\0" + undefined + b"\xfe\xff\x00\xe0" + undefined
    end = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    at = raw.header_length(content) - 12
    closed = end * depth if rng.random() < 0.7 else b""
    return content[:at] + start * depth + closed + content[at:]
