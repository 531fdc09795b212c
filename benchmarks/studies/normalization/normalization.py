r"""Ways of normalisation on the same scans, in one run.

    python -m benchmarks.studies.normalization.normalization FOLDER \
        --ants-python ANTS/bin/python --dcccpy DCCC/bin/dcccpy

compares this project with SimpleITK, ANTsPy (`pip install antspyx`) and dcccpy (`pip install dcccpy
dcccpy-linux-runtime`), the latter two in environments of their own. FOLDER gets the simulated
scans (normalization_scans.py), `rows.tsv` with a row a scan and method, and `errors/` with the
error at every point. The same command again goes on where it stopped; rows of this
project are measured anew when its code changes, those of the others that fit its templates when
these or the regions change. Each method is a process of its own (normalization_methods.py).

`--timing` measures time alone: all methods in turn on the first eight scans, after one to warm up.
On a machine that does nothing else; rows.tsv may come from a busy one.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.figures import record
from benchmarks.studies.normalization.normalization_methods import METHODS
from benchmarks.studies.normalization.normalization_scans import (
    describe,
    digest_of_folder,
    make_scans,
    write_shared,
)
from monai_amyloid.brain.quantities.centiloid import centiloid
from monai_amyloid.brain.template import DATA
from monai_amyloid.phantom.cohorts.plan import Plan

OURS = "monai-amyloid"
METHODS_MODULE = "benchmarks.studies.normalization.normalization_methods"
TIMED_SCANS = 8
# A graded scan that is farther off than this is a silent failure.
FAILED_MM, FAILED_CENTILOID = 10.0, 15.0
COLUMNS = ("method", "scan", "sha256", "version", "program", "refused", "median_mm", "p95_mm",
           "centiloid", "seconds", "before_mb", "peak_mb")  # fmt: skip
KEYS = ["method", "sha256", "version"]
HEAD = ("method", "graded / refused", "median mm", "p95 mm", "mean abs. error", "bias", "R²",
        "trend (p)", "largest error", "silent failures", "seconds median", "p95",
        "seconds / ours", "abs. error / ours", "MB growth", "MB peak")  # fmt: skip


class Worker:
    """The process of one method."""

    def __init__(self, method: str, folder: Path, programs: dict[str, Path], threads: int) -> None:
        python = programs["ANTsPy"] if method.startswith("ANTsPy") else Path(sys.executable)
        names = ("OMP", "MKL", "OPENBLAS")
        limits = dict.fromkeys([f"{name}_NUM_THREADS" for name in names], str(threads))
        limits["ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"] = str(threads)
        self.process = subprocess.Popen(
            [python, "-m", METHODS_MODULE, method, folder, str(programs.get(method, ""))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | limits,
        )

    def measure(self, scan: str, path: Path) -> dict[str, Any]:
        """Let it normalise a scan that it reads itself."""
        self.process.stdin.write(f"{scan} {path}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{scan}: the process ended; what it wrote is above")
        return json.loads(line)

    def end(self) -> None:
        """Let it end by itself."""
        self.process.stdin.close()
        self.process.wait()


def measure(
    folder: Path, truth: pd.DataFrame, workers: dict[str, Worker], versions: dict[str, str]
) -> None:
    """Measure what has no row yet, and add its row at once."""
    table = folder / "rows.tsv"
    if not table.is_file():
        table.write_text("\t".join(COLUMNS) + "\n", encoding="utf-8")
    kept = pd.read_csv(table, sep="\t", dtype=str)
    finished = set(kept[KEYS].itertuples(index=False, name=None))
    for case in truth.itertuples(index=False):
        for method, worker in workers.items():
            key = (method, case.sha256, versions[method])
            if key in finished:
                continue
            row = worker.measure(case.scan, folder / case.path)
            row |= {**dict(zip(KEYS, key, strict=True)), "scan": case.scan}
            if row.get("centiloid") is None and row.get("suvr"):
                row["centiloid"] = centiloid(row["suvr"], Plan.tracer)
            if "errors_mm" in row:
                errors = np.array(row["errors_mm"], np.float32)
                errors_of(folder, method, case.sha256).parent.mkdir(parents=True, exist_ok=True)
                np.save(errors_of(folder, method, case.sha256), errors)
                row["median_mm"], row["p95_mm"] = np.percentile(errors, (50, 95)).round(3)
            row["refused"] = " ".join(row["refused"].split())
            with table.open("a", encoding="utf-8") as file:
                cells = (row.get(name) for name in COLUMNS)
                file.write("\t".join("" if c is None else str(c) for c in cells) + "\n")
            said = row["refused"] or (
                f"{row.get('median_mm', float('nan')):.2f} mm, Centiloid {row['centiloid']:.1f} "
                f"for {case.centiloid:.1f}"
            )
            print(f"{case.scan} {method}: {said}, {row['seconds']:.2f} s", flush=True)


def errors_of(folder: Path, method: str, digest: str) -> Path:
    """Where the errors of a scan's points are kept."""
    return folder / "errors" / method.replace(" ", "-") / f"{digest}.npy"


