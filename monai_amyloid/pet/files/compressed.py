"""A file that is compressed as a whole, which its first bytes tell and not its name."""

import bz2
import gzip
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from monai_amyloid.pet.files.entry import Entry, Room

# How the names of such files end, and what they begin with.
COMPRESSED_SUFFIXES = (".gz", ".bz2", ".xz")
_GZIP = b"\x1f\x8b\x08"
_OPENERS = (
    (_GZIP, gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\0", lzma.open),
)


def is_compressed(head: bytes) -> bool:
    """Whether a file that begins so is compressed as a whole.

    Args:
        head: First six bytes of the file, or more.
    """
    return any(head.startswith(magic) for magic, _ in _OPENERS)


def is_gzip(path: Path) -> bool:
    """Whether a file is compressed by gzip, whatever its name.

    Args:
        path: Path of any file.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as stream:
        return stream.read(2) == _GZIP[:2]


def open_unpacked(path: Path) -> IO[bytes]:
    """Open a file as it is when it is unpacked, whether it is compressed or not.

    Args:
        path: Path of any file.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(6)
    opened = next((opened for magic, opened in _OPENERS if head.startswith(magic)), Path.open)
    return cast("IO[bytes]", opened(path, "rb"))


@contextmanager
def compressed_entries(source: Path, room: Room) -> Iterator[Iterator[Entry]]:
    """Give a compressed file as an archive of one file, which keeps its name.

    Args:
        source: Path of the file.
        room: How much it may unpack to.

    Yields:
        The one entry.
    """
    yield iter(
        [
            Entry(
                name=source.name,
                other_name=source.name,
                size=None,
                packed=source.stat().st_size,
                is_file=True,
                open=lambda: open_unpacked(source),
            )
        ]
    )
