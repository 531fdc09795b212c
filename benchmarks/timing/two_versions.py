"""Whether one version of the program grades slower, starts later or holds more than another.

    python -m benchmarks.timing.two_versions BEFORE AFTER [STUDY ...] [--rounds 5]

BEFORE and AFTER are checkouts: folders with ``monai_amyloid``, ``configs`` and ``bundles``. Each
round starts ``infer`` of both in turn, the order turned round each time, so that a busy minute
hits both: a process of one worker and one thread over all studies. Without STUDY, DICOM studies
are simulated. The seconds by stage are those that ``result.json`` states, of all studies but the
first of a process, which loads what the others use. Starting is what the process took beyond the
seconds of its studies: importing, loading the bundle, and writing the tables of the whole run.
The ratio is of sums, after to before, with the 95 % interval of a bootstrap over pairs: the same
study in the same round, or the same round.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import ROOT, record

PROGRAM = "from monai_amyloid.cli import main; main()"
WHERE = "import monai_amyloid; print(monai_amyloid.__file__)"
STARTING, MEMORY, WHOLE = "starting", "peak memory", "a study, all stages"
UNITS = {MEMORY: "GB"}  # all others are seconds
DRAWS = 10_000

Measures = dict[str, list[float]]


def main() -> None:
    """Run both versions in turn, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("studies", type=Path, nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--simulated", type=int, default=8, help="studies, where none are named")
    options = parser.parse_args()
    checkouts = [options.before.resolve(), options.after.resolve()]
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        studies = [path.resolve() for path in options.studies]
        studies = studies or simulated(place / "clinic", options.simulated)
        if len(studies) < 2:
            raise SystemExit("name two studies or more: the first of a process is not counted")
        for checkout in checkouts:
            one_run(checkout, studies[:1], place / f"byte code of {checkouts.index(checkout)}")
        found: list[Measures] = [defaultdict(list), defaultdict(list)]
        for turn in range(options.rounds):
            for which in (0, 1) if turn % 2 == 0 else (1, 0):
                output = place / f"run {turn} {which}"
                for name, values in one_run(checkouts[which], studies, output).items():
                    found[which][name] += values
    show(found[0], found[1])


def simulated(folder: Path, count: int) -> list[Path]:
    """DICOM studies of all sites, by a process of their own: a child's peak is never below ours."""
    options = ["--participants", str(count), "--seed", "11", "--as", "dicom"]
    subprocess.run(
        [sys.executable, "-c", PROGRAM, "simulate", folder, *options], check=True, cwd=ROOT
    )
    return sorted((folder / "scans").iterdir())


def one_run(checkout: Path, studies: list[Path], output: Path) -> Measures:
    """Grade all studies by a checkout in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    python = [sys.executable, "-W", "ignore", "-c"]
    output.mkdir()
    where = subprocess.check_output([*python, WHERE], env=environment, cwd=output, text=True)
    if not Path(where.strip()).is_relative_to(checkout):
        raise SystemExit(f"{checkout} has no package monai_amyloid; {where.strip()} was imported")
    command = [*python, PROGRAM, "infer", *map(str, studies), "--output", "results"]
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--workers", "1"], env=environment, cwd=output, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    return measures(output / "results", len(studies), seconds, used.ru_maxrss / 1e6)


def measures(results: Path, count: int, seconds: float, gigabytes: float) -> Measures:
    """What one run tells: of each study but the first its seconds by stage, and of the process."""
    files = sorted(results.glob("*/result.json"), key=lambda file: file.stat().st_mtime_ns)
    stages = [json.loads(file.read_text(encoding="utf-8"))["seconds"] for file in files]
    if len(stages) != count:
        raise SystemExit(f"{len(stages)} of {count} studies have a result")
    named: Measures = defaultdict(list)
    for each in stages[1:]:
        for stage, value in each.items():
            named[stage].append(value)
        named[WHOLE].append(sum(each.values()))
    named[STARTING] = [seconds - sum(sum(each.values()) for each in stages)]
    named[MEMORY] = [gigabytes]
    return named


def interval(before: NDArray[np.float64], after: NDArray[np.float64]) -> tuple[float, float]:
    """95 % interval of the ratio of sums, after to before, over pairs drawn with replacement."""
    drawn = np.random.default_rng(0).integers(0, len(before), (DRAWS, len(before)))
    ratios = after[drawn].sum(axis=1) / before[drawn].sum(axis=1)
    low, high = np.percentile(ratios, (2.5, 97.5))
    return float(low), float(high)


def show(before: Measures, after: Measures) -> None:
    """Print and record each measure that both versions have as often."""
    print("| | before | after | ratio |\n|---|---|---|---|")
    for name in before:
        unit = UNITS.get(name, "s")
        cells = []
        for version, found in (("before", before), ("after", after)):
            values = np.array(found.get(name, []))
            if not values.size:
                cells.append("none")
                continue
            low, middle, high = values.min(), float(np.median(values)), values.max()
            cells.append(f"{middle:.3f} ({low:.3f} to {high:.3f}) {unit}")
            record(f"{name}, {version}", middle, unit, low=low, high=high)
        # Studies of which one version skips a stage are no pairs.
        if len(found := before[name]) == len(after.get(name, [])):
            one, other = np.array(found), np.array(after[name])
            ratio, (low, high) = other.sum() / one.sum(), interval(one, other)
            cells.append(f"{ratio:.3f} ({low:.3f} to {high:.3f})")
            record(f"{name}, after to before", ratio, low=low, high=high)
        print(f"| {' | '.join([name, *cells])} |", flush=True)


if __name__ == "__main__":
    main()
