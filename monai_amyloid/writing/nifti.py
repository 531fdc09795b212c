"""Write a PET image as NIfTI with its BIDS sidecar."""

import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from monai_amyloid.output import replace_file
from monai_amyloid.pet.frames.series import FrameSeries
from monai_amyloid.pet.header.content import KEPT
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.writing.frames import (
    LARGEST_INT16,
    SCAN_START,
    corrected_to,
    load_frames,
    written_unit,
)

_SCANNER = 1  # NIFTI_XFORM_SCANNER_ANAT: the affine leads to millimetres in the scanner
_SUFFIX = ".nii.gz"
# What BIDS 1.11 requires of every PET sidecar beside the times, with what is written where the
# series does not say. BIDS has no word for an unknown number but this one.
_REQUIRED: Mapping[str, Any] = {
    **dict.fromkeys(("Manufacturer", "ManufacturersModelName"), "n/a"),
    **dict.fromkeys(("TracerName", "TracerRadionuclide", "ModeOfAdministration"), "n/a"),
    **dict.fromkeys(("InjectedRadioactivity", "InjectedRadioactivityUnits"), "n/a"),
    **dict.fromkeys(("InjectedMass", "InjectedMassUnits"), "n/a"),
    **dict.fromkeys(("SpecificRadioactivity", "SpecificRadioactivityUnits"), "n/a"),
    **dict.fromkeys(("AcquisitionMode", "ReconMethodName", "AttenuationCorrection"), "n/a"),
    "ReconMethodParameterLabels": ["none"],
    "ReconFilterType": "none",
}
# DICOM keywords of a header, and the BIDS keyword for the same.
_BIDS_SPELLING = {
    "ManufacturerModelName": "ManufacturersModelName",
    "BodyPartExamined": "BodyPart",
    "Radiopharmaceutical": "TracerName",
    "ReconstructionMethod": "ReconMethodName",
    "ConvolutionKernel": "ReconFilterType",
    "AttenuationCorrectionMethod": "AttenuationCorrection",
}
# Keywords of one frame, or that BIDS has another keyword for.
_REPLACED = ("DecayCorrection", "ActualFrameDuration", "FrameDuration", "SeriesType")


def write_nifti(image: PetImage, path: Path) -> None:
    """Write a PET volume as ``.nii.gz`` with its BIDS sidecar; the same image, the same bytes.

    Args:
        image: Volume to write, voxel for voxel as float32; its provenance goes into the sidecar.
        path: File to write, named ``.nii.gz``; folders are made as needed.

    Raises:
        ValueError: If the name does not end in ``.nii.gz``.
    """
    sidecar = {key: value for key, value in image.provenance.items() if key in KEPT}
    sidecar |= {"Modality": "PT", "Units": image.unit, **_tracer(image.tracer)}
    header = _header(image.affine, image.data.shape, np.float32)
    _save(header, [np.asarray(image.data, dtype=np.float32)], sidecar, path)


def write_nifti_frames(series: FrameSeries, path: Path) -> None:
    """Write the time frames of a scan as ``.nii.gz`` with the sidecar that BIDS asks of a PET.

    The file is 3D for one frame, else 4D. The voxels become int16 with one slope for all frames:
    the error is at most half of the largest value / 32767. Where ``stored_bits`` of the provenance
    is 8 they become uint8 without a slope, 255 the maximum, in an arbitrary unit. TimeZero is the
    start of the scan; what nobody knows is ``"n/a"``.

    Args:
        series: RAS+ frames with their times; its provenance goes into the sidecar.
        path: File to write, named ``.nii.gz``; folders are made as needed.

    Raises:
        ValueError: If the name does not end in ``.nii.gz``, if several frames have no times, or
            if they are not decay-corrected to one time.

    References:
        BIDS 1.11, modality specific files, "Positron Emission Tomography".
    """
    frames: Sequence[NDArray[Any]] = load_frames(series)
    sidecar = _frames_sidecar(series)
    kind = frames[0].dtype
    header = _header(series.affine, (*series.shape, len(frames)), kind)
    if kind != np.uint8:
        peak = max(float(np.abs(data).max()) for data in frames)
        # As float32, which is what the header keeps: the voxels are divided by what is read.
        slope = np.float32(peak / LARGEST_INT16 if peak > 0 else 1.0)
        header.set_data_dtype(np.int16)
        header.set_slope_inter(slope, 0)
        frames = [
            np.rint(data / slope).clip(-LARGEST_INT16, LARGEST_INT16).astype(np.int16)
            for data in frames
        ]
    _save(header, frames, sidecar, path)


