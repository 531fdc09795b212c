"""The stored values of one DICOM slice: native ones straight from the file, others decoded."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from monai_amyloid.findings.finding import StudyRefused, Term
from monai_amyloid.pet.dicom.attributes import missing_attribute, named
from monai_amyloid.pet.dicom.header import Header
from monai_amyloid.pet.dicom.pixels.decoding import decoded_values
from monai_amyloid.pet.dicom.pixels.jpeg_process import JpegProcess
from monai_amyloid.pet.dicom.pixels.layout import PixelLayout, is_padding

_PIXEL_DATA = {True: b"\xe0\x7f\x10\x00", False: b"\x7f\xe0\x00\x10"}
# Uncompressed transfer syntaxes, and whether they are implicit and little-endian.
_NATIVE = {
    ImplicitVRLittleEndian: (True, True),
    ExplicitVRLittleEndian: (False, True),
    ExplicitVRBigEndian: (False, False),
}
# Disks and tapes are written in blocks of at most this many bytes.
_MOST_PADDING = 2**20
_COMPRESSED = 0xFFFFFFFF  # the length of pixels that stand in items (PS3.5 A.4)


def stored_values(
    header: Header, layout: PixelLayout, frames: Sequence[int], jpeg: JpegProcess
) -> Iterator[NDArray[Any]]:
    """Read the stored values of some frames of one file.

    Args:
        header: Header of the file.
        layout: How the pixels of the series are stored.
        frames: Numbers of the frames to read, from 0, in any order.
        jpeg: Process that decodes lossless JPEG, for one file after the other.

    Yields:
        Integers ``(rows, columns)``, not scaled, for each frame.

    Raises:
        StudyRefused: If the pixels are cut off or cannot be decoded.
    """
    native = _is_native(header)
    images = (
        _native(header, layout, frames) if native else decoded_values(header, layout, frames, jpeg)
    )
    for image in images:
        if image.shape != layout[:2]:
            raise StudyRefused(
                "dicom_pixels_differ",
                "the pixels are ({shape}), but {attributes:and} say ({stated_shape}); export it "
                "again",
                where=header.file,
                shape=image.shape,
                attributes=(named("Rows"), named("Columns")),
                stated_shape=layout[:2],
            )
        spare = image.dtype.itemsize * 8 - layout.stored
        if spare > 0 and ((image << spare) >> spare != image).any():
            raise StudyRefused(
                "dicom_values_exceed_bits",
                "values of more than {bits} bits, which {attribute} says they have; export it "
                "again",
                where=header.file,
                bits=layout.stored,
                attribute=named("BitsStored"),
            )
        yield image


def _is_native(header: Header) -> bool:
    """Whether the pixels stand in the file as they are, uncompressed."""
    syntax = header.transfer_syntax
    if header.pixels_at is None or syntax not in _NATIVE:
        return False
    implicit, little = header.encoding
    if _NATIVE[UID(syntax)] != (implicit, little):
        raise StudyRefused(
            "dicom_other_transfer_syntax",
            "{attribute} is {syntax}, but the file is written in another one; export it again",
            where=header.file,
            attribute=named("TransferSyntaxUID"),
            syntax=Term(syntax),
        )
    return True


def _native(header: Header, layout: PixelLayout, frames: Sequence[int]) -> list[NDArray[Any]]:
    """Read uncompressed values without a second pass over the header."""
    implicit, little = header.encoding
    rows, columns = layout[:2]
    dtype = np.dtype(
        f"{'<' if little else '>'}{'i' if layout.signed else 'u'}{layout.allocated // 8}"
    )
    size = rows * columns * dtype.itemsize
    needed = size * int(header.number("NumberOfFrames") or 1)
    images = []
    with header.file.open("rb") as stream:
        stream.seek(header.pixels_at or 0)
        start = stream.read(8 if implicit else 12)
        length = int.from_bytes(start[-4:], "little" if little else "big")
        if len(start) < 8 or start[:4] != _PIXEL_DATA[bool(little)]:
            raise missing_attribute("PixelData", header.file)
        first = stream.tell()
        if not implicit and start[4:6] not in (b"OW", b"OB"):
            raise _wrong_length(header, layout, length, needed)
        if length == _COMPRESSED and header.is_assumed:
            raise StudyRefused(
                "dicom_compression_not_named",
                "the pixels are compressed, and the file has no {attribute} that says how; export "
                "it again without compression",
                where=header.file,
                attribute=named("TransferSyntaxUID"),
            )
        if not needed <= length <= needed + _MOST_PADDING:
            raise _wrong_length(header, layout, length, needed)
        if length > needed + needed % 2:
            stream.seek(first + needed)
            rest = stream.read(length - needed)
            if len(rest) < length - needed or not is_padding(rest, size // rows):
                raise _wrong_length(header, layout, length, needed)
        for frame in frames:
            stream.seek(first + size * frame)
            content = stream.read(size)
            if len(content) < size:
                raise StudyRefused(
                    "dicom_pixels_cut_off",
                    "the file ends within {attribute}, {missing_bytes} bytes are missing; export "
                    "it again",
                    where=header.file,
                    attribute=named("PixelData"),
                    missing_bytes=size - len(content),
                )
            images.append(np.frombuffer(content, dtype).reshape(rows, columns))
    return images


def _wrong_length(header: Header, layout: PixelLayout, found: int, needed: int) -> StudyRefused:
    """Refuse pixels that are fewer or more than the header says."""
    return StudyRefused(
        "dicom_pixel_data_length",
        "{attribute} has {found_bytes} bytes, needed {needed_bytes} for its {size:x} values; "
        "export it again",
        where=header.file,
        attribute=named("PixelData"),
        found_bytes=found,
        needed_bytes=needed,
        size=layout[:2],
    )
