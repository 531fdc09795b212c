"""The fast scanner's images against a real reconstruction: convergence, edges and corrections.

    python -m benchmarks.studies.simulator.scanner_corrections

Discs, then three slices of the ICBM 152 head are projected, attenuated and reconstructed by OSEM
without noise, with and without the detectors' blur in the projector; the image is compared with
what `phantom.reconstruction` makes in a tenth of a second. A stack of slices that are blurred along
z too shows whether that holds between slices. Then scatter is left and bone missed, and the error
compared with `phantom.corrections` and `phantom.attenuation`. Time of flight has no counterpart
here: its lines are taken to be shorter.
"""

import argparse

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.figures import record
from benchmarks.studies.simulator.scanner_physics import (
    BRAIN,
    LEVELS_MM,
    VOXEL_MM,
    ZOOMS_MM,
    Head,
)
from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.phantom.people.geometry.anatomy import TISSUES
from monai_amyloid.phantom.scanning.attenuation import (
    WATER,
    block_mean,
    correction_error,
    correction_factor,
    interpolate,
    missed_bone,
)
from monai_amyloid.phantom.scanning.corrections import SCATTER_TO_TRUES, scatter_left
from monai_amyloid.phantom.scanning.reconstruction import (
    RECONSTRUCTIONS,
    Reconstruction,
    reconstructed,
    widths,
)
from monai_amyloid.phantom.scanning.tomography import (
    projector,
    reconstruct,
    view_count,
)

# Those without time of flight, at the resolutions of the sites that have them.
CHECKED = {"osem": 5.8, "osem_short": 7.4, "psf": 6.8}
# So far apart that slices do not meet.
APART_MM = (VOXEL_MM, VOXEL_MM, 1000.0)
COUNTS = 5e6
SHARE = 0.2  # of the scatter that is left
MISSED = 0.6  # of the bone

Volume = NDArray[np.float32]


def osem(
    sharp: Volume, mu: Volume, fwhm_mm: float, way: Reconstruction, slice_mm: float | None = None
) -> Volume:
    """Reconstruct slices without noise, blurred and filtered along z where they have a distance."""
    detectors_mm, filter_mm = widths(fwhm_mm, way)
    steps = (VOXEL_MM, VOXEL_MM, slice_mm or np.inf)
    seen = gaussian(sharp, detectors_mm, steps)
    image = reconstruct(
        seen,
        mu,
        VOXEL_MM,
        COUNTS,
        subsets=way.subsets,
        iterations=way.iterations,
        psf_mm=(detectors_mm, detectors_mm if slice_mm else 0.0) if way.psf else (0.0, 0.0),
        slice_mm=slice_mm,
    )
    return gaussian(image, filter_mm, steps)


def gaussian(volume: Volume, fwhm_mm: float, steps_mm: tuple[float, ...]) -> Volume:
    """Blur by a Gaussian."""
    sigma = [fwhm_mm / FWHM_PER_SIGMA / step for step in steps_mm]
    return np.asarray(ndimage.gaussian_filter(volume, sigma, mode="constant"), np.float32)


def apart(sharp: Volume, fwhm_mm: float, way: Reconstruction) -> tuple[Volume, Volume]:
    """See single slices by the ideal scanner and by the fast one."""
    found = [
        [each[..., 4:5] for each in reconstructed(np.repeat(one, 9, 2), APART_MM, fwhm_mm, way)]
        for one in np.split(sharp, sharp.shape[2], axis=2)
    ]
    ideal, fast = (np.concatenate(each, axis=2) for each in zip(*found, strict=True))
    return ideal, fast


