"""The same people on two cameras.

    python -m benchmarks.studies.simulator.two_cameras

Each person is scanned at every site at one visit and one time after injection, without mishaps.
The Centiloid is read through the known deformation, so that it differs by the cameras alone, then
again after the sharper scan of each pair is smoothed to the other's resolution. `--normalised`
prints this program's own Centiloid too.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch
from scipy import ndimage

from benchmarks.figures import record
from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.pet.image import PetImage
from monai_amyloid.pet.widths import FWHM_PER_SIGMA
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.truth import regional_truth
from monai_amyloid.phantom.people.geometry.deformation import Points
from monai_amyloid.phantom.people.head import Head
from monai_amyloid.phantom.people.person import Session, draw_sessions
from monai_amyloid.phantom.scanning.scan import Scan, draw_scan
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire
from monai_amyloid.phantom.scanning.sites import SITES

_LOWEST_MM, _HIGHEST_MM = -90.0, 100.0
# Of the difference between two cameras, published for 36 people (AIBL): what matching the
# resolution removed.
_PUBLISHED_SHARE = 0.2


def usual_scan(site: str, number: int) -> Scan:
    """Draw a scan without mishaps at the tracer's usual time."""
    random = np.random.default_rng([23, number, list(SITES).index(site)])
    return replace(
        draw_scan(site, random),
        motion=(),
        ct_shift_mm=(0.0, 0.0, 0.0),
        minutes_late=0.0,
        lowest_mm=_LOWEST_MM,
        slices=int((_HIGHEST_MM - _LOWEST_MM) / SITES[site].zooms_mm[2]),
    )


def true_places(head: Head, scan: Scan, image: PetImage, tracer: str) -> float:
    """Centiloid of a scan, read where the template's regions truly lie."""

    def in_scanner(points: Points) -> Points:
        pose = scan.head_to_scanner().astype(np.float32)
        return np.tensordot(pose[:3, :3], head.from_template(points), axes=1) + pose[:3, 3:]

    posed, seen = (
        SimpleNamespace(from_template=in_scanner),
        SimpleNamespace(uptake=np.ascontiguousarray(image.data, np.float32), affine=scan.affine),
    )
    return centiloid(regional_truth(posed, seen)["cortex"], tracer)


def own_normalisation(head: Head, scan: Scan, image: PetImage, tracer: str) -> float:
    """Centiloid of a scan as this program finds it."""
    return normalize(image).centiloid


def smoothed(image: PetImage, scan: Scan, fwhm_mm: float) -> PetImage:
    """Blur a scan to a worse resolution."""
    more = np.sqrt(max(fwhm_mm**2 - scan.fwhm_mm**2, 0.0))
    sigma = more / FWHM_PER_SIGMA / np.array(SITES[scan.site].zooms_mm)
    return replace(image, data=ndimage.gaussian_filter(image.data, sigma))


def measure(
    count: int, seed: int, method: Callable[[Head, Scan, PetImage, str], float]
) -> pd.DataFrame:
    """One row a person and pair: the Centiloid of both, before and after smoothing."""
    plan, rows = Plan(seed=seed), []
    for number in range(1, count + 1):
        grade = (1, 2, 3)[number % 3]
        session = next(draw_sessions(plan, number, grade))
        scans = {site: usual_scan(site, number) for site in SITES}
        images = {}
        for site, scan in scans.items():
            seen = Scanned(session.head, session.uptake, scan)
            images[site] = static_image(acquire(seen, scan, plan.tracer))

        def read(
            site: str,
            image: PetImage,
            session: Session = session,
            scans: dict[str, Scan] = scans,
        ) -> float:
            return method(session.head, scans[site], image, plan.tracer)

        plain = {site: read(site, image) for site, image in images.items()}
        for one, other in combinations(SITES, 2):
            worse = max(scans[one].fwhm_mm, scans[other].fwhm_mm)
            after = [read(s, smoothed(images[s], scans[s], worse)) for s in (one, other)]
            rows.append(
                {
                    "pair": f"{one}, {other}",
                    "grade": grade,
                    "before": plain[other] - plain[one],
                    "after": after[1] - after[0],
                }
            )
    return pd.DataFrame(rows)


def report(rows: pd.DataFrame, name: str) -> None:
    """Print the differences by pair and overall."""
    print(f"\n### {name}\n")
    print("| pair | mean difference | SD | of grade 3 | after smoothing | SD | mended |")
    print("|---" * 7 + "|")
    late = rows[rows.grade == 3].groupby("pair").before.mean()
    by_pair = rows.groupby("pair", sort=False)[["before", "after"]].agg(["mean", "std"])
    for pair, found in by_pair.iterrows():
        before, after = found["before"], found["after"]
        mended = 1 - abs(after["mean"]) / abs(before["mean"])
        print(
            f"| {pair} | {before['mean']:+.1f} | {before['std']:.1f} | "
            f"{late[pair]:+.1f} | {after['mean']:+.1f} | "
            f"{after['std']:.1f} | {mended:.0%} |"
        )
        record(f"{name}, {pair}: difference", before["mean"], "Centiloid")
        record(f"{name}, {pair}: difference after smoothing", after["mean"], "Centiloid")
    before, after = (by_pair[when]["mean"].abs() for when in ("before", "after"))
    mended = 1 - after.sum() / before.sum()
    print(
        f"\nBetween two cameras: {before.mean():.1f} Centiloid on average over pairs, "
        f"{before.max():.1f} at most; smoothing mends {mended:.0%} of it (published: "
        f"{_PUBLISHED_SHARE:.0%})."
    )
    record(f"{name}: mean difference of a pair", before.mean(), "Centiloid")
    record(f"{name}: largest difference of a pair", before.max(), "Centiloid")
    record(f"{name}: share that smoothing mends", mended)
    positives = rows[rows.grade == 3].groupby("pair")[["before", "after"]].mean().abs()
    mended = 1 - positives.after.sum() / positives.before.sum()
    print(
        f"Of grade 3 alone: {positives.before.mean():.1f} on average, "
        f"{positives.before.max():.1f} at most; smoothing mends {mended:.0%}."
    )
    record(f"{name}, grade 3: mean difference of a pair", positives.before.mean(), "Centiloid")
    record(f"{name}, grade 3: share that smoothing mends", mended)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--people", type=int, default=24)
    parser.add_argument("--seed", type=int, default=2300)
    parser.add_argument("--normalised", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    report(measure(options.people, options.seed, true_places), "read where regions truly lie")
    if options.normalised:
        rows = measure(options.people, options.seed, own_normalisation)
        report(rows, "this program's normalisation")


if __name__ == "__main__":
    main()
