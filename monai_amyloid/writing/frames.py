"""What is written of time frames, whatever the file: their voxels, unit and time of decay."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.tracers import TRACERS

# When every scan starts: a day that is nobody's, so that the same call writes the same bytes.
SCAN_START = datetime(2000, 1, 1, 12)
LARGEST_INT16 = 32767
_LARGEST_UINT8 = 255
# Times are written to the microsecond; a millisecond changes 18F by a ten-millionth.
_SAME_TIME_SECONDS = 1e-3


def series_of(image: PetImage) -> FrameSeries:
    """Make a series of one frame of a static volume, whose times and decay its header tells.

    Args:
        image: ``ActualFrameDuration`` (ms) is taken from its provenance.
    """
    kept = {key: value for key, value in image.provenance.items() if key != "stored_bits"}
    milliseconds = kept.get("ActualFrameDuration")
    duration = float(milliseconds) / 1000 if milliseconds not in (None, "") else None
    x, y, z = image.data.shape
    return FrameSeries(
        frames=(Frame(lambda: image.data, None, duration),),
        affine=image.affine,
        shape=(x, y, z),
        source="static volume",
        decay_known=False,
        tracer=image.tracer,
        unit=image.unit,
        provenance=kept,
    )


def is_eight_bit(series: FrameSeries) -> bool:
    """Whether the site exports 8 bits a voxel, which loses the absolute scale."""
    return int(series.provenance.get("stored_bits", 16)) == 8


def written_unit(series: FrameSeries) -> str:
    """Give the unit of what is written, in the spelling of BIDS."""
    return "arbitrary" if is_eight_bit(series) else series.unit


def load_frames(series: FrameSeries) -> list[NDArray[np.float32] | NDArray[np.uint8]]:
    """Load every frame once.

    Returns:
        The voxels ``(X, Y, Z)`` of each frame: as they are, or, of an 8-bit export, from 0 for no
        uptake to 255 for the maximum of all frames.

    Raises:
        ValueError: If several frames have no times, or one has not the shape of the series or
            values that are not finite.
    """
    if len(series.frames) > 1 and any(
        frame.start is None or not frame.duration for frame in series.frames
    ):
        raise ValueError(
            f"{series.source}: found {len(series.frames)} frames without times, needed start and "
            "duration of each"
        )
    frames = [np.asarray(frame.load(), dtype=np.float32) for frame in series.frames]
    for number, data in enumerate(frames, start=1):
        if data.shape != series.shape:
            raise ValueError(
                f"{series.source}: frame {number} has shape {data.shape}, needed {series.shape}"
            )
    peak = max(float(data.max()) for data in frames)
    if not np.isfinite([peak, *(float(data.min()) for data in frames)]).all():
        raise ValueError(f"{series.source}: found voxels that are NaN or infinite, needed numbers")
    if not is_eight_bit(series):
        return list(frames)
    scale = np.float32(_LARGEST_UINT8 / peak if peak > 0 else 0.0)
    return [np.rint(data.clip(0) * scale).astype(np.uint8) for data in frames]


def corrected_to(series: FrameSeries) -> float | None:
    """Give the one time that all frames are decay-corrected to.

    Returns:
        Seconds on the clock of the frames; None where they are not corrected.

    Raises:
        ValueError: If frames are corrected to different times, or some of them only.
    """
    times = [frame.corrected_to for frame in series.frames]
    known = [time for time in times if time is not None]
    if not known:
        return None
    if len(known) < len(times) or max(known) - min(known) > _SAME_TIME_SECONDS:
        raise ValueError(
            f"{series.source}: the frames are decay-corrected to {times} s, needed one time for "
            "all or none"
        )
    return known[0]


def half_life(series: FrameSeries) -> float | None:
    """Give the half-life in seconds, by the series or else by its tracer."""
    if series.half_life is not None or series.tracer is None:
        return series.half_life
    return TRACERS[series.tracer].half_life_seconds


def same_time(one: float, other: float) -> bool:
    """Whether two times in seconds are written alike."""
    return abs(one - other) <= _SAME_TIME_SECONDS
