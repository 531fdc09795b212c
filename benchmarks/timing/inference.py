"""Seconds and memory to grade a study, cold, warm and many, where the seconds go, and dcccpy's.

    python -m benchmarks.timing.inference [--studies 10] [--many 200] [--dcccpy PYTHON]

Simulated DICOM studies of five sites. --dcccpy is the interpreter of an environment with dcccpy and
dcccpy-linux-runtime; it gets the same scans as NIfTI, cut to the head, in its batch mode, one run
alone and one for each core at once. Memory is read from /proc, elsewhere it is not measured.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import torch

from benchmarks.figures import record
from monai_amyloid.grading import outputs
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.pet.study import read_study
from monai_amyloid.phantom.cohorts.cohort import simulate
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.result.result import Result

PROGRAM = Path(__file__).resolve().parents[2] / "scripts" / "infer_bundle.py"
CORES = os.cpu_count() or 1
# What makes the report's files, and what the table calls them.
REPORT_PARTS = {
    **{"write_picture": "picture.png", "write_study_page": "report.html"},
    **{"page_pdf": "report.pdf", "activation_on_scan": "map on the scan"},
    **{"_write_map": "map as a file"},
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--studies", type=int, default=10, help="graded one after another")
    parser.add_argument("--many", type=int, default=200, help="studies graded over all cores")
    parser.add_argument("--dcccpy", type=Path, help="interpreter of an environment that has it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        count = max(options.studies, options.many, 3)
        simulate(place / "clinic", count, Plan(seed=11), form="dicom", workers=CORES)
        studies = sorted((place / "clinic" / "scans").iterdir())
        print(f"| {CORES} cores, {torch.get_num_threads()} threads | median | least to most |")
        print("|---|---|---|", flush=True)
        cold(studies, place)
        some, ours = studies[: options.studies], {}
        ours["one at a time, with report"], ours["one at a time, without"] = warm(some, place)
        for report, name in ((True, "with report"), (False, "without")) if options.many else ():
            ours[f"all cores, {name}"] = many(studies[: options.many], place, report=report)
        if options.dcccpy:
            theirs = {at: dcccpy(options.dcccpy, some, place, at) for at in (1, CORES)}
            for name, seconds in ours.items():
                ratio = theirs[1 if name.startswith("one") else CORES] / seconds
                row(f"throughput over dcccpy's, {name}", f"{ratio:.1f} times")


def row(name: str, value: str, span: str = "") -> None:
    """Print one row."""
    print(f"| {name} | {value} | {span} |", flush=True)
    if number := re.match(r"[\d.]+", value):
        unit = value.removeprefix(number.group()).strip()
        record(name, float(number.group()), unit)


def spread(name: str, seconds: list[float]) -> float:
    """Print a row of seconds and give their median."""
    middle = statistics.median(seconds)
    print(f"| {name} | {middle:.2f} s | {min(seconds):.2f} to {max(seconds):.2f} s |", flush=True)
    record(name, middle, "s", low=min(seconds), high=max(seconds))
    return middle


def cold(studies: list[Path], place: Path) -> None:
    """A process that starts, grades one study and ends; three times."""
    runs = [command(studies[number], place / f"cold{number}") for number in range(3)]
    spread("cold: a process from start to end, one study with its report", [run[0] for run in runs])
    row("cold: peak memory", gigabytes(max(watch.end() for _, watch in runs)))


def command(study: Path, output: Path, *more: str) -> tuple[float, "Memory"]:
    """Seconds and memory of what a user types."""
    start = time.perf_counter()
    program = [sys.executable, PROGRAM, study, "--output", output, *more]
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watch = Memory(process.pid, output)
    process.wait()
    seconds = time.perf_counter() - start
    if not (output / "results.csv").is_file():
        raise SystemExit(f"failed: {' '.join(map(str, program))}")
    return seconds, watch


def warm(studies: list[Path], place: Path) -> tuple[float, float]:
    """Studies one after another in this process, with report and without."""
    bundle = shipped_bundle()
    grade_studies(bundle, studies[:1], place / "first")  # loads everything
    spent: dict[str, list[float]] = {name: [] for name in REPORT_PARTS}
    for name, seconds in spent.items():
        setattr(outputs, name, timed(getattr(outputs, name), seconds))
    rows: list[Result] = []
    took: dict[bool, list[float]] = {True: [], False: []}
    for study in studies:  # in turn, so that a busy minute hits both
        for report in (True, False):
            start = time.perf_counter()
            out, options = place / f"warm{report}", OutputOptions(report=report)
            rows += grade_studies(bundle, [study], out, options=options)
            took[report].append(time.perf_counter() - start)
    ours = spread("warm: a study with its report", took[True])
    without = spread("warm: a study without", took[False])
    for stage in ("read", "register", "network", "explain", "report"):
        spread(f"of which {stage}", [each.seconds[stage] for each in rows if stage in each.seconds])
    for name, seconds in spent.items():
        spread(f"of the report, {REPORT_PARTS[name]}", seconds or [0.0])
    return ours, without


def timed(call: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """The same call, which notes how long it took."""

    def run(*args: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return call(*args, **named)
        finally:
            seconds.append(time.perf_counter() - start)

    return run


def many(studies: list[Path], place: Path, *, report: bool) -> float:
    """Many studies over all cores by the command; gives seconds a study."""
    listed, output = place / "list.txt", place / f"many{report}"
    listed.write_text("\n".join(map(str, studies)), encoding="utf-8")
    seconds, watch = command(listed, output, *([] if report else ["--no-report"]))
    each = seconds / len(studies)
    what = f"many: {len(studies)} studies {'with' if report else 'without'} report, all cores"
    row(what, f"{each:.2f} s a study", f"{3600 / each:.0f} an hour, {seconds:.0f} s in all")
    marks = sorted({mark for mark in (20, 100, 200) if mark < len(studies)} | {len(studies)})
    flat = ", ".join(f"{gigabytes(watch.by(mark))} by study {mark}" for mark in marks)
    row(f"{what}: memory of all processes, at most", gigabytes(watch.end()), flat)
    return each


def dcccpy(python: Path, studies: list[Path], place: Path, at_once: int) -> float:
    """The same scans by another program; gives seconds a study."""
    program, shares = python.with_name("dcccpy"), []
    for number in range(at_once):
        share, made = place / f"nifti{at_once}.{number}", place / f"dcccpy{at_once}.{number}"
        share.mkdir()
        made.mkdir()
        for study in studies[number::at_once]:
            image = read_study(study)
            nib.save(nib.Nifti1Image(image.data, image.affine), share / f"{study.name}.nii.gz")
        shares.append([program, "centiloid", "--batch", "--input", share, "--output", made])
    environment = os.environ | ({"OMP_NUM_THREADS": "1"} if at_once > 1 else {})
    start = time.perf_counter()
    running = [
        subprocess.Popen(each, stdout=subprocess.DEVNULL, env=environment) for each in shares
    ]
    if {process.wait() for process in running} != {0}:
        raise SystemExit("dcccpy failed; try it alone on one scan")
    each = (time.perf_counter() - start) / len(studies)
    row(f"dcccpy, {at_once} at a time, Centiloid alone", f"{each:.2f} s a study")
    return each


class Memory:
    """What a process and its children hold, by how many studies are done; shared pages once."""

    def __init__(self, process: int, output: Path) -> None:
        self.process, self.output = process, output
        self.held: list[tuple[int, float]] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        while not self.ended.wait(0.25):
            held = held_by(self.process) / 1e6
            if held:
                self.held.append((len(list(self.output.glob("*/result.json"))), held))

    def by(self, finished: int) -> float:
        """The largest of the time of the ten studies before so many were finished, GB."""
        near = range(finished - 10, finished + 1)
        return max((held for done, held in self.held if done in near), default=0)

    def end(self) -> float:
        """The largest of all, GB."""
        self.ended.set()
        self.thread.join()
        return max((held for _, held in self.held), default=0)


def gigabytes(held: float) -> str:
    """Memory in words."""
    return f"{held:.2f} GB" if held else "not measured"


def held_by(process: int) -> float:
    """By a process and all below it, kB."""
    place = Path(f"/proc/{process}")
    try:
        lines = (place / "smaps_rollup").read_text().splitlines()
        children = (place / "task" / str(process) / "children").read_text().split()
        own = float(next(line.split()[1] for line in lines if line.startswith("Pss:")))
    except (OSError, StopIteration):
        return 0.0
    return own + sum(held_by(int(child)) for child in children)


if __name__ == "__main__":
    main()
