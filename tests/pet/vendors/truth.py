"""What a written study has to read back as."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

# Frames as (start in s after injection, duration in s).
FOUR_LATE_FRAMES = ((5400, 300), (5700, 300), (6000, 300), (6300, 300))
EARLY_AND_LATE = ((0, 120), (120, 180), (300, 300), *FOUR_LATE_FRAMES)
# A day that is nobody's.
INJECTION = datetime(2000, 1, 1, 10, 0)
DOSE_BQ, WEIGHT_KG = 300e6, 70.0
# NIfTI and nibabel are RAS+, DICOM is LPS+ (PS3.3 C.7.6.2.1.1).
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Truth:
    """A PET scan as it was, before any scanner wrote it.

    Attributes:
        frames: ``(T, X, Y, Z)`` float32, Bq/mL, decay-corrected to the injection.
        affine: Voxel index to RAS+ millimetres ``(4, 4)``; may be oblique.
        starts: Start of each frame in seconds after the injection.
        durations: Seconds of each frame.
        injection: When the tracer was given.
        half_life: Of the radionuclide in seconds.
    """

    frames: NDArray[np.float32]
    affine: NDArray[np.float64]
    starts: tuple[float, ...]
    durations: tuple[float, ...]
    injection: datetime = INJECTION
    half_life: float = 6586.2

    @property
    def rate(self) -> float:
        """Decay constant in 1/s."""
        return math.log(2) / self.half_life

    def remaining(self, frame: int, delay: float = 0.0) -> float:
        """Mean over a frame of what has not decayed since the injection, by the integral.

        Args:
            frame: Which.
            delay: Seconds that it began later, as for the next bed position.
        """
        start, duration = self.starts[frame] + delay, self.durations[frame]
        gone = -math.expm1(-self.rate * duration) / (self.rate * duration)
        return math.exp(-self.rate * start) * gone

    def reference(self, frame: int, delay: float = 0.0) -> float:
        """Seconds after the injection at which the activity equals the mean over the frame."""
        return -math.log(self.remaining(frame, delay)) / self.rate

    def decay_factor(self, decay: str, frame: int, scan_start: float, delay: float = 0.0) -> float:
        """What the measured frame was multiplied with: Decay Factor (0054,1321)."""
        corrected_to = {"START": scan_start, "ADMIN": 0.0}
        if decay == "NONE":
            return 1.0
        return math.exp(-self.rate * corrected_to[decay]) / self.remaining(frame, delay)

    def values(self, decay: str, scan_start: float | None = None) -> NDArray[np.float64]:
        """Give the frames ``(T, X, Y, Z)`` in Bq/mL as a header's Decay Correction means them.

        Args:
            decay: ``"START"``, ``"ADMIN"`` or ``"NONE"`` (0054,1102).
            scan_start: Seconds after the injection that START means, by default the first frame.
        """
        start = self.starts[0] if scan_start is None else scan_start
        factors = [
            self.remaining(frame) * self.decay_factor(decay, frame, start)
            for frame in range(len(self.starts))
        ]
        return np.asarray(self.frames * np.reshape(factors, (-1, 1, 1, 1)), dtype=np.float64)

    def time(self, seconds: float) -> datetime:
        """When it was so many seconds after the injection."""
        return self.injection + timedelta(seconds=seconds)

    def pick(self, *frames: int) -> "Truth":
        """Keep some frames alone."""
        index = list(frames)
        return replace(
            self,
            frames=self.frames[index],
            starts=tuple(self.starts[frame] for frame in index),
            durations=tuple(self.durations[frame] for frame in index),
        )


def stored(
    frames: NDArray[np.float64], affine: NDArray[np.float64], orientation: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn RAS+ frames into any of the 48 axis orders, without interpolation.

    Args:
        frames: ``(T, X, Y, Z)``.
        affine: To RAS+ mm.
        orientation: Where columns, rows and slices count to, such as ``"LPS"``.

    Returns:
        ``(T, slices, rows, columns)``, and the affine from (column, row, slice) to LPS+ mm.
    """
    wanted = nib.orientations.axcodes2ornt(tuple(orientation))
    change = nib.orientations.ornt_transform(nib.io_orientation(affine), wanted)
    back = nib.orientations.inv_ornt_aff(change, frames.shape[1:])
    turned = np.stack([nib.orientations.apply_orientation(frame, change) for frame in frames])
    return turned.transpose(0, 3, 2, 1), RAS_TO_LPS @ affine @ back


def _head(points: NDArray[np.float64], half: NDArray[np.float64]) -> NDArray[np.float64]:
    """Uptake of a smooth head that tells every axis and direction apart, at ``(..., 3)`` mm."""
    u, v, w = np.moveaxis(points / half, -1, 0)
    radius = np.sqrt((u / 0.8) ** 2 + (v / 0.9) ** 2 + (w / 0.85) ** 2)
    inside = 1 / (1 + np.exp((radius - 1) / 0.08))
    hot = np.exp(-((u - 0.35) ** 2 + (v + 0.4) ** 2 + (w - 0.25) ** 2) / 0.06)
    cold = np.exp(-((u + 0.2) ** 2 + (v - 0.3) ** 2 + (w + 0.3) ** 2) / 0.04)
    return np.asarray(
        80 + inside * (9000 + 2000 * u + 1200 * v - 1500 * w + 7000 * hot - 5000 * cold)
    )


def make_truth(
    shape: tuple[int, int, int] = (16, 14, 12),
    *,
    zooms: tuple[float, float, float] = (2.0, 2.5, 3.27),
    angles: tuple[float, float, float] = (0, 0, 0),
    frames: Sequence[tuple[float, float]] = ((5400, 1200),),
    kinetics: Sequence[float] | None = None,
    shifts_mm: Sequence[tuple[float, float, float]] | None = None,
    blank_slices: int = 0,
    injection: datetime = INJECTION,
) -> Truth:
    """Make a small scan of something like a head.

    Args:
        shape: ``(X, Y, Z)``.
        zooms: Voxel size in mm.
        angles: Turn about x, y and z in degrees: oblique unless zero.
        frames: Start after injection and duration of each, in seconds.
        kinetics: A factor for each frame, by default 1: corrected frames agree.
        shifts_mm: How far the head had moved in each frame.
        blank_slices: How many of the lowest slices hold nothing.
        injection: When the tracer was given.
    """
    affine = np.eye(4)
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    affine[:3, :3] = turn @ np.diag(zooms)
    affine[:3, 3] = np.array([-17.25, -31.5, 40.125])
    grid = np.moveaxis(np.indices(shape), 0, -1) - (np.array(shape) - 1) / 2
    points, half = grid * zooms, np.array(shape) * zooms / 2
    shifts = shifts_mm or [(0.0, 0.0, 0.0)] * len(frames)
    factors = kinetics or [1.0] * len(frames)
    volumes = [
        factor * _head(points - shift, half) for factor, shift in zip(factors, shifts, strict=True)
    ]
    values = np.asarray(volumes, dtype=np.float32)
    values[..., :blank_slices] = 0
    starts, durations = zip(*frames, strict=True)
    return Truth(values, affine, starts, durations, injection)