def graded_rows(
    folder: Path, truth: pd.DataFrame, versions: dict[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the rows of these scans and versions, graded and refused, beside the truth."""
    rows = pd.read_csv(folder / "rows.tsv", sep="\t", keep_default_na=False, na_values=[""])
    rows = rows[rows.version == rows.method.map(versions)].drop_duplicates(KEYS, keep="last")
    true = truth[["sha256", "centiloid"]].rename(columns={"centiloid": "true"})
    rows = rows.merge(true, on="sha256")
    rows["error"] = rows.centiloid - rows.true
    return rows[rows.refused.isna()], rows[rows.refused.notna()]


def summary(folder: Path, graded: pd.DataFrame, refused: int, own: pd.DataFrame) -> list[str]:
    """One row of the table: a method, with its ratios to this project on the scans of both."""
    method = graded.method.iloc[0]
    pairs = graded.merge(own[["sha256", "error", "seconds"]], on="sha256", suffixes=("", "_own"))
    cells = [method, f"{len(graded)} / {refused}"]
    if graded.median_mm.notna().any():
        files = [errors_of(folder, method, digest) for digest in graded.sha256]
        cells += [f"{mm:.2f}" for mm in np.percentile([np.load(f) for f in files], (50, 95))]
    else:
        cells += ["", ""]
    error = graded.error
    cells += [f"{error.abs().mean():.2f}", f"{error.mean():+.2f}"]
    if len(graded) > 2:
        cells.append(f"{np.corrcoef(graded.true, graded.centiloid)[0, 1] ** 2:.3f}")
        trend = stats.linregress(graded.true, error)
        cells.append(f"{trend.slope:+.3f} ({trend.pvalue:.2g})")
    else:
        cells += ["", ""]
    failed = (graded.median_mm > FAILED_MM) | (error.abs() > FAILED_CENTILOID)
    cells += [f"{error[error.abs().idxmax()]:+.1f}", str(int(failed.sum()))]
    cells += [f"{second:.2f}" for second in np.percentile(graded.seconds, (50, 95))]
    if len(pairs):
        cells.append(f"{(pairs.seconds / pairs.seconds_own).median():.1f}")
        cells.append(f"{pairs.error.abs().mean() / pairs.error_own.abs().mean():.2f}")
    else:
        cells += ["", ""]
    growth = graded.peak_mb - graded.before_mb
    return [*cells, f"{growth.max():.0f}", f"{graded.peak_mb.max():.0f}"]


def report(folder: Path, truth: pd.DataFrame, versions: dict[str, str]) -> None:
    """Print what every method graded, the same on the scans that all graded, and refusals."""
    graded, refused = graded_rows(folder, truth, versions)
    methods = [name for name in METHODS if name in set(graded.method)]
    counts = graded.groupby("sha256").method.nunique()
    common = graded[graded.sha256.isin(counts[counts == len(methods)].index)]
    describe(truth)
    for title, part in (
        ("All that each method graded", graded),
        ("Scans that all graded", common),
    ):
        print(f"\n### {title}\n\n| {' | '.join(HEAD)} |\n{'|---' * len(HEAD)}|")
        for method in methods:
            rows, own = (part[part.method == name] for name in (method, OURS))
            if len(rows):
                number = int((refused.method == method).sum()) if part is graded else 0
                record(f"{method}, {title}: mean error", rows.error.abs().mean(), "Centiloid")
                record(f"{method}, {title}: bias", rows.error.mean(), "Centiloid")
                print(f"| {' | '.join(summary(folder, rows, number, own))} |")
    print("\nrefused:")
    for row in refused.itertuples(index=False):
        print(f"  {row.scan} {row.method}: {row.refused}")
    print("farthest off, of each method:")
    for method in methods:
        rows = graded[graded.method == method]
        worst = rows.loc[rows.error.abs().sort_values(ascending=False).index[:3]]
        said = (f"{r.scan} {r.true:.1f} found {r.centiloid:.1f}" for r in worst.itertuples())
        print(f"  {method}: {'; '.join(said)}")


def time_methods(folder: Path, truth: pd.DataFrame, workers: dict[str, Worker]) -> None:
    """Time every method in turn on a few scans, and print it."""
    cases = list(truth.head(TIMED_SCANS).itertuples(index=False))
    seconds: dict[str, list[float]] = {name: [] for name in workers}
    for number, case in enumerate([cases[0], *cases]):
        for name, worker in workers.items():
            row = worker.measure(case.scan, folder / case.path)
            if number:
                seconds[name].append(row["seconds"])
                print(f"{case.scan} {name}: {row['seconds']:.2f} s", flush=True)
    print("\n| method | scans | seconds, median | p95 | of ours, median |\n|---|---|---|---|---|")
    for name, taken in seconds.items():
        middle, late = np.percentile(taken, (50, 95))
        own = seconds.get(OURS)
        ratio = f"{np.median(np.divide(taken, own)):.2f}" if own else ""
        print(f"| {name} | {len(taken)} | {middle:.2f} | {late:.2f} | {ratio} |")
        record(f"{name}: seconds of a scan", middle, "s", high=late)


def program_of(method: str) -> str | None:
    """Whose program a method needs, by the name of its option."""
    return next((name for name in ("ANTsPy", "dcccpy") if method.startswith(name)), None)


def main() -> None:
    """Make the scans, measure what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, help="where scans and rows are kept")
    parser.add_argument("--scans", type=int, default=60)
    parser.add_argument("--seed", type=int, default=500, help="of the simulator")
    parser.add_argument(
        "--usual", action="store_true", help="scans of a usual cohort instead of difficult ones"
    )
    parser.add_argument("--methods", nargs="*", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--ants-python", type=Path, help="interpreter that has antspyx")
    parser.add_argument("--dcccpy", type=Path, help="the program")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--timing", action="store_true", help="measure time alone")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    truth = make_scans(given.folder, given.scans, given.seed, usual=given.usual)
    # What outdates rows: our own code and data; of the others, the template and the regions.
    versions = dict.fromkeys(METHODS, write_shared(given.folder)) | {"dcccpy": "any"}
    versions[OURS] = digest_of_folder(DATA.parent)
    named = {"ANTsPy": given.ants_python, "dcccpy": given.dcccpy}
    programs = {name: path.absolute() for name, path in named.items() if path}
    workers = {
        name: Worker(name, given.folder, programs, given.threads)
        for name in given.methods
        if program_of(name) in {None, *programs}
    }
    for name in given.methods:
        if name not in workers:
            print(f"{name}: left out, as its program is not named")
    if given.timing:
        time_methods(given.folder, truth, workers)
    else:
        measure(given.folder, truth, workers, versions)
        report(given.folder, truth, versions)
    for worker in workers.values():
        worker.end()


if __name__ == "__main__":
    main()
