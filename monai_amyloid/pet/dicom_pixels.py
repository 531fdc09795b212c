"""The stored values of one DICOM slice: native ones straight from the file, others decoded."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.pixels.utils import pixel_array
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from monai_amyloid.pet.dicom_header import Header, broken, named
from monai_amyloid.pet.image import StudyRefused

# PET detectors give at most a few hundred; a claim beyond this is no slice of a head.
MOST_ROWS = 2048
_PIXEL_DATA = {True: b"\xe0\x7f\x10\x00", False: b"\x7f\xe0\x00\x10"}
_NATIVE = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
_UNKNOWN_LENGTH = 0xFFFFFFFF


class PixelLayout(NamedTuple):
    """How the pixels of every file of a series are stored.

    Attributes:
        rows: Of a frame.
        columns: Of a frame.
        allocated: Bits of a value in the file.
        stored: Bits of it that hold uptake, the lowest.
        signed: Whether values may be below zero.
    """

    rows: int
    columns: int
    allocated: int
    stored: int
    signed: bool


def pixel_layout(header: Header) -> PixelLayout:
    """Read how pixels are stored, and refuse what is no grey values of a known depth.

    Args:
        header: Of any file of the series.

    Raises:
        StudyRefused: If it is in colour, of an unknown depth, or claims an absurd size.
    """
    file = header.file
    samples = header.number("SamplesPerPixel")
    photometric = header.text("PhotometricInterpretation")
    if samples != 1 or photometric != "MONOCHROME2":
        raise StudyRefused(
            f"{file}: {named('PhotometricInterpretation')} is {photometric or 'missing'} with "
            f"{samples or 0:g} samples a pixel, needed MONOCHROME2 with 1; pass the original series"
        )
    allocated = int(header.numbers("BitsAllocated", 1)[0])
    if allocated not in (8, 16, 32):
        raise StudyRefused(
            f"{file}: {named('BitsAllocated')} is {allocated}, needed 8, 16 or 32; export it again"
        )
    stored = header.numbers("BitsStored", 1)[0]
    high = header.numbers("HighBit", 1)[0]
    if not 1 <= stored <= allocated or high != stored - 1:
        raise StudyRefused(
            f"{file}: {named('BitsStored')} is {stored:g} and {named('HighBit')} {high:g} of "
            f"{allocated} bits, needed values in the lowest bits; export it again"
        )
    sign = header.numbers("PixelRepresentation", 1)[0]
    if sign not in (0, 1):
        raise StudyRefused(
            f"{file}: {named('PixelRepresentation')} is {sign:g}, needed 0 or 1; export it again"
        )
    for keyword in ("Rows", "Columns"):
        size = header.numbers(keyword, 1)[0]
        if not 1 <= size <= MOST_ROWS:
            raise StudyRefused(
                f"{file}: {named(keyword)} is {size:g}, needed 1 to {MOST_ROWS}; export it again"
            )
    rows, columns = (int(header.numbers(keyword, 1)[0]) for keyword in ("Rows", "Columns"))
    return PixelLayout(rows, columns, allocated, int(stored), sign == 1)


def stored_values(
    header: Header, layout: PixelLayout, frames: Sequence[int] = (0,)
) -> Iterator[NDArray[Any]]:
    """Read the stored values of some frames of one file.

    Args:
        header: Of the file.
        layout: Of the series.
        frames: Counted from 0, in the order wanted.

    Yields:
        Integers ``(rows, columns)``, not scaled, for each frame.

    Raises:
        StudyRefused: If the pixels are cut off or cannot be decoded.
    """
    values = _native(header, layout, frames) if _is_native(header) else None
    for image in _decoded(header, frames) if values is None else values:
        if image.shape != layout[:2]:
            raise StudyRefused(
                f"{header.file}: the pixels are {image.shape}, but {named('Rows')} and "
                f"{named('Columns')} say {layout[:2]}; export it again"
            )
        spare = image.dtype.itemsize * 8 - layout.stored
        # Bits above those stored hold no uptake (old files keep overlays there).
        yield (image << spare) >> spare if spare > 0 else image


def _is_native(header: Header) -> bool:
    """Whether the pixels stand in the file as they are, uncompressed."""
    syntax = getattr(header.dataset.file_meta, "TransferSyntaxUID", None)
    return header.pixels_at is not None and syntax in _NATIVE


def _native(
    header: Header, layout: PixelLayout, frames: Sequence[int]
) -> list[NDArray[Any]] | None:
    """Read uncompressed values without a second pass over the header; None if undecided."""
    syntax = header.dataset.file_meta.TransferSyntaxUID
    little, explicit = syntax != ExplicitVRBigEndian, syntax != ImplicitVRLittleEndian
    rows, columns = layout[:2]
    dtype = np.dtype(
        f"{'<' if little else '>'}{'i' if layout.signed else 'u'}{layout.allocated // 8}"
    )
    size = rows * columns * dtype.itemsize
    images = []
    with header.file.open("rb") as stream:
        stream.seek(header.pixels_at or 0)
        start = stream.read(12 if explicit else 8)
        length = int.from_bytes(start[-4:], "little" if little else "big")
        if len(start) < 8 or start[:4] != _PIXEL_DATA[little]:
            raise StudyRefused(
                f"{header.file}: {named('PixelData')} is missing; export the original series"
            )
        if explicit and start[4:6] not in (b"OW", b"OB"):
            return None
        if length == _UNKNOWN_LENGTH or length < size * (max(frames) + 1):
            raise StudyRefused(
                f"{header.file}: {named('PixelData')} has {length} bytes, needed "
                f"{size * (max(frames) + 1)} for its {rows} x {columns} values; export it again"
            )
        first = stream.tell()
        for frame in frames:
            stream.seek(first + size * frame)
            content = stream.read(size)
            if len(content) < size:
                raise StudyRefused(
                    f"{header.file}: the file ends within {named('PixelData')}, "
                    f"{size - len(content)} bytes are missing; export it again"
                )
            images.append(np.frombuffer(content, dtype).reshape(rows, columns))
    return images


def _decoded(header: Header, frames: Sequence[int]) -> list[NDArray[Any]]:
    """Decode frames by whichever of pydicom's plugins can."""
    images = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters is raised or checked
            dataset = pydicom.dcmread(header.file)
            several = int(dataset.get("NumberOfFrames") or 1) > 1
            for frame in frames:
                values = np.asarray(pixel_array(dataset, index=frame if several else None))
                if values.dtype.kind not in "iu":
                    raise ValueError(f"pixels of type {values.dtype}, needed integers")
                images.append(values)
    except Exception as error:  # the decoders raise whatever the broken bytes lead them to
        raise StudyRefused(f"{header.file}: {broken(error)}") from error
    return images
