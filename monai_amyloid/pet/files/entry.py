"""One entry of an archive, whatever its kind, and how much a study may hold."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.files.listing import MOST_FILES

# The most bytes of one unpacked study. A dynamic series of 40 frames of 256 x 256 x 128 has 0.7.
MOST_BYTES = 4 * 2**30
# Names and sizes of the files, 320 bytes for each of 50,000.
MOST_LIST_BYTES = 16 * 10**6


@dataclass
class Room:
    """What may still be unpacked of one study, however many archives it lies in.

    Attributes:
        files: Entries, with folders and whatever else an archive lists.
        bytes: Bytes on the disk.
    """

    files: int = MOST_FILES
    bytes: int = MOST_BYTES


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What an archive says of one thing in it.

    Attributes:
        name: Name of the entry with ``/`` between folders, as people are shown it.
        other_name: Name as another program may read it, which must lead nowhere either.
        size: Bytes that it claims to unpack to; None where the archive does not say.
        packed: The most bytes that it can be packed in.
        is_file: Whether it is a file; links, devices and pipes are no files of a study.
        open: Opens its content; of a tar, before the next entry is asked for.
    """

    name: str
    other_name: str
    size: int | None
    packed: int
    is_file: bool
    open: Callable[[], IO[bytes]]


def list_too_long(source: Path, size: int) -> StudyRefused:
    """Say that the names in an archive are more than those of a study.

    Args:
        source: Path of the archive.
        size: Bytes of its list of names, or of a part of it.
    """
    return StudyRefused(
        "archive_list_too_long",
        "the list of its files is {bytes:,} bytes long, needed at most {most_bytes:,}: "
        "this is a whole archive; pass one study",
        where=source,
        bytes=size,
        most_bytes=MOST_LIST_BYTES,
    )


def too_large(source: Path) -> StudyRefused:
    """Say that a study is too large.

    Args:
        source: Path of the archive.
    """
    return StudyRefused(
        "archive_too_large",
        "unpacks to more than {most_bytes:,} bytes, the most that a study may have; pass one "
        "study, or its folder",
        where=source,
        most_bytes=MOST_BYTES,
    )


def too_many(source: Path) -> StudyRefused:
    """Say that an archive has more entries than a study has files.

    Args:
        source: Path of the archive.
    """
    return StudyRefused(
        "archive_too_many_files",
        "found more than {most:,} files, needed one study: this is a whole archive; pass one study",
        where=source,
        most=MOST_FILES,
    )
