"""Everything before the pixels of one DICOM file, as pydicom reads it, within bounds."""

import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from monai_amyloid.findings.finding import StudyRefused, phrase
from monai_amyloid.pet.dicom.attributes import tag_of, unreadable

# A deflated dataset may grow a thousandfold; a whole head as float is 200 MB.
MOST_DEFLATED_BYTES = 2**28
# Longer values than this (private blobs) stay in the file until somebody asks for them.
_DEFERRED_BYTES = 2**16
_TRANSFER_SYNTAX = b"\x02\x00\x10\x00UI"
_UNDEFINED_LENGTH = 0xFFFFFFFF


def read_dataset(stream: BinaryIO, file: Path, keywords: Iterable[str]) -> Dataset:
    """Read everything before the pixels; the stream is left where they begin.

    Args:
        stream: The file, opened, at its beginning.
        file: Path of the file.
        keywords: DICOM keywords of values that are read even where they are long; other long
            values stay in the file until somebody asks for them.

    Returns:
        The dataset, whose values are converted when they are asked for.

    Raises:
        StudyRefused: If the file is broken, or a bomb.
        OSError: If the disk does not give it.
    """
    try:
        size = _inflated(stream, file) if is_deflated(stream) else file.stat().st_size
        # Forced: that it is DICOM was seen before, also where the mark is missing.
        dataset = pydicom.dcmread(
            stream, stop_before_pixels=True, defer_size=_DEFERRED_BYTES, force=True
        )
        _check_claims(dataset, size, file)
        for keyword in keywords:
            dataset.get_item(tag_of(keyword))  # a value that was left in the file is read here
    except StudyRefused:
        raise
    except Exception as error:  # pydicom raises whatever the broken bytes lead it to
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the bytes
        raise unreadable(file, error) from error
    return dataset


def _check_claims(dataset: Dataset, size: int, file: Path) -> None:
    """Refuse values that are longer than what the file holds of them."""
    for element in dataset.values():
        if not isinstance(element, RawDataElement) or element.length == _UNDEFINED_LENGTH:
            continue
        if element.value is None and element.length > size:  # left in the file
            reason = phrase(
                "dicom_element_too_long",
                "an element claims {claimed_bytes} bytes, the file has {file_bytes}",
                claimed_bytes=element.length,
                file_bytes=size,
            )
            raise unreadable(file, reason)
        if element.value is not None and len(element.value) < element.length:
            reason = phrase("dicom_ends_in_header", "the file ends within its header")
            raise unreadable(file, reason)


def is_deflated(stream: BinaryIO) -> bool:
    """Whether a file names the deflated transfer syntax, without trust in its lengths.

    Args:
        stream: The file, opened, at its beginning, where it is left.
    """
    head = stream.read(4096)
    if head[128:132] == b"DICM" and _TRANSFER_SYNTAX not in head:
        head += stream.read(2**20)
    stream.seek(0)
    return DeflatedExplicitVRLittleEndian.encode() in head


def _inflated(stream: BinaryIO, file: Path) -> int:
    """Give the size of a deflated dataset without keeping it, and refuse one that is too large."""
    pydicom.filereader.read_preamble(stream, force=True)
    pydicom.filereader._read_file_meta_info(stream)  # the public one takes names alone
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    size, left = 0, stream.read()
    # A byte may follow the end, to make the length even.
    while left and not inflate.eof:
        size += len(inflate.decompress(left, 2**20))
        left = inflate.unconsumed_tail
        if size > MOST_DEFLATED_BYTES:
            raise StudyRefused(
                "dicom_deflated_too_large",
                "the deflated dataset holds more than {most_bytes:,} bytes; export it without "
                "compression",
                where=file,
                most_bytes=MOST_DEFLATED_BYTES,
            )
    stream.seek(0)
    return size
