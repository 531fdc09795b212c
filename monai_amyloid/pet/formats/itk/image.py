"""Images that SimpleITK reads: geometry and voxels, after their headers were looked at."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import Phrase, StudyRefused, Term, phrase
from monai_amyloid.pet.formats.broken import BrokenFileError, refusing_broken
from monai_amyloid.pet.formats.itk.text_header import TextHeader, check_voxel_bytes
from monai_amyloid.pet.formats.single_file import (
    check_packed,
    frames_in,
    sidecar_beside,
    with_sidecar,
)
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.image import check_affine

# Where ITK's message begins, after its own source file and the address of an object.
_MESSAGE = re.compile(r".*ITK ERROR: (\w+\(0x[0-9a-f]+\): )?", re.DOTALL)
# ITK is LPS+, this package RAS+: negate x and y.
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@cache
def _itk() -> Any:
    """SimpleITK, which most studies do not need."""
    import SimpleITK

    return SimpleITK


@cache
def _voxels() -> dict[int, np.dtype[Any]]:
    """Types of one number a voxel, of at most 64 bits, by ITK's number of each."""
    names = ("UInt8", "Int8", "UInt16", "Int16", "UInt32", "Int32", "UInt64", "Int64",
             "Float32", "Float64")  # fmt: skip
    return {getattr(_itk(), f"sitk{name}"): np.dtype(name.lower()) for name in names}


@contextmanager
def _in_its_own_words() -> Iterator[None]:
    """Keep of an error of ITK what it says of the file."""
    try:
        yield
    except RuntimeError as error:
        raise ValueError(_MESSAGE.sub("", str(error)).strip()) from error


def _reader(path: Path, reader_name: str) -> Any:
    """Open a file by its format, whatever its bytes look like to other formats."""
    reader = _itk().ImageFileReader()
    reader.SetImageIO(reader_name)
    reader.SetFileName(str(path))
    return reader


def _affine(reader: Any, path: Path) -> NDArray[np.float64]:
    """Give the affine ``(4, 4)`` to RAS+ millimetres."""
    size = len(reader.GetSize())
    directions = np.reshape(reader.GetDirection(), (size, size))
    if directions[3:, :3].any() or directions[:3, 3:].any():
        raise StudyRefused(
            "fourth_axis_in_space",
            "its fourth axis runs through space, needed one of time alone; export it again",
            where=path,
        )
    affine = np.eye(4)
    affine[:3, :3] = directions[:3, :3] * reader.GetSpacing()[:3]
    affine[:3, 3] = reader.GetOrigin()[:3]
    affine = _LPS_TO_RAS @ affine
    check_affine(affine, str(path))
    return affine


def _load(path: Path, reader_name: str, shape: tuple[int, ...], number: int) -> NDArray[np.float32]:
    """Read the voxels ``(X, Y, Z)`` of one frame in the file's order of axes."""
    reader = _reader(path, reader_name)
    if len(shape) == 4:
        reader.SetExtractIndex([0, 0, 0, number])
        reader.SetExtractSize([*shape[:3], 0])
    with _in_its_own_words():
        stored: NDArray[Any] = _itk().GetArrayFromImage(reader.Execute())
    return stored.astype(np.float32).T


def files_of(path: Path, header: TextHeader) -> list[Path]:
    """Name the other files that belong to an image.

    Args:
        path: The file with the header.
        header: Header of the file.

    Returns:
        The file of its voxels, where that is another one, and its JSON sidecar.
    """
    voxels = [] if header.voxels == path else [header.voxels]
    return [*voxels, *sidecar_beside(path)]


def read_itk_frames(
    path: Path,
    root: Path | None,
    header: TextHeader,
    *,
    kind: Phrase,
    source: str,
    reader_name: str,
) -> FrameSeries:
    """Read the geometry of an image; its voxels are read frame by frame later.

    Args:
        path: The file with the header, 3D or 4D with time last. The JSON sidecar of the same
            stem names the tracer and the times.
        root: Root of the BIDS dataset, where it is known.
        header: Header of the file, checked by its format.
        kind: The name of the format with its article, for messages.
        source: ``source`` of the provenance, such as ``"nrrd"``.
        reader_name: ITK's name of the reader, such as ``"NrrdImageIO"``.

    Returns:
        The frames on one RAS+ grid.

    Raises:
        StudyRefused: If the file is broken, has not one number a voxel or no plausible
            geometry, or if a sidecar is broken or lacks the times of several frames.
    """
    count = frames_in(header.shape, path)
    reader = _reader(path, reader_name)
    with refusing_broken(path, kind):
        with _in_its_own_words():
            reader.ReadImageInformation()
        voxels = _voxels().get(reader.GetPixelID())
        if voxels is None or reader.GetNumberOfComponents() != 1:
            name = _itk().GetPixelIDValueAsString(reader.GetPixelID())
            raise StudyRefused(
                "voxels_not_scalar",
                "found voxels of type {kind}, needed one number a voxel",
                where=path,
                kind=Term(name),
            )
        if tuple(reader.GetSize()) != header.shape:
            raise BrokenFileError(
                phrase(
                    "shape_differs",
                    "it has {found:x} voxels, its header says {stated:x}",
                    found=tuple(reader.GetSize()),
                    stated=header.shape,
                )
            )
        affine = _affine(reader, path)
        size = math.prod(header.shape) * voxels.itemsize
        if header.compressed:
            check_packed(size, path)
        check_voxel_bytes(header, size)
    return with_sidecar(
        path,
        root,
        kind=kind,
        source=source,
        voxels=voxels,
        affine=affine,
        shape=header.shape,
        count=count,
        load=partial(_load, path, reader_name, header.shape),
    )
