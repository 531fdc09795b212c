"""Write a PET scan as a DICOM series, as a scanner would send it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from monai_amyloid.pet.frames.decay import correction_time, decay_correction
from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.image import PetImage
from monai_amyloid.writing.dicom_encoding import ImageEncoder
from monai_amyloid.writing.dicom_header import decimal, series_header, time_text
from monai_amyloid.writing.frames import (
    LARGEST_INT16,
    SCAN_START,
    corrected_to,
    half_life,
    load_frames,
    series_of,
)

# NIfTI RAS+ to DICOM LPS+, see :mod:`monai_amyloid.pet.dicom.series`.
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def write_series(
    image: PetImage,
    folder: Path,
    *,
    participant: str,
    seed_uid: str,
    description: str = "PET amyloid AC static",
) -> None:
    """Write a static PET series, one file a slice, ``0001.dcm`` the lowest.

    Args:
        image: RAS+ volume. ``CorrectedImage``, ``DecayCorrection``, ``ActualFrameDuration`` (ms),
            ``Manufacturer`` and ``ManufacturerModelName`` are taken from its provenance.
        folder: Folder to make; it must not exist or be empty.
        participant: Patient ID and name to write, such as ``"sub-001"``.
        seed_uid: Text that is unique to the series, such as ``"sub-001_ses-01"``.
        description: Series Description (0008,103E).
        started: Date and time of the first frame's start.

    Raises:
        FileExistsError: If the folder has anything in it.
        ValueError: If the affine is left-handed or its rows and columns are not at a right angle.
    """
    write_dicom_frames(
        series_of(image),
        folder,
        participant=participant,
        seed_uid=seed_uid,
        description=description,
    )


def write_dicom_frames(
    series: FrameSeries,
    folder: Path,
    *,
    participant: str,
    seed_uid: str,
    description: str,
    started: datetime = SCAN_START,
) -> None:
    """Write the time frames of a scan as one PET series: static if there is one, else dynamic.

    One file a slice, ``0001.dcm`` the lowest of the first frame. The voxels become int16 with a
    slope for each slice, as scanners do: the error is at most half of the slice's largest value
    / 32767. Where ``stored_bits`` of the provenance is 8 they become unsigned 8-bit with a slope
    of 1, 255 the maximum of all frames, without a unit. UIDs follow from ``seed_uid`` and
    ``participant`` and dates from ``started``, so that the same call writes the same bytes.

    Args:
        series: RAS+ frames; may be oblique, or sheared along the slices as by a tilted gantry.
            They are decay-corrected to the injection, to the first frame's start, or not at all.
        folder: Folder to make; it must not exist or be empty.
        participant: Patient ID and name to write, such as ``"sub-001"``.
        seed_uid: Text that is unique to the series, such as ``"sub-001_ses-01"``.
        description: Series Description (0008,103E).
        started: Date and time of the first frame's start.

    Raises:
        FileExistsError: If the folder has anything in it.
        ValueError: If the affine is left-handed or its rows and columns are not at a right angle;
            or if several frames lack times, a half-life, or one time of decay correction.

    References:
        DICOM PS3.3 A.21, Positron Emission Tomography Image IOD.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty, needed a new folder for the series")
    affine = _radiological(series)
    frames = load_frames(series)
    header = series_header(series, participant, seed_uid, description, started)
    zooms = np.linalg.norm(affine[:3, :3], axis=0)
    cosines = affine[:3, :2] / zooms[:2]
    normal = np.cross(cosines[:, 0], cosines[:, 1])
    header.ImageOrientationPatient = [decimal(part) for part in cosines.T.ravel()]
    # Between rows first, then between columns (PS3.3 10.7.1.3).
    header.PixelSpacing = [decimal(zooms[1]), decimal(zooms[0])]
    header.SliceThickness = decimal(float(abs(affine[:3, 2] @ normal)))
    places = [affine[:3, 3] + number * affine[:3, 2] for number in range(series.shape[2])]
    geometry = [
        {
            "ImagePositionPatient": "\\".join(map(decimal, place)),
            "SliceLocation": decimal(float(place @ normal)),
        }
        for place in places
    ]
    times = [_frame_times(series, frame, header, started) for frame in series.frames]
    encoder = ImageEncoder(header)
    with _whole(folder) as partial:
        number = 0
        for data, time in zip(frames, times, strict=True):
            for place, (slope, pixels) in zip(geometry, _stored(data), strict=True):
                number += 1
                # Slices run fastest, then frames (PS3.3 C.8.9.4.1.9).
                own = {**time, **place, "InstanceNumber": str(number), "RescaleSlope": slope}
                uid = generate_uid(entropy_srcs=[seed_uid, participant, str(number)])
                content = encoder.encode(uid, {**own, "ImageIndex": number}, pixels)
                (partial / f"{number:04d}.dcm").write_bytes(content)


