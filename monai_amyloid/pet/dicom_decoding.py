"""Compressed DICOM pixels, each kind by the one decoder that was found to be safe with it."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
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

from monai_amyloid.pet.codestream import check_codestream
from monai_amyloid.pet.dicom_header import Header, broken, named, text_of
from monai_amyloid.pet.image import StudyRefused
from monai_amyloid.pet.pixel_layout import PixelLayout

# Left to itself, pydicom tries one plugin after another. GDCM ends the program on some broken
# JPEG 2000 frames, so it sees nothing but lossless JPEG, which no other free decoder reads.
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
    header: Header, layout: PixelLayout, frames: Sequence[int]
) -> list[NDArray[Any]]:
    """Decode the stored values of some frames of one file.

    Args:
        header: Of the file.
        layout: Of the series.
        frames: Counted from 0, in the order wanted.

    Returns:
        Integers ``(rows, columns)``, not scaled, for each frame.

    Raises:
        StudyRefused: If the compression is lossy or unknown, or the frames cannot be decoded.
    """
    syntax = UID(text_of(header.dataset.file_meta, "TransferSyntaxUID", header.file))
    plugin = _DECODERS.get(syntax, "")
    if not plugin and syntax != DeflatedExplicitVRLittleEndian:
        raise StudyRefused(
            f"{header.file}: {named('TransferSyntaxUID')} is {syntax.name}, needed the voxels "
            "without compression or with a lossless one; export it again"
        )
    count = int(header.number("NumberOfFrames") or 1)
    images = []
    try:
        with warnings.catch_warnings(), _silent_decoders():
            warnings.simplefilter("ignore")  # what matters is raised or checked
            dataset = pydicom.dcmread(header.file)
            if not plugin:
                _check_length(len(dataset.PixelData), layout, count)
            for frame in frames:
                if plugin and syntax != RLELossless:
                    encoded = get_frame(dataset.PixelData, frame, number_of_frames=count)
                    check_codestream(encoded, layout, header)
                index = frame if count > 1 else None
                values = np.asarray(pixel_array(dataset, index=index, decoding_plugin=plugin))
                if values.dtype.kind not in "iu":
                    raise ValueError(f"pixels of type {values.dtype}, needed integers")
                images.append(values)
    except StudyRefused:
        raise
    except Exception as error:  # the decoders raise whatever the broken bytes lead them to
        raise StudyRefused(f"{header.file}: {broken(error)}") from error
    return images


def _check_length(found: int, layout: PixelLayout, count: int) -> None:
    """Hold the length of uncompressed pixels against the header; one byte may be padding."""
    needed = layout.rows * layout.columns * layout.allocated // 8 * count
    if found != needed + needed % 2:
        raise ValueError(f"Pixel Data has {found} bytes, needed {needed}")


@contextmanager
def _silent_decoders() -> Iterator[None]:
    """Keep what C libraries write to the terminal away from it; what fails is raised."""
    sys.stderr.flush()
    try:
        before = os.dup(2)
    except OSError:  # a program without a terminal
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
