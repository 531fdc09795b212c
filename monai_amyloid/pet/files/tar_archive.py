"""What is in a tar, compressed or not: read once from its beginning to its end."""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, cast

from monai_amyloid.pet.files.compressed import open_unpacked
from monai_amyloid.pet.files.entry import (
    MOST_LIST_BYTES,
    Entry,
    Room,
    list_too_long,
    too_large,
)
from monai_amyloid.pet.formats.itk.text_header import decoded

_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 2**20


class _Forward:
    """A stream that is read forward alone, in small pieces, and not beyond a study's size.

    A tar whose sizes lead back would be read for ever, and the name of an entry may claim to be
    gigabytes long. What is skipped is unpacked all the same, and counts.

    Args:
        stream: The unpacked tar.
        source: Path of the archive, for messages.
        most: The most bytes.
    """

    def __init__(self, stream: IO[bytes], source: Path, most: int) -> None:
        self._stream, self._source, self._most, self._at = stream, source, most, 0
        self.last = b""
        """What was read last."""

    def tell(self) -> int:
        return self._at

    def seek(self, place: int, /) -> int:
        if place < self._at:
            raise tarfile.ReadError("its entries lead back")
        if place > self._most:
            raise too_large(self._source)
        while self._at < place and self._read(min(_CHUNK, place - self._at)):
            pass
        return self._at

    def read(self, size: int, /) -> bytes:
        if size > MOST_LIST_BYTES:
            raise list_too_long(self._source, size)
        self.last = self._read(size)
        return self.last

    def _read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._at += len(data)
        if self._at > self._most:
            raise too_large(self._source)
        return data


@contextmanager
def tar_entries(source: Path, room: Room) -> Iterator[Iterator[Entry]]:
    """Open a tar, which may be compressed by gzip, bzip2 or xz, and give its entries.

    Args:
        source: Path of the tar.
        room: How much it may unpack to.

    Yields:
        The entries, each to be opened before the next is asked for.

    Raises:
        StudyRefused: If it unpacks to too much.
        tarfile.TarError: If it is broken.
    """
    with open_unpacked(source) as unpacked:
        stream = _Forward(unpacked, source, room.bytes)
        with tarfile.open(fileobj=stream, mode="r:") as archive:  # type: ignore[call-overload]
            yield _entries(archive, stream, source.stat().st_size)


def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    """Open a regular file, which alone has content."""
    return cast("IO[bytes]", archive.extractfile(member))


def _entries(archive: tarfile.TarFile, stream: _Forward, packed: int) -> Iterator[Entry]:
    for member in archive:
        name = decoded(member.name.encode("utf-8", "surrogateescape"))

        yield Entry(
            name=name,
            other_name=name,
            size=member.size,
            packed=packed,
            is_file=member.isfile(),
            open=partial(_opened, archive, member),
        )
    # Two blocks of zeros end a tar (POSIX pax); tarfile ends at a broken header as well.
    if stream.last != bytes(_BLOCK):
        raise tarfile.ReadError("its list of files breaks off")
    while stream.read(_CHUNK):  # up to the checksum of a compressed one
        pass
