"""Spoiled studies by the thousand.

    python -m benchmarks.fuzz.fuzzing --runs 20000 --seed 0 --workers 2

Each input follows from its kind and number, so that a find is repeated by
``--only KIND --seed NUMBER --runs 1``. Worker processes read the studies under a limit of
address space; one that takes longer than ten seconds is ended by the program that started it.
"""

import argparse
import logging
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from benchmarks.figures import record

TESTS = Path(__file__).resolve().parents[2] / "tests"
LONGEST_SECONDS = 10.0
ADDRESS_SPACE = 4 * 2**30
OUTCOMES = ("refused", "same", "excused", "warned", "changed silently", "error")
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of our own is made in it)


def work(connection: Connection, folder: str) -> None:
    """Judge mutants until the connection closes."""
    sys.path.insert(0, str(TESTS))
    tempfile.tempdir = folder
    from pet.mutations import mutant
    from pet.mutations.judge import judge, read

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    right: dict[str, Any] = {}
    while True:
        try:
            kind, number = connection.recv()
        except EOFError:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the library that writes the mutant
            logging.disable(logging.CRITICAL)
            one = mutant(kind, number)
        logging.disable(logging.NOTSET)
        if one.seed.name not in right:
            right[one.seed.name] = read(one.seed, one.seed.files)
        connection.send(one.seed.name)  # from here on the clock runs
        verdict = judge(one, right[one.seed.name])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        connection.send((verdict.outcome, verdict.words, peak))


@dataclass
class Worker:
    """A process and what it is at."""

    folder: str
    case: tuple[str, int] | None = None
    study: str = ""
    began: float | None = None
    process: Any = None
    connection: Any = None

    def start(self) -> None:
        """Start a process of our own."""
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process = context.Process(target=work, args=(other, self.folder), daemon=True)
        self.process.start()
        other.close()

    def give(self, case: tuple[str, int]) -> None:
        """Let it judge a mutant."""
        self.case, self.study, self.began = case, "", None
        self.connection.send(case)

    def end(self) -> int | None:
        """End the process, if it has not ended by itself."""
        self.process.join(0.5)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            self.process.join()
        self.connection.close()
        return code


@dataclass
class Tally:
    """What came of the mutants."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, str] = (0.0, "")
    peak: int = 0
    finds: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    verbose: bool = False

    def add(self, worker: Worker, seconds: float, result: tuple[str, str, int]) -> None:
        """Count one."""
        kind, number = worker.case or ("", 0)
        seed, (outcome, words, peak) = worker.study, result
        self.counts[kind, outcome] += 1
        self.seconds[kind] += seconds
        self.slowest = max(self.slowest, (seconds, f"{kind} {number}"))
        self.peak = max(self.peak, peak)
        if outcome in ("excused", "warned"):
            told = words.split(":")[outcome == "warned"].strip()
            self.reasons[f"{outcome}: {told}"] += 1
            if outcome == "warned" or self.verbose:
                print(f"--only {kind!r} --seed {number} ({seed}): {outcome}: {words}", flush=True)
        if outcome in OUTCOMES[-2:]:
            find = f"--only {kind!r} --seed {number} --runs 1 ({seed}): {outcome}: {words}"
            self.finds.append(find)
            print(find, flush=True)

    def table(self) -> str:
        """Give the result as a table in Markdown."""
        lines = ["| mutation | inputs | " + " | ".join(OUTCOMES) + " | s |"]
        lines.append("|---" * (len(OUTCOMES) + 3) + "|")
        for kind in [*sorted(self.seconds), "all"]:
            counts = [
                sum(n for (k, o), n in self.counts.items() if k in (kind, kind) and o == outcome)
                if kind != "all"
                else sum(n for (_, o), n in self.counts.items() if o == outcome)
                for outcome in OUTCOMES
            ]
            seconds = self.seconds[kind] if kind != "all" else sum(self.seconds.values())
            numbers = " | ".join(map(str, [sum(counts), *counts]))
            lines.append(f"| {kind} | {numbers} | {seconds:.0f} |")
        lines += ["", *(f"{count} {words}" for words, count in self.reasons.most_common())]
        lines.append(f"slowest {self.slowest[0]:.2f} s ({self.slowest[1]})")
        lines.append(f"peak memory of a worker {self.peak / 2**30:.2f} GB")
        return "\n".join([*lines, f"{len(self.finds)} finds"])


def fuzz(cases: list[tuple[str, int]], workers: list[Worker], tally: Tally) -> None:
    """Judge every case."""
    left = iter(cases)
    for worker in workers:
        worker.start()
        if (case := next(left, None)) is not None:
            worker.give(case)
    while any(worker.case for worker in workers):
        busy = [worker for worker in workers if worker.case]
        ready = wait([worker.connection for worker in busy], timeout=0.5)
        for worker in busy:
            result: Any = None
            taken = time.perf_counter() - worker.began if worker.began else 0.0
            if worker.connection in ready:
                try:
                    result = worker.connection.recv()
                except (EOFError, ConnectionError):
                    code = worker.end()
                    if worker.began is None:
                        raise RuntimeError(f"a worker ended before it read {worker.case}") from None
                    result = ("error", f"the reader's process ended ({code})", 0)
                    worker.start()
                if isinstance(result, str):
                    worker.study, worker.began = result, time.perf_counter()
                    continue
            elif taken > LONGEST_SECONDS:
                worker.end()
                result = ("error", f"no end after {taken:.0f} s", 0)
                worker.start()
            if result is None:
                continue
            tally.add(worker, taken, result)
            worker.case = None
            if result[2] > 2**31:  # the next one is measured anew
                worker.end()
                worker.start()
            if (case := next(left, None)) is not None:
                worker.give(case)
    for worker in workers:
        worker.connection.close()
        worker.end()


def main() -> int:
    """Run the fuzzer; the exit status is 1 if it found anything."""
    sys.path.insert(0, str(TESTS))
    from pet.mutations import KINDS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0, help="number of the first input")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", choices=list(KINDS))
    parser.add_argument("--verbose", action="store_true", help="print what is excused, too")
    options = parser.parse_args()
    kinds = [options.only] if options.only else list(KINDS)
    numbers = range(options.seed, options.seed + options.runs)
    cases = [(kinds[number % len(kinds)], number) for number in numbers]
    place = Path(tempfile.mkdtemp(dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None))
    tally, began = Tally(verbose=options.verbose), time.perf_counter()
    try:
        fuzz(cases, [Worker(str(place)) for _ in range(options.workers)], tally)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(f"\n{len(cases)} inputs, {time.perf_counter() - began:.0f} s\n\n{tally.table()}")
    for outcome in OUTCOMES:
        found = sum(n for (_, each), n in tally.counts.items() if each == outcome)
        record(f"inputs {outcome}", found, "inputs")
    record("slowest input", tally.slowest[0], "s")
    record("peak memory of a worker", tally.peak / 2**30, "GB")
    return 1 if tally.finds else 0


if __name__ == "__main__":
    raise SystemExit(main())
