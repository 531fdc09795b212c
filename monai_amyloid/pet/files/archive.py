"""Unpack the zip of a study, and nothing that reaches beyond its folder or its size."""

import errno
import io
import re
import stat
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PureWindowsPath

from monai_amyloid.findings.finding import StudyRefused

# How the names of archives end; what is in them is a study or a part of one. An archive is no
# format of an image, so it stands here and not in the table of formats.
ARCHIVE_SUFFIXES = (".zip",)
# The most bytes of one unpacked study. A dynamic series of 40 frames of 256 x 256 x 128 has 0.7.
MOST_BYTES = 4 * 2**30
# Deflate can reach 1032:1, with constant bytes alone; voxels and headers of a scan reach 20:1, and
# a small file of zeros harms nobody.
MOST_EXPANSION = 1000
HARMLESS_BYTES = 10 * 2**20
# Names and sizes of the files, 320 bytes for each of 50,000.
MOST_LIST_BYTES = 16 * 10**6
# Folders within folders of one name in the zip: deeper than any export, less than Python recurses.
MOST_DEPTH = 64

# The most entries of a zip that is only looked at.
MOST_PEEKED = 50_000

_EXTENSION = re.compile(r"(\.[A-Za-z0-9]{1,8}){1,2}$")

_ENCRYPTED = 0x1 | 0x40  # general purpose bits 0 and 6 (APPNOTE 4.4.4)
_UTF8 = 0x800  # bit 11
# The other methods unpack 4 kB to gigabytes in one call, before anyone can count them.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CHUNK = 2**20


def is_archive_name(path: Path) -> bool:
    """Whether a file's name, in any case, is that of an archive.

    Args:
        path: Any path; nothing is read.
    """
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


