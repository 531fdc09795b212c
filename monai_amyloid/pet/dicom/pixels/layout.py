"""How the pixels of a DICOM series are stored."""

from typing import NamedTuple

from monai_amyloid.pet.dicom.header import Header
from monai_amyloid.pet.dicom.values import named
from monai_amyloid.pet.image import StudyRefused

# PET detectors give at most a few hundred; a claim beyond this is no slice of a head.
MOST_ROWS = 2048


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
