"""One static PET volume in a NIfTI file with its BIDS sidecar: read and write."""

import gzip
import io
import json
import zlib
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError

from monai_amyloid.output import replace_file
from monai_amyloid.pet.header import KEPT, tracer_of, unit_of, with_tracer
from monai_amyloid.pet.image import PetImage, StudyRefused, check_volume, to_ras
from monai_amyloid.pet.tracers import TRACERS

_SUFFIXES = (".nii.gz", ".nii")
_SCANNER = 1  # NIFTI_XFORM_SCANNER_ANAT: the affine leads to millimetres in the scanner


def is_nifti(path: Path) -> bool:
    """Tell by its name whether a file is NIfTI.

    Args:
        path: File name, in any case.

    Returns:
        True for ``.nii`` and ``.nii.gz``.
    """
    return path.name.lower().endswith(_SUFFIXES)


def _sidecar_path(path: Path) -> Path:
    """Give the JSON file of the same stem, where BIDS puts the metadata."""
    suffix = next(end for end in _SUFFIXES if path.name.lower().endswith(end))
    return path.with_name(path.name[: -len(suffix)] + ".json")


def _read_sidecar(path: Path) -> dict[str, Any]:
    """Read what is kept of the sidecar of an image, nothing where it has none."""
    sidecar = _sidecar_path(path)
    if not sidecar.is_file():
        return {}
    try:
        content = json.loads(sidecar.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise StudyRefused(
            f"{sidecar}: the sidecar is not valid JSON ({error}); correct or remove it"
        ) from error
    if not isinstance(content, dict):
        raise StudyRefused(
            f"{sidecar}: the sidecar holds a {type(content).__name__}, needed a JSON object; "
            "correct or remove it"
        )
    return {keyword: content[keyword] for keyword in KEPT if keyword in content}


def read_nifti(path: Path, tracer: str | None = None) -> PetImage:
    """Read one static PET volume from a NIfTI file.

    Args:
        path: ``.nii`` or ``.nii.gz``; a BIDS sidecar ``.json`` of the same stem is read with it.
        tracer: BIDS label, where the sidecar does not name the tracer.

    Returns:
        The scaled volume (``scl_slope`` applied), float32, RAS+; the affine is the sform's, or
        the qform's where there is no sform, as nibabel and the NIfTI standard choose.

    Raises:
        StudyRefused: If the file is broken, has no geometry, is no static volume, or the
            sidecar is broken or contradicts ``tracer``.
    """
    path = Path(path)
    if not is_nifti(path):
        raise StudyRefused(f"{path}: needed a NIfTI file named .nii or .nii.gz")
    provenance = {"source": "nifti", **_read_sidecar(path)}
    try:
        file = nib.load(path)
        kind = file.get_data_dtype().kind
        # Complex or colour voxels are refused below, float32 would drop half of them.
        data = np.asarray(file.dataobj if kind in "iuf" else [], dtype=np.float32)
    except FileNotFoundError as error:
        raise StudyRefused(f"{path}: no such file") from error
    except (OSError, EOFError, ValueError, zlib.error, ImageFileError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise StudyRefused(
            f"{path}: truncated or not a NIfTI file ({reason}); export it again"
        ) from error
    if kind not in "iuf":
        raise StudyRefused(
            f"{path}: found voxels of type {file.get_data_dtype()}, needed one number a voxel"
        )
    if int(file.header["sform_code"]) == 0 and int(file.header["qform_code"]) == 0:
        raise StudyRefused(
            f"{path}: sform_code and qform_code are both 0, so the file does not say which way "
            "is up; convert the DICOM again, for example with dcm2niix"
        )
    while data.ndim > 3 and data.shape[-1] == 1:
        data = data[..., 0]
    check_volume(data, file.affine, str(path))
    data, affine = to_ras(data, file.affine)
    image = PetImage(
        data, affine, tracer_of(provenance), unit_of(provenance.get("Units")), provenance
    )
    return with_tracer(image, tracer, str(path))


def write_nifti(image: PetImage, path: Path) -> None:
    """Write a PET volume as ``.nii.gz`` with its BIDS sidecar; the same image, the same bytes.

    Args:
        image: Volume to write; its provenance goes into the sidecar.
        path: File to write, named ``.nii.gz``; folders are made as needed.

    Raises:
        ValueError: If the name does not end in ``.nii.gz``.
    """
    path = Path(path)
    if not path.name.endswith(".nii.gz"):
        raise ValueError(f"found the name {path.name!r}, needed one that ends in .nii.gz")
    file = nib.Nifti1Image(np.asarray(image.data, dtype=np.float32), image.affine)
    file.set_sform(image.affine, code=_SCANNER)
    # A qform cannot hold a shear (gantry tilt): it is the nearest rotation, the sform is exact.
    file.set_qform(image.affine, code=_SCANNER)
    file.header.set_xyzt_units("mm")
    packed = io.BytesIO()
    # No time and no file name in the gzip header; level 1, for noise hardly packs any better.
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0, compresslevel=1) as stream:
        stream.write(file.to_bytes())

    sidecar = {key: value for key, value in image.provenance.items() if key in KEPT}
    sidecar |= {"Modality": "PT", "Units": image.unit}
    if image.tracer is not None:
        sidecar["TracerName"] = TRACERS[image.tracer].name
        sidecar["TracerRadionuclide"] = "C11" if image.tracer.startswith("11C") else "F18"
    text = json.dumps(sidecar, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    # The sidecar first: an image that is there has its metadata.
    replace_file(_sidecar_path(path), text.encode())
    replace_file(path, packed.getvalue())
