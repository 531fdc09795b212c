"""The elements of a DICOM header, found without reading what is not asked for.

pydicom reads every element of a file, nested ones too: most of the time that a series of slices
takes. A slice needs some forty plain values, which stand at the top of its header. Whatever is
not written as the standard says is left to pydicom.
"""

import struct
from collections.abc import Container
from typing import NamedTuple

from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

_PREAMBLE = 128
_MAGIC = b"DICM"
_FILE_META, _IDENTIFYING = 0x0002, 0x0008
_TRANSFER_SYNTAX = 0x00020010
_PIXELS = 0x7FE00008  # the first of the elements that hold pixels
_ITEM, _END_OF_ITEM, _END_OF_SEQUENCE = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_DEEPEST = 16
# Bytes of the first values of a dataset: group length, character set, image type.
_LONGEST_BARE = 1024
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
        is_assumed: Whether the file does not name its transfer syntax, so that it was seen from
            its first elements.
    """

    values: dict[int, bytes]
    vrs: dict[int, str]
    transfer_syntax: str
    implicit: bool
    pixels_at: int
    is_assumed: bool = False


def begins_as_dicom(head: bytes) -> bool:
    """Whether a file is DICOM: by its mark (PS3.10 7.1), or by its first elements.

    Archives that are older than DICOM files store the dataset alone, and some programs leave out
    the preamble.

    Args:
        head: First bytes of the file, 132 or more.
    """
    return has_mark(head) or _bare_syntax(head) is not None


def has_mark(head: bytes) -> bool:
    """Whether a file has preamble and mark of DICOM.

    Args:
        head: First bytes of the file, 132 or more.
    """
    return head[_PREAMBLE : _PREAMBLE + 4] == _MAGIC


def scan_header(content: bytes, tags: Container[int]) -> Scan | None:
    """Find elements of a header by their tags.

    Args:
        content: Bytes from the beginning of a file, up to its pixels or beyond.
        tags: Tags of the elements to give the values of.

    Returns:
        The elements; None where the file is no DICOM, is big-endian or deflated, has no pixels
        within ``content``, or is unusual in any way.
    """
    try:
        at, transfer_syntax, is_assumed = _beginning(content)
        implicit = transfer_syntax == ImplicitVRLittleEndian
        if transfer_syntax in _OTHER_SYNTAXES and not implicit:
            return None
        scan = _elements(content, at, implicit, transfer_syntax, tags)
    except (_Unusual, struct.error, UnicodeDecodeError):
        return None
    return scan._replace(is_assumed=True) if is_assumed else scan


def _beginning(content: bytes) -> tuple[int, str, bool]:
    """Give where the dataset begins, its transfer syntax, and whether that was not named."""
    if has_mark(content):
        at = _PREAMBLE + len(_MAGIC)
    else:
        bare = _bare_syntax(content)
        if bare is None:
            raise _Unusual
        if content[:2] == b"\x08\0" or bare == ExplicitVRBigEndian:
            return 0, bare, True
        at = 0
    return (*_file_meta(content, at), False)


def _bare_syntax(head: bytes) -> str | None:
    """Give the transfer syntax that a file without a mark begins in; None where it is no DICOM."""
    for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian):
        try:
            first, at = _bare_element(head, 0, syntax)
            second, _ = _bare_element(head, at, syntax)
        except (_Unusual, struct.error):
            continue
        if first >> 16 in (_FILE_META, _IDENTIFYING) and first < second:
            return str(syntax)
    return None


def _bare_element(head: bytes, at: int, syntax: str) -> tuple[int, int]:
    """Give tag and end of an element of the standard that a dataset may begin with."""
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    group, element = struct.unpack_from(order + "HH", head, at)
    tag = group << 16 | element
    if element and not dictionary_has_tag(tag):
        raise _Unusual
    vr = dictionary_VR(tag) if element else "UL"  # of a group length
    long = vr.encode() in _LONG_VRS
    if syntax == ImplicitVRLittleEndian:
        length, at = struct.unpack_from("<I", head, at + 4)[0], at + 8
    elif head[at + 4 : at + 6] != vr.encode():
        raise _Unusual
    else:
        form, start = ("I", at + 8) if long else ("H", at + 6)
        length = struct.unpack_from(order + form, head, start)[0]
        at = start + (4 if long else 2)
    if vr == "SQ" or length % 2 or length > _LONGEST_BARE:
        raise _Unusual
    value = head[at : at + length].rstrip(b"\0 ")
    if vr in ("CS", "DA", "TM", "UI") and not value.decode("latin-1").isprintable():
        raise _Unusual
    if vr == "UL" and length != 4:
        raise _Unusual
    return tag, at + length


def _file_meta(content: bytes, at: int) -> tuple[int, str]:
    """Give where the dataset begins, and its transfer syntax."""
    transfer_syntax = ""
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
