"""The header of a NIfTI, in one file with its voxels or in one beside them."""

from itertools import product
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from monai_amyloid.findings.finding import StudyRefused, Term, phrase
from monai_amyloid.pet.files.compressed import open_unpacked
from monai_amyloid.pet.formats.broken import BrokenFileError
from monai_amyloid.pet.image import check_affine

KIND = phrase("kind_nifti", "a NIfTI")
# xyzt_units for space: unknown (millimetres in every program), metre, millimetre, micron.
_MILLIMETRES = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_LARGEST_OFFSET = 2**24  # bytes before the voxels; a real header has 352, extensions some more
_SCANNER = 1  # NIFTI_XFORM_SCANNER_ANAT: the affine leads to millimetres in the scanner
# ConnDenseSeries and others of CIFTI-2; values of a surface, none of a volume.
_CIFTI = range(3000, 3100)
_LAST_CODE = 5  # NIFTI_XFORM_TEMPLATE_OTHER


def read_header(path: Path, *, is_pair: bool) -> nib.Nifti1Header:
    """Read the header alone, and refuse what it cannot truly say of an image.

    Args:
        path: File with the header.
        is_pair: Whether the voxels are in a file beside it.

    Returns:
        NIfTI-1 or -2 header; ``scl_slope`` is 0 where the voxels are not scaled.

    Raises:
        StudyRefused: If its voxels are no numbers, or their scale is none.
        BrokenFileError: If it is no such header, or contradicts itself.
    """
    with open_unpacked(path) as stream:
        raw = stream.read(nib.Nifti2Header.sizeof_hdr)
    kind = nib.Nifti2Header if nib.Nifti2Header.may_contain_header(raw) else nib.Nifti1Header
    if not kind.may_contain_header(raw):
        raise BrokenFileError(phrase("no_nifti_header", "no NIfTI header"))
    header = kind(raw[: kind.sizeof_hdr], check=False)
    magic = bytes(header["magic"])
    if magic[:2] != (b"ni" if is_pair else b"n+"):
        raise BrokenFileError(
            phrase(
                "nifti_magic",
                "magic {magic}, needed n+ in a .nii with its voxels and ni in a .hdr beside them",
                magic=str(magic),
            )
        )
    intent = int(header["intent_code"])
    if intent in _CIFTI:
        raise StudyRefused(
            "nifti_is_cifti",
            "found CIFTI (intent_code {code}), values on the surface of the brain; needed the PET "
            "volume as NIfTI or DICOM",
            where=path,
            code=intent,
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
    if slope == 0 or np.isnan(slope):  # not scaled; nibabel and others write NaN for that
        header["scl_slope"] = slope = header["scl_inter"] = intercept = 0.0
    if not (np.isfinite([slope, intercept]).all() and slope >= 0):
        raise StudyRefused(
            "nifti_slope",
            "scl_slope is {slope:g} and scl_inter {intercept:g}, needed finite numbers and a slope "
            "of 0 (not scaled) or more; convert the DICOM again, for example with dcm2niix",
            where=path,
            slope=slope,
            intercept=intercept,
        )
    least = header.pair_vox_offset if is_pair else header.single_vox_offset
    if not least <= float(header["vox_offset"]) <= _LARGEST_OFFSET:
        raise BrokenFileError(
            phrase(
                "nifti_offset",
                "vox_offset is {offset:g}",
                offset=float(header["vox_offset"]),
            )
        )
    return header


def geometry(header: nib.Nifti1Header, path: Path) -> NDArray[np.float64]:
    """Give the affine of an image, where its header agrees with itself.

    Args:
        header: Header of the image.
        path: File with the header, for messages.

    Returns:
        Voxel index to RAS+ millimetres ``(4, 4)``: the sform, or the qform where there is none.

    Raises:
        StudyRefused: If it does not say which way is up, or says it in two ways.
    """
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