def compare_discs() -> None:
    """Print an edge's overshoot, a cold hole and a small hot place."""
    size = 112
    place = (np.arange(size) - size / 2) * VOXEL_MM
    x, y = np.meshgrid(place, place, indexing="ij")

    def disc(radius: float, at_x: float = 0.0, at_y: float = 0.0) -> NDArray[np.float64]:
        return np.clip((radius - np.hypot(x - at_x, y - at_y)) / VOXEL_MM + 0.5, 0, 1)

    step = disc(85) + 0.6 * disc(30)
    places = disc(85) - 0.9 * disc(14, -36) - 0.5 * disc(6, 0, 40) + 0.9 * disc(6, 36)
    sharp = np.stack([step, places], axis=-1).astype(np.float32)
    mu = (WATER * disc(88)[..., None]).astype(np.float32)
    middle = size // 2
    print("| reconstruction | | truth | Gaussian | OSEM | fast |\n" + "|---" * 6 + "|")
    for name, fwhm_mm in CHECKED.items():
        way = RECONSTRUCTIONS[name]
        images = (sharp, *apart(sharp, fwhm_mm, way), osem(sharp, mu, fwhm_mm, way))
        shown = {
            "overshoot inside an edge of 0.6": lambda i: (
                (i[middle + 8 : middle + 15, middle, 0].max() - 1.6) / 0.6
            ),
            "cold hole of 28 mm, 0.1": lambda i: i[middle - 18, middle, 1],
            "cool hole of 12 mm, 0.5": lambda i: i[middle, middle + 20, 1],
            "hot place of 12 mm, 1.9": lambda i: i[middle + 18, middle, 1],
        }
        for what, read in shown.items():
            truth, ideal, fast, true = (float(read(image)) for image in images)
            print(
                f"| {name}, {fwhm_mm} mm | {what} | {truth:.3f} | {ideal:.3f} | {true:.3f} | ",
                end="",
            )
            print(f"{fast:.3f} |")
            record(f"{name}, {what}: OSEM", true)
            record(f"{name}, {what}: fast", fast)


def compare_head(head: Head) -> None:
    """Print how far the images of the head are from OSEM's."""
    sharp, mu = head.sharp[..., head.levels], head.mu[..., head.levels]
    tissue = dict(zip(TISSUES, head.fractions[..., head.levels], strict=True))
    brain = head.brain()
    regions = {
        "grey": brain & (tissue["grey"] > 0.8),
        "white": brain & (tissue["white"] > 0.9),
        "fluid": brain & (tissue["csf"] + tissue["ventricle"] > 0.8),
    }
    print("\n| reconstruction | root mean square from OSEM: Gaussian, fast | ", end="")
    print("mean of OSEM less fast: grey, white, fluid |\n|---|---|---|")
    for name, fwhm_mm in CHECKED.items():
        way = RECONSTRUCTIONS[name]
        ideal, fast = apart(sharp, fwhm_mm, way)
        true = osem(sharp, mu, fwhm_mm, way)
        off = [float(np.sqrt(np.mean((each - true)[brain] ** 2))) for each in (ideal, fast)]
        bias = [float((true - fast)[mask].mean()) for mask in regions.values()]
        print(f"| {name} | {off[0]:.4f}, {off[1]:.4f} | {', '.join(f'{b:+.3f}' for b in bias)} |")
        record(f"{name}, head: Gaussian from OSEM, root mean square", off[0])
        record(f"{name}, head: fast from OSEM, root mean square", off[1])


def compare_stack(head: Head) -> None:
    """Print the same of slices that meet: blurred along z, with that blur in the projector."""
    level = head.levels[0]
    slices = slice(level - 14, level + 15)
    sharp, mu = head.sharp[..., slices], head.mu[..., slices]
    inside = head.fractions[BRAIN].sum(axis=0)[..., slices] > 0.9
    inside[..., :8] = inside[..., -8:] = False  # what lies beyond the stack is missing there
    print("\n| stack of 29 slices | root mean square from OSEM: Gaussian, fast | ", end="")
    print("profile along z at the strongest edge: OSEM, fast |\n|---|---|---|")
    for name in ("osem", "psf"):
        way, fwhm_mm = RECONSTRUCTIONS[name], CHECKED[name]
        ideal, fast = (
            each[..., : sharp.shape[2]] for each in reconstructed(sharp, ZOOMS_MM, fwhm_mm, way)
        )
        true = osem(sharp, mu, fwhm_mm, way, VOXEL_MM)
        off = [float(np.sqrt(np.mean((each - true)[inside] ** 2))) for each in (ideal, fast)]
        jump = np.abs(np.diff(sharp, axis=2)) * inside[..., 1:] * inside[..., :-1]
        x, y, z = np.unravel_index(jump.argmax(), jump.shape)
        profiles = [
            " ".join(f"{v:.2f}" for v in each[x, y, z - 3 : z + 5]) for each in (true, fast)
        ]
        print(f"| {name} | {off[0]:.4f}, {off[1]:.4f} | {', '.join(profiles)} |")
        record(f"{name}, stack: Gaussian from OSEM, root mean square", off[0])
        record(f"{name}, stack: fast from OSEM, root mean square", off[1])


