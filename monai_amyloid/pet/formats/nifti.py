"""A PET image in a NIfTI file with its BIDS sidecar: read and write."""

import math
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.arrayproxy import ArrayProxy
from nibabel.openers import ImageOpener
from numpy.typing import NDArray

from monai_amyloid.findings.finding import StudyRefused, Term, phrase
from monai_amyloid.pet.formats.broken import BrokenFileError, refusing_broken
from monai_amyloid.pet.formats.file_format import FileFormat
from monai_amyloid.pet.formats.single_file import (
    check_length,
    check_packed,
    frames_in,
    sidecar_beside,
    with_sidecar,
)
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.image import check_affine

_KIND = phrase("kind_nifti", "a NIfTI")
# xyzt_units for space: unknown (millimetres in every program), metre, millimetre, micron.
_MILLIMETRES = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_LARGEST_OFFSET = 2**24  # bytes before the voxels; a real header has 352, extensions some more
_SCANNER = 1  # NIFTI_XFORM_SCANNER_ANAT: the affine leads to millimetres in the scanner
_LAST_CODE = 5  # NIFTI_XFORM_TEMPLATE_OTHER


def _header(path: Path) -> nib.Nifti1Header:
    """Read the header alone, and refuse what it cannot truly say of an image."""
    with ImageOpener(path) as stream:
        raw = stream.read(nib.Nifti2Header.sizeof_hdr)
    kind = nib.Nifti2Header if nib.Nifti2Header.may_contain_header(raw) else nib.Nifti1Header
    if not kind.may_contain_header(raw):
        raise BrokenFileError(phrase("no_nifti_header", "no NIfTI header"))
    header = kind(raw[: kind.sizeof_hdr], check=False)
    if bytes(header["magic"])[:2] != b"n+":
        raise BrokenFileError(
            phrase(
                "nifti_magic",
                "magic {magic}, needed one file with its voxels",
                magic=str(bytes(header["magic"])),
            )
        )
    voxels = header.get_data_dtype()
    # Complex or colour voxels: float32 would drop half of them. 128 bits: no scanner has them.
    if voxels.kind not in "iuf" or voxels.itemsize > 8:
        raise StudyRefused(
            "voxels_not_scalar",
            "found voxels of type {kind}, needed one number a voxel",
            where=path,
            kind=Term(voxels),
        )
    stated = int(header["sizeof_hdr"]), int(header["bitpix"])
    if stated != (kind.sizeof_hdr, voxels.itemsize * 8):
        raise BrokenFileError(
            phrase(
                "nifti_sizes",
                "sizeof_hdr is {header_bytes} and bitpix {bits} of {kind} voxels",
                header_bytes=stated[0],
                bits=stated[1],
                kind=Term(voxels),
            )
        )
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if not (np.isfinite([slope, intercept]).all() and slope >= 0):
        raise StudyRefused(
            "nifti_slope",
            "scl_slope is {slope:g} and scl_inter {intercept:g}, needed finite numbers and a slope "
            "of 0 (not scaled) or more; export it again",
            where=path,
            slope=slope,
            intercept=intercept,
        )
    if not header.single_vox_offset <= float(header["vox_offset"]) <= _LARGEST_OFFSET:
        raise BrokenFileError(
            phrase(
                "nifti_offset",
                "vox_offset is {offset:g}",
                offset=float(header["vox_offset"]),
            )
        )
    return header


def _geometry(header: nib.Nifti1Header, path: Path) -> NDArray[np.float64]:
    """Give the affine ``(4, 4)`` to RAS+ millimetres, where the header agrees with itself."""
    sform, qform = int(header["sform_code"]), int(header["qform_code"])
    if sform == 0 and qform == 0:
        raise StudyRefused(
            "nifti_no_orientation",
            "sform_code and qform_code are both 0, so the file does not say which way is up; "
            "convert the DICOM again, for example with dcm2niix",
            where=path,
        )
    if not (0 <= sform <= _LAST_CODE and 0 <= qform <= _LAST_CODE):
        raise StudyRefused(
            "nifti_form_codes",
            "sform_code is {sform} and qform_code {qform}, needed 0 to {most}; export it again",
            where=path,
            sform=sform,
            qform=qform,
            most=_LAST_CODE,
        )
    unit = int(header["xyzt_units"]) & 7
    if unit not in _MILLIMETRES:
        raise StudyRefused(
            "nifti_unit",
            "xyzt_units says {unit} for space, needed 2 (millimetre); export it again",
            where=path,
            unit=unit,
        )
    affine = np.array(header.get_best_affine(), dtype=np.float64)
    if sform == _SCANNER:
        zooms = np.linalg.norm(affine[:3, :3], axis=0)
        stated = np.abs(np.asarray(header["pixdim"][1:4], dtype=np.float64))
        if not (np.abs(zooms - stated) <= 0.01 * zooms).all():
            raise StudyRefused(
                "nifti_pixdim",
                "the sform has voxels of {zooms_mm:x:g} mm but pixdim of {pixdim_mm:x:g} mm, "
                "needed the same; export it again",
                where=path,
                zooms_mm=tuple(map(float, zooms)),
                pixdim_mm=tuple(map(float, stated)),
            )
    if sform == _SCANNER and qform > 0:
        hands = [np.linalg.det(one[:3, :3]) > 0 for one in (affine, header.get_qform())]
        if hands[0] != hands[1]:
            raise StudyRefused(
                "nifti_forms_mirrored",
                "sform and qform are mirror images of each other, so left and right are not known; "
                "convert the DICOM again, for example with dcm2niix",
                where=path,
            )
    if sform == qform:
        _check_forms(header, affine, path)
    # nibabel leaves the unit to its caller; one that is not true gives absurd voxels below.
    affine[:3] *= _MILLIMETRES[unit]
    check_affine(affine, str(path))
    return affine


