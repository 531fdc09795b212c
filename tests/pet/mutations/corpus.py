"""Small studies in every form that the reader takes: what the fuzzer spoils."""

import gzip
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet

from ..test_ecat import SHAPE as ECAT_SHAPE
from ..test_ecat import STORED as ECAT_STORED
from ..test_ecat import write_ecat
from ..vendors import (
    Truth,
    make_truth,
    write_capture,
    write_classic,
    write_ct,
    write_enhanced,
    write_legacy_converted,
    write_multiframe_capture,
)

# Of a participant who is nobody; no message and no result may hold a part of them.
SECRETS = ("Geheim", "Zeta", "ZQX4711")
_LARGE = (6.0, 6.5, 7.0)  # mm: the check for motion needs a head, and few voxels are fast
# An early frame with another picture, so that a wrong choice of frames shows.
_FRAMES = ((0, 300), (5400, 300), (5700, 300), (6000, 300))
_CORRECTED = {"ImageDecayCorrected": True, "ImageDecayCorrectionTime": 0}


@dataclass(frozen=True)
class Seed:
    """A study as it is right.

    Attributes:
        name: Of its form.
        files: Bytes by relative name.
        path: What is read, relative to the folder of ``files``; "" is that folder.
        tracer: What a user would have to name.
    """

    name: str
    files: dict[str, bytes]
    path: str = ""
    tracer: str | None = None


def static() -> Truth:
    """One late frame of an oblique head."""
    return make_truth((9, 10, 11), zooms=_LARGE, angles=(12, -7, 5))


def dynamic() -> Truth:
    """An early frame, which shows something else, and three late ones."""
    truth = make_truth((9, 10, 11), zooms=_LARGE, frames=_FRAMES, kinetics=(1, 1, 1.1, 1.2))
    frames = truth.frames.copy()
    frames[0] = frames[0][::-1, :, ::-1] ** 0.8
    return replace(truth, frames=frames)


def _name(dataset: Dataset, frame: int = 0, number: int = 0) -> None:
    dataset.PatientName, dataset.PatientID = "Geheim^Zeta", "ZQX4711"


def _contents(folder: Path) -> dict[str, bytes]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def _classic(folder: Path, truth: Truth, vendor: str = "siemens", **options: Any) -> None:
    write_classic(truth, folder, vendor, edit=_name, **options)


def _in_syntax(syntax: str) -> Callable[[Path], None]:
    return lambda folder: _classic(folder, static(), transfer_syntax=syntax)


def _legacy(folder: Path, truth: Truth) -> None:
    with tempfile.TemporaryDirectory() as place:
        _classic(Path(place), truth)
        write_legacy_converted(Path(place), folder / "legacy")


def _hospital(folder: Path) -> None:
    """PET with and without attenuation correction, and the CT."""
    _classic(folder / "1", static(), "ge", series="AC")
    _classic(folder / "2", static(), "ge", series="NAC", attenuation=False)
    write_ct(static(), folder / "3")


def _dual(folder: Path) -> None:
    _classic(folder / "1", dynamic().pick(0), series="Early")
    _classic(folder / "2", dynamic().pick(1), series="Late")


def _capture(folder: Path) -> None:
    write_capture(static(), folder)
    for file in folder.iterdir():
        dataset = pydicom.dcmread(file)
        _name(dataset)
        dataset.save_as(file)


def _nifti(
    truth: Truth,
    file: Path,
    *,
    geometry: str = "both",
    kind: type = nib.Nifti1Image,
    **sidecar: Any,
) -> None:
    """Write 16-bit voxels with one slope, a sidecar, and sform, qform or both."""
    values = truth.frames[0] if len(truth.starts) == 1 else np.moveaxis(truth.frames, 0, -1)
    slope = float(values.max()) / 32000
    image = kind(np.rint(values / slope).astype(np.int16), truth.affine)
    image.set_sform(truth.affine, int(geometry != "qform"))
    image.set_qform(truth.affine, int(geometry != "sform"))
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_slope_inter(slope, 0)
    file.parent.mkdir(parents=True, exist_ok=True)
    plain = image.to_bytes()
    file.write_bytes(gzip.compress(plain, mtime=0) if file.suffix == ".gz" else plain)
    text = {
        **{"TracerName": "Florbetaben", "TracerRadionuclide": "F18", "Units": "Bq/mL"},
        **{"InjectionStart": 0, "ScanStart": 0, "TimeZero": "10:00:00"},
        **{"FrameTimesStart": list(truth.starts), "FrameDuration": list(truth.durations)},
        **_CORRECTED,
        **sidecar,
    }
    file.with_name(file.name.split(".nii")[0] + ".json").write_text(json.dumps(text, indent=1))


