"""How well plain Centiloid repeats: the same people twice, unchanged, and what parts the two.

    python -m benchmarks.studies.simulator.repeat_visits --people 60

Each person is scanned and normalised by the program, and again some days later by the same
scanner, with the same amyloid in the same head: what else is drawn anew for a visit is. Published
pipelines have a repeatability coefficient, 1.96 times the SD of the difference, of 8 to 16
Centiloid. Then one cause alone is taken from the second visit, the rest from the first, which gives
each cause's share of the variance. At the end the second scan is another hospital's.
"""

import argparse
import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from benchmarks.figures import record
from monai_amyloid.brain.normalization import normalize
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.people.person import Session, draw_sessions, visit_values
from monai_amyloid.phantom.people.physiology import Physiology
from monai_amyloid.phantom.scanning.scan import Scan, draw_scan
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

PUBLISHED = (8.0, 16.0)
# Of a scan, what each cause is made of.
CAUSES: Mapping[str, tuple[str, ...]] = {
    "time of uptake": ("minutes_late",),
    "pose and field of view": ("rotation_degrees", "shift_mm", "lowest_mm", "slices"),
    "resolution": ("fwhm_mm", "edge_ratio"),
    "noise": ("noise_cv", "seed"),
    "scatter, attenuation, efficiency": (
        *("scatter_left", "bone_missed", "axial_slope", "axial_bow", "dead_time"),
    ),
    "motion and a shifted CT": ("motion", "ct_shift_mm"),
}
DAY = "uptake of white matter and cerebellum"
ALL, ELSEWHERE = "all", "another hospital"


def measured(session: Session, plan: Plan, scan: Scan, physiology: Physiology) -> float:
    """Centiloid as the program measures it; NaN of a refused scan."""
    visit = replace(
        session,
        scan=scan,
        values=visit_values(plan, session.disease, physiology, session.surroundings, scan),
    )
    seen = Scanned(visit.head, visit.uptake, scan)
    try:
        return float(normalize(static_image(acquire(seen, scan, plan.tracer))).centiloid)
    except StudyRefused:
        return float("nan")


def repeated(number: int, plan: Plan) -> dict[str, Any]:
    """One person: the first visit, the second one, and the second's causes one at a time."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        first, second = draw_sessions(plan, number, 1 + number % 3)
        random = np.random.default_rng([plan.seed, number, 1])
        # By the same hospital, whatever the person's second visit was.
        scan = draw_scan(first.scan.site, random)
        other = str(random.choice([site for site in plan.sites if site != first.scan.site]))
        row = {"number": number, "grade": 1 + number % 3, "site": first.scan.site}
        row["first"] = measured(first, plan, first.scan, first.physiology)
        row[ALL] = measured(first, plan, scan, second.physiology)
        row[DAY] = measured(first, plan, first.scan, second.physiology)
        for cause, fields in CAUSES.items():
            changed = replace(first.scan, **{name: getattr(scan, name) for name in fields})
            row[cause] = measured(first, plan, changed, first.physiology)
        row[ELSEWHERE] = measured(first, plan, draw_scan(other, random), second.physiology)
    return row


def coefficient(differences: pd.Series) -> tuple[float, float, float]:
    """1.96 times the SD, and its 95 % interval by resampling."""
    values = differences.dropna().to_numpy()
    random = np.random.default_rng(0)
    again = [1.96 * np.std(random.choice(values, len(values))) for _ in range(2000)]
    low, high = np.quantile(again, [0.025, 0.975])
    return float(1.96 * values.std()), float(low), float(high)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--seed", type=int, default=24, help="of people of no named cohort")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    plan = Plan(seed=options.seed, sessions=2, months_between_sessions=0.5)
    rows = []
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        numbers = range(1, options.people + 1)
        for row in pool.map(partial(repeated, plan=plan), numbers):
            rows.append(row)
            print(f"{len(rows)} of {options.people}", end="\r", flush=True)
    table = pd.DataFrame(rows)
    differences = table[[ALL, DAY, *CAUSES, ELSEWHERE]].sub(table["first"], axis=0)
    print("| what differs | pairs | bias | coefficient (95 %) | share of the variance |")
    print("|---|---|---|---|---|")
    whole = sum(differences[cause].var() for cause in (DAY, *CAUSES))
    for name, each in differences.items():
        value, low, high = coefficient(each)
        share = "" if name in (ALL, ELSEWHERE) else f"{each.var() / whole:.0%}"
        print(f"| {name} | {each.notna().sum()} | {each.mean():+.1f} "
              f"| {value:.1f} ({low:.1f} to {high:.1f}) | {share} |")  # fmt: skip
        record(f"repeatability coefficient, {name}", value, "Centiloid")
        if share:
            record(f"share of the variance, {name}", float(each.var() / whole))
    print(f"published, of seven pipelines: {PUBLISHED[0]:g} to {PUBLISHED[1]:g}")
    print(f"the causes' variances sum to {whole / differences[ALL].var():.2f} of the whole")
    for grade, group in differences[ALL].groupby(table.grade):
        print(f"grade {grade}: coefficient {coefficient(group)[0]:.1f}")


if __name__ == "__main__":
    main()
