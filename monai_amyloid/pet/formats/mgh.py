"""A PET image in FreeSurfer's MGH format, compressed as ``.mgz``."""

import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from nibabel.arrayproxy import ArrayProxy
from nibabel.freesurfer.mghformat import DATA_OFFSET, MGHHeader
from numpy.typing import NDArray

from monai_amyloid.findings.finding import StudyRefused, phrase
from monai_amyloid.pet.files.compressed import is_gzip, open_unpacked
from monai_amyloid.pet.formats.broken import BrokenFileError, refusing_broken
from monai_amyloid.pet.formats.file_format import FileFormat
from monai_amyloid.pet.formats.single_file import (
    check_length,
    check_packed,
    frames_in,
    named_otherwise,
    sidecar_beside,
    with_sidecar,
)
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.image import check_affine

_KIND = phrase("kind_mgh", "an MGH")
_VERSION = 1
_HEADER_BYTES = 90  # up to Pxyz_c; zeros follow up to DATA_OFFSET, where the voxels begin
# Scan parameters and tags behind the voxels, such as the command lines that made the file.
_LARGEST_TAIL = 2**24


def _header(path: Path) -> MGHHeader:
    """Read the header alone, and refuse one that does not say which way is up."""
    with open_unpacked(path) as stream:
        raw = stream.read(_HEADER_BYTES)
    if len(raw) < _HEADER_BYTES:
        raise BrokenFileError(
            phrase(
                "header_too_short",
                "its header ends after {bytes} bytes, needed {needed_bytes}",
                bytes=len(raw),
                needed_bytes=_HEADER_BYTES,
            )
        )
    # nibabel fills in a default geometry where the flag is not set, so the bytes are looked at.
    stated = np.frombuffer(raw, MGHHeader._hdrdtype, count=1)[0]
    if int(stated["version"]) != _VERSION:
        raise BrokenFileError(
            phrase(
                "mgh_version",
                "version {version}, needed {needed}",
                version=int(stated["version"]),
                needed=_VERSION,
            )
        )
    if int(stated["goodRASFlag"]) != 1:
        raise StudyRefused(
            "mgh_no_orientation",
            "goodRASFlag is {flag}, so the file does not say which way is up; convert the DICOM "
            "again, for example with dcm2niix",
            where=path,
            flag=int(stated["goodRASFlag"]),
        )
    code = int(stated["type"])
    if code not in MGHHeader._data_type_codes.numpy_dtype:
        raise StudyRefused(
            "mgh_type",
            "found voxels of type {code}, needed 0 (8 bits), 1 (32 bits), 3 (float), 4 or 10 (16 "
            "bits)",
            where=path,
            code=code,
        )
    return MGHHeader(raw, check=False)


def _load(
    path: Path, shape: tuple[int, ...], voxels: np.dtype[np.generic], number: int
) -> NDArray[np.float32]:
    """Read the voxels ``(X, Y, Z)`` of one frame in the file's order of axes."""
    offset = DATA_OFFSET + number * math.prod(shape) * voxels.itemsize
    with open_unpacked(path) as stream:
        return np.asarray(ArrayProxy(stream, (shape, voxels, offset), mmap=False), dtype=np.float32)


def read_mgh_frames(path: Path, root: Path | None = None) -> FrameSeries:
    """Read the header of a FreeSurfer image; its voxels are read frame by frame later.

    Args:
        path: ``.mgh``, or ``.mgz`` compressed by gzip, 3D or with frames. The JSON sidecar of
            the same stem names the tracer and the times.
        root: Root of the BIDS dataset, where it is known.

    Returns:
        The frames on one RAS+ grid; the affine is FreeSurfer's vox2ras.

    Raises:
        StudyRefused: If the file is broken or does not say which way is up (goodRASFlag), or if
            a sidecar is broken or lacks the times of several frames.

    References:
        https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat
    """
    with refusing_broken(path, _KIND):
        header = _header(path)
        shape = tuple(map(int, header["dims"]))
        count = frames_in(shape, path)
        affine = np.asarray(header.get_affine(), dtype=np.float64)
        check_affine(affine, str(path))
        voxels = header.get_data_dtype()
        size = math.prod(shape) * voxels.itemsize
        packed = is_gzip(path)
        if packed:
            check_packed(size, path)
        check_length(path, DATA_OFFSET + size, packed=packed, tail=_LARGEST_TAIL)
    series = with_sidecar(
        path,
        root,
        kind=_KIND,
        source="mgh",
        voxels=voxels,
        affine=affine,
        shape=shape,
        count=count,
        load=partial(_load, path, shape[:3], voxels),
    )
    return replace(series, warnings=(*series.warnings, *named_otherwise(path, packed=packed)))


FORMAT = FileFormat(
    name="FreeSurfer MGH",
    suffixes=(".mgz", ".mgh"),
    read_frames=read_mgh_frames,
    files_beside=sidecar_beside,
    is_export=True,
)
