"""Stored values: from uptake to integers with slopes, and into every transfer syntax."""

import tempfile
from pathlib import Path

import gdcm
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)
from pydicom.valuerep import format_number_as_ds

# Every form of the bytes that a hospital may send and that this file writes.
TRANSFER_SYNTAXES = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "RLE": RLELossless,
    "JPEG-LS": JPEGLSLossless,
    "JPEG 2000": JPEG2000Lossless,
    "JPEG": JPEGLosslessSV1,
}
# What is stored: numpy's type, bits stored.
STORED = {
    "int16": ("i2", 16),
    "uint16": ("u2", 16),
    "uint12": ("u2", 12),
    "uint8": ("u1", 8),
    "int32": ("i4", 32),
    "uint32": ("u4", 32),
}


def decimal(value: float) -> str:
    """Write a number into the 16 characters of a decimal string (PS3.5 6.2)."""
    return format_number_as_ds(float(value))


def largest(kind: str) -> int:
    """Give the largest number that a kind of :data:`STORED` holds."""
    code, bits = STORED[kind]
    return int(2 ** (bits - (code[0] == "i")) - 1)


def slopes(values: NDArray[np.float64], kind: str, per: str) -> NDArray[np.float64]:
    """Choose the slopes ``(T, slices)`` of ``(T, slices, rows, columns)``, as a DS can hold them.

    Args:
        values: In the unit of the header.
        kind: One of :data:`STORED`.
        per: ``"slice"``, ``"frame"`` or ``"series"``.
    """
    axes = {"slice": (2, 3), "frame": (1, 2, 3), "series": (0, 1, 2, 3)}[per]
    peaks = np.abs(values).max(axis=axes, keepdims=True)
    wide = np.broadcast_to(peaks, (*values.shape[:2], 1, 1))[:, :, 0, 0]
    # One part in 10,000 is left free: the text rounds the slope, the largest must still fit.
    exact = np.where(wide > 0, wide * 1.0001 / largest(kind), 1.0)
    return np.array([[float(decimal(one)) for one in row] for row in exact])


def fill(dataset: Dataset, values: NDArray[np.float64], kind: str, slope: float) -> None:
    """Write one slice or several ``(..., rows, columns)`` as native little endian pixels."""
    code, bits = STORED[kind]
    integers = np.rint(values / slope).astype(f"<{code}")
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = values.shape[-2:]
    dataset.BitsAllocated = 8 * integers.itemsize
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(code[0] == "i")
    data = integers.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if integers.itemsize == 1 else "OW"


def _by_gdcm(dataset: Dataset, syntax: UID) -> list[bytes]:
    """Compress the frames with GDCM; its own writer would change other attributes too."""
    wanted = {
        JPEG2000Lossless: gdcm.TransferSyntax.JPEG2000Lossless,
        JPEGLosslessSV1: gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    }[syntax]
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "before"), Path(folder, "after")
        dataset.save_as(before, enforce_file_format=True)
        reader, writer, change = (
            gdcm.ImageReader(),
            gdcm.ImageWriter(),
            gdcm.ImageChangeTransferSyntax(),
        )
        reader.SetFileName(str(before))
        assert reader.Read()
        change.SetTransferSyntax(gdcm.TransferSyntax(wanted))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFileName(str(after))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return list(
            generate_frames(
                pydicom.dcmread(after).PixelData,
                number_of_frames=int(dataset.get("NumberOfFrames", 1)),
            )
        )


def save(dataset: Dataset, file: Path, syntax: str = ExplicitVRLittleEndian) -> None:
    """Write a dataset with native little endian pixels in another transfer syntax.

    Args:
        dataset: Changed by this call.
        file: To write; its folder is made.
        syntax: UID, or a key of :data:`TRANSFER_SYNTAXES`.
    """
    uid = UID(TRANSFER_SYNTAXES.get(syntax, syntax))
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.parent.mkdir(parents=True, exist_ok=True)
    if uid in (JPEG2000Lossless, JPEGLosslessSV1):
        frames = _by_gdcm(dataset, uid)
        dataset.PixelData = encapsulate(frames)
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
    elif uid.is_encapsulated and not uid.is_deflated:
        dataset.compress(uid, generate_instance_uid=False)
    elif uid == ExplicitVRBigEndian and "PixelData" in dataset:
        size = dataset.BitsAllocated // 8
        dataset.PixelData = np.frombuffer(dataset.PixelData, f"<u{size}").byteswap().tobytes()
    dataset.file_meta.TransferSyntaxUID = uid
    order = {"implicit_vr": uid.is_implicit_VR, "little_endian": uid.is_little_endian}
    dataset.save_as(file, enforce_file_format=True, **({} if uid.is_encapsulated else order))
