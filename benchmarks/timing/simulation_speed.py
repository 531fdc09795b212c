"""Time and memory of a simulated cohort: python -m benchmarks.timing.simulation_speed.

The whole process `monai-amyloid simulate` with two workers, start and imports included, as NIfTI,
for a small cohort and a larger one. Memory is the sum of the resident sets of the command and its
workers, at its highest; pages that they share are counted in each. Linux, as it reads /proc.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import record

SMALL, LARGE, FULL = 20, 60, 603
POLL_SECONDS = 0.05
SEED = 2


@dataclass(frozen=True)
class Run:
    """One cohort: seconds, and MB at the most."""

    participants: int
    seconds: float
    megabytes: float


def process_tree(root: int) -> Iterator[int]:
    """A process and all below it, by number."""
    yield root
    try:
        tasks = list(Path(f"/proc/{root}/task").iterdir())
        children = [n for task in tasks for n in (task / "children").read_text().split()]
    except OSError:  # it has just ended
        return
    for child in children:
        yield from process_tree(int(child))


def resident_megabytes(process: int) -> float:
    """Resident set of one process; 0 where it has just ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(found[0]) / 1024 if found else 0.0


def simulate(program: str, participants: int, workers: int) -> Run:
    """Make a cohort in a scratch folder, and watch the process."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [program, "simulate", str(Path(scratch) / "cohort"), "--seed", str(SEED)]
        command += ["--participants", str(participants), "--workers", str(workers)]
        highest = 0.0
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            highest = max(highest, sum(map(resident_megabytes, process_tree(process.pid))))
            time.sleep(POLL_SECONDS)
        seconds = time.perf_counter() - started
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with code {process.returncode}")
        scans = len(list((Path(scratch) / "cohort" / "scans").glob("*.nii.gz")))
        if scans != participants:
            raise SystemExit(f"{scans} scans were written, not {participants}")
    return Run(participants, seconds, highest)


def main() -> None:
    """Print a row a cohort, then what they say of 603."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--workers", type=int, default=2)
    workers = parser.parse_args().workers
    beside = Path(sys.executable).with_name("monai-amyloid")
    program = str(beside) if beside.exists() else shutil.which("monai-amyloid")
    if program is None:
        raise SystemExit("monai-amyloid: not found; install the package into this environment")
    print("| participants | workers | seconds | seconds a volume | memory at most, MB |")
    print("|---|---|---|---|---|")
    runs = []
    for participants in (SMALL, LARGE):
        run = simulate(program, participants, workers)
        runs.append(run)
        print(
            f"| {participants} | {workers} | {run.seconds:.1f} | "
            f"{run.seconds / participants:.3f} | {run.megabytes:.0f} |",
            flush=True,
        )
        record(f"{participants} participants", run.seconds / participants, "s/scan")
        record(f"{participants} participants: memory of all processes", run.megabytes, "MB")
    small, large = runs
    # Start and imports are paid once: the difference is what volumes cost.
    each = (large.seconds - small.seconds) / (LARGE - SMALL)
    print(f"\nwithout the start: {each:.3f} s a volume")
    print(f"extrapolated, not measured: {large.seconds + each * (FULL - LARGE):.0f} s for {FULL}")
    growth = large.megabytes - small.megabytes
    print(f"memory from {SMALL} to {LARGE} participants: {growth:+.0f} MB")


if __name__ == "__main__":
    main()
