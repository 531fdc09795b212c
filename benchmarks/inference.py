"""How long a study takes, cold and warm, with its report and without, and how much memory.

python benchmarks/inference.py [--studies 10] [--many 200] [--dcccpy PYTHON]

Simulated DICOM studies of five sites, graded by the bundle of this repository. --dcccpy is the
interpreter of an environment with dcccpy and dcccpy-linux-runtime, which is given the same scans
as NIfTI, one at a time.
"""

import argparse
import json
import os
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

from monai_amyloid.grading import outputs
from monai_amyloid.grading.outputs import Wanted
from monai_amyloid.grading.run import grade_studies
from monai_amyloid.learning.exported import shipped_bundle
from monai_amyloid.pet.study import read_study
from monai_amyloid.phantom.cohort import simulate
from monai_amyloid.phantom.plan import Plan
from monai_amyloid.report.result import Result

ROOT = Path(__file__).resolve().parents[1]
REPORT_STEPS = ("write_picture", "write_study_page", "page_pdf", "_on_scan", "_write_map")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=10)
    parser.add_argument("--many", type=int, default=0, help="studies graded over all cores")
    parser.add_argument("--dcccpy", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        count = max(options.studies, min(options.many, 40))
        simulate(place / "clinic", count, Plan(seed=11), form="dicom")
        studies = sorted((place / "clinic" / "scans").iterdir())
        print("| | seconds a study: median (least to most) |\n|---|---|")
        cold(studies, place)
        ours = warm(studies[: options.studies], place)
        if options.dcccpy:
            theirs = dcccpy(options.dcccpy, studies[:3], place)
            print(f"| dcccpy, of ours with report | {theirs / ours:.1f} times |")
        if options.many:
            many(studies, options.many, place)


def show(name: str, seconds: list[float]) -> float:
    """Print a row and give its median."""
    middle = statistics.median(seconds)
    print(f"| {name} | {middle:.2f} ({min(seconds):.2f} to {max(seconds):.2f}) |", flush=True)
    return middle


def cold(studies: list[Path], place: Path) -> None:
    """A process that starts, grades one study and ends; three times."""
    seconds, peak = [], 0.0
    for number in range(3):
        command = [sys.executable, "scripts/infer_bundle.py", str(studies[number])]
        start = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--output", str(place / f"cold{number}")],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        watch = Memory(process.pid)
        process.wait()
        seconds.append(time.perf_counter() - start)
        peak = max(peak, watch.end())
    show("a process from start to end, one study with its report", seconds)
    print(f"| its largest memory | {peak:.2f} GB |")


def warm(studies: list[Path], place: Path) -> float:
    """Studies one after another in this process, with report and without."""
    bundle = shipped_bundle()
    grade_studies(bundle, studies[:1], place / "first")  # loads everything
    spent: dict[str, list[float]] = {}
    for name in REPORT_STEPS:
        setattr(outputs, name, timed(getattr(outputs, name), spent.setdefault(name, [])))
    rows: dict[bool, list[Result]] = {True: [], False: []}
    took: dict[bool, list[float]] = {True: [], False: []}
    for study in studies:  # in turn, so that a busy minute hits both
        for report in (True, False):
            start = time.perf_counter()
            wanted = Wanted(report=report)
            rows[report] += grade_studies(bundle, [study], place / f"warm{report}", wanted=wanted)
            took[report].append(time.perf_counter() - start)
    ours = show("warm, with report", took[True])
    show("warm, without report", took[False])
    for stage in ("read", "register", "network", "explain", "report"):
        show(f"of which {stage}", [result.seconds[stage] for result in rows[True]])
    for name, seconds in spent.items():
        show(f"of the report {name.strip('_')}", seconds)
    return ours


def timed(call: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """The same call, which notes how long it took."""

    def run(*args: Any, **named: Any) -> Any:
        start = time.perf_counter()
        made = call(*args, **named)
        seconds.append(time.perf_counter() - start)
        return made

    return run


def dcccpy(python: Path, studies: list[Path], place: Path) -> float:
    """The same scans by another program, a process each as it is meant to be run."""
    seconds = []
    for study in studies:
        image = read_study(study)
        scan = place / f"{study.name}.nii.gz"
        nib.save(nib.Nifti1Image(image.data, image.affine), scan)
        out = place / f"dcccpy_{study.name}.nii.gz"
        command = [
            str(python.with_name("dcccpy")),
            "centiloid",
            "--input",
            str(scan),
            "--output",
            str(out),
        ]
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    return show("dcccpy, Centiloid alone", seconds)


def many(studies: list[Path], count: int, place: Path) -> None:
    """Many studies over all cores by the command, and the memory of all its processes."""
    listed = place / "list.txt"
    listed.write_text("\n".join(str(studies[i % len(studies)]) for i in range(count)))
    command = [sys.executable, "scripts/infer_bundle.py", str(listed), "--output"]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, str(place / "many")], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    watch, done, memory = Memory(process.pid), 0, {}
    for line in process.stdout or ():
        done += ": BAPL" in line or ": refused" in line
        if done in (count // 10, count // 2, count - 2):
            memory[done] = watch.recent()
    process.wait()
    seconds = time.perf_counter() - start
    record = json.loads((place / "many" / "run.json").read_text(encoding="utf-8"))
    print(
        f"\n{count} studies over {os.cpu_count()} cores: {seconds:.0f} s, {seconds / count:.2f} s"
    )
    print(f"each, {record['counts']}; memory of all processes, shared pages once each:")
    print(", ".join(f"{held:.2f} GB after {after}" for after, held in memory.items()))
    print(f"at most {watch.end():.2f} GB")


class Memory:
    """Memory that a process and its children hold (proportional set size), on Linux."""

    def __init__(self, process: int) -> None:
        self.process, self.held, self.ended = process, [0.0], threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        while not self.ended.wait(0.25):
            self.held.append(sum(map(held_by, family(self.process))) / 1e6)

    def recent(self) -> float:
        """The largest of the last ten seconds, GB."""
        return max(self.held[-40:])

    def end(self) -> float:
        """The largest of all, GB."""
        self.ended.set()
        self.thread.join()
        return max(self.held)


def family(process: int) -> list[int]:
    """A process and all below it."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [process, *(each for child in children for each in family(int(child)))]


def held_by(process: int) -> float:
    """Of one process, kB."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith("Pss:")))
    except (OSError, StopIteration):
        return 0.0


if __name__ == "__main__":
    main()
