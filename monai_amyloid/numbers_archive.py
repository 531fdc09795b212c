"""Arrays in a ``.npz`` from elsewhere, read within bounds; nothing in it is run."""

import io
import math
import zipfile
from pathlib import Path
from typing import Any

from numpy.lib import format as npy
from numpy.typing import NDArray

# Numbers or letters; not Python's objects, which would be unpickled.
_KINDS = frozenset("fiubU")


def read_arrays(path: Path, most: int) -> dict[str, NDArray[Any]]:
    """Read the arrays of an archive.

    A packed file may become a thousand times as large, and an array's header may ask for any
    number of bytes: both are compared with what is really there before memory is taken.

    Args:
        path: Path of the file.
        most: Most bytes that the arrays may have together.

    Returns:
        Arrays of numbers or words, by name.

    Raises:
        ValueError: If it is larger, or holds other than such arrays.
        OSError: If it cannot be read.
        zipfile.BadZipFile: If it is no archive.
        zlib.error: If it is broken.
    """
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        names = [part.filename for part in parts]
        if len({*names}) != len(names):
            raise ValueError("two arrays of one name")
        if sum(part.file_size for part in parts) > most:
            raise ValueError(f"larger than {most:,} bytes")
        return {name.removesuffix(".npy"): _array(archive.read(name)) for name in names}


def _array(content: bytes) -> NDArray[Any]:
    stream = io.BytesIO(content)
    version = npy.read_magic(stream)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read_header(stream)
    if dtype.kind not in _KINDS:
        raise ValueError(f"an array of {dtype}, needed numbers or words")
    if math.prod(shape) * dtype.itemsize != len(content) - stream.tell():
        raise ValueError("an array of another size than it says")
    stream.seek(0)
    found: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return found
