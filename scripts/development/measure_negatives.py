"""Measure what negatives show in each region, for z-scores: ``brain/data/negatives.tsv``.

Run by a developer after every change of the registration, the templates or the simulator:

    python scripts/development/measure_negatives.py [scans of each tracer] [processes]

Simulated people of BAPL 1, with noise and mishaps, from all sites, go through the project's
own normalisation. The printed figures show whether a z-score means what it should.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from os import cpu_count
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch
from scipy import stats

from monai_amyloid.brain.normalization import normalize
from monai_amyloid.brain.quantities.suvr import regional_suvr
from monai_amyloid.brain.template import DATA
from monai_amyloid.findings.finding import StudyRefused
from monai_amyloid.pet.frames.static import static_image
from monai_amyloid.pet.tracers import TRACERS
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.people.person import draw_sessions
from monai_amyloid.phantom.scanning.scanner import Scanned, acquire

# Of the people; the seeds of every reported benchmark are others.
SEED = 51
_Task = TypeVar("_Task")
_Row = TypeVar("_Row")


def in_processes(
    measure: Callable[[_Task], _Row], tasks: Iterable[_Task], processes: int
) -> Iterator[_Row]:
    """Do tasks one a process and one thread each, in order."""
    with ProcessPoolExecutor(
        processes,
        mp_context=get_context("spawn"),
        initializer=partial(torch.set_num_threads, 1),
    ) as pool:
        yield from pool.map(measure, tasks)


def negative(task: tuple[str, int]) -> dict[str, Any] | None:
    """Regional SUVR of one simulated person of BAPL 1; None where the scan is refused."""
    tracer, number = task
    session = next(draw_sessions(Plan(seed=SEED, tracer=tracer), number, 1))
    seen = Scanned(session.head, session.uptake, session.scan)
    image = static_image(acquire(seen, session.scan, tracer))
    try:
        return {"tracer": tracer, **regional_suvr(normalize(image).suvr)}
    except StudyRefused as refusal:
        print(f"{tracer} {number}: {refusal}")
        return None


def norms(scans: pd.DataFrame) -> pd.DataFrame:
    """Mean and SD by tracer and region."""
    values = scans.melt("tracer", var_name="region")
    by_region = values.groupby(["tracer", "region"], sort=False)["value"]
    found = by_region.agg(mean="mean", sd="std").reset_index()
    return found[found.region != "cerebellum"]  # what SUVR is over has no score


def check(scans: pd.DataFrame) -> None:
    """Print whether z-scores of people who are not in the norm are standard normal."""
    for tracer, values in scans.groupby("tracer", sort=False):
        values = values.drop(columns="tracer")
        z = []
        for half in (0, 1):
            norm, others = values.iloc[half::2], values.iloc[1 - half :: 2]
            z.append(((others - norm.mean()) / norm.std()).to_numpy().ravel())
        held_out = np.concatenate(z)
        skew = values.skew()
        odd = sum(stats.shapiro(values[name]).pvalue < 0.01 for name in values)
        print(
            f"{tracer}: {len(values)} scans; SD of a held-out z {held_out.std():.2f}, above 2 "
            f"{(held_out > 2).mean():.1%}, below -2 {(held_out < -2).mean():.1%}; skewness "
            f"{skew.median():.2f}, largest {skew.max():.2f} ({skew.idxmax()}); Shapiro-Wilk "
            f"below 0.01 in {odd} of {values.shape[1]} regions; SD of cortex "
            f"{values['cortex'].std():.3f}"
        )


def main() -> None:
    """Simulate, normalise, write and check."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else cpu_count() or 1
    tasks = [(tracer, number) for tracer in TRACERS for number in range(1, count + 1)]
    scans = pd.DataFrame([row for row in in_processes(negative, tasks, processes) if row])
    norms(scans).to_csv(DATA / "negatives.tsv", sep="\t", index=False, float_format="%.4f")
    check(scans)


if __name__ == "__main__":
    main()
