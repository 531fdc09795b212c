"""Secondary captures: 8-bit exports of a volume, with and without geometry, and a MIP."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from .header import patient_and_study, place, set_geometry, set_time
from .pixels import fill, save
from .truth import Truth, stored


def captured(truth: Truth, levels: int = 255) -> NDArray[np.float64]:
    """Give the first frame ``(X, Y, Z)`` on one linear scale from 0 to ``levels``, rounded."""
    values = truth.values("START")[0]
    return np.asarray(np.rint(values * (levels / values.max())))


def _header(truth: Truth, series: str, modality: str) -> Dataset:
    """Make what a capture says of itself."""
    header = patient_and_study("study", series, modality)
    header.ConversionType = "WSD"
    header.ImageType = ["DERIVED", "SECONDARY"]
    header.Manufacturer = "workstation"
    header.BurnedInAnnotation = "NO"
    set_time(header, truth, truth.starts[0], "Study", "Series", "Content")
    return header


def write_capture(
    truth: Truth,
    folder: Path,
    *,
    levels: int = 255,
    geometry: bool = True,
    orientation: str = "LPS",
    modality: str = "PT",
    series: str = "8 bit export",
) -> Path:
    """Write a volume as a series of 8-bit secondary captures, one linear scale for all of them.

    Args:
        truth: Its first frame is written.
        folder: To write into.
        levels: What the largest value becomes.
        geometry: Whether position, orientation and pixel spacing are there.
        orientation: Any of the 48, such as ``"LPS"``.
        modality: ``"PT"`` or ``"OT"``.
        series: Any text: another text is another series.

    Returns:
        The folder.
    """
    frames, affine = stored(captured(truth, levels)[None], truth.affine, orientation)
    for number, values in enumerate(frames[0]):
        dataset = _header(truth, series, modality)
        dataset.SOPClassUID = SecondaryCaptureImageStorage
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=["study", series, str(number)])
        dataset.InstanceNumber = len(frames[0]) - number
        if geometry:
            set_geometry(dataset, affine)
            dataset.ImagePositionPatient = place(affine, number)
        fill(dataset, values, "uint8", 1.0)
        save(dataset, folder / f"SC{dataset.InstanceNumber:03d}")
    return folder


def write_multiframe_capture(
    truth: Truth, file: Path, *, levels: int = 255, geometry: bool = True, orientation: str = "LPS"
) -> Path:
    """Write a volume as one Multi-frame Grayscale Byte Secondary Capture (PS3.3 A.8.3).

    Args:
        truth: Its first frame is written.
        file: To write.
        levels: What the largest value becomes.
        geometry: Whether functional groups say where the frames are.
        orientation: Any of the 48, such as ``"LPS"``.

    Returns:
        The file.
    """
    frames, affine = stored(captured(truth, levels)[None], truth.affine, orientation)
    image = _header(truth, "8 bit export, one file", "PT")
    image.SOPClassUID = MultiFrameGrayscaleByteSecondaryCaptureImageStorage
    image.SOPInstanceUID = generate_uid(entropy_srcs=["study", "multi-frame capture"])
    image.InstanceNumber, image.NumberOfFrames = 1, len(frames[0])
    image.PresentationLUTShape = "IDENTITY"
    image.RescaleIntercept, image.RescaleSlope, image.RescaleType = "0", "1", "US"
    if geometry:
        flat = Dataset()
        set_geometry(flat, affine)
        shared, measures, plane = Dataset(), Dataset(), Dataset()
        measures.PixelSpacing, measures.SliceThickness = flat.PixelSpacing, flat.SliceThickness
        plane.ImageOrientationPatient = flat.ImageOrientationPatient
        shared.PixelMeasuresSequence = Sequence([measures])
        shared.PlaneOrientationSequence = Sequence([plane])
        image.SharedFunctionalGroupsSequence = Sequence([shared])
        image.PerFrameFunctionalGroupsSequence = Sequence()
        image.FrameIncrementPointer = 0x52009230  # the frames follow these groups
        for number in range(len(frames[0])):
            position, groups = Dataset(), Dataset()
            position.ImagePositionPatient = place(affine, number)
            groups.PlanePositionSequence = Sequence([position])
            image.PerFrameFunctionalGroupsSequence.append(groups)
    else:
        image.FrameIncrementPointer, image.PageNumberVector = (
            0x00182001,
            [1 + number for number in range(len(frames[0]))],
        )
    fill(image, frames[0], "uint8", 1.0)
    save(image, file)
    return file


def write_mip(truth: Truth, folder: Path) -> Path:
    """Write maximum intensity projections as secondary captures of modality PT.

    Args:
        truth: Its first frame is projected from the front and from the side.
        folder: To write into.

    Returns:
        The folder.
    """
    volume = captured(truth)
    for axis, name in ((1, "coronal"), (0, "sagittal")):
        dataset = _header(truth, "MIP", "PT")
        dataset.SOPClassUID = SecondaryCaptureImageStorage
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=["study", "MIP", name])
        dataset.ImageType = ["DERIVED", "SECONDARY", "MIP"]
        dataset.InstanceNumber = 1 + axis
        fill(dataset, volume.max(axis=axis).T[::-1], "uint8", 1.0)
        save(dataset, folder / f"MIP {name}")
    return folder