def _bids(folder: Path) -> None:
    place = folder / "sub-01" / "ses-1" / "pet"
    _nifti(static(), place / "sub-01_ses-1_trc-18FFBB_pet.nii.gz")
    (folder / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.10.0"}')


def _ecat(file: Path, frames: int) -> None:
    """Write a head instead of the noise of the reader's own tests."""
    sub = dict(zip(("x_pixel_size", "y_pixel_size", "z_pixel_size"), (0.6, 0.5, 0.7), strict=True))
    write_ecat(file, frames, sub=sub, patient_name=b"Geheim^Zeta", patient_id=b"ZQX4711")
    content = file.read_bytes()
    head = make_truth(ECAT_SHAPE, zooms=(6.0, 5.0, 7.0)).frames[0]
    for number in range(frames):
        voxels = np.rint(head * (1.5 + 0.1 * number)).astype(">i2").tobytes(order="F")
        content = content.replace(ECAT_STORED[number].tobytes(order="F"), voxels)
    file.write_bytes(content)


def _zipped(write: Callable[[Path], None]) -> Callable[[Path], None]:
    def pack(folder: Path) -> None:
        with tempfile.TemporaryDirectory() as place:
            write(Path(place))
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in _contents(Path(place)).items():
                    archive.writestr(name, content)
        (folder / "study.zip").write_bytes(packed.getvalue())

    return pack


def _medium(folder: Path) -> None:
    """A CD with its DICOMDIR."""
    files = FileSet()
    with tempfile.TemporaryDirectory() as place:
        _classic(Path(place), static(), names="plain")
        for file in sorted(Path(place).iterdir()):
            files.add(pydicom.dcmread(file))
        files.write(folder)


_SYNTAXES = ("implicit", "big endian", "deflated", "RLE", "JPEG-LS", "JPEG 2000", "JPEG")
# What writes each study into a folder, what of it is read, and the tracer that the user names.
_WRITERS: dict[str, tuple[Callable[[Path], object], str, str | None]] = {
    "classic": (lambda folder: _classic(folder, static()), "", None),
    **{f"classic {syntax}": (_in_syntax(syntax), "", None) for syntax in _SYNTAXES},
    "dynamic": (lambda folder: _classic(folder, dynamic()), "", None),
    "dynamic, not corrected": (
        lambda folder: _classic(folder, dynamic(), "ge", decay="NONE"),
        "",
        None,
    ),
    "Philips": (lambda folder: _classic(folder, static(), "philips", code=None), "", None),
    "hospital": (_hospital, "", None),
    "dual phase": (_dual, "", None),
    "enhanced": (
        lambda folder: write_enhanced(static(), folder / "x", edit=_name),
        "",
        None,
    ),
    "enhanced dynamic": (
        lambda folder: write_enhanced(dynamic(), folder / "x", mapping="none", edit=_name),
        "x",
        None,
    ),
    "enhanced RLE": (
        lambda folder: write_enhanced(static(), folder / "x", edit=_name, transfer_syntax="RLE"),
        "",
        None,
    ),
    "legacy converted": (lambda folder: _legacy(folder, static()), "", None),
    "capture": (_capture, "", "18FFBB"),
    "capture in one file": (
        lambda folder: write_multiframe_capture(static(), folder / "x"),
        "",
        "18FFBB",
    ),
    "NIfTI": (lambda folder: _nifti(static(), folder / "scan.nii"), "scan.nii", None),
    "NIfTI gz": (lambda folder: _nifti(static(), folder / "scan.nii.gz"), "", None),
    "NIfTI sform": (
        lambda folder: _nifti(static(), folder / "scan.nii", geometry="sform"),
        "",
        None,
    ),
    "NIfTI qform": (
        lambda folder: _nifti(static(), folder / "scan.nii", geometry="qform"),
        "",
        None,
    ),
    "NIfTI-2": (
        lambda folder: _nifti(static(), folder / "scan.nii", kind=nib.Nifti2Image),
        "",
        None,
    ),
    "NIfTI dynamic": (lambda folder: _nifti(dynamic(), folder / "scan.nii"), "", None),
    "NIfTI dynamic gz": (lambda folder: _nifti(dynamic(), folder / "scan.nii.gz"), "", None),
    "BIDS": (_bids, "", None),
    "ECAT": (lambda folder: _ecat(folder / "scan.v", 1), "", None),
    "ECAT dynamic": (lambda folder: _ecat(folder / "scan.v", 3), "scan.v", None),
    "zip": (_zipped(lambda folder: _classic(folder, static())), "study.zip", None),
    "zip of NIfTI": (_zipped(_bids), "study.zip", None),
    "DICOMDIR": (_medium, "DICOMDIR", None),
}
NAMES = tuple(_WRITERS)


@cache
def seed(name: str) -> Seed:
    """Give one of :data:`NAMES`, the same bytes at each call of one process."""
    write, path, tracer = _WRITERS[name]
    with tempfile.TemporaryDirectory() as place:
        write(Path(place))
        return Seed(name, _contents(Path(place)), path, tracer)
