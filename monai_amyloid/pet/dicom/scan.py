"""The elements of a DICOM header, found without reading what is not asked for.

pydicom reads every element of a file, nested ones too: most of the time that a series of slices
takes. A slice needs some forty plain values, which stand at the top of its header. Whatever is
not written as the standard says is left to pydicom.
"""

import struct
from collections.abc import Container
from typing import NamedTuple

from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

_PREAMBLE = 128
_MAGIC = b"DICM"
_FILE_META = 0x0002
_TRANSFER_SYNTAX = 0x00020010
_PIXELS = 0x7FE00008  # the first of the elements that hold pixels
_ITEM, _END_OF_ITEM, _END_OF_SEQUENCE = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_DEEPEST = 16
_EXPLICIT = struct.Struct("<HH2sH")
_IMPLICIT = struct.Struct("<HHI")
_LENGTH = struct.Struct("<I")
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
# Not written as explicit little endian, whatever their pixels are.
_OTHER_SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)


class _Unusual(Exception):  # noqa: N818 (an answer, no error)
    """Something that is left to pydicom."""


class Scan(NamedTuple):
    """Some elements at the top of a header.

    Attributes:
        values: Bytes of each value by its tag, as they stand in the file.
        vrs: Value representation by tag as the file writes it; empty in implicit files.
        transfer_syntax: Transfer Syntax UID of the file.
        implicit: Whether value representations are left out.
        pixels_at: Offset in bytes of the element that holds the pixels.
    """

    values: dict[int, bytes]
    vrs: dict[int, str]
    transfer_syntax: str
    implicit: bool
    pixels_at: int


def scan_header(content: bytes, tags: Container[int]) -> Scan | None:
    """Find elements of a header by their tags.

    Args:
        content: Bytes from the beginning of a file, up to its pixels or beyond.
        tags: Tags of the elements to give the values of.

    Returns:
        The elements; None where the file is no DICOM, is big-endian or deflated, has no pixels
        within ``content``, or is unusual in any way.
    """
    if content[_PREAMBLE : _PREAMBLE + 4] != _MAGIC:
        return None
    try:
        at, transfer_syntax = _file_meta(content)
        implicit = transfer_syntax == ImplicitVRLittleEndian
        if transfer_syntax in _OTHER_SYNTAXES and not implicit:
            return None
        return _elements(content, at, implicit, transfer_syntax, tags)
    except (_Unusual, struct.error, UnicodeDecodeError):
        return None


def _file_meta(content: bytes) -> tuple[int, str]:
    """Give where the dataset begins, and its transfer syntax."""
    at, transfer_syntax = _PREAMBLE + len(_MAGIC), ""
    while True:
        tag, _, length, value_at = _explicit(content, at)
        if tag >> 16 != _FILE_META:
            break
        if length == _UNDEFINED:
            raise _Unusual
        if tag == _TRANSFER_SYNTAX:
            transfer_syntax = content[value_at : value_at + length].decode("ascii").rstrip("\0 ")
        at = value_at + length
    if not transfer_syntax:
        raise _Unusual
    return at, transfer_syntax


def _explicit(content: bytes, at: int) -> tuple[int, bytes, int, int]:
    """Give tag, value representation, length and place of the value of an explicit element."""
    group, element, vr, length = _EXPLICIT.unpack_from(content, at)
    if vr in _SHORT_VRS:
        return group << 16 | element, vr, length, at + 8
    if vr not in _LONG_VRS or length:  # two reserved bytes, zero
        # Before an implicit dataset the file meta information ends where the pattern does.
        if group != _FILE_META:
            return group << 16 | element, b"", 0, at
        raise _Unusual
    return group << 16 | element, vr, _LENGTH.unpack_from(content, at + 8)[0], at + 12


def _elements(
    content: bytes, at: int, implicit: bool, transfer_syntax: str, tags: Container[int]
) -> Scan:
    """Walk the elements at the top, which have to be in the order of their tags."""
    values: dict[int, bytes] = {}
    vrs: dict[int, str] = {}
    before = _FILE_META << 16 | 0xFFFF
    while True:
        start = at
        if implicit:
            group, element, length = _IMPLICIT.unpack_from(content, at)
            tag, vr, at = group << 16 | element, b"", at + 8
        else:
            tag, vr, length, at = _explicit(content, at)
            if not vr:
                raise _Unusual
        if tag <= before:
            raise _Unusual
        before = tag
        if tag >= _PIXELS:
            return Scan(values, vrs, transfer_syntax, implicit, start)
        if length == _UNDEFINED:
            if vr not in (b"SQ", b""):
                raise _Unusual
            end = _end_of_sequence(content, at, implicit, 0)
        else:
            end = at + length
        if end > len(content):
            raise _Unusual
        if tag in tags:
            values[tag] = content[at:end]
            if vr:
                vrs[tag] = vr.decode("ascii")
        at = end


def _end_of_sequence(content: bytes, at: int, implicit: bool, depth: int) -> int:
    """Give where a sequence of undefined length ends, its delimiter included."""
    if depth > _DEEPEST:
        raise _Unusual
    while True:
        group, element, length = _IMPLICIT.unpack_from(content, at)
        tag, at = group << 16 | element, at + 8
        if tag == _END_OF_SEQUENCE and length == 0:
            return at
        if tag != _ITEM:
            raise _Unusual
        at = _end_of_item(content, at, implicit, depth) if length == _UNDEFINED else at + length


def _end_of_item(content: bytes, at: int, implicit: bool, depth: int) -> int:
    """Give where an item of undefined length ends, its delimiter included."""
    while True:
        group, element, length = _IMPLICIT.unpack_from(content, at)
        tag = group << 16 | element
        if tag == _END_OF_ITEM and length == 0:
            return at + 8
        if implicit:
            vr, at = b"", at + 8
        else:
            tag, vr, length, at = _explicit(content, at)
            if not vr:
                raise _Unusual
        if length != _UNDEFINED:
            at += length
        elif vr in (b"SQ", b""):
            at = _end_of_sequence(content, at, implicit, depth + 1)
        else:
            raise _Unusual
