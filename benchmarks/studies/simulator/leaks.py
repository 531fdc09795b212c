"""Nothing but the brain tells the grade, in as many scanned people as are asked for.

    python -m benchmarks.studies.simulator.leaks --people 600 --rows ROWS.jsonl

The probes of :mod:`leak_probes`, each person scanned once as in a cohort, the three grades in equal
numbers. Every level of a scan's histogram together is reported beside them: that is no leak, for
the disease itself changes a scan's histogram. ROWS.jsonl gets a line a person; the same command
again goes on where it stopped, and leaves rows of other code aside.
"""

import argparse
import os
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from benchmarks.figures import record
from benchmarks.studies.simulator import leak_probes
from benchmarks.studies.simulator.continued import Row, continued, made_by
from benchmarks.studies.simulator.leak_probes import (
    DRAWN_PROBES,
    IMAGE_PROBES,
    LARGEST_SCORE,
    balanced_accuracy,
    drawn_row,
    stored_scan,
)
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.people.person import draw_sessions

HISTOGRAM = "all histogram levels together"


def scanned(number: int, plan: Plan) -> Row:
    """Draw, scan and store one person, and describe what must not know the grade."""
    torch.set_num_threads(1)
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        session = next(iter(draw_sessions(plan, number, 1 + number % 3)))
        return drawn_row(session) | stored_scan(session, Path(folder), plan.tracer)


def print_probe(name: str, features: pd.DataFrame, grades: pd.Series, repeats: int) -> None:
    """Print and record the better classifier's score."""
    if features.empty:
        print(f"| {name} | none | | |")
        return
    scores = balanced_accuracy(features, grades, repeats=repeats)
    best = max(scores, key=lambda model: float(np.mean(scores[model])))
    low, middle, high = np.min(scores[best]), np.mean(scores[best]), np.max(scores[best])
    beyond = " **above**" if middle > LARGEST_SCORE and name != HISTOGRAM else ""
    print(f"| {name} | {middle:.3f}{beyond} | {low:.3f} to {high:.3f} | {best} |", flush=True)
    record(f"{name}: balanced accuracy", middle, low=low, high=high)


def main() -> None:
    """Scan who is missing, then print a row a probe."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--people", type=int, default=600)
    parser.add_argument("--repeats", type=int, default=10, help="splits into five parts")
    parser.add_argument("--seed", type=int, default=24, help="of people of no named cohort")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rows", type=Path, help="file of described scans that is continued")
    options = parser.parse_args()
    plan = Plan(seed=options.seed)
    code = made_by(plan, leak_probes.__file__)
    work = partial(scanned, plan=plan)
    table = continued(work, options.people, code, options.rows, options.workers)
    grades = table["bapl"]
    print(f"\n{len(table)} people; chance is 0.333, the largest allowed {LARGEST_SCORE}\n")
    print("| probe | balanced accuracy | over the repeats | by |")
    print("|---|---|---|---|")
    with threadpool_limits(1):
        for name, belongs in DRAWN_PROBES.items():
            chosen = table[[column for column in table if belongs(str(column))]]
            print_probe(name, chosen, grades, options.repeats)
        for name in IMAGE_PROBES:
            chosen = table[[column for column in table if str(column).startswith(name)]]
            print_probe(name, chosen, grades, options.repeats)
        levels = table[[column for column in table if str(column).startswith("intensity")]]
        print_probe(HISTOGRAM, levels, grades, options.repeats)


if __name__ == "__main__":
    main()
