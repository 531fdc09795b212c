"""Workers, schedulers and commands of a cluster killed at random: the table is the same.

    python -m benchmarks.fuzz.cluster_kills --folder FOLDER [--kills 100] [--tasks 1000] [--seed 0]
    python -m benchmarks.fuzz.cluster_kills --folder FOLDER --studies 12 --kills 20

A command makes a file of each of many short tasks over a Dask scheduler and two workers, all
processes of this machine, and then a table of what the files hold. Meanwhile one of them is killed
by SIGKILL, every few seconds, and started again; a command that ends before its table is whole is
started again, as a person would. At the end the table must be, byte for byte, that of one machine.
With ``--studies`` the command is `infer` on simulated studies, and the table its ``results.csv``.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
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
_LONGEST_S = 1800.0


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


@dataclass(frozen=True)
class Commanded:
    """A command of which things are killed.

    Attributes:
        words: Command line but for the folder and the cluster, by these two.
        table: Name of the table that it writes.
        pauses_s: Shortest and longest time between two kills.
    """

    words: Callable[[Path, str], list[str]]
    table: str
    pauses_s: tuple[float, float]

    def start(self, folder: Path, cluster: str) -> "subprocess.Popen[bytes]":
        """Begin, or go on."""
        with (folder.parent / "errors.txt").open("ab") as errors:
            return subprocess.Popen(
                self.words(folder, cluster), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=errors
            )


def short_tasks(tasks: int) -> Commanded:
    """A command that makes a file of each of many short tasks."""
    words = [sys.executable, "-m", "benchmarks.fuzz.cluster_kills", "--tasks", str(tasks)]
    return Commanded(
        lambda folder, cluster: [*words, "--folder", str(folder), "--address", cluster],
        "table.tsv",
        (1, 6),
    )


def real_studies(folder: Path, count: int) -> Commanded:
    """`infer` on simulated studies."""
    program = [sys.executable, "-c", "from monai_amyloid.cli import main; main()"]
    simulate = [*program, "simulate", str(folder), "--participants", str(count), "--seed", "0"]
    subprocess.run(simulate, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    scans = sorted(map(str, (folder / "scans").glob("*.nii.gz")))
    return Commanded(
        lambda output, cluster: [
            *(*program, "infer", *scans, "--no-report", "--output", str(output)),
            *("--cluster", cluster, "--workers", "1"),
        ],
        "results.csv",
        (4, 20),
    )


def killed_run(
    dask: DaskProcesses, folder: Path, command: Commanded, random: np.random.Generator, kills: int
) -> tuple[Counter[str], str]:
    """One table, made while so much is killed; what was killed, and what is wrong."""
    folder.mkdir(parents=True)
    counts = Counter[str]()
    process, until = command.start(folder, dask.address), time.monotonic()
    longest = time.monotonic() + _LONGEST_S
    pause = random.uniform(*command.pauses_s)
    while time.monotonic() < longest:
        if process.poll() is not None:
            if process.returncode == 0:
                break
            counts["command started again"] += 1
            process = command.start(folder, dask.address)
        dask.workers = [each for each in dask.workers if each.poll() is None]
        while len(dask.workers) < WORKERS:
            dask.start_worker()
        if sum(counts[each] for each in _VICTIMS) < kills and time.monotonic() > until + pause:
            victim = _VICTIMS[random.integers(len(_VICTIMS))]
            counts[victim] += 1
            _kill(victim, dask, process)
            until, pause = time.monotonic(), random.uniform(*command.pauses_s)
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
    parser.add_argument("--studies", type=int, default=0, help="grade so many, in place of tasks")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    options = parser.parse_args()
    # By its own name, by which workers import it, not as the main module.
    from benchmarks.fuzz.cluster_kills import make_table

    if options.address:
        here = options.address == "local"
        cluster = LOCAL if here else Cluster(address=options.address)
        make_table(cluster, options.tasks, options.folder)
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    command = short_tasks(options.tasks)
    if options.studies:
        command = real_studies(options.folder / "cohort", options.studies)
    one_machine = options.folder / "one_machine"
    one_machine.mkdir()
    if status := command.start(one_machine, "local").wait():
        raise SystemExit(f"on one machine it ended with {status}: see errors.txt")
    table = (one_machine / command.table).read_bytes()
    random, counts, wrong, number = np.random.default_rng(options.seed), Counter[str](), 0, 0
    with dask_processes(options.folder / "dask", WORKERS) as dask:
        while sum(counts[each] for each in _VICTIMS) < options.kills:
            place = options.folder / f"table{number}"
            found, problem = killed_run(dask, place, command, random, options.kills_a_table)
            if not problem and (place / command.table).read_bytes() != table:
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
