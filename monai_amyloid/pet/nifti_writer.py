"""Write a PET volume as NIfTI with its BIDS sidecar."""

import gzip
import io
import json
from pathlib import Path

import nibabel as nib
import numpy as np

from monai_amyloid.output import replace_file
from monai_amyloid.pet.header import KEPT
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.tracers import TRACERS

_SCANNER = 1  # NIFTI_XFORM_SCANNER_ANAT: the affine leads to millimetres in the scanner


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
    # A qform cannot hold a shear (gantry tilt); it is left out where it would contradict the sform.
    axes = image.affine[:3, :3] / image.zooms
    upright = np.allclose(axes.T @ axes, np.eye(3), atol=1e-4)
    file.set_qform(image.affine, code=_SCANNER if upright else 0)
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
    replace_file(path.with_name(path.name.removesuffix(".nii.gz") + ".json"), text.encode())
    replace_file(path, packed.getvalue())
