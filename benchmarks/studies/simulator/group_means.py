"""Simulated group means against real ones.

    python -m benchmarks.studies.simulator.group_means FOLDER

FOLDER holds florbetaben_neg.nii.gz and florbetaben_pos.nii.gz, the rPOP group means in MNI space
(https://github.com/LeoIacca/rPOP; Iaccarino et al. 2022, doi:10.1016/j.neuroimage.2022.119173).
As many people are simulated for each group, scanned with noise, and carried to the template by
the known transform; both means are SUVR over the GAAIN whole cerebellum, and are measured in the
same masks. --quick has few people, to see a change while trying.

The real images are CC BY-NC-SA 4.0 and are not carried: --picture shows simulated images, and of
the real ones profiles alone. With --with-real it shows both, for oneself.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from scipy.optimize import minimize_scalar
from threadpoolctl import threadpool_limits

from benchmarks.figures import record
from monai_amyloid.brain.template import (
    TEMPLATE_AFFINE,
    TEMPLATE_SHAPE,
    brain_mask,
    regions,
    voi,
)
from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.truth import regional_truth
from monai_amyloid.phantom.people.geometry.anatomy import TISSUES, load_anatomy
from monai_amyloid.phantom.people.geometry.deformation import Points, grid_points, interpolate
from monai_amyloid.phantom.people.geometry.morphology import Morphology
from monai_amyloid.phantom.people.head import shape_head
from monai_amyloid.phantom.people.person import draw_sessions
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

Volume = NDArray[np.float32]
Mask = NDArray[np.bool_]

GRADES = {"neg": 1, "pos": 3}
# Scans that show less of the cerebellum cannot be made SUVR; nobody averages them.
CEREBELLUM_SHARE = 0.95
TISSUE_SHARE = 0.8
LARGEST_DIFFERENCE = 0.06
PLANES_MM = (4.0, -26.0, 20.0)  # where the picture cuts: sagittal, coronal, axial
MOST_EXTRA_FWHM_MM = 10.0
QUICK_PEOPLE = 12


@dataclass(frozen=True)
class InTemplate:
    """One person's scan in the template: SUVR, where the field of view reached, and the truth."""

    suvr: Volume
    seen: Mask
    cortex: float
    cerebellum_share: float


def in_template(number: int, seed: int, grade: int) -> InTemplate:
    """Simulate, scan and carry one person to the template's grid."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        (session,) = draw_sessions(Plan(seed=seed), number, grade)
        ideal = Scanned(session.head, session.uptake, session.scan)
        volume = acquire(ideal, session.scan, "18FFBB").frames[0].load()
        points = grid_points(TEMPLATE_SHAPE, TEMPLATE_AFFINE)
        turn = session.scan.head_to_scanner().astype(np.float32)
        places = np.tensordot(turn[:3, :3], session.head.from_template(points), axes=1)
        places += turn[:3, 3].reshape(3, 1, 1, 1)
        both = np.stack([volume, np.ones_like(volume)])
        carried, inside = interpolate(both, session.scan.affine, places)
    seen = inside > 0.999
    cerebellum = voi("whole_cerebellum") & seen
    return InTemplate(
        np.where(seen, carried, 0) / carried[cerebellum].mean(),
        seen,
        regional_truth(session.head, ideal)["cortex"],
        np.count_nonzero(cerebellum) / np.count_nonzero(voi("whole_cerebellum")),
    )


def simulated_mean(group: str, people: int, seed: int, workers: int) -> tuple[Volume, Volume]:
    """Mean SUVR of a group, and how many scans each voxel is the mean of."""
    total, count = np.zeros((2, *TEMPLATE_SHAPE), np.float32)
    cortex: list[float] = []
    first = 1 + list(GRADES).index(group) * 10 * people
    left_out = 0
    make = partial(in_template, seed=seed, grade=GRADES[group])
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        while len(cortex) < people:
            batch = range(first, first + people - len(cortex))
            first = batch.stop
            for one in pool.map(make, batch):
                if one.cerebellum_share < CEREBELLUM_SHARE:
                    left_out += 1
                    continue
                total += one.suvr
                count += one.seen
                cortex.append(one.cortex)
    print(
        f"{group}: {people} scans, SUVR of the GAAIN cortex without noise {np.mean(cortex):.3f}; "
        f"{left_out} more left out, their cerebellum is cut"
    )
    return total, count


def real_mean(path: Path) -> Volume:
    """A real group mean on the template's grid, SUVR over the whole cerebellum; 0 outside."""
    image = nib.as_closest_canonical(nib.load(path))
    data = np.ascontiguousarray(image.dataobj, np.float32)
    points = grid_points(TEMPLATE_SHAPE, TEMPLATE_AFFINE)
    carried = interpolate(data[None], image.affine, points)[0]
    return np.asarray(carried / carried[voi("whole_cerebellum")].mean(), np.float32)


