"""The text that describes an image in MetaImage and NRRD files, and where its voxels are."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monai_amyloid.findings.finding import StudyRefused, phrase
from monai_amyloid.pet.formats.broken import BrokenFileError

# Bytes of a header. One with all DICOM attributes of a series as text has some hundred thousand.
_LARGEST_HEADER = 2**20
_CHUNK_BYTES = 2**20
_LONGEST_LINE = 2**16


@dataclass(frozen=True)
class TextHeader:
    """What the text before an image says.

    Attributes:
        shape: Voxels along each axis as the header claims them, the fastest first: ``(X, Y, Z)``
            or ``(X, Y, Z, T)``.
        voxels: The file that holds the voxels: the image itself, or one beside it.
        offset: Bytes before the first voxel in that file.
        compressed: Whether the voxels are compressed by zlib or gzip.
    """

    shape: tuple[int, ...]
    voxels: Path
    offset: int
    compressed: bool


def header_lines(path: Path) -> Iterator[tuple[str, int]]:
    """Read the lines of a file's text, up to where the caller stops.

    Args:
        path: Path of the image.

    Yields:
        Each line without its end, and the bytes up to the next line.

    Raises:
        BrokenFileError: If a line is too long or no text, or the text does not end.
        OSError: If the file cannot be read.
    """
    place = 0
    with path.open("rb") as stream:
        while place < _LARGEST_HEADER and (line := stream.readline(_LONGEST_LINE)):
            place += len(line)
            if not line.endswith(b"\n") and len(line) == _LONGEST_LINE:
                raise BrokenFileError(
                    phrase(
                        "header_line_too_long",
                        "a line of its header has more than {most_bytes:,} bytes",
                        most_bytes=_LONGEST_LINE,
                    )
                )
            text = decoded(line.rstrip(b"\r\n"))
            if any(letter < " " and letter != "\t" for letter in text):
                raise BrokenFileError(
                    phrase("header_no_text", "its header has bytes that are no text")
                )
            yield text, place
    if place >= _LARGEST_HEADER:
        raise BrokenFileError(
            phrase(
                "header_too_long",
                "its header has more than {most_bytes:,} bytes",
                most_bytes=_LARGEST_HEADER,
            )
        )


def decoded(value: bytes) -> str:
    """Give a text that does not say in which letters it is.

    Args:
        value: Bytes of the text.

    Returns:
        The text by the first of UTF-8, EUC-KR and Latin-1 that fits. Many programs in Korea write
        EUC-KR and do not say so; its pairs of bytes are in no western name.
    """
    for encoding in ("utf-8", "euc_kr"):
        try:
            return value.decode(encoding)
        except UnicodeError:
            continue
    return value.decode("latin-1")


def voxel_file(path: Path, name: str) -> Path:
    """Find the file of voxels that a header names, and refuse one that it must not name.

    Args:
        path: The file with the header.
        name: Name or relative path of the file of voxels, as the header has it.

    Returns:
        The file.

    Raises:
        StudyRefused: If the name leads out of the header's folder, or to no file.
    """
    folder = path.parent.resolve()
    # A backslash or a drive means another place on Windows than elsewhere.
    outside = "\\" in name or ":" in name or not (folder / name).resolve().is_relative_to(folder)
    if outside:
        raise StudyRefused(
            "voxels_outside_folder",
            "the header says that the voxels are in {file!r}, needed a file in the header's own "
            "folder; put it there and name it without its folder",
            where=path,
            file=name,
        )
    found = path.parent / name
    if not found.is_file():
        raise StudyRefused(
            "voxels_missing",
            "the header says that the voxels are in {file!r}, and there is no such file; pass both "
            "files in one folder",
            where=path,
            file=name,
        )
    return found


def check_voxel_bytes(header: TextHeader, needed: int) -> None:
    """Refuse voxels of another length than the header claims; unpacked to their checksum.

    Args:
        header: Header of the image.
        needed: Bytes of all voxels, unpacked.

    Raises:
        BrokenFileError: If there are fewer bytes, or more.
        OSError: If the file of voxels cannot be read.
        zlib.error: If compressed bytes are broken.
    """
    if header.compressed:
        found, more = _unpacked_bytes(header, needed)
    else:
        found = header.voxels.stat().st_size - header.offset
        more = found > needed
    if found < needed:
        raise BrokenFileError(
            phrase(
                "voxels_too_few",
                "it has {bytes} bytes of voxels, needed {needed_bytes}",
                bytes=max(found, 0),
                needed_bytes=needed,
            )
        )
    if more or found > needed:
        raise BrokenFileError(
            phrase(
                "voxels_too_many",
                "its header speaks of {needed_bytes} bytes of voxels, and it has more",
                needed_bytes=needed,
            )
        )


def _unpacked_bytes(header: TextHeader, needed: int) -> tuple[int, bool]:
    """Count the bytes of compressed voxels without keeping them, and tell if others follow."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # by its first bytes: zlib or gzip
    found = 0
    with header.voxels.open("rb") as stream:
        stream.seek(header.offset)
        while not unpacker.eof and found <= needed:
            packed = unpacker.unconsumed_tail or stream.read(_CHUNK_BYTES)
            part = unpacker.decompress(packed, _CHUNK_BYTES)
            if not packed and not part and not unpacker.eof:
                raise BrokenFileError(
                    phrase(
                        "voxels_cut_off",
                        "its compressed voxels are cut off after {bytes} bytes",
                        bytes=found,
                    )
                )
            found += len(part)
        return found, bool(unpacker.unused_data or stream.read(1))
