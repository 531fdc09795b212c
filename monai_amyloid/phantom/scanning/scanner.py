"""From a head full of tracer to the frames that a scanner exports."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.phantom.people.deformation import grid_points, interpolate
from monai_amyloid.phantom.people.head import Head
from monai_amyloid.phantom.people.tracer_map import blur
from monai_amyloid.phantom.scanning.attenuation import attenuation_map, mismatch_error
from monai_amyloid.phantom.scanning.body import with_body
from monai_amyloid.phantom.scanning.noise import correlated_noise
from monai_amyloid.phantom.scanning.scan import FRAME_SECONDS, FRAMES, Scan
from monai_amyloid.phantom.scanning.sites import SITES
from monai_amyloid.phantom.scanning.tomography import FWHM_PER_SIGMA

Volume = NDArray[np.float32]

# Reading between voxels of h mm blurs, on average over places, with variance h^2 / 6.
_READING_VARIANCE = 2.0**2 / 6
# What air holds of the noise of tissue of uptake 1 is that of this uptake.
_LEAST_COUNTED = 0.05
_HEADER = {
    "BodyPartExamined": "BRAIN",
    "CorrectedImage": ["DECY", "ATTN", "SCAT", "NORM"],
    "DecayCorrection": "START",
}


class Scanned:
    """A head as an ideal scanner of some resolution would see it, without noise.

    Args:
        head: Head of the person.
        uptake: Tracer on the anatomy's grid ``(X, Y, Z)``.
        scan: The acquisition: its resolution and where it ends.

    Attributes:
        uptake: The blurred head in its own millimetres ``(X, Y, Z)``; once read between its
            voxels it has the scan's resolution.
        attenuation: 1/mm at 511 keV, on the same grid.
        affine: Voxel index of both to the head's millimetres ``(4, 4)``.
    """

    def __init__(self, head: Head, uptake: Volume, scan: Scan) -> None:
        both = np.stack([uptake, attenuation_map(head.fractions)])
        sharp, mu = interpolate(both, head.anatomy.affine, head.voxel_origins())
        lowest = scan.lowest_mm - 40.0  # a tilted head shows more of what is below it
        sharp, self.affine = with_body(sharp, head.anatomy.affine, lowest)
        self.attenuation, _ = with_body(mu, head.anatomy.affine, lowest)
        variance = (scan.fwhm_mm / FWHM_PER_SIGMA) ** 2 - 2 * _READING_VARIANCE
        self.uptake = blur(sharp, np.sqrt(variance) * FWHM_PER_SIGMA, np.full(3, 2.0))


def acquire(seen: Scanned, scan: Scan, tracer: str, *, dynamic: bool = False) -> FrameSeries:
    """Scan a head: pose, motion, voxels, a shifted CT, noise and scale.

    Args:
        seen: The head without noise.
        scan: Settings of the acquisition.
        tracer: BIDS label of the tracer.
        dynamic: Whether the scanner exports its four frames, instead of their average.

    Returns:
        The exported frames in Bq/mL, RAS+, decay-corrected to the start of the first.
    """
    start = TRACERS[tracer].window_minutes[0] * 60.0
    half_life = TRACERS[tracer].half_life_seconds
    random = np.random.default_rng(scan.seed)
    means, attenuation = _noise_free(seen, scan)
    weights = np.exp2(-np.arange(FRAMES) * FRAME_SECONDS / half_life)
    if dynamic:
        volumes = [means[frame % len(means)] for frame in range(FRAMES)]
        # The counts of 20 minutes are shared among the frames, later ones get fewer.
        noises = scan.noise_cv * np.sqrt(weights.sum() / weights)
        seconds = FRAME_SECONDS
    else:
        volumes = [np.mean(means, axis=0, dtype=np.float32)]
        noises = np.array([scan.noise_cv])
        seconds = FRAME_SECONDS * FRAMES
    exported = [
        _export(volume, attenuation, scan, float(noise), random)
        for volume, noise in zip(volumes, noises, strict=True)
    ]
    frames = tuple(
        Frame(partial(_same, volume), start + number * seconds, seconds, start)
        for number, volume in enumerate(exported)
    )
    return FrameSeries(
        frames=frames,
        affine=scan.affine,
        shape=scan.shape,
        source="simulated",
        from_injection=True,
        tracer=tracer,
        unit="Bq/mL",
        half_life=half_life,
        provenance={**_HEADER, "stored_bits": SITES[scan.site].stored_bits},
    )


def _same(volume: Volume) -> Volume:
    return volume


def _noise_free(seen: Scanned, scan: Scan) -> tuple[Sequence[Volume], Volume]:
    """One volume of a head that lies still, else one a frame; and attenuation in the first."""
    first, attenuation = _in_scanner([seen.uptake, seen.attenuation], seen, scan, 0)
    later = range(1, FRAMES if scan.motion else 1)
    means = [first, *(_in_scanner([seen.uptake], seen, scan, frame)[0] for frame in later)]
    if any(scan.ct_shift_mm):
        zooms = SITES[scan.site].zooms_mm
        shift = scan.ct_shift_mm
        means = [mean + mismatch_error(mean, attenuation, zooms, shift) for mean in means]
    return means, attenuation


def _in_scanner(
    volumes: Sequence[Volume], seen: Scanned, scan: Scan, frame: int
) -> NDArray[np.float32]:
    to_head = np.linalg.inv(scan.head_to_scanner(frame)) @ scan.affine
    return interpolate(np.stack(volumes), seen.affine, grid_points(scan.shape, to_head))


def _export(
    mean: Volume, attenuation: Volume, scan: Scan, cv: float, random: np.random.Generator
) -> Volume:
    zooms = SITES[scan.site].zooms_mm
    # Air is not free of counts: randoms and scatter are only subtracted on average.
    counted = np.maximum(mean, np.float32(_LEAST_COUNTED))
    volume = mean + correlated_noise(counted, attenuation, scan.fwhm_mm, zooms, cv, random)
    # Scanners store whole numbers of Bq/mL.
    return np.asarray(np.rint(np.clip(volume, 0, None) * np.float32(scan.scale)), np.float32)
