"""Images of one series as DICOM files: what they share is encoded once."""

import struct
from collections.abc import Mapping

from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset, FileMetaDataset, validate_file_meta
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.uid import ExplicitVRLittleEndian

_PREAMBLE = b"\0" * 128 + b"DICM"
_SHORT = struct.Struct("<HH2sH")
_LONG = struct.Struct("<HH2sxxI")
_META_LENGTH = 0x00020000
_META_UID = 0x00020003
_PIXEL_DATA = 0x7FE00010


class ImageEncoder:
    """Encodes the images of one series in explicit little endian.

    pydicom encodes every element of every image anew, a millisecond each; a dozen of some
    seventy differ from one image to the next.

    Args:
        shared: Elements that all images of the series have in common, SOP Class UID among them.
    """

    def __init__(self, shared: Dataset) -> None:
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = shared.SOPClassUID
        meta.MediaStorageSOPInstanceUID = shared.SOPClassUID  # each image puts its own here
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        validate_file_meta(meta)
        self._meta = _encoded(meta)
        self._meta.pop(_META_LENGTH, None)
        self._shared = _encoded(shared)

    def encode(self, uid: str, own: Mapping[str, str | int], pixels: bytes) -> bytes:
        """Give the file of one image.

        Args:
            uid: SOP Instance UID of the image.
            own: Elements of this image alone, by keyword: text as it stands in the file, its parts
                joined by a backslash, or a number of value representation US.
            pixels: Bytes of the Pixel Data element.
        """
        uid_value = _padded(uid, b"\0")
        meta = {**self._meta, _META_UID: _element(_META_UID, b"UI", uid_value)}
        group = b"".join(meta[tag] for tag in sorted(meta))
        length = _element(_META_LENGTH, b"UL", struct.pack("<I", len(group)))
        elements = dict(self._shared)
        for keyword, value in {"SOPInstanceUID": uid, **own}.items():
            tag = _tag(keyword)
            representation = dictionary_VR(tag).encode()
            content = (
                struct.pack("<H", value)
                if isinstance(value, int)
                else _padded(value, b"\0" if representation == b"UI" else b" ")
            )
            elements[tag] = _element(tag, representation, content)
        pixels += b"\0" * (len(pixels) % 2)
        # OW holds 8-bit values as well (PS3.5 A.2).
        head = _LONG.pack(_PIXEL_DATA >> 16, _PIXEL_DATA & 0xFFFF, b"OW", len(pixels))
        ordered = (elements[tag] for tag in sorted(elements))
        return b"".join((_PREAMBLE, length, group, *ordered, head, pixels))


def _tag(keyword: str) -> int:
    """Give the tag of a standard attribute."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag


def _encoded(dataset: Dataset) -> dict[int, bytes]:
    """Encode the elements of a dataset, each for itself, by tag."""
    encodings = convert_encodings(dataset.get("SpecificCharacterSet", ""))
    parts = {}
    for element in dataset:
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, False
        write_data_element(buffer, element, encodings)
        parts[int(element.tag)] = buffer.getvalue()
    return parts


def _padded(text: str, padding: bytes) -> bytes:
    """Give a text as bytes of even number."""
    content = text.encode("ascii")
    return content + padding * (len(content) % 2)


def _element(tag: int, representation: bytes, content: bytes) -> bytes:
    """Encode an element of a short value representation."""
    return _SHORT.pack(tag >> 16, tag & 0xFFFF, representation, len(content)) + content
