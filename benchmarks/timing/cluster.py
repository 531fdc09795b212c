"""What a cluster costs beside the work: python -m benchmarks.timing.cluster [--tasks 100000].

Two Dask workers, a scheduler and the command are processes of this machine. Each task waits for
20 ms, so that other work on the machine counts little. Printed are the overhead a task, the memory
of the command and of the scheduler as they grow, and the time of as many tasks over the process
pool in the same run, in turns. Seconds count from the first result, for starting counts once.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.dask_processes import DaskProcesses, dask_processes
from benchmarks.figures import record
from benchmarks.timing.simulation_speed import resident_megabytes
from monai_amyloid.work.cluster.choice import LOCAL, Cluster, engine_for

NAP_S, WORKERS, ROUNDS = 0.02, 2, 3


def nap(number: int) -> int:
    """A task."""
    time.sleep(NAP_S)
    return number


@dataclass
class Run:
    """One run of many tasks: seconds from the first result, and MB by tasks done."""

    seconds: float = 0.0
    command_mb: list[float] = field(default_factory=list)
    scheduler_mb: list[float] = field(default_factory=list)


def run(cluster: Cluster, tasks: int, folder: Path, watched: Sequence[int] = ()) -> Run:
    """Do tasks, and look at the memory of processes after each tenth."""
    from benchmarks.timing.cluster import nap  # by the name that workers import it by

    found = Run()
    began = time.perf_counter()
    each = engine_for(cluster, WORKERS, folder).each(nap, range(tasks))
    for done, _ in enumerate(each, start=1):
        if done == 1:
            began = time.perf_counter()
        if watched and done % max(1, tasks // 10) == 0:
            command, scheduler = map(resident_megabytes, watched)
            found.command_mb.append(command)
            found.scheduler_mb.append(scheduler)
            found.seconds = time.perf_counter() - began
            print(f"{done} of {tasks}: {found.seconds:.0f} s, command {command:.0f} MB, "
                  f"scheduler {scheduler:.0f} MB", flush=True)  # fmt: skip
    found.seconds = time.perf_counter() - began
    return found


def main() -> None:
    """Print what it costs, and record it."""
    import os

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--compared", type=int, default=2000, help="tasks beside the pool")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "results"
        folder.mkdir()
        with dask_processes(Path(scratch) / "dask", WORKERS) as dask:
            _compare(dask, options.compared, folder)
            many = run(
                Cluster(address=dask.address), options.tasks, folder,
                (os.getpid(), dask.scheduler.pid),
            )  # fmt: skip
    overhead = 1000 * (many.seconds * WORKERS / options.tasks - NAP_S)
    print(f"overhead {overhead:.2f} ms a task")
    record("overhead of the cluster", overhead, "ms/task")
    for name, sizes in (("command", many.command_mb), ("scheduler", many.scheduler_mb)):
        print(f"{name}: {sizes[0]:.0f} MB after a tenth, {sizes[-1]:.0f} MB at the end")
        record(f"memory of the {name} at the end", sizes[-1], "MB")
        record(f"memory of the {name}, growth from a tenth to the end", sizes[-1] - sizes[0], "MB")


def _compare(dask: DaskProcesses, tasks: int, folder: Path) -> None:
    """The speed over Dask as a share of that over processes of this machine, in turns."""
    shares = []
    for _ in range(ROUNDS):
        pool = run(LOCAL, tasks, folder).seconds
        shares.append(pool / run(Cluster(address=dask.address), tasks, folder).seconds)
        print(f"{WORKERS} Dask workers at {shares[-1]:.3f} of the pool's speed", flush=True)
    low, median, high = np.min(shares), np.median(shares), np.max(shares)
    record("speed of Dask workers over that of the process pool", median, low=low, high=high)


if __name__ == "__main__":
    main()