def _header(affine: NDArray[np.float64], shape: tuple[int, ...], kind: Any) -> nib.Nifti1Header:
    """Make the header of a volume ``(X, Y, Z)`` or of several; a time axis of one is left out."""
    header = nib.Nifti1Header()
    header.set_data_shape(shape[:3] if shape[3:] == (1,) else shape)
    header.set_data_dtype(kind)
    header.set_slope_inter(1, 0)
    zooms = np.linalg.norm(affine[:3, :3], axis=0)
    # Frames may differ in length: the sidecar tells their times, the header a one.
    header.set_zooms((*zooms, 1.0)[: len(header.get_data_shape())])
    header.set_sform(affine, code=_SCANNER)
    # A qform cannot hold a shear (gantry tilt); it is left out where it would contradict the sform.
    axes = affine[:3, :3] / zooms
    upright = np.allclose(axes.T @ axes, np.eye(3), atol=1e-4)
    header.set_qform(affine, code=_SCANNER if upright else 0)
    header.set_xyzt_units("mm", "sec" if len(header.get_data_shape()) == 4 else None)
    return header


def _save(
    header: nib.Nifti1Header,
    frames: Sequence[NDArray[Any]],
    sidecar: Mapping[str, Any],
    path: Path,
) -> None:
    """Write the frames, stored as the header says, and their sidecar."""
    path = Path(path)
    if not path.name.endswith(_SUFFIX):
        raise ValueError(f"found the name {path.name!r}, needed one that ends in {_SUFFIX}")
    header["magic"], header["vox_offset"] = b"n+1", header.single_vox_offset
    start = header.binaryblock.ljust(header.single_vox_offset, b"\0")
    packed = io.BytesIO()
    # No time and no file name in the gzip header; level 1, for noise hardly packs any better.
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0, compresslevel=1) as stream:
        stream.write(start)
        for data in frames:
            stream.write(data.astype(header.get_data_dtype(), copy=False).tobytes(order="F"))
    text = json.dumps(sidecar, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    # The sidecar first: an image that is there has its metadata.
    replace_file(path.with_name(path.name.removesuffix(_SUFFIX) + ".json"), text.encode())
    replace_file(path, packed.getvalue())


def _tracer(tracer: str | None) -> dict[str, str]:
    """Name the tracer, where it is known."""
    if tracer is None:
        return {}
    radionuclide = "C11" if tracer.startswith("11C") else "F18"
    return {"TracerName": TRACERS[tracer].name, "TracerRadionuclide": radionuclide}


def _frames_sidecar(series: FrameSeries) -> dict[str, Any]:
    """Make the sidecar of time frames, on a clock whose zero is the start of the scan."""
    header = series.provenance
    sidecar = {_BIDS_SPELLING.get(key, key): header[key] for key in KEPT if key in header}
    sidecar |= {key: header[key] for key in _REQUIRED if key in header}
    corrections = header.get("CorrectedImage")
    if corrections and "AttenuationCorrection" not in sidecar:
        sidecar["AttenuationCorrection"] = "applied" if "ATTN" in corrections else "none"
    for key in _REPLACED:
        sidecar.pop(key, None)
    first = series.frames[0].start or 0.0
    corrected = corrected_to(series)
    durations = [frame.duration for frame in series.frames]
    return {
        **_REQUIRED,
        **sidecar,
        **_tracer(series.tracer),
        "Modality": "PT",
        "Units": written_unit(series),
        "TimeZero": f"{SCAN_START:%H:%M:%S}",
        "ScanStart": 0.0,
        "InjectionStart": 0.0 - first if series.from_injection else "n/a",
        "FrameTimesStart": [(frame.start or 0.0) - first for frame in series.frames],
        "FrameDuration": durations if all(durations) else "n/a",
        "ImageDecayCorrected": corrected is not None if series.decay_known else "n/a",
        # A number also where there is no correction, for BIDS requires one.
        "ImageDecayCorrectionTime": 0.0 if corrected is None else corrected - first,
    }
