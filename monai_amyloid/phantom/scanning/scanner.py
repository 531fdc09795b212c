"""From a head full of tracer to the frames that a scanner exports."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monai_amyloid.pet.frames.series import Frame, FrameSeries
from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.phantom.people.geometry.deformation import Points, grid_points, interpolate
from monai_amyloid.phantom.people.head import Head
from monai_amyloid.phantom.scanning.attenuation import (
    GRID_MM,
    attenuation_map,
    block_mean,
    coarsening,
    correction_error,
    missed_bone,
    shifted_ct,
)
from monai_amyloid.phantom.scanning.attenuation import interpolate as interpolate_blocks
from monai_amyloid.phantom.scanning.body import with_body
from monai_amyloid.phantom.scanning.corrections import (
    axial_efficiency,
    dead_time_factor,
    scatter_left,
    widened_outward,
)
from monai_amyloid.phantom.scanning.noise import correlated_noise
from monai_amyloid.phantom.scanning.reconstruction import RECONSTRUCTIONS, reconstructed
from monai_amyloid.phantom.scanning.scan import FRAME_SECONDS, FRAMES, Scan
from monai_amyloid.phantom.scanning.sites import SITES

Volume = NDArray[np.float32]

# Reading between voxels of h mm blurs, on average over places, with variance h^2 / 6.
_READING_VARIANCE = 2.0**2 / 6
_PAIRS = (2, 2, 2)
# Blocks of 4 mm about a head, and about it where it moves, in which an image shows something.
_SEEN_AROUND = 4
# What air holds of the noise of tissue of uptake 1 is that of this uptake.
_LEAST_COUNTED = 0.05
_HEADER = {
    "BodyPartExamined": "BRAIN",
    "CorrectedImage": ["DECY", "ATTN", "SCAT", "NORM"],
    "DecayCorrection": "START",
}


class Scanned:
    """A head without noise, as an ideal scanner would see it and as the scan's own does.

    Args:
        head: Head of the person.
        uptake: Tracer on the anatomy's grid ``(X, Y, Z)``.
        scan: The acquisition: its resolution, its reconstruction and where it ends.

    Attributes:
        uptake: The head blurred by a Gaussian, in its own millimetres ``(X, Y, Z)``; once read
            between its voxels it has the scan's resolution.
        image: The head as the scan's reconstruction shows it, on the same grid.
        affine: Voxel index of both to the head's millimetres ``(4, 4)``.
        attenuation: 1/mm at 511 keV, on a grid of 4 mm.
        attenuation_affine: Voxel index of the attenuation to the head's millimetres ``(4, 4)``.
    """

    def __init__(self, head: Head, uptake: Volume, scan: Scan) -> None:
        affine, origins = head.anatomy.affine, head.voxel_origins()
        lowest = scan.lowest_mm - 40.0  # a tilted head shows more of what is below it
        # Only line integrals are made of the attenuation: every second voxel of the head will do.
        mu = interpolate(
            block_mean(attenuation_map(head.fractions), _PAIRS)[None],
            _of_blocks(affine, _PAIRS),
            np.ascontiguousarray(origins[:, ::2, ::2, ::2]),
        )[0]
        every_second = affine @ np.diag([*_PAIRS, 1.0])
        self.attenuation, self.attenuation_affine = with_body(mu, every_second, lowest)
        tissue = _blocks_near(mu, 1, _PAIRS, uptake.shape)
        sharp = _interpolate_in(uptake, affine, origins, tissue)
        sharp, self.affine = with_body(sharp, affine, lowest)
        self.uptake, self.image = reconstructed(
            sharp,
            np.diag(self.affine)[:3].tolist(),
            scan.fwhm_mm,
            RECONSTRUCTIONS[scan.reconstruction],
            2 * _READING_VARIANCE,
        )


def acquire(seen: Scanned, scan: Scan, tracer: str, *, dynamic: bool = False) -> FrameSeries:
    """Scan a head: pose, motion, voxels, wrong corrections, noise and scale.

    Args:
        seen: The head without noise.
        scan: Settings of the acquisition.
        tracer: BIDS label of the tracer.
        dynamic: Whether the scanner exports its four frames, instead of their average.

    Returns:
        The exported frames in Bq/mL, RAS+, decay-corrected to the start of the first.
    """
    start = (TRACERS[tracer].window_minutes[0] + scan.minutes_late) * 60.0
    half_life = TRACERS[tracer].half_life_seconds
    random = np.random.default_rng(scan.seed)
    attenuation = _attenuation(seen, scan)
    means = _noise_free(seen, scan, attenuation)
    # Counts decay while a patient waits.
    cv = scan.noise_cv * 2 ** (scan.minutes_late * 60.0 / half_life / 2)
    weights = np.exp2(-np.arange(FRAMES) * FRAME_SECONDS / half_life)
    if dynamic:
        volumes = [means[frame % len(means)] for frame in range(FRAMES)]
        # The counts of 20 minutes are shared among the frames, later ones get fewer.
        noises = cv * np.sqrt(weights.sum() / weights)
        seconds = FRAME_SECONDS
    else:
        volumes = [np.mean(means, axis=0, dtype=np.float32)]
        noises = np.array([cv])
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


def _noise_free(seen: Scanned, scan: Scan, attenuation: Volume) -> Sequence[Volume]:
    """One volume of a head that lies still, else one a frame."""
    factors = coarsening(SITES[scan.site].zooms_mm, GRID_MM)
    head = _blocks_near(attenuation, _SEEN_AROUND, factors, scan.shape)
    images = []
    for frame in range(FRAMES if scan.motion else 1):
        to_head = np.linalg.inv(scan.head_to_scanner(frame)) @ scan.affine
        points = grid_points(scan.shape, to_head)
        image = _interpolate_in(seen.image, seen.affine, points, head)
        images.append(_corrected(image, attenuation, scan))
    return images


def _corrected(image: Volume, mu: Volume, scan: Scan) -> Volume:
    """An image with what the scanner's corrections do wrong."""
    zooms = SITES[scan.site].zooms_mm
    image = widened_outward(image, zooms, scan.fwhm_mm, scan.edge_ratio)
    factors = coarsening(zooms, GRID_MM)
    steps = np.multiply(zooms, factors)
    coarse = block_mean(image, factors)
    error = scatter_left(coarse, mu, steps, scan.scatter_left)
    if scan.bone_missed:
        error += correction_error(coarse, missed_bone(mu, scan.bone_missed), steps)
    if any(scan.ct_shift_mm):
        error += correction_error(coarse, shifted_ct(mu, steps, scan.ct_shift_mm), steps)
    image += interpolate_blocks(error, factors, image.shape)
    image *= axial_efficiency(scan.slices, zooms[2], scan.axial_slope, scan.axial_bow)
    image *= dead_time_factor(image, zooms[2], scan.dead_time)
    return image


