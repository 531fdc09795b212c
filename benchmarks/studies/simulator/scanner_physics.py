"""The fast scanner against a real reconstruction.

    python -m benchmarks.studies.simulator.scanner_physics

Three slices of the ICBM 152 head are projected, attenuated, counted and reconstructed by OSEM,
many times; the noise is compared with what `phantom.noise` draws in milliseconds. Then the CT
is shifted, and the error of the reconstruction compared with `phantom.attenuation`.
"""

import argparse
import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.figures import record
from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.phantom.people.geometry.anatomy import TISSUES, load_anatomy
from monai_amyloid.phantom.scanning.attenuation import (
    attenuation_map,
    correction_error,
    correction_factor,
    shifted_ct,
)
from monai_amyloid.phantom.scanning.noise import (
    correlated_noise,
    cv_of_counts,
    relative_sd,
    texture,
)
from monai_amyloid.phantom.scanning.tomography import reconstruct

# Uptake of grey, white, CSF, ventricle, skull and soft tissue in a positive florbetaben scan.
UPTAKE = (1.3, 1.9, 0.25, 0.15, 0.7, 0.9)
VOXEL_MM = 2.0
ZOOMS_MM = (VOXEL_MM,) * 3
LEVELS_MM = {"cerebellum": -38, "basal ganglia": 8, "convexity": 42}
BRAIN = slice(0, 4)
# Resolution of the image, and true coincidences a slice.
SETTINGS = ((5.2, 5e6), (5.2, 1.25e6), (3.5, 5e6), (8.5, 5e6))
SHIFTS_MM = ((5, 0, 0), (0, 5, 0), (10, 0, 0), (0, 10, 0), (0, 0, 10))

Mask = NDArray[np.bool_]


def blur(volume: NDArray[np.float32], fwhm_mm: float) -> NDArray[np.float32]:
    """Blur by a Gaussian."""
    return ndimage.gaussian_filter(volume, fwhm_mm / FWHM_PER_SIGMA / VOXEL_MM, mode="nearest")