def _radiological(series: FrameSeries) -> NDArray[np.float64]:
    """Give the affine to LPS+ of slices whose columns count to the left, rows to posterior."""
    affine = series.affine
    if np.linalg.det(affine[:3, :3]) <= 0:
        raise ValueError("the affine is not right-handed, needed a RAS+ volume; use to_ras first")
    flip = np.diag([-1.0, -1.0, 1.0, 1.0])
    flip[:2, 3] = np.array(series.shape[:2]) - 1
    turned = np.asarray(_RAS_TO_LPS @ affine @ flip)
    cosines = turned[:3, :2] / np.linalg.norm(turned[:3, :2], axis=0)
    if abs(cosines[:, 0] @ cosines[:, 1]) > 1e-4:
        raise ValueError("rows and columns are not at a right angle: DICOM cannot hold this affine")
    return turned


def _frame_times(
    series: FrameSeries, frame: Frame, header: Dataset, started: datetime
) -> dict[str, str]:
    """Give the elements for times and decay in the images of one frame."""
    milliseconds = "" if frame.duration is None else str(round(frame.duration * 1000))
    start, first = frame.start, series.frames[0].start
    corrected, seconds = corrected_to(series), half_life(series)
    reference, factor = 0.0, 1.0
    if start is None or first is None:
        start = first = 0.0
    elif seconds is not None:
        duration = frame.duration or 0.0
        # The moment that has the mean activity of the frame (PS3.3 C.8.9.4.1.5).
        reference = correction_time(1.0, start, duration, seconds) - first
        if corrected is not None:
            factor = decay_correction(start, duration, seconds, corrected)
    elif corrected is not None or len(series.frames) > 1:
        raise ValueError(
            f"{series.source}: the half-life is not known, needed the tracer or half_life to write "
            "when the frames show the uptake"
        )
    times = {
        "AcquisitionTime": time_text(started + timedelta(seconds=start - first)),
        "ActualFrameDuration": milliseconds,
        "FrameReferenceTime": decimal(reference * 1000),
    }
    return times if header.DecayCorrection == "NONE" else {**times, "DecayFactor": decimal(factor)}


def _stored(
    data: NDArray[np.float32] | NDArray[np.uint8],
) -> Iterator[tuple[str, bytes]]:
    """Give the slope and the stored values of each slice of a RAS+ volume, the lowest first."""
    # One copy in the order of the file: slice by slice of a view takes ten times as long.
    slices: NDArray[Any] = np.ascontiguousarray(data[::-1, ::-1].transpose(2, 1, 0))
    if slices.dtype == np.uint8:
        for values in slices:
            yield "1", values.tobytes()
        return
    for values in slices:
        peak = float(np.abs(values).max())
        slope = decimal(peak / LARGEST_INT16 if peak > 0 else 1.0)
        stored = np.rint(values / np.float64(slope)).clip(-LARGEST_INT16, LARGEST_INT16)
        yield slope, stored.astype("<i2").tobytes()


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Give a place to write a folder that appears all at once: nobody can read half a series."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