def _attenuation(seen: Scanned, scan: Scan) -> Volume:
    """Attenuation in the middle of each block of a scan's voxels."""
    factors = coarsening(SITES[scan.site].zooms_mm, GRID_MM)
    shape = tuple(-(-n // k) for n, k in zip(scan.shape, factors, strict=True))
    to_head = np.linalg.inv(scan.head_to_scanner()) @ _of_blocks(scan.affine, factors)
    points = grid_points(shape, to_head)
    mu: Volume = interpolate(seen.attenuation[None], seen.attenuation_affine, points)[0]
    return mu


def _blocks_near(
    mu: Volume, steps: int, factors: Sequence[int], shape: tuple[int, ...]
) -> NDArray[np.int64]:
    """Indices of the voxels in blocks that hold tissue, or lie within some blocks of such."""
    near = ndimage.binary_dilation(mu > 0, iterations=steps)
    for axis, factor in enumerate(factors):
        near = near.repeat(factor, axis)
    return np.flatnonzero(near[tuple(slice(n) for n in shape)])


def _interpolate_in(
    volume: Volume, affine: NDArray[np.float64], points: Points, index: NDArray[np.int64]
) -> Volume:
    """Read a volume at some of the points of a grid; the others, most of them air, are 0."""
    read = np.zeros(points.shape[1:], np.float32)
    inside = points.reshape(3, -1).take(index, axis=1)
    read.reshape(-1)[index] = interpolate(volume[None], affine, inside)[0]
    return read


def _of_blocks(affine: NDArray[np.float64], factors: Sequence[int]) -> NDArray[np.float64]:
    """Index of a block of ``factors`` voxels to the millimetres of its middle."""
    blocks = np.diag([*factors, 1.0])
    blocks[:3, 3] = (np.array(factors) - 1) / 2
    return affine @ blocks


def _export(
    mean: Volume, attenuation: Volume, scan: Scan, cv: float, random: np.random.Generator
) -> Volume:
    zooms = SITES[scan.site].zooms_mm
    # Air is not free of counts: randoms and scatter are only subtracted on average.
    counted = np.maximum(mean, np.float32(_LEAST_COUNTED))
    volume = correlated_noise(
        counted,
        attenuation,
        scan.fwhm_mm,
        zooms,
        cv,
        random,
        RECONSTRUCTIONS[scan.reconstruction],
    )
    volume += mean
    # Scanners store whole numbers of Bq/mL.
    np.clip(volume, 0, None, out=volume)
    volume *= np.float32(scan.scale)
    return np.rint(volume, out=volume)