def blurred(total: Volume, count: Volume, fwhm_mm: float) -> Volume:
    """The mean of a group, blurred; SUVR over the whole cerebellum."""
    sigma = fwhm_mm / FWHM_PER_SIGMA / TEMPLATE_AFFINE[0, 0]
    known = ndimage.gaussian_filter((count > 0).astype(np.float32), sigma)
    mean = ndimage.gaussian_filter(total / np.maximum(count, 1), sigma) / np.maximum(known, 1e-3)
    return np.asarray(mean / mean[voi("whole_cerebellum")].mean(), np.float32)


def blur_between(sums: dict[str, tuple[Volume, Volume]], real: dict[str, Volume]) -> float:
    """Blur, FWHM in mm, that brings simulated means nearest to the real ones in the brain."""
    brain = brain_mask() & (real["neg"] > 0)

    def apart(fwhm_mm: float) -> float:
        return sum(
            float(((blurred(*sums[group], fwhm_mm) - real[group])[brain] ** 2).mean())
            for group in GRADES
        )

    found = minimize_scalar(
        apart, bounds=(0, MOST_EXTRA_FWHM_MM), method="bounded", options={"xatol": 0.1}
    )
    return float(found.x)


def masks() -> dict[str, Mask]:
    """The facts' regions in the template: an atlas's, and tissues of the typical head."""
    atlas = regions()
    found = {
        str(region): np.isin(atlas.labels, rows["label"])
        for region, rows in atlas.table.groupby("region", sort=False)
        if region != "cerebellum"
    }
    points = grid_points(TEMPLATE_SHAPE, TEMPLATE_AFFINE)
    typical = shape_head(Morphology())
    places = typical.to_anatomy(typical.from_template(points))
    tissue = dict(
        zip(TISSUES, interpolate(typical.fractions, typical.anatomy.affine, places), strict=True)
    )
    cerebellum, brainstem = (_territory(name, places) for name in ("cerebellum", "brainstem"))
    cerebrum = ~cerebellum & ~brainstem
    found |= {
        "cerebral white matter": (tissue["white"] > TISSUE_SHARE) & cerebrum,
        "cerebellar grey": (tissue["grey"] > TISSUE_SHARE) & cerebellum,
        "cerebellar white": (tissue["white"] > TISSUE_SHARE) & cerebellum,
        "ventricle": tissue["ventricle"] > TISSUE_SHARE,
    }
    return {name.replace("_", " "): mask for name, mask in found.items()}


def _territory(region: str, places: Points) -> Mask:
    anatomy, table = load_anatomy("icbm152"), regions().table
    inside = np.isin(anatomy.labels, table["label"][table.region == region]).astype(np.float32)
    return np.asarray(interpolate(inside[None], anatomy.affine, places)[0] > 0.5)


