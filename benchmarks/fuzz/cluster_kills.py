"""Workers, schedulers and commands of a cluster killed at random: the table is the same.

    python -m benchmarks.fuzz.cluster_kills --folder FOLDER [--kills 100] [--tasks 1000] [--seed 0]

A command makes a file of each of many short tasks over a Dask scheduler and two workers, all
processes of this machine, and then a table of what the files hold. Meanwhile one of them is killed
by SIGKILL, every few seconds, and started again; a command that ends before its table is whole is
started again, as a person would. At the end the table must be, byte for byte, that of one machine.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.dask_processes import ROOT, DaskProcesses, dask_processes
from benchmarks.figures import record
from monai_amyloid.checksum import sha256
from monai_amyloid.output import read_json_record, remove_partials, replace_file
from monai_amyloid.work.cluster.choice import LOCAL, Cluster
from monai_amyloid.work.engine import Crash

WORKERS, SECONDS = 2, 0.02
_LONGEST_S = 600.0


def make(number: int, folder: Path) -> str:
    """A short task, whose file is its truth."""
    time.sleep(SECONDS)
    content = sha256(str(number))
    replace_file(folder / f"{number:06d}.json", json.dumps({"content": content}).encode())
    return content


def make_table(cluster: Cluster, tasks: int, folder: Path) -> None:
    """The command: what is not made is made, and the table is written."""
    from monai_amyloid.output_lock import alone_in
    from monai_amyloid.work.cluster.choice import engine_for
    from monai_amyloid.work.many import make_each

    with alone_in(folder, "make"):
        remove_partials(folder)
        done = make_each(
            partial(make, folder=folder),
            range(tasks),
            engine_for(cluster, WORKERS, folder),
            crashed=_crashed,
            finished_before=lambda number: read_json_record(folder / f"{number:06d}.json").get(
                "content"
            ),
        )
        rows = [f"{number}\t{each.made}" for number, each in enumerate(done)]
        replace_file(folder / "table.tsv", "\n".join(rows).encode())


def _crashed(number: int, crash: Crash) -> str:
    return f"{number} crashed: {crash}"


def killed_run(
    dask: DaskProcesses, folder: Path, tasks: int, random: np.random.Generator, kills: int
) -> tuple[Counter[str], str]:
    """One table, made while so much is killed; what was killed, and what is wrong."""
    folder.mkdir(parents=True)
    counts = Counter[str]()
    command = [sys.executable, "-m", "benchmarks.fuzz.cluster_kills", "--folder", str(folder)]
    command += ["--tasks", str(tasks), "--address", dask.address]
    errors = (folder.parent / "errors.txt").open("ab")
    process, until = subprocess.Popen(command, cwd=ROOT, stderr=errors), time.monotonic()
    longest = time.monotonic() + _LONGEST_S
    pause = random.uniform(1, 6)
    while time.monotonic() < longest:
        if process.poll() is not None:
            if (folder / "table.tsv").exists():
                break
            counts["command started again"] += 1
            process = subprocess.Popen(command, cwd=ROOT, stderr=errors)
        dask.workers = [each for each in dask.workers if each.poll() is None]
        while len(dask.workers) < WORKERS:
            dask.start_worker()
        if sum(counts[each] for each in _VICTIMS) < kills and time.monotonic() > until + pause:
            victim = _VICTIMS[random.integers(len(_VICTIMS))]
            counts[victim] += 1
            _kill(victim, dask, process)
            until, pause = time.monotonic(), random.uniform(1, 6)
        time.sleep(0.05)
    else:
        process.kill()
        return counts, "it did not end"
    return counts, ""


_VICTIMS = ("worker", "scheduler", "command")


def _kill(victim: str, dask: DaskProcesses, command: "subprocess.Popen[bytes]") -> None:
    if victim == "worker":
        dask.workers[0].kill()
        dask.workers[0].wait()
    elif victim == "scheduler":
        dask.scheduler.kill()
        dask.scheduler.wait()
        dask.start_scheduler()
    else:
        command.kill()
        command.wait()


def main() -> None:
    """Print a line a table, and the counts of all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--kills-a-table", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    options = parser.parse_args()
    # By its own name, by which workers import it, not as the main module.
    from benchmarks.fuzz.cluster_kills import make_table

    if options.address:
        make_table(Cluster(address=options.address), options.tasks, options.folder)
        return
    expected = options.folder / "one_machine"
    expected.mkdir(parents=True)
    make_table(LOCAL, options.tasks, expected)
    table = (expected / "table.tsv").read_bytes()
    random, counts, wrong, number = np.random.default_rng(options.seed), Counter[str](), 0, 0
    with dask_processes(options.folder / "dask", WORKERS) as dask:
        while sum(counts[each] for each in _VICTIMS) < options.kills:
            place = options.folder / f"table{number}"
            found, problem = killed_run(dask, place, options.tasks, random, options.kills_a_table)
            if not problem and (place / "table.tsv").read_bytes() != table:
                problem = "another table"
            if not problem and (left := [*place.glob(".*.partial")]):
                problem = f"left {left}"
            wrong += bool(problem)
            counts += found
            number += 1
            print(f"table {number}: {dict(found)} {problem or 'the same'}", flush=True)
    kills = sum(counts[each] for each in _VICTIMS)
    print(f"{number} tables, {kills} kills {dict(counts)}: {wrong} wrong")
    record("tables with other content after kills", wrong, f"of {number}, {kills} kills")


if __name__ == "__main__":
    main()