class _Guarded(io.FileIO):
    """A file that refuses to be read in a huge piece, as zipfile does with the list of names."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MOST_LIST_BYTES:
            raise StudyRefused(
                "zip_list_too_long",
                "the list of its files is {bytes:,} bytes long, needed at most {most_bytes:,}: "
                "this is a whole archive; pass one study",
                where=Path(str(self.name)),
                bytes=size,
                most_bytes=MOST_LIST_BYTES,
            )
        return super().read(size) or b""


def _name(entry: zipfile.ZipInfo) -> str:
    """Give the name of an entry; without the flag for UTF-8 zipfile reads it as cp437.

    macOS writes UTF-8 without the flag, Korean Windows cp949. Its common part, EUC-KR, holds
    no pair of bytes that a western name would hold.
    """
    if not entry.flag_bits & _UTF8:
        for encoding in ("utf-8", "euc_kr"):
            try:
                return entry.filename.encode("cp437").decode(encoding)
            except UnicodeError:
                continue
    return entry.filename


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


def _entries(
    archive: zipfile.ZipFile, source: Path, most_files: int
) -> Iterator[tuple[zipfile.ZipInfo, list[str]]]:
    """Give the files of a zip with the parts of their names, after checking every entry."""
    entries = archive.infolist()
    if len(entries) > most_files:
        raise StudyRefused(
            "zip_too_many_files",
            "found {count:,} files, needed at most {most:,}: this is a whole archive; pass one "
            "study",
            where=source,
            count=len(entries),
            most=most_files,
        )
    # Before the disk is filled; a claim that is too low is found while it is.
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise _too_large(source)
    for entry in entries:
        name = _name(entry)
        # zipfile ends a name at a NUL, and on Windows takes a backslash for a slash.
        parts = _parts(name) if _parts(entry.orig_filename) is not None else None
        if parts is None:
            raise StudyRefused(
                "zip_entry_leads_out",
                "the entry {file!r} has a name that may lead out of the folder, needed names of "
                "folders and files with '/', at most {most_depth}; pack or copy the study again",
                where=source,
                file=name[:100],
                most_depth=MOST_DEPTH,
            )
        if entry.flag_bits & _ENCRYPTED:
            raise StudyRefused(
                "zip_encrypted",
                "{file!r} is encrypted; pass it without a password",
                where=source,
                file=name,
            )
        # The upper half is the Unix mode, 0 where another system wrote the zip. Links, devices
        # and pipes are no files of a study.
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if not parts or name.endswith("/") or kind not in (0, stat.S_IFREG):
            continue
        if entry.compress_type not in _METHODS:
            raise StudyRefused(
                "zip_method",
                "{file!r} is compressed by method {method}, needed deflate (8) or none (0); pack "
                "it again as a common zip",
                where=source,
                file=name,
                method=entry.compress_type,
            )
        yield entry, parts


def _too_large(source: Path) -> StudyRefused:
    """Say that a study is too large."""
    return StudyRefused(
        "zip_too_large",
        "unpacks to more than {most_bytes:,} bytes, the most that a study may have; pass one "
        "study, or its folder",
        where=source,
        most_bytes=MOST_BYTES,
    )


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, room: int) -> int:
    """Unpack one entry and count its bytes, which zipfile checks by their CRC."""
    source = Path(str(archive.filename))
    # What the entry claims to be packed in may be more than there is.
    packed = min(entry.compress_size, source.stat().st_size)
    most = max(HARMLESS_BYTES, MOST_EXPANSION * packed)
    written = 0
    # Never over a file that is there: the same name twice, or two names that are one on this disk.
    with archive.open(entry) as packed_file, target.open("xb") as file:
        while chunk := packed_file.read(_CHUNK):
            written += len(chunk)
            if written > room:
                raise _too_large(source)
            if max(written, entry.file_size) > most:
                raise StudyRefused(
                    "zip_bomb",
                    "{file!r} unpacks to more than {most_times:,} times its size, as a "
                    "decompression bomb does; pass the study as a folder",
                    where=source,
                    file=_name(entry),
                    most_times=MOST_EXPANSION,
                )
            file.write(chunk)
    if written != entry.file_size:
        raise zipfile.BadZipFile(f"{_name(entry)!r} is cut off")
    return written


def unpack(source: Path, folder: Path, most_files: int) -> None:
    """Unpack a zip into a folder.

    Links and special files in it are left out. Nothing is written outside the folder.

    Args:
        source: Path of the zip.
        folder: An empty folder.
        most_files: The most entries that the zip may have.

    Raises:
        StudyRefused: If the zip is broken, encrypted, or too large; if two entries are one file;
            if the name of an entry could lead out of the folder; if the disk is full.
    """
    room = MOST_BYTES
    try:
        with _Guarded(source) as stream, zipfile.ZipFile(stream) as archive:
            for entry, parts in _entries(archive, source, most_files):
                target = folder.joinpath(*parts)
                try:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    room -= _write(archive, entry, target, room)
                except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                    raise StudyRefused(
                        "zip_entry_twice",
                        "{file!r} is there twice, or differs from another name by case alone, "
                        "needed each file once; pack or copy the study again",
                        where=source,
                        file=_name(entry),
                    ) from error
    except StudyRefused:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise StudyRefused(
                "disk_full",
                "the disk is full where it is unpacked ({folder}); free some space there, set "
                "TMPDIR to another disk, or pass the study as a folder",
                where=source,
                folder=folder.parent,
            ) from error
        raise StudyRefused(
            "zip_not_unpacked",
            "cannot be unpacked ({reason}); pack or copy the study again",
            where=source,
            reason=reason,
        ) from error
    except Exception as error:  # zipfile and zlib raise whatever the broken bytes lead them to
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise StudyRefused(
            "zip_broken",
            "a broken or truncated zip ({reason}); pack or copy the study again",
            where=source,
            reason=reason,
        ) from error


def peek(source: Path, folder: Path, files: int, size: int) -> list[Path]:
    """Unpack the beginnings of the first files of a zip, to look at their headers.

    Args:
        source: The zip; of a broken one, what comes before it breaks.
        folder: An empty folder.
        files: The most files.
        size: The most bytes of each.

    Returns:
        The files written, under names of their own with the extensions that they have in the zip.
    """
    written: list[Path] = []
    try:
        with _Guarded(source) as stream, zipfile.ZipFile(stream) as archive:
            for entry, parts in islice(_entries(archive, source, MOST_PEEKED), files):
                extension = _EXTENSION.search(parts[-1])
                target = folder / f"{len(written)}{extension[0] if extension else ''}"
                with archive.open(entry) as packed:
                    target.write_bytes(packed.read(size))
                written.append(target)
    except Exception:  # zipfile and zlib raise whatever the broken bytes lead them to
        return written  # what was read until then tells whose it is
    return written
