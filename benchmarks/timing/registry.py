"""A registry's 100,000 studies: what the command takes beside the work.

    python -m benchmarks.timing.registry [--studies 100000] [--folder FOLDER]
        [--real-seconds 0.8] [--real-megabytes 20] [--storage-megabytes 1000]

`infer` (its function, as the command line calls it) grades small studies over two Dask workers; in
place of grading each takes 20 ms, in which a whole `result.json` is written. Printed are the time
of each part, the overhead a study, the memory of command and scheduler as they grow, and how long
the same call takes when all is done. The last table is a projection to as many real studies on 100
workers, by what was measured here and the three figures that the options name.
"""

import argparse
import os
import resource
import tempfile
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import nibabel as nib
import numpy as np

from benchmarks.dask_processes import DaskProcesses, dask_processes
from benchmarks.figures import record
from benchmarks.timing.simulation_speed import resident_megabytes
from monai_amyloid.brain.template import READ_REGIONS
from monai_amyloid.findings.finding import doubt, note, warning
from monai_amyloid.grading.listing import list_named
from monai_amyloid.grading.many.kept import GradedStudies, KeptResult
from monai_amyloid.grading.options import OutputOptions
from monai_amyloid.grading.task import GradingSettings, Task
from monai_amyloid.installed import shipped_bundle
from monai_amyloid.result.result import Result, write_result
from monai_amyloid.work.cluster.choice import LOCAL, Cluster
from monai_amyloid.work.progress import Progress

TASK_S, WORKERS, SITES, MANY_WORKERS = 0.02, 2, 20, 100
_REGIONS = [f"{region}_{side}" for region in READ_REGIONS for side in ("left", "right")]


def synthetic(task: Task, settings: GradingSettings) -> KeptResult:
    """Grade nothing, in 20 ms, and write a result as long as a real one."""
    began = time.perf_counter()
    number = int(task.content[:8], 16)
    load = number % 1400 / 10 - 10
    regions = dict.fromkeys(("cortex", *READ_REGIONS, *_REGIONS), 1 + load / 200)
    result = Result(
        name=task.name,
        status="needs_reader" if number % 5 == 0 else "graded",
        findings=(
            note("series_one", "one series, 35 slices, attenuation corrected: taken"),
            warning("noise", "the noise is {share:.0%}", share=number % 30 / 100),
            *([doubt("unsure", "more than one grade is likely")] if number % 5 == 0 else []),
        ),
        grade=1 + number % 3,
        prediction_set=(1, 2) if number % 5 == 0 else (1 + number % 3,),
        probabilities={1: 0.2, 2: 0.3, 3: 0.5},
        centiloid=load,
        centiloid_interval=(load - 8, load + 8),
        suvr=regions,
        suvr_intervals={name: (value - 0.1, value + 0.1) for name, value in regions.items()},
        z_scores=regions,
        explanation=regions,
        region_scores=dict.fromkeys(_REGIONS, (0.2, 0.3, 0.5)),
        nearest_cases=tuple({"bapl": 1, "centiloid": load, "distance": 0.1} for _ in range(5)),
        study={"tracer": "18FFBB", "source": "nifti"},
        model={"name": "synthetic", "learnt_from": "simulated"},
        seconds={"read": 0.1, "register": 0.6, "network": 0.1},
        made_from=task.made_from,
    )
    folder = settings.output / task.name
    folder.mkdir(parents=True, exist_ok=True)
    write_result(result, folder)
    kept = KeptResult.of(result)
    time.sleep(max(0.0, began + TASK_S - time.perf_counter()))
    return kept


def make_studies(folder: Path, count: int) -> Path:
    """Write small studies, each of other content, and the list of them."""
    rows = ["path\ttracer\tsite"]
    empty = nib.Nifti1Image(np.zeros((8, 8, 8), np.int16), np.eye(4)).to_bytes()
    for number in range(count):
        place = folder / f"{number // 1000:03d}"
        if number % 1000 == 0:
            place.mkdir(parents=True)
        path = place / f"sub-{number:06d}.nii"
        path.write_bytes(empty[:-4] + number.to_bytes(4, "little"))
        rows.append(f"{path.relative_to(folder)}\t18FFBB\tSite {number % SITES}")
    table = folder / "studies.tsv"
    table.write_text("\n".join(rows), encoding="utf-8")
    return table