def print_table(real: dict[str, Volume], simulated: dict[str, Volume]) -> None:
    """Print a row a region, and how many agree in both groups."""
    print("\n| region | voxels | real neg | simulated | diff. | real pos | simulated | diff. |")
    print("|---|---|---|---|---|---|---|---|")
    agreeing = 0
    found = masks()
    for name, mask in found.items():
        cells, differences = [], []
        for group in GRADES:
            one, other = float(real[group][mask].mean()), float(simulated[group][mask].mean())
            differences.append(other - one)
            cells.append(f"{one:.2f} | {other:.2f} | {other - one:+.2f}")
        agrees = max(map(abs, differences)) <= LARGEST_DIFFERENCE
        agreeing += agrees
        mark = "" if agrees else " (*)"
        print(f"| {name}{mark} | {np.count_nonzero(mask)} | {' | '.join(cells)} |")
    print(
        f"\n{agreeing} of {len(found)} regions agree within {LARGEST_DIFFERENCE} in both groups; "
        "(*) the others"
    )
    record(f"regions within {LARGEST_DIFFERENCE} SUVR", agreeing, f"of {len(found)}")
    brain = brain_mask() & (real["neg"] > 0)
    for group in GRADES:
        correlation = np.corrcoef(real[group][brain], simulated[group][brain])[0, 1]
        error = float((simulated[group] - real[group])[brain].std())
        print(
            f"{group}: voxel-wise correlation in the brain {correlation:.4f}, "
            f"SD of the difference {error:.3f}"
        )
        record(f"{group}: voxel-wise correlation in the brain", correlation)


def draw(real: dict[str, Volume], simulated: dict[str, Volume], path: Path, both: bool) -> None:
    """Draw three planes of each group, and profiles along the axes through where they meet."""
    from matplotlib.figure import Figure  # for pictures alone

    x, y, z = index = np.rint((PLANES_MM - TEMPLATE_AFFINE[:3, 3]) / 2).astype(int)
    lines = (np.s_[:, y, z], np.s_[x, :, z], np.s_[x, y, :])
    names = ("left to right", "back to front", "down to up")
    sources = {"simulated": simulated} | ({"real": real} if both else {})
    rows = [(group, source) for group in GRADES for source in sources]
    figure = Figure(figsize=(11, 1.9 * len(rows) + 2.6), layout="constrained")
    axes = figure.subplots(len(rows) + 2, 3) if both else figure.subplots(4, 3)
    for row, (group, source) in zip(axes, rows, strict=False):
        volume = sources[source][group]
        for axis, plane in enumerate(index):
            cut = np.take(volume, plane, axis).T
            shown = row[axis].imshow(cut, origin="lower", cmap="Spectral_r", vmin=0, vmax=2.2)
            row[axis].set(xticks=[], yticks=[])
            row[axis].set_title(f"{source} {group}, {'xyz'[axis]} = {PLANES_MM[axis]:g} mm", size=8)
        figure.colorbar(shown, ax=row, label="SUVR")
    for row, group in zip(axes[len(rows) :], GRADES, strict=True):
        for axis, (line, name) in enumerate(zip(lines, names, strict=True)):
            place = TEMPLATE_AFFINE[axis, 3] + 2 * np.arange(TEMPLATE_SHAPE[axis])
            row[axis].plot(place, real[group][line], "k", lw=1, label="real")
            row[axis].plot(place, simulated[group][line], "C3--", lw=1, label="simulated")
            row[axis].set_title(f"{group}, {name} (mm), SUVR", size=8)
            row[axis].tick_params(labelsize=7)
        row[0].legend(fontsize=7)
    figure.savefig(path, dpi=80)


def main() -> None:
    """Simulate both groups, find the templates' blur, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, help="of the real group means")
    parser.add_argument("--people", type=int, default=60, help="in each group")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PEOPLE} in each group")
    parser.add_argument("--seed", type=int, default=1, help="not 0: no one of the standard cohort")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--picture", type=Path, help="to be written")
    parser.add_argument("--with-real", action="store_true", help="the picture shows real images")
    given = parser.parse_args()
    real = {group: real_mean(given.folder / f"florbetaben_{group}.nii.gz") for group in GRADES}
    people = QUICK_PEOPLE if given.quick else given.people
    sums = {g: simulated_mean(g, people, given.seed, given.workers) for g in GRADES}
    fwhm = blur_between(sums, real)
    print(f"extra blur that matches the real means best: {fwhm:.2f} mm FWHM")
    simulated = {group: blurred(*sums[group], fwhm) for group in GRADES}
    print_table(real, simulated)
    if given.picture:
        draw(real, simulated, given.picture, given.with_real)


if __name__ == "__main__":
    main()
