"""A PET image in a NIfTI file with its BIDS sidecar."""

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.arrayproxy import ArrayProxy
from numpy.typing import NDArray

from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.files.compressed import is_gzip, open_unpacked
from monai_amyloid.pet.formats.broken import refusing_broken
from monai_amyloid.pet.formats.file_format import FileFormat
from monai_amyloid.pet.formats.nifti.header import KIND, geometry, read_header
from monai_amyloid.pet.formats.single_file import (
    check_length,
    check_packed,
    frames_in,
    named_otherwise,
    sidecar_beside,
    with_sidecar,
)
from monai_amyloid.pet.frames.series import FrameSeries


def _load(path: Path, spec: tuple[Any, ...], size: int, number: int) -> NDArray[np.float32]:
    """Read the voxels ``(X, Y, Z)`` of one frame, scaled, in the file's order of axes."""
    shape, voxels, offset, *scaling = spec
    with open_unpacked(path) as stream:
        proxy = ArrayProxy(stream, (shape, voxels, offset + number * size, *scaling), mmap=False)
        return np.asarray(proxy, dtype=np.float32)


def read_voxels(path: Path, voxels_in: Path, root: Path | None, *, is_pair: bool) -> FrameSeries:
    """Read the header of an image whose voxels are in the same file or in another.

    Args:
        path: File with the header.
        voxels_in: File with the voxels.
        root: Root of the BIDS dataset, where it is known.
        is_pair: Whether these are two files.

    Returns:
        Scaled frames (``scl_slope`` applied) on one RAS+ grid; the affine is the sform's, or
        the qform's where there is no sform, in the unit of ``xyzt_units``.

    Raises:
        StudyRefused: If a file is broken, has no geometry or contradicts itself in it, or if
            a sidecar is broken or lacks the times of several frames.
    """
    with refusing_broken(path, KIND):
        header = read_header(path, is_pair=is_pair)
        shape = header.get_data_shape()
        count = frames_in(shape, path)
        affine = geometry(header, path)
        voxels = header.get_data_dtype()
        size = math.prod(map(int, shape[:3])) * voxels.itemsize
    offset = int(header["vox_offset"])
    with refusing_broken(voxels_in, KIND):
        packed = is_gzip(voxels_in)
        if packed:
            check_packed(count * size, voxels_in)
        check_length(voxels_in, offset + count * size, packed=packed)
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    scaling = (slope, intercept) if slope != 0 else (1.0, 0.0)
    series = with_sidecar(
        path,
        root,
        kind=KIND,
        source="nifti_pair" if is_pair else "nifti",
        voxels=voxels,
        affine=affine,
        shape=shape,
        count=count,
        load=partial(_load, voxels_in, (shape[:3], voxels, offset, *scaling), size),
    )
    return replace(series, warnings=(*series.warnings, *named_otherwise(voxels_in, packed=packed)))


def read_nifti_frames(path: Path, root: Path | None = None) -> FrameSeries:
    """Read the header of a PET image in a NIfTI file; its voxels are read frame by frame later.

    Args:
        path: ``.nii`` or ``.nii.gz``, NIfTI-1 or -2, 3D or 4D with time last. Its BIDS sidecars
            are read with it, see :func:`monai_amyloid.pet.formats.bids.read_sidecar`. Whether it
            is compressed is told by its content.
        root: Root of the BIDS dataset, where it is known.

    Returns:
        The frames, see :func:`read_voxels`.

    Raises:
        StudyRefused: If the file is broken, has no geometry or contradicts itself in it, or if
            a sidecar is broken or lacks the times of several frames.
    """
    path = Path(path)
    if not FORMAT.is_named(path):
        raise StudyRefused("no_nifti", "needed a NIfTI file named .nii or .nii.gz", where=path)
    if not path.is_file():
        raise StudyRefused("file_missing", "no such file", where=path)
    return read_voxels(path, path, root, is_pair=False)


FORMAT = FileFormat(
    name="NIfTI",
    suffixes=(".nii.gz", ".nii"),
    read_frames=read_nifti_frames,
    files_beside=sidecar_beside,
)