@dataclass
class Watched(Progress):
    """One call, as it is seen from outside."""

    processes: tuple[int, ...]
    total: int = 0
    done: int = 0
    began: float = field(default_factory=time.perf_counter)
    first: float = 0.0
    last: float = 0.0
    processor: tuple[float, ...] = ()
    megabytes: list[tuple[float, ...]] = field(default_factory=list)

    def start(self, total: int) -> None:
        """Begin."""
        self.total = total

    def advance(self, *, finished_before: bool = False) -> None:
        """Note the time and, after each tenth, the memory."""
        self.done, self.last = self.done + 1, time.perf_counter()
        if self.done == 1:
            self.first, self.processor = self.last, self._processor_s()
        if self.done % max(1, self.total // 10) == 0:
            self.megabytes.append(tuple(map(resident_megabytes, self.processes)))
            sizes = ", ".join(f"{each:.0f} MB" for each in self.megabytes[-1])
            seconds = self.last - self.first
            print(f"  {self.done} of {self.total}: {seconds:.0f} s, {sizes}", flush=True)
        if self.done == self.total:
            pairs = zip(self._processor_s(), self.processor, strict=True)
            self.processor = tuple(after - before for after, before in pairs)

    def _processor_s(self) -> tuple[float, ...]:
        return tuple(map(processor_seconds, self.processes))


def processor_seconds(process: int) -> float:
    """Processor time that a process has had."""
    words = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def call(studies: Path, output: Path, cluster: Cluster, watched: Watched) -> GradedStudies:
    """Call what `infer` calls."""
    from benchmarks.timing import registry  # by the name that workers import it by
    from monai_amyloid.grading.run import grade_studies

    with patch("monai_amyloid.grading.run.grade_there", registry.synthetic):
        return grade_studies(
            shipped_bundle(),
            list_named([studies]),
            output,
            options=OutputOptions(report=True),
            cluster=cluster,
            progress=watched,
        )


def without_pages() -> AbstractContextManager[object]:
    """Let a study be finished without a page, of which there is none here."""
    return patch("monai_amyloid.grading.run.PAGE", "result.json")


def measure(dask: DaskProcesses, folder: Path, count: int) -> dict[str, float]:
    """Grade, then find that all is graded; what it took."""
    began = time.perf_counter()
    table = make_studies(folder / "studies", count)
    print(f"{count} studies written in {time.perf_counter() - began:.0f} s", flush=True)
    watched = Watched((os.getpid(), dask.scheduler.pid))
    results = call(table, folder / "results", Cluster(address=dask.address), watched)
    ended = time.perf_counter()
    found = {
        "listing, looking and naming": watched.first - watched.began,
        "hash of the content": 1000 * results.times.hashing_s / count,
        "grading": watched.last - watched.first,
        "table, summary and record": ended - watched.last,
        "overhead": 1000 * ((watched.last - watched.first) * WORKERS / count - TASK_S),
        "processor time of a registry's command": 1000 * watched.processor[0] / count,
        "processor time of a registry's scheduler": 1000 * watched.processor[1] / count,
        "command after a tenth": watched.megabytes[0][0],
        "command at the last study": watched.megabytes[-1][0],
        "scheduler after a tenth": watched.megabytes[0][1],
        "scheduler at the last study": watched.megabytes[-1][1],
    }
    before = {
        name: (folder / "results" / name).read_bytes() for name in ("results.csv", "summary.html")
    }
    print("the same call again:", flush=True)
    again, before_s = Watched((os.getpid(),)), time.process_time()
    results = call(table, folder / "results", LOCAL, again)
    found |= {
        "processor time of the same call again": 1000 * (time.process_time() - before_s) / count,
        "hash of the content, of all that is done": 1000 * results.times.hashing_s / count,
        "looking up what is done, beside the hash": 1000 * results.times.other_s / count,
        "most memory of a registry's command": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        / 1024,
        "summary page of a registry": len(before["summary.html"]) / 1e6,
    }
    same = all((folder / "results" / name).read_bytes() == was for name, was in before.items())
    print(f"table and summary are {'the same' if same else 'OTHERS'}")
    return found


_UNITS = {
    **dict.fromkeys(("hash", "looking up", "overhead", "processor"), "ms/study"),
    **dict.fromkeys(("command", "scheduler", "most", "summary"), "MB"),
}


def unit_of(figure: str) -> str:
    """Unit of a figure of :func:`measure`."""
    return next((unit for name, unit in _UNITS.items() if figure.startswith(name)), "s")


def project(found: dict[str, float], count: int, options: argparse.Namespace) -> None:
    """Print how long as many real studies would take on 100 workers, and by what assumptions."""
    storage = options.storage_megabytes
    hours = 1 / 3600
    serial = max(
        found["processor time of a registry's command"],
        found["processor time of a registry's scheduler"],
    )
    parts = {
        "reading all bytes once for their hash, at the storage's rate":
            count * options.real_megabytes / storage,
        "grading, each worker a study at a time": count * options.real_seconds / MANY_WORKERS,
        "the least that command and scheduler take for it, one after another":
            count * serial / 1000,
        "reading all bytes twice more (to grade, and to see that nothing changed)":
            2 * count * options.real_megabytes / storage,
        "table, summary and record": found["table, summary and record"],
    }  # fmt: skip
    names = list(parts)
    grading = max(parts[name] for name in names[1:4])
    total = parts[names[0]] + grading + parts[names[4]]
    print(f"\n{count} real studies on {MANY_WORKERS} workers, if one takes a worker "
          f"{options.real_seconds} s and has {options.real_megabytes} MB, and the storage gives "
          f"all workers together {storage} MB/s:\n")  # fmt: skip
    for name, seconds in parts.items():
        print(f"  {name}: {seconds * hours:.2f} h")
    print(f"  together, where of the three while grading the longest counts: {total * hours:.2f} h")
    record(f"projected time of {count} real studies on {MANY_WORKERS} workers", total * hours, "h")


def main() -> None:
    """Print what it takes, record it, and project it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="kept; else a temporary one")
    parser.add_argument("--real-seconds", type=float, default=0.8)
    parser.add_argument("--real-megabytes", type=float, default=20)
    parser.add_argument("--storage-megabytes", type=float, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, without_pages():
        folder = options.folder or Path(scratch)
        with dask_processes(folder / "dask", WORKERS) as dask:
            found = measure(dask, folder, options.studies)
    for figure, value in found.items():
        print(f"{figure}: {value:.3g} {unit_of(figure)}")
        record(figure, value, unit_of(figure))
    project(found, options.studies, options)


if __name__ == "__main__":
    main()
