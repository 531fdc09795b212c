"""Unpack an archive of a study, and nothing that reaches beyond its folder or its size."""

import errno
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PureWindowsPath

from monai_amyloid.findings.finding import StudyRefused, Term
from monai_amyloid.pet.files.compressed import (
    COMPRESSED_SUFFIXES,
    compressed_entries,
    is_compressed,
    open_unpacked,
)
from monai_amyloid.pet.files.entry import Entry, Room, too_large, too_many
from monai_amyloid.pet.files.tar_archive import tar_entries
from monai_amyloid.pet.files.zip_archive import zip_entries
from monai_amyloid.pet.formats.table import format_named
from monai_amyloid.pet.formats.unread import COMPRESSED_IMAGES

# Deflate can reach 1032:1, with constant bytes alone; voxels and headers of a scan reach 20:1, and
# a small file of zeros harms nobody.
MOST_EXPANSION = 1000
HARMLESS_BYTES = 10 * 2**20
# Folders within folders of one name in the archive: deeper than any export, less than Python
# recurses.
MOST_DEPTH = 64

_EXTENSION = re.compile(r"(\.[A-Za-z0-9]{1,8}){1,2}$")
_CHUNK = 2**20
_HEAD_BYTES = 512  # up to the mark of a tar


@dataclass(frozen=True, kw_only=True)
class ArchiveKind:
    """A way to pack files into one.

    Attributes:
        name: Name of the kind, as people are shown it.
        suffixes: How the names of such files end, in lower case; what is in one is a study or a
            part of one.
        entries: Opens one, and gives its entries.
    """

    name: str
    suffixes: tuple[str, ...] = ()
    entries: Callable[[Path, Room], AbstractContextManager[Iterator[Entry]]]


ZIP = ArchiveKind(name="zip", suffixes=(".zip",), entries=zip_entries)
TAR = ArchiveKind(
    name="tar",
    suffixes=(*(".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz"),),
    entries=tar_entries,
)
COMPRESSED = ArchiveKind(name="compressed file", entries=compressed_entries)
# An archive is no format of an image, so it stands here and not in the table of formats.
ARCHIVE_SUFFIXES = (*ZIP.suffixes, *TAR.suffixes)


def is_archive_name(path: Path) -> bool:
    """Whether a file's name, in any case, is that of an archive of many files.

    Args:
        path: Any path; nothing is read.
    """
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def is_packed_name(path: Path) -> bool:
    """Whether a file's name is that of an archive, or of a DICOM file that is compressed.

    Args:
        path: Any path; nothing is read.

    Returns:
        False for an image whose format is compressed by itself, such as ``scan.nii.gz``, and for
        one that has to be unpacked by hand, as its sidecar lies beside it.
    """
    if is_archive_name(path):
        return True
    if not path.name.lower().endswith(COMPRESSED_SUFFIXES) or format_named(path):
        return False
    return not path.name.lower().endswith(COMPRESSED_IMAGES)


