"""Independent readers: what other people's programs read from a study, as RAS+ arrays."""

import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import highdicom
import nibabel as nib
import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813 (its own documentation names it so)
from highdicom._standard_utils import get_iod_module_map, get_module_attribute_map
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from .pixels import largest
from .truth import RAS_TO_LPS, Truth

# Frames (T, X, Y, Z) with axes closest to RAS+, and the affine to RAS+ mm.
Volume = tuple[NDArray[np.float64], NDArray[np.float64]]


def _ras(frames: Iterable[NDArray[np.float64]], affine: NDArray[np.float64]) -> Volume:
    """Turn frames (any axes) the nearest way to RAS+, by nibabel."""
    turned = [nib.as_closest_canonical(nib.Nifti1Image(one, affine)) for one in frames]
    return np.stack([one.get_fdata() for one in turned]), turned[0].affine


def files_of(folder: Path) -> list[Path]:
    """List the files of a folder, however deep."""
    return sorted(file for file in folder.rglob("*") if file.is_file())


def headers(folder: Path) -> list[Dataset]:
    """Read all files of a folder that holds DICOM alone."""
    return [pydicom.dcmread(file) for file in files_of(folder)]


def assert_same(
    found: Volume, values: NDArray[np.float64], truth: Truth, kind: str = "int16"
) -> None:
    """Equal within half a step of what is stored and float32, and a micrometre.

    Args:
        found: As an oracle read it.
        values: ``(T, X, Y, Z)`` as they should be.
        truth: Gives the affine.
        kind: Key of :data:`tests.pet.vendors.pixels.STORED`.
    """
    data, affine = found
    assert data.shape == values.shape
    # 1.0001 is what a slope leaves free; dcm2niix computes and writes in float32.
    error = (0.5001 * 1.0001 / largest(kind) + 2e-7) * values.max()
    np.testing.assert_allclose(data, values, rtol=0, atol=error)
    np.testing.assert_allclose(affine, truth.affine, rtol=0, atol=1e-3)


def time_frames(folder: Path) -> list[list[Path]]:
    """Group the files of one classic series by frame, by Image Index (PS3.3 C.8.9.4.1.9)."""
    groups: dict[int, list[Path]] = defaultdict(list)
    for file in files_of(folder):
        header = pydicom.dcmread(file, stop_before_pixels=True)
        groups[(header.ImageIndex - 1) // header.NumberOfSlices].append(file)
    return [groups[frame] for frame in sorted(groups)]


def by_dcm2niix(source: Path) -> list[Volume]:
    """Convert a folder, or the folder of a file; one volume for each image that it finds."""
    program = Path(sys.executable).with_name("dcm2niix")
    with tempfile.TemporaryDirectory() as folder:
        command: list[str | Path] = [
            program,
            "-b",
            "n",
            "-z",
            "n",
            "-f",
            "%s",
            "-o",
            folder,
            source,
        ]
        subprocess.run(command, check=False, capture_output=True)
        volumes = []
        for file in sorted(Path(folder).glob("*.nii")):
            image = nib.load(file)
            data = np.asarray(image.get_fdata())
            frames = np.moveaxis(data[..., None] if data.ndim == 3 else data, -1, 0)
            volumes.append(_ras(frames, image.affine))
        return volumes


def by_simpleitk(folder: Path) -> Volume:
    """Read one classic series frame by frame, the slices sorted by GDCM."""
    volumes = []
    for files in time_frames(folder):
        with tempfile.TemporaryDirectory() as flat:
            for number, file in enumerate(files):
                (Path(flat) / str(number)).symlink_to(file.resolve())
            names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(flat)
            volumes.append(sitk.ReadImage(names, sitk.sitkFloat64))
    first = volumes[0]
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(first.GetDirection(), (3, 3)) * first.GetSpacing()
    affine[:3, 3] = first.GetOrigin()
    return _ras([sitk.GetArrayFromImage(one).T for one in volumes], RAS_TO_LPS @ affine)


def by_highdicom(folder: Path) -> Volume:
    """Read one classic series frame by frame."""
    volumes = [
        highdicom.get_volume_from_series([pydicom.dcmread(file) for file in files])
        for files in time_frames(folder)
    ]
    return _ras([one.array for one in volumes], RAS_TO_LPS @ volumes[0].affine)


def enhanced_by_highdicom(file: Path, *, real_world: bool = False) -> Volume:
    """Read one multi-frame file, its frames of one time together.

    Args:
        file: Enhanced PET, or anything with a plane position for each frame.
        real_world: Whether by the real world value mapping, not the modality transformation.
    """
    image = highdicom.imread(file)
    times = defaultdict(list)
    for number, groups in enumerate(image.PerFrameFunctionalGroupsSequence):
        content = groups.get("FrameContentSequence", [{}])[0]
        times[content.get("TemporalPositionIndex", 1)].append(number)
    volumes = []
    for numbers in (times[time] for time in sorted(times)):
        part = pydicom.dcmread(file)
        part.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        frames = np.stack([image.get_stored_frame(number + 1) for number in numbers])
        part.PixelData, part.NumberOfFrames = frames.tobytes(), len(numbers)
        every = part.PerFrameFunctionalGroupsSequence
        part.PerFrameFunctionalGroupsSequence = [every[number] for number in numbers]
        volumes.append(
            highdicom.Image.from_dataset(part).get_volume(
                apply_real_world_transform=real_world, apply_modality_transform=not real_world
            )
        )
    return _ras([one.array for one in volumes], RAS_TO_LPS @ volumes[0].affine)


def assert_mandatory(dataset: Dataset, iod: str) -> None:
    """Every attribute of type 1 and 2 at the top level of a mandatory module is there.

    Args:
        dataset: Any.
        iod: Name of its Information Object Definition, as highdicom spells it.
    """
    mandatory = [one["key"] for one in get_iod_module_map()[iod] if one["usage"] == "M"]
    for module in mandatory:
        for attribute in get_module_attribute_map()[module]:
            keyword, kind = attribute["keyword"], attribute["type"]
            if not attribute["path"] and kind in ("1", "2"):
                assert keyword in dataset, f"{module}: {keyword}"
                assert kind == "2" or str(dataset[keyword].value) != "", keyword
