"""Compressed DICOM pixels, each kind by the one decoder that was found to be safe with it."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.encaps import get_frame
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from monai_amyloid.findings.finding import StudyRefused, Term, phrase
from monai_amyloid.pet.dicom.attributes import named, uid_name, unreadable
from monai_amyloid.pet.dicom.header import Header
from monai_amyloid.pet.dicom.pixels.codestream import check_codestream
from monai_amyloid.pet.dicom.pixels.jpeg_process import JpegProcess
from monai_amyloid.pet.dicom.pixels.layout import PixelLayout, is_padding

# Left to itself, pydicom tries one plugin after another, and GDCM ends the program on some broken
# frames: it sees nothing but lossless JPEG, in a process of its own.
_DECODERS = {
    RLELossless: "pydicom",
    JPEGLSLossless: "pyjpegls",
    JPEG2000Lossless: "pylibjpeg",
    HTJ2KLossless: "pylibjpeg",
    HTJ2KLosslessRPCL: "pylibjpeg",
    JPEGLossless: "gdcm",
    JPEGLosslessSV1: "gdcm",
}


def decoded_values(
    header: Header, layout: PixelLayout, frames: Sequence[int], jpeg: JpegProcess
) -> list[NDArray[Any]]:
    """Decode the stored values of some frames of one file.

    Args:
        header: Header of the file.
        layout: How the pixels of the series are stored.
        frames: Numbers of the frames to read, from 0, in any order.
        jpeg: Process that decodes lossless JPEG.

    Returns:
        Integers ``(rows, columns)``, not scaled, for each frame.

    Raises:
        StudyRefused: If the compression is lossy or unknown, or the frames cannot be decoded.
    """
    syntax = UID(header.transfer_syntax)
    plugin = _DECODERS.get(syntax, "")
    if not plugin and syntax != DeflatedExplicitVRLittleEndian:
        raise StudyRefused(
            "dicom_compression",
            "{attribute} is {syntax}, needed the voxels without compression or with a lossless "
            "one; export it again",
            where=header.file,
            attribute=named("TransferSyntaxUID"),
            syntax=uid_name(syntax),
        )
    count = int(header.number("NumberOfFrames") or 1)
    indices = [frame if count > 1 else None for frame in frames]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters is raised or checked
            warnings.filterwarnings("error", message=".*non-conformant padding")
            dataset = pydicom.dcmread(header.file, force=True)
            if not plugin:
                _check_length(dataset.PixelData, layout, count, header)
            elif syntax != RLELossless:
                for frame in frames:
                    encoded = get_frame(dataset.PixelData, frame, number_of_frames=count)
                    check_codestream(encoded, layout, header)
            if plugin == "gdcm":
                images = jpeg.decode(header.file, indices)
            else:
                # Bits above Bits Stored are not cut off here: the caller refuses them.
                images = [
                    np.asarray(
                        pixel_array(
                            dataset, index=index, decoding_plugin=plugin, correct_unused_bits=False
                        )
                    )
                    for index in indices
                ]
        for image in images:
            if image.dtype.kind not in "iu":
                reason = phrase(
                    "dicom_pixel_type",
                    "pixels of type {type}, needed integers",
                    type=Term(image.dtype),
                )
                raise unreadable(header.file, reason)
    except StudyRefused:
        raise
    except Exception as error:  # the decoders raise whatever the broken bytes lead them to
        raise unreadable(header.file, error) from error
    return images


def _check_length(pixels: bytes, layout: PixelLayout, count: int, header: Header) -> None:
    """Hold the length of uncompressed pixels against the header; what is more may be padding."""
    row = layout.columns * layout.allocated // 8
    needed = layout.rows * row * count
    if len(pixels) < needed or not is_padding(pixels[needed:], row):
        reason = phrase(
            "dicom_pixel_bytes",
            "Pixel Data has {found_bytes} bytes, needed {needed_bytes}",
            found_bytes=len(pixels),
            needed_bytes=needed,
        )
        raise unreadable(header.file, reason)
