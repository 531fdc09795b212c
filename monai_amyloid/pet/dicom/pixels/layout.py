"""How the pixels of a DICOM series are stored."""

from struct import pack
from typing import NamedTuple

from monai_amyloid.findings.finding import StudyRefused, Term
from monai_amyloid.pet.dicom.attributes import missing_value, named, tag_of
from monai_amyloid.pet.dicom.header import Header

# PET detectors give at most a few hundred; a claim beyond this is no slice of a head.
MOST_ROWS = 2048
# Defined terms of Photometric Interpretation (0028,0004) for one value a pixel and for colour.
_PHOTOMETRIC = frozenset(
    ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT")
)


class PixelLayout(NamedTuple):
    """How the pixels of every file of a series are stored.

    Attributes:
        rows: Rows of a frame.
        columns: Columns of a frame.
        allocated: Bits that a value takes in the file.
        stored: How many of them, the lowest, hold uptake.
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
        header: Header of any file of the series.

    Raises:
        StudyRefused: If it is in colour, of an unknown depth, or claims an absurd size.
    """
    file = header.file
    samples = header.number("SamplesPerPixel")
    photometric = header.text("PhotometricInterpretation")
    if samples != 1 or photometric != "MONOCHROME2":
        raise StudyRefused(
            "dicom_not_grey",
            "{attribute} is {photometric} with {samples:g} samples a pixel, needed MONOCHROME2 "
            "with 1; pass the original series",
            where=file,
            attribute=named("PhotometricInterpretation"),
            photometric=(Term(photometric) if photometric in _PHOTOMETRIC else photometric)
            or missing_value(),
            samples=samples or 0.0,
        )
    _refuse_floats(header)
    allocated = int(header.numbers("BitsAllocated", 1)[0])
    if allocated not in (8, 16, 32):
        raise StudyRefused(
            "dicom_bits_allocated",
            "{attribute} is {bits}, needed 8, 16 or 32; export it again",
            where=file,
            attribute=named("BitsAllocated"),
            bits=allocated,
        )
    stored = header.numbers("BitsStored", 1)[0]
    high = header.numbers("HighBit", 1)[0]
    if not 1 <= stored <= allocated or high != stored - 1:
        raise StudyRefused(
            "dicom_bits_stored",
            "{attribute} is {stored_bits:g} and {other} {high_bit:g} of {allocated_bits} bits, "
            "needed values in the lowest bits; export it again",
            where=file,
            attribute=named("BitsStored"),
            stored_bits=float(stored),
            other=named("HighBit"),
            high_bit=float(high),
            allocated_bits=allocated,
        )
    sign = header.numbers("PixelRepresentation", 1)[0]
    if sign not in (0, 1):
        raise StudyRefused(
            "dicom_pixel_representation",
            "{attribute} is {sign:g}, needed 0 or 1; export it again",
            where=file,
            attribute=named("PixelRepresentation"),
            sign=float(sign),
        )
    for keyword in ("Rows", "Columns"):
        size = header.numbers(keyword, 1)[0]
        if not 1 <= size <= MOST_ROWS:
            raise StudyRefused(
                "dicom_image_size",
                "{attribute} is {size:g}, needed 1 to {most}; export it again",
                where=file,
                attribute=named(keyword),
                size=float(size),
                most=MOST_ROWS,
            )
    rows, columns = (int(header.numbers(keyword, 1)[0]) for keyword in ("Rows", "Columns"))
    return PixelLayout(rows, columns, allocated, int(stored), sign == 1)


def is_padding(rest: bytes, row: int) -> bool:
    """Whether what follows the pixels is padding: to an even length, or to a block of a disk.

    Where a header states fewer rows or columns than there are, what follows are values.

    Args:
        rest: Bytes after those needed.
        row: Bytes of a row of the image.

    Returns:
        True for one byte again and again, and for anything shorter than a row.
    """
    return len(rest) < row or rest == rest[:1] * len(rest)


def _refuse_floats(header: Header) -> None:
    """Refuse values that were stored as floats, which no DICOM PET is, by their own name."""
    if header.text("BitsStored") or header.pixels_at is None:
        return
    with header.file.open("rb") as stream:
        stream.seek(header.pixels_at)
        start = stream.read(4)
    for keyword in ("FloatPixelData", "DoubleFloatPixelData"):
        tag = tag_of(keyword)
        if start in (pack(order + "HH", tag.group, tag.element) for order in "<>"):
            raise StudyRefused(
                "dicom_float_pixels",
                "the values are {attribute}, for which no unit and no scale are defined; needed "
                "{pixels} with {slope}; pass the original series, or the volume as NIfTI",
                where=header.file,
                attribute=named(keyword),
                pixels=named("PixelData"),
                slope=named("RescaleSlope"),
            )