def compare_corrections(head: Head) -> None:
    """Print the errors of scatter that is left and of bone that is missed."""
    mu, fwhm_mm, brain = head.mu[..., head.levels], CHECKED["osem"], head.brain()
    detectors_mm, filter_mm = widths(fwhm_mm, RECONSTRUCTIONS["osem"])
    activity = gaussian(head.sharp[..., head.levels], detectors_mm, (VOXEL_MM, VOXEL_MM, np.inf))
    # The resolution of the errors alone is wanted here, and they converge soon.
    right = reconstruct(activity, mu, VOXEL_MM, COUNTS, post_filter_mm=filter_mm)
    size, _, count = activity.shape
    views = view_count(size, 21)
    matrix = projector(size, views)
    lines, depth = (matrix @ each.reshape(size**2, count) for each in (activity, mu))
    trues = (lines * np.exp(-VOXEL_MM * depth)).reshape(views, size, count)
    broad = ndimage.gaussian_filter1d(trues, 110 / FWHM_PER_SIGMA / VOXEL_MM, axis=1)
    broad *= SHARE * SCATTER_TO_TRUES * trues.sum((0, 1)) / broad.sum((0, 1)) / trues.max()
    scattered = reconstruct(
        activity,
        mu,
        VOXEL_MM,
        COUNTS,
        post_filter_mm=filter_mm,
        scatter=broad.reshape(-1, count).astype(np.float32),
    )
    bony = reconstruct(
        activity,
        mu,
        VOXEL_MM,
        COUNTS,
        post_filter_mm=filter_mm,
        ct_mu=mu + missed_bone(mu, MISSED),
    )
    blocks = (2, 2, 1)
    coarse, coarse_mu = block_mean(right, blocks), block_mean(mu, blocks)
    steps = np.array([4.0, 4.0, 1000.0])
    map_error = missed_bone(coarse_mu, MISSED)
    factor = correction_factor(map_error, steps)
    models = {
        "scatter": (scattered - right, scatter_left(coarse, coarse_mu, steps, SHARE)),
        "bone, factor": (bony - right, coarse * (factor - 1)),
        "bone, error": (bony - right, correction_error(coarse, map_error, steps)),
    }
    print(
        "\n| error | level | OSEM, mean and 1st to 99th percentile | fast | correlation | ", end=""
    )
    print("mean difference |\n" + "|---" * 6 + "|")
    for name, (true, error) in models.items():
        fast = interpolate(np.asarray(error, np.float32), blocks, right.shape)
        for number, level in enumerate(LEVELS_MM):
            mask = brain[..., number]
            one, other = true[mask, number], fast[mask, number]
            spans = [
                f"{each.mean():+.4f} ({np.percentile(each, 1):+.3f} to "
                f"{np.percentile(each, 99):+.3f})"
                for each in (one, other)
            ]
            alike, apart_by = np.corrcoef(one, other)[0, 1], np.abs(one - other).mean()
            print(f"| {name} | {level} | {spans[0]} | {spans[1]} | {alike:.2f} | {apart_by:.4f} |")
            record(f"{name}, {level}: mean, OSEM", one.mean())
            record(f"{name}, {level}: mean, fast", other.mean())


def main() -> None:
    """Print all tables."""
    argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0]).parse_args()
    torch.set_num_threads(1)
    compare_discs()
    head = Head()
    compare_head(head)
    compare_stack(head)
    compare_corrections(head)


if __name__ == "__main__":
    main()