def _check_forms(header: nib.Nifti1Header, sform: NDArray[np.float64], path: Path) -> None:
    """Refuse two affines into the same space that put the corners half a voxel apart."""
    # A qform cannot hold a shear, as of a tilted gantry: the nearest one to the sform is compared.
    nearest = header.copy()
    nearest.set_qform(sform)
    last = np.array(header.get_data_shape()[:3]) - 1
    corners = np.array([*product(*((0, end) for end in last), (1,))]).T
    apart = np.linalg.norm(((nearest.get_qform() - header.get_qform()) @ corners)[:3], axis=0)
    # Turned round, so that what is no number is refused as well.
    if not apart.max() <= np.linalg.norm(sform[:3, :3], axis=0).min() / 2:
        raise StudyRefused(
            "nifti_forms_apart",
            "sform and qform have the same code and lie up to {apart_mm:.1f} mm apart, so it is "
            "not known which is right; convert the DICOM again, for example with dcm2niix",
            where=path,
            apart_mm=float(apart.max()),
        )


def _load(path: Path, spec: tuple[Any, ...], size: int, number: int) -> NDArray[np.float32]:
    """Read the voxels ``(X, Y, Z)`` of one frame, scaled, in the file's order of axes."""
    shape, voxels, offset, *scaling = spec
    proxy = ArrayProxy(path, (shape, voxels, offset + number * size, *scaling), mmap=False)
    return np.asarray(proxy, dtype=np.float32)


def read_nifti_frames(path: Path, root: Path | None = None) -> FrameSeries:
    """Read the header of a PET image in a NIfTI file; its voxels are read frame by frame later.

    Args:
        path: ``.nii`` or ``.nii.gz``, NIfTI-1 or -2, 3D or 4D with time last. Its BIDS sidecars
            are read with it, see :func:`monai_amyloid.pet.formats.bids.read_sidecar`.
        root: Root of the BIDS dataset, where it is known.

    Returns:
        Scaled frames (``scl_slope`` applied) on one RAS+ grid; the affine is the sform's, or
        the qform's where there is no sform, in the unit of ``xyzt_units``.

    Raises:
        StudyRefused: If the file is broken, has no geometry or contradicts itself in it, or if
            a sidecar is broken or lacks the times of several frames.
    """
    path = Path(path)
    if not FORMAT.is_named(path):
        raise StudyRefused("no_nifti", "needed a NIfTI file named .nii or .nii.gz", where=path)
    if not path.is_file():
        raise StudyRefused("file_missing", "no such file", where=path)
    with refusing_broken(path, _KIND):
        header = _header(path)
        shape = header.get_data_shape()
        count = frames_in(shape, path)
        affine = _geometry(header, path)
        voxels = header.get_data_dtype()
        size = math.prod(map(int, shape[:3])) * voxels.itemsize
        packed = path.suffix.lower() == ".gz"
        if packed:
            check_packed(count * size, path)
        check_length(path, int(header["vox_offset"]) + count * size, packed=packed)
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    scaling = (slope, intercept) if slope != 0 else (1.0, 0.0)
    return with_sidecar(
        path,
        root,
        kind=_KIND,
        source="nifti",
        voxels=voxels,
        affine=affine,
        shape=shape,
        count=count,
        load=partial(_load, path, (shape[:3], voxels, int(header["vox_offset"]), *scaling), size),
    )


FORMAT = FileFormat(
    name="NIfTI",
    suffixes=(".nii.gz", ".nii"),
    read_frames=read_nifti_frames,
    files_beside=sidecar_beside,
)