class Head:
    """Fractions, uptake and attenuation on a square grid, and the regions to look at."""

    def __init__(self) -> None:
        found = load_anatomy("icbm152")
        x, y, _ = found.fractions.shape[1:]
        margin = ((y - x) // 2, (y - x + 1) // 2)
        self.fractions = np.pad(found.fractions, ((0, 0), margin, (0, 0), (0, 0)))
        # The projector sees a circle; only the tip of the neck lies outside.
        place = np.arange(y) - (y - 1) / 2
        self.fractions *= (np.hypot.outer(place, place) < y / 2 - 2)[..., None]
        self.sharp = np.tensordot(np.array(UPTAKE, np.float32), self.fractions, axes=1)
        self.mu = attenuation_map(self.fractions)
        heights = found.affine[2, 3] + VOXEL_MM * np.arange(self.mu.shape[2])
        self.levels = [int(np.abs(heights - mm).argmin()) for mm in LEVELS_MM.values()]

    def brain(self) -> Mask:
        """Brain in the three slices, ``(N, N, 3)``."""
        inside = self.fractions[BRAIN].sum(axis=0)[..., self.levels] > 0.9
        return np.stack([ndimage.binary_erosion(s) for s in np.moveaxis(inside, -1, 0)], axis=-1)

    def regions(self) -> Iterator[tuple[str, Mask]]:
        """Tissues by slice, then centre and edge."""
        brain = self.brain()
        tissue = dict(zip(TISSUES, self.fractions[..., self.levels], strict=True))
        for number, level in enumerate(LEVELS_MM):
            here = np.arange(len(LEVELS_MM)) == number
            yield f"{level}, grey", brain & here & (tissue["grey"] > 0.8)
            yield f"{level}, white", brain & here & (tissue["white"] > 0.9)
        yield "CSF and ventricles", brain & (tissue["csf"] + tissue["ventricle"] > 0.8)
        depth = ndimage.distance_transform_edt(brain, sampling=(VOXEL_MM, VOXEL_MM, 1e3))
        yield "brain, outer 8 mm", brain & (depth <= 8)
        yield "brain, deeper than 40 mm", depth > 40
        yield "scalp and muscle", tissue["soft_tissue"] > 0.8


def root_mean_square(values: NDArray[np.float32]) -> float:
    """Of SDs: the root of the mean variance."""
    return float(np.sqrt(np.mean(np.square(values, dtype=float))))


def autocorrelation(noise: NDArray[np.float32], mask: Mask, axis: int) -> NDArray[np.float64]:
    """At lags of 1 to 4 voxels, of noise of SD 1 ``(N, N, S)``."""
    return np.array([np.mean((noise * np.roll(noise, k, axis))[mask]) for k in range(1, 5)])


def compare_noise(head: Head, fwhm_mm: float, counts: float, realisations: int) -> None:
    """Print SD ratios, variance against mean, and autocorrelation."""
    # Half of the variance of the point spread is the detectors', half the filter's.
    detectors_mm = filter_mm = fwhm_mm / np.sqrt(2)
    many = np.tile(head.levels, realisations)
    scans = reconstruct(
        blur(head.sharp, detectors_mm)[..., many],
        head.mu[..., many],
        VOXEL_MM,
        counts,
        post_filter_mm=filter_mm,
        random=np.random.default_rng(0),
    )
    scans = scans.reshape(*scans.shape[:2], realisations, len(head.levels))
    true_sd = scans.std(axis=2, ddof=1)
    image = blur(head.sharp, fwhm_mm)
    fast_sd = relative_sd(image, head.mu, filter_mm, ZOOMS_MM)[..., head.levels]
    image, brain = image[..., head.levels], head.brain()
    cv = root_mean_square(true_sd[brain]) / root_mean_square(fast_sd[brain])
    fast_sd *= cv
    print(f"\n### {fwhm_mm} mm, {counts / 1e6:g} M trues a slice: noise CV {cv:.3f}\n")
    print("| region | voxels | OSEM SD | fast SD | OSEM / fast |\n|---|---|---|---|---|")
    bands = ((0.3, 0.8), (0.8, 1.2), (1.2, 1.6), (1.6, 2.0))
    by_mean = ((f"brain of {a} to {b}", brain & (image >= a) & (image < b)) for a, b in bands)
    for name, mask in (*head.regions(), *by_mean):
        one, other = root_mean_square(true_sd[mask]), root_mean_square(fast_sd[mask])
        print(f"| {name} | {mask.sum()} | {one:.3f} | {other:.3f} | {one / other:.2f} |")
        record(f"{fwhm_mm} mm, {counts / 1e6:g} M, {name}: SD, OSEM over fast", one / other)
    ratio = true_sd[brain] / fast_sd[brain]
    low, high = np.percentile(ratio, [5, 95])
    # The SD of an SD from few realisations is wide by itself.
    chance = 1.64 / np.sqrt(2 * realisations)
    print(
        f"\nOSEM / fast, voxel by voxel in the brain: {low:.2f} to {high:.2f} (5th to 95th ", end=""
    )
    print(f"percentile; the number of realisations alone: {1 - chance:.2f} to {1 + chance:.2f}).")
    powers = [
        np.polyfit(np.log(image[brain]), 2 * np.log(sd[brain]), 1)[0] for sd in (true_sd, fast_sd)
    ]
    print(f"Variance goes with mean to the power {powers[0]:.2f} (OSEM), {powers[1]:.2f} (fast).\n")
    drawn = texture((*brain.shape[:2], realisations), filter_mm, ZOOMS_MM, np.random.default_rng(1))
    print("| autocorrelation at 1, 2, 3, 4 voxels | OSEM | fast | largest difference |")
    print("|---|---|---|---|")
    for axis, direction in enumerate(("left-right", "front-back")):
        fast = autocorrelation(drawn, np.ones(drawn.shape, bool), axis)
        for number, level in enumerate(LEVELS_MM):
            centred = scans[..., number] - scans[..., number].mean(axis=2, keepdims=True)
            centred /= true_sd[..., [number]] + 1e-9
            true = autocorrelation(centred, brain[..., number], axis)
            written = [" ".join(f"{value:.2f}" for value in row) for row in (true, fast)]
            difference = np.abs(true - fast).max()
            print(f"| {level}, {direction} | {' | '.join(written)} | {difference:.2f} |")


def compare_mismatch(head: Head) -> None:
    """Print how close the fast bias fields are to the reconstruction's."""
    filter_mm = 5.2 / np.sqrt(2)
    activity = blur(head.sharp, filter_mm)[..., head.levels]
    image, brain = blur(head.sharp, 5.2), head.brain()
    mu = head.mu[..., head.levels]
    right = reconstruct(activity, mu, VOXEL_MM, 5e6, post_filter_mm=filter_mm)
    print("\n### CT beside the PET: uptake over that with the right CT, in the brain\n")
    print("| shift x, y, z, mm | level | OSEM, 1st to 99th percentile | ", end="")
    print("correlation with error, factor | mean difference from error, factor, none |")
    print("|---|---|---|---|---|")
    for shift in SHIFTS_MM:
        moved = ndimage.shift(head.mu, np.divide(shift, VOXEL_MM), order=1, mode="nearest")
        wrong = reconstruct(
            activity,
            mu,
            VOXEL_MM,
            5e6,
            post_filter_mm=filter_mm,
            ct_mu=moved[..., head.levels],
        )
        error = correction_error(image, shifted_ct(head.mu, ZOOMS_MM, shift), ZOOMS_MM)
        models = (
            1 + error / np.maximum(image, 1e-6),
            correction_factor(shifted_ct(head.mu, ZOOMS_MM, shift), ZOOMS_MM),
        )
        for number, (level, index) in enumerate(zip(LEVELS_MM, head.levels, strict=True)):
            mask = brain[..., number]
            true = (wrong / np.maximum(right, 1e-6))[mask, number]
            fast = [model[mask, index] for model in models]
            low, high = np.percentile(true, [1, 99])
            alike = ", ".join(f"{np.corrcoef(true, one)[0, 1]:.2f}" for one in fast)
            apart = ", ".join(f"{np.abs(true - one).mean():.3f}" for one in (*fast, 1.0))
            print(f"| {shift} | {level} | {low:.2f} to {high:.2f} | {alike} | {apart} |")


def compare_time(head: Head) -> None:
    """Print what the fast model costs on a scan."""
    image = np.ascontiguousarray(blur(head.sharp, 5.2)[..., 20:110])
    mu = np.ascontiguousarray(head.mu[..., 20:110])
    random = np.random.default_rng(0)
    work: dict[str, Callable[[], object]] = {
        "correlated_noise": lambda: correlated_noise(image, mu, 5.2, ZOOMS_MM, 0.08, random),
        "mismatch_error": lambda: correction_error(
            image, shifted_ct(mu, ZOOMS_MM, (5, 3, 2)), ZOOMS_MM
        ),
        "mismatch_factor": lambda: correction_factor(shifted_ct(mu, ZOOMS_MM, (5, 3, 2)), ZOOMS_MM),
    }
    print("\n### Seconds for 128 x 128 x 90 voxels, median of seven\n")
    for name, call in work.items():
        times = []
        for _ in range(7):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        print(f"- {name}: {np.median(times):.3f}")
    print(f"- a quarter of the counts: CV {cv_of_counts(0.25):.3f}, by the square root")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--realisations", type=int, default=80)
    realisations = parser.parse_args().realisations
    head = Head()
    print(f"OSEM, 21 subsets x 4 iterations, {realisations} realisations of each slice")
    for fwhm_mm, counts in SETTINGS:
        compare_noise(head, fwhm_mm, counts, realisations)
    compare_mismatch(head)
    compare_time(head)


if __name__ == "__main__":
    main()
