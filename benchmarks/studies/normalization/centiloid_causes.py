"""Where the error of a Centiloid comes from: the simulator's effects switched off one at a time.

    python -m benchmarks.studies.normalization.centiloid_causes --people 60

Each person is scanned as usual and measured by this program. The same scan is then read where the
template's regions truly lie, which leaves no error of the registration; made again without one
effect of the scanner at a time; and without all of them. The truth is the noise-free head as an
ideal scanner of the same resolution shows it. Printed are bias, SD and mean absolute error of each,
by how much the error's variance falls without an effect, and how the error parts into that of the
cortex and that of the reference.
"""

import argparse
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from benchmarks.figures import record
from benchmarks.studies.simulator.two_cameras import true_places
from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.pet.image import PetImage
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.cohorts.truth import regional_truth
from monai_amyloid.phantom.people.person import Session, draw_sessions
from monai_amyloid.phantom.scanning.scan import FAULTLESS, Scan
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

# Of a scan, what each effect is switched off by.
EFFECTS: Mapping[str, Mapping[str, Any]] = {
    "noise": {"noise_cv": 1e-6},
    "scatter that is left": {"scatter_left": 0.0},
    "bone taken for soft tissue": {"bone_missed": 0.0},
    "efficiency along the scanner": {"axial_slope": 0.0, "axial_bow": 0.0},
    "dead time": {"dead_time": 0.0},
    "motion": {"motion": ()},
    "a shifted CT": {"ct_shift_mm": (0.0, 0.0, 0.0)},
    "the reconstruction's blur": {"reconstruction": "converged", "edge_ratio": 1.0},
}
MEASURED, READ, NOTHING = "as measured", "read where regions truly lie", "no effect at all, read so"
FAULTLESS_MEASURED = "no effect at all, measured"


def causes_of_error(number: int, plan: Plan) -> dict[str, Any]:
    """One person: the truth, and the Centiloid with and without each effect."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        # The grades as often as they are among people.
        [session] = draw_sessions(plan, number, None)
        usual = session.scan
        seen = Scanned(session.head, session.uptake, usual)
        truth = centiloid(regional_truth(session.head, seen)["cortex"], plan.tracer)
        row = {"number": number, "site": usual.site, "true": truth, "fwhm_mm": usual.fwhm_mm}
        image = _image(session, plan, usual, seen)
        row[MEASURED] = _measured(image)
        row[READ] = true_places(session.head, usual, image, plan.tracer)
        for name, without in EFFECTS.items():
            scan = replace(usual, **without)
            if scan == usual:  # this scan does not have the effect
                row[name] = row[READ]
                continue
            again = _image(session, plan, scan, seen)
            row[name] = true_places(session.head, scan, again, plan.tracer)
        without_any = {key: value for each in EFFECTS.values() for key, value in each.items()}
        ideal = replace(usual, **(FAULTLESS | without_any | {"minutes_late": usual.minutes_late}))
        image = _image(session, plan, ideal, seen)
        row[NOTHING] = true_places(session.head, ideal, image, plan.tracer)
        row[FAULTLESS_MEASURED] = _measured(image)
    return row


def _image(session: Session, plan: Plan, scan: Scan, seen: Scanned) -> PetImage:
    """The scan, of which only another reconstruction changes the head without noise."""
    if scan.reconstruction != session.scan.reconstruction:
        seen = Scanned(session.head, session.uptake, scan)
    return static_image(acquire(seen, scan, plan.tracer))


def _measured(image: PetImage) -> float:
    try:
        return float(normalize(image).centiloid)
    except StudyRefused:
        return float("nan")


def measured(path: Path, people: int, seed: int, workers: int) -> pd.DataFrame:
    """The table of the people, with what is missing in it added."""
    done = set(pd.read_csv(path, sep="\t")["number"]) if path.exists() else set()
    missing = [number for number in range(1, people + 1) if number not in done]
    for row in _rows(missing, Plan(seed=seed), workers):
        pd.DataFrame([row]).to_csv(
            path, sep="\t", index=False, mode="a", header=not path.exists(), float_format="%.6g"
        )
    return pd.read_csv(path, sep="\t")


def _rows(numbers: list[int], plan: Plan, workers: int) -> Iterator[dict[str, Any]]:
    one = partial(causes_of_error, plan=plan)
    if workers == 1:
        yield from map(one, numbers)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(one, numbers)


def print_causes(rows: pd.DataFrame) -> None:
    """A row an effect, and what the registration adds."""
    errors = rows[[MEASURED, READ, *EFFECTS, NOTHING, FAULTLESS_MEASURED]].sub(rows["true"], axis=0)
    whole = errors[READ].var()
    print("| scan | bias | SD | mean absolute error | variance that goes with the effect |")
    print("|---|---|---|---|---|")
    for name, error in errors.items():
        label = f"read so, without {name}" if name in EFFECTS else name
        share = f"{1 - error.var() / whole:.0%}" if name in (*EFFECTS, NOTHING) else ""
        print(
            f"| {label} | {error.mean():+.2f} | {error.std():.2f} | {error.abs().mean():.2f} "
            f"| {share} |"
        )
        record(f"error of Centiloid, {label}: SD", float(error.std()), "Centiloid")
        record(f"error of Centiloid, {label}: mean absolute", float(error.abs().mean()),
               "Centiloid")  # fmt: skip
    registration = rows[MEASURED] - rows[READ]
    print(f"| measured less read where regions lie: the registration | {registration.mean():+.2f} "
          f"| {registration.std():.2f} | {registration.abs().mean():.2f} | |")  # fmt: skip


def print_sites(rows: pd.DataFrame) -> None:
    """Bias and SD by camera, and what is left with each camera's own bias taken away."""
    error = rows[MEASURED] - rows["true"]
    print("\n| camera | scans | measured: bias, SD | read truly: bias, SD | most moved by |")
    print("|---|---|---|---|---|")
    for site, group in rows.groupby("site"):
        read = group[READ] - group["true"]
        moved = {name: float((group[READ] - group[name]).mean()) for name in EFFECTS}
        most = max(moved, key=lambda name: abs(moved[name]))
        mine = error[group.index]
        print(
            f"| {site} | {len(group)} | {mine.mean():+.1f}, {mine.std():.1f} "
            f"| {read.mean():+.1f}, {read.std():.1f} | {most} {moved[most]:+.1f} |"
        )
        record(f"bias of Centiloid, {site}", float(mine.mean()), "Centiloid")
    left = error - error.groupby(rows["site"]).transform("mean")
    print(f"with each camera's own bias taken away: mean absolute error {left.abs().mean():.2f}")
    record("mean absolute error without the cameras' biases", float(left.abs().mean()), "Centiloid")


def main() -> None:
    """Measure what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("table", type=Path, help="table of the measured people, which is continued")
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--seed", type=int, default=510, help="of people of no named cohort")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    rows = measured(options.table, options.people, options.seed, options.workers).dropna()
    print(f"{len(rows)} scans, Centiloid {rows['true'].min():.0f} to {rows['true'].max():.0f}\n")
    print_causes(rows)
    print_sites(rows)


if __name__ == "__main__":
    main()
