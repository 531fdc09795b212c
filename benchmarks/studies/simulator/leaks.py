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
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from benchmarks.figures import record
from benchmarks.studies.simulator.leak_probes import (
    DRAWN_PROBES,
    IMAGE_PROBES,
    LARGEST_SCORE,
    Row,
    balanced_accuracy,
    drawn_row,
    stored_scan,
)
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.phantom.people.person import draw_sessions
from monai_amyloid.source import source_checksum

HISTOGRAM = "all histogram levels together"


def scanned(number: int, plan: Plan) -> Row:
    """Draw, scan and store one person, and describe what must not know the grade."""
    torch.set_num_threads(1)
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder:
        session = next(iter(draw_sessions(plan, number, 1 + number % 3)))
        return drawn_row(session) | stored_scan(session, Path(folder), plan.tracer)


def described(people: int, plan: Plan, rows: Path | None, workers: int) -> pd.DataFrame:
    """Scan everyone who has no row yet."""
    code = f"{source_checksum('brain', 'pet', 'phantom', 'writing')[:12]} {plan.seed}"
    known: list[Row] = []
    if rows and rows.is_file():
        kept = pd.read_json(rows, lines=True)
        kept = kept[(kept["made by"] == code) & (kept["number"] <= people)]
        known = kept.to_dict("records")
    finished = {row["number"] for row in known}
    left = [number for number in range(1, people + 1) if number not in finished]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for number, row in zip(left, pool.map(partial(scanned, plan=plan), left), strict=True):
            known.append({"made by": code, "number": number} | row)
            if rows:
                with rows.open("a", encoding="utf-8") as file:
                    file.write(pd.Series(known[-1]).to_json() + "\n")
            print(f"{len(known)} of {people}", flush=True)
    return pd.DataFrame(known)


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
    table = described(options.people, plan, options.rows, options.workers)
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
