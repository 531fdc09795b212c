"""What is in a zip: its names in the right letters, and nothing that unpacks without measure."""

import io
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.files.entry import (
    MOST_LIST_BYTES,
    Entry,
    Room,
    list_too_long,
    too_large,
    too_many,
)

_ENCRYPTED = 0x1 | 0x40  # general purpose bits 0 and 6 (APPNOTE 4.4.4)
_UTF8 = 0x800  # bit 11
# The other methods unpack 4 kB to gigabytes in one call, before anyone can count them.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class _Guarded(io.FileIO):
    """A file that refuses to be read in a huge piece, as zipfile does with the list of names."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MOST_LIST_BYTES:
            raise list_too_long(Path(str(self.name)), size)
        return super().read(size) or b""


@contextmanager
def zip_entries(source: Path, room: Room) -> Iterator[Iterator[Entry]]:
    """Open a zip and give its entries.

    Args:
        source: Path of the zip.
        room: How much it may unpack to.

    Yields:
        The entries, which can be opened within the ``with`` block.

    Raises:
        StudyRefused: If it lists too much, or an entry is encrypted or packed in a way that
            cannot be measured.
        zipfile.BadZipFile: If it is broken.
    """
    with _Guarded(source) as stream, zipfile.ZipFile(stream) as archive:
        entries = archive.infolist()
        if len(entries) > room.files:
            raise too_many(source)
        # Before the disk is filled; a claim that is too low is found while it is.
        if sum(entry.file_size for entry in entries) > room.bytes:
            raise too_large(source)
        yield (_entry(archive, each, source) for each in entries)


def _entry(archive: zipfile.ZipFile, found: zipfile.ZipInfo, source: Path) -> Entry:
    name = _name(found)
    if found.flag_bits & _ENCRYPTED:
        raise StudyRefused(
            "zip_encrypted",
            "{file!r} is encrypted; pass it without a password",
            where=source,
            file=name,
        )
    # The upper half is the Unix mode, 0 where another system wrote the zip.
    kind = stat.S_IFMT(found.external_attr >> 16)
    is_file = not name.endswith("/") and kind in (0, stat.S_IFREG)
    if is_file and found.compress_type not in _METHODS:
        raise StudyRefused(
            "zip_method",
            "{file!r} is compressed by method {method}, needed deflate (8) or none (0); pack "
            "it again as a common zip",
            where=source,
            file=name,
            method=found.compress_type,
        )
    return Entry(
        name=name,
        # zipfile ends a name at a NUL, and on Windows takes a backslash for a slash.
        other_name=found.orig_filename,
        size=found.file_size,
        # What it claims to be packed in may be more than there is.
        packed=min(found.compress_size, source.stat().st_size),
        is_file=is_file,
        open=partial(archive.open, found),
    )


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