def kind_of(path: Path) -> ArchiveKind | None:
    """Tell how files are packed, by the first bytes and, where these do not tell, by the name.

    Args:
        path: Path of any file.

    Returns:
        The kind; None where it is no archive.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return ZIP
    name = path.name.lower()
    if is_compressed(head):
        try:
            with open_unpacked(path) as unpacked:
                head = unpacked.read(_HEAD_BYTES)
        except Exception:  # broken: unpacking it will say why
            head = b""
        return TAR if _is_tar(head) or name.endswith(TAR.suffixes) else COMPRESSED
    if _is_tar(head) or name.endswith(TAR.suffixes):
        return TAR
    return ZIP if name.endswith(ZIP.suffixes) or zipfile.is_zipfile(path) else None


def _is_tar(head: bytes) -> bool:
    """Whether a file has the mark of a tar since 1988."""
    return head[257:262] == b"ustar"


def _parts(name: str) -> list[str] | None:
    """Split the name of an entry into folders and file; None where it may lead elsewhere."""
    if name.startswith("/") or "\\" in name or "\0" in name:
        return None
    parts = [part for part in name.split("/") if part not in ("", ".")]
    for part in parts:
        # Windows drops dots and spaces at the end of a name, and takes "c:x" for a drive.
        if not part.strip(" .") or PureWindowsPath(part).drive:
            return None
    return parts if len(parts) <= MOST_DEPTH else None


def _files(entries: Iterator[Entry], source: Path, room: Room) -> Iterator[tuple[Entry, list[str]]]:
    """Give the files of an archive with the parts of their names, after checking every entry."""
    for entry in entries:
        room.files -= 1
        if room.files < 0:
            raise too_many(source)
        parts = _parts(entry.name) if _parts(entry.other_name) is not None else None
        if parts is None:
            raise StudyRefused(
                "archive_entry_leads_out",
                "the entry {file!r} has a name that may lead out of the folder, needed names of "
                "folders and files with '/', at most {most_depth}; pack or copy the study again",
                where=source,
                file=entry.name[:100],
                most_depth=MOST_DEPTH,
            )
        if parts and entry.is_file:
            yield entry, parts


def _write(entry: Entry, target: Path, source: Path, room: Room) -> None:
    """Unpack one entry and count its bytes, which most kinds check by a sum."""
    most = max(HARMLESS_BYTES, MOST_EXPANSION * entry.packed)
    written = 0
    # Never over a file that is there: the same name twice, or two names that are one on this disk.
    with entry.open() as packed, target.open("xb") as file:
        while chunk := packed.read(_CHUNK):
            written += len(chunk)
            if written > room.bytes:
                raise too_large(source)
            if max(written, entry.size or 0) > most:
                raise StudyRefused(
                    "archive_bomb",
                    "{file!r} unpacks to more than {most_times:,} times its size, as a "
                    "decompression bomb does; pass the study as a folder",
                    where=source,
                    file=entry.name,
                    most_times=MOST_EXPANSION,
                )
            file.write(chunk)
    if entry.size is not None and written != entry.size:
        raise ValueError(f"{entry.name!r} is cut off")
    room.bytes -= written


def unpack(source: Path, folder: Path, room: Room) -> None:
    """Unpack an archive into a folder.

    Links and special files in it are left out. Nothing is written outside the folder.

    Args:
        source: Path of the archive.
        folder: A folder, without the files that are in the archive.
        room: How much it may unpack to; what it does unpack to is taken from it.

    Raises:
        StudyRefused: If the archive is broken, encrypted, or too large; if two entries are one
            file; if the name of an entry could lead out of the folder; if the disk is full.
    """
    kind = ZIP
    try:
        kind = kind_of(source) or ZIP
        with kind.entries(source, room) as entries:
            for entry, parts in _files(entries, source, room):
                target = folder.joinpath(*parts)
                try:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    _write(entry, target, source, room)
                except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                    raise StudyRefused(
                        "archive_entry_twice",
                        "{file!r} is there twice, or differs from another name by case alone, "
                        "needed each file once; pack or copy the study again",
                        where=source,
                        file=entry.name,
                    ) from error
    except StudyRefused:
        raise
    except Exception as error:  # libraries raise whatever the broken bytes lead them to
        raise _not_unpacked(error, kind, source, folder) from error


def _not_unpacked(error: Exception, kind: ArchiveKind, source: Path, folder: Path) -> StudyRefused:
    """Say whether the disk or the archive was at fault."""
    # The compression libraries raise errors of the system too, without a number.
    if isinstance(error, OSError) and error.errno is not None:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            return StudyRefused(
                "disk_full",
                "the disk is full where it is unpacked ({folder}); free some space there, set "
                "TMPDIR to another disk, or pass the study as a folder",
                where=source,
                folder=folder.parent,
            )
        return StudyRefused(
            "archive_not_unpacked",
            "cannot be unpacked ({reason}); pack or copy the study again",
            where=source,
            reason=error.strerror or str(error),
        )
    return StudyRefused(
        "archive_broken",
        "a broken or truncated {kind} ({reason}); pack or copy the study again",
        where=source,
        kind=Term(kind.name),
        reason=(str(error).splitlines() or [type(error).__name__])[0],
    )


def peek(source: Path, folder: Path, files: int, size: int) -> list[Path]:
    """Unpack the beginnings of the first files of an archive, to look at their headers.

    Args:
        source: The archive; of a broken one, what comes before it breaks.
        folder: An empty folder.
        files: The most files.
        size: The most bytes of each.

    Returns:
        The files written, under names of their own with the extensions that they have in the
        archive.
    """
    written: list[Path] = []
    try:
        room = Room()
        with (kind_of(source) or ZIP).entries(source, room) as entries:
            for entry, parts in islice(_files(entries, source, room), files):
                extension = _EXTENSION.search(parts[-1])
                target = folder / f"{len(written)}{extension[0] if extension else ''}"
                with entry.open() as packed, target.open("wb") as file:
                    written.append(target)
                    while size > file.tell() and (part := packed.read(size - file.tell())):
                        file.write(part)
    except Exception:  # libraries raise whatever the broken bytes lead them to
        return written  # what was read until then tells whose it is
    return written
