"""What a compressed frame says of itself, held against the header before a decoder sees it.

Decoders are C libraries: some of them write beyond their memory, or end the whole program, where
the frame is not what they expect. So its own header is read first, in Python.
"""

import struct

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.dicom.attributes import named
from monai_amyloid.pet.dicom.header import Header
from monai_amyloid.pet.dicom.pixels.layout import PixelLayout

_JPEG_2000 = b"\xff\x4f\xff\x51"  # start of codestream, then its sizes
_JPEG = b"\xff\xd8"
# Frames of lossless JPEG (SOF3) and of JPEG-LS (SOF55).
_LOSSLESS_FRAMES = (0xC3, 0xF7)
_SIZES = struct.Struct(">HHIIIIIIIIHB")
_MOST_TILES = 4096


def check_codestream(frame: bytes, layout: PixelLayout, header: Header) -> None:
    """Refuse a compressed frame that is not the image that the header speaks of.

    Args:
        frame: One frame, without the items that encapsulate it.
        layout: How the header says that pixels are stored.
        header: Header of the file, for the message.

    Raises:
        StudyRefused: If it is no lossless JPEG, JPEG-LS or JPEG 2000, or of another size, depth
            or number of components.
    """
    try:
        found = _jpeg_2000(frame) if frame.startswith(_JPEG_2000) else _jpeg(frame)
    except (struct.error, IndexError):
        found = None
    if found is None:
        raise StudyRefused(
            "dicom_no_lossless_frame",
            "{attribute} holds no lossless JPEG, JPEG-LS or JPEG 2000 frame; export it again",
            where=header.file,
            attribute=named("PixelData"),
        )
    rows, columns, components, bits = found
    if (rows, columns, components) != (layout.rows, layout.columns, 1) or not (
        layout.stored <= bits <= 16 and -(-bits // 8) * 8 == layout.allocated
    ):
        raise StudyRefused(
            "dicom_compressed_frame_differs",
            "a compressed frame has {size:x} values of {bits} bits in {components} components, but "
            "{size_attributes} and {bits_attribute} say {stated_size:x} of {stated_bits} bits in "
            "1; export it again",
            where=header.file,
            size=(rows, columns),
            bits=bits,
            components=components,
            size_attributes=(named("Rows"), named("Columns")),
            bits_attribute=named("BitsStored"),
            stated_size=(layout.rows, layout.columns),
            stated_bits=layout.stored,
        )


def _jpeg_2000(frame: bytes) -> tuple[int, int, int, int] | None:
    """Read rows, columns, components and bits of a JPEG 2000 codestream (ISO/IEC 15444-1, A.5)."""
    _, _, x, y, left, top, tile_x, tile_y, _, _, components, depth = _SIZES.unpack_from(
        frame, len(_JPEG_2000)
    )
    if tile_x < 1 or tile_y < 1 or -(-x // tile_x) * -(-y // tile_y) > _MOST_TILES:
        return None
    return y - top, x - left, components, (depth & 0x7F) + 1


def _jpeg(frame: bytes) -> tuple[int, int, int, int] | None:
    """Read rows, columns, components and bits of a lossless JPEG or JPEG-LS frame."""
    if not frame.startswith(_JPEG):
        return None
    at = 2
    while frame[at] == 0xFF:
        marker = frame[at + 1]
        if marker in _LOSSLESS_FRAMES:
            _, bits, rows, columns, components = struct.unpack_from(">HBHHB", frame, at + 2)
            return rows, columns, components, bits
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return None  # another process of JPEG, a lossy one
        at += 2 + struct.unpack_from(">H", frame, at + 2)[0]
    return None
