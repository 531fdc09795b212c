"""How long a physician with one study waits, as a multiple of what PyTorch's import alone takes.

    python -m benchmarks.timing.cold_start STUDY [--repeats 7]

Three processes take turns, so that a busy machine slows them alike: ``import torch``; the study
graded without its report; and with it. Ratios are of medians; the processor's own seconds, of which
other programs take nothing, stand beside those of the clock. Byte code is kept, as it is for a
user, and one turn that makes it is not counted.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import record

TORCH = [sys.executable, "-c", "import torch"]
_NO_BYTE_CODE = "PYTHONDONTWRITEBYTECODE"
# As the console script does.
INFER = [sys.executable, "-c", "from monai_amyloid.cli import main; main()", "infer"]


def seconds(command: list[str]) -> tuple[float, float]:
    """Seconds of the clock and of the processor of one process, from its start to its end."""
    before, start = os.times(), time.perf_counter()
    environment = {name: each for name, each in os.environ.items() if name != _NO_BYTE_CODE}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)  # fmt: skip
    clock, after = time.perf_counter() - start, os.times()
    return clock, sum(after[2:4]) - sum(before[2:4])


def main() -> None:
    """Print both ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("study", type=Path)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    names = ("import torch", "cold study without report", "cold study with report")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(1 + options.repeats):
            study = str(options.study)
            plain = [*INFER, study, "--no-report", "--output", f"{folder}/plain{repeat}"]
            whole = [*INFER, study, "--output", f"{folder}/whole{repeat}"]
            for name, command in zip(names, (TORCH, plain, whole), strict=True):
                taken = seconds(command)
                if repeat:
                    found[name].append(taken)
    middle = {
        name: [statistics.median(column) for column in zip(*runs, strict=True)]
        for name, runs in found.items()
    }
    base = middle[names[0]]
    for name, (clock, processor) in middle.items():
        print(f"{name:28s} {clock:6.2f} s  {clock / base[0]:5.2f} x   processor "
              f"{processor:6.2f} s  {processor / base[1]:5.2f} x")  # fmt: skip
        if name != names[0]:
            record(f"{name}, over import torch", clock / base[0], "x")
            record(f"{name}, over import torch, processor's time", processor / base[1], "x")


if __name__ == "__main__":
    main()
