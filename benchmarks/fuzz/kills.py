"""Commands killed at random moments, and disks that are full: the same command goes on.

    python -m benchmarks.fuzz.kills --folder FOLDER [--kills 200] [--disks 50] [--seed 0]

Runs infer, prepare, crossval, export and explore over small inputs: once undisturbed, then each
ended at a random moment by SIGKILL, SIGTERM or Ctrl-C, to the program alone or to its whole group;
and into a disk of a random size that is too small (a tmpfs: needs root of Linux). After each the
same command runs again and must leave the same files with the same content, but for times, nothing
half-written beside them and no temporary folder, and print no traceback. What was tried is noted
in FOLDER, so that a run goes on where another was ended.

Programs are forks of this process (`forked_programs`). UMAP, which each process compiles for many
seconds, is replaced by two axes of its input, and a registration that was made once is looked up.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.figures import record
from benchmarks.fuzz import forked_programs
from benchmarks.fuzz.forked_programs import Program

_LONGEST_S = 300.0
_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
# The quicker a command, the more often.
_TURNS = (
    *("infer", "prepare", "export", "crossval", "prepare", "export", "infer", "prepare", "export"),
    *("explore", "infer", "prepare", "export", "infer", "prepare", "export", "infer"),
    *("prepare", "export", "infer"),
)
_INTERRUPTED = {signal.SIGTERM: 143, signal.SIGINT: 130}


class Bench:
    """The commands, and what each leaves when nothing disturbs it.

    Args:
        folder: Folder of inputs, outputs and notes.
    """

    def __init__(self, folder: Path) -> None:
        from benchmarks.fuzz.kill_cases import make_cases

        self.folder = folder
        self.cases = {case.name: case for case in make_cases(folder / "inputs")}
        self.seconds: dict[str, float] = {}
        self.expected: dict[str, dict[str, str]] = {}
        self.size: dict[str, int] = {}

    def start(self, name: str, output: Path, said: Path) -> Program:
        """Start a command; its temporary folders are beside its output's folder."""
        temporary = self.folder / "temporary"
        temporary.mkdir(exist_ok=True)
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        environment = {**os.environ, **threads, "TMPDIR": str(temporary)}
        environment["MODULES"] = str(self.folder / "modules.txt")
        environment["TORCHINDUCTOR_CACHE_DIR"] = str(self.folder / "torch")
        return Program(self.cases[name].arguments(output), said, environment)

    def whole(self, name: str, output: Path, said: Path) -> str:
        """Run a command to its end; what is wrong with the outcome, empty where nothing is."""
        case = self.cases[name]
        status = self.start(name, output, said).wait(_LONGEST_S)
        text = said.read_text(encoding="utf-8", errors="replace")
        if status != case.status or "Traceback" in text:
            return f"status {status}: {text[-1500:]}"
        return self.compared(name, output)

    def compared(self, name: str, output: Path) -> str:
        """What differs from an undisturbed run, and what is left over."""
        from benchmarks.fuzz.kill_cases import content_of

        left = [path.name for path in (self.folder / "temporary").iterdir()]
        left += [path.name for path in output.rglob("*.partial")]
        found, expected = content_of(output), self.expected.get(name)
        if expected is None:
            return ", ".join(left)
        names = {each.split("\t")[0] for each in expected}
        different = sorted(key for key in names | {*found} if not _alike(key, found, expected))
        return ", ".join([*different, *left])

    def know(self, name: str) -> None:
        """Learn of a command what is not known of an earlier run in this folder."""
        notes = self.folder / f"undisturbed_{name}.json"
        if notes.exists():
            known = json.loads(notes.read_text())
            self.seconds[name], self.size[name], self.expected[name] = known
            return
        self.learn(name)
        notes.write_text(json.dumps([self.seconds[name], self.size[name], self.expected[name]]))

    def learn(self, name: str) -> None:
        """Run a command undisturbed twice: what differs then is a time, and compared by name."""
        from benchmarks.fuzz.kill_cases import content_of

        contents = []
        for _ in range(2):
            output, said = self.fresh(name)
            begun = time.monotonic()
            if wrong := self.whole(name, output, said):
                sys.exit(f"{name} by itself: {wrong}")
            self.seconds[name] = time.monotonic() - begun
            contents.append(content_of(output))
            forked_programs.load_what_ran(self.folder / "modules.txt")
            used = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
            self.size[name] = used
        if contents[0].keys() != contents[1].keys():
            sys.exit(
                f"{name}: other files in a second run: {contents[0].keys() ^ contents[1].keys()}"
            )
        self.expected[name] = {
            key: value if contents[1][key] == value else "" for key, value in contents[0].items()
        }
        varying = [key for key, value in self.expected[name].items() if not value]
        print(f"{name}: {self.seconds[name]:.1f} s, {len(contents[0])} files, "
              f"{self.size[name] / 1e6:.1f} MB; by name alone: {varying}", flush=True)  # fmt: skip

    def scans(self) -> list[Path]:
        """The scans that are registered by any of the commands."""
        inputs = self.folder / "inputs"
        studies = [inputs / "studies" / "packed.zip"]
        return [*studies, *sorted((inputs / "cohort" / "scans").glob("*.nii.gz"))]

    def fresh(self, name: str) -> tuple[Path, Path]:
        """An empty folder to write into, and an empty file for what is printed."""
        self.cases[name].clean()
        output, said = self.folder / "output", self.folder / "said.txt"
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir()
        said.write_bytes(b"")
        return output, said


def _alike(key: str, found: dict[str, str], expected: dict[str, str]) -> bool:
    return key in found and key in expected and expected[key] in ("", found[key])


def kill(bench: Bench, name: str, random: np.random.Generator) -> dict[str, Any]:
    """End a command at a random moment, and run it again."""
    output, said = bench.fresh(name)
    number = _SIGNALS[random.integers(len(_SIGNALS))]
    to_all = bool(random.integers(2))
    moment = random.uniform(0, bench.seconds[name])
    program = bench.start(name, output, said)
    status, wrong = program.wait(moment), ""
    if status is None:
        program.send(number, to_all=to_all)
        status = program.wait(_LONGEST_S)
        text = said.read_text(encoding="utf-8", errors="replace")
        if number != signal.SIGKILL:
            wrong = _of_ending(bench, name, status, text, _INTERRUPTED[number])
        _wait_for_group(program.pid)
    what = f"{signal.Signals(number).name} {'group' if to_all else 'alone'}"
    return {"what": what, "moment": moment, "ended": status,
            "wrong": wrong or bench.whole(name, output, _emptied(said))}  # fmt: skip


def _of_ending(bench: Bench, name: str, status: int | None, text: str, expected: int) -> str:
    """What is wrong with how an interrupted program ended; perhaps it just came to its end."""
    if status == bench.cases[name].status and "interrupted" not in text:
        return ""
    if not text and not any((bench.folder / "output").iterdir()):  # it had not begun
        return ""
    lines = [line for line in text.splitlines() if "the same command goes on" in line]
    left = [path.name for path in (bench.folder / "temporary").iterdir()]
    if status != expected or len(lines) != 1 or "Traceback" in text or left:
        return f"ended with {status}, left {left}: {text[-1500:]}"
    return ""


def _wait_for_group(group: int) -> None:
    """Wait until the processes that a killed program had started have noticed."""
    until = time.monotonic() + 20
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.01)
    time.sleep(0.05)


def _emptied(file: Path) -> Path:
    file.write_bytes(b"")
    return file


@contextlib.contextmanager
def _disk(place: Path, size: int) -> Iterator[None]:
    """A disk of that many bytes."""
    place.mkdir(exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place))
    try:
        yield
    finally:
        _run("umount", "-l", str(place))


def _run(*command: str) -> None:
    subprocess.run([str(shutil.which(command[0])), *command[1:]], check=True)


def fill(bench: Bench, name: str, random: np.random.Generator) -> dict[str, Any]:
    """Run a command into a disk that is too small, and again after the disk has grown."""
    _, said = bench.fresh(name)
    place = bench.folder / "disk"
    size = int(random.uniform(8192, 0.95 * bench.size[name]))
    with _disk(place, size):
        (place / "output").mkdir()
        status = bench.start(name, place / "output", said).wait(_LONGEST_S)
        text = said.read_text(encoding="utf-8", errors="replace")
        errors = [line for line in text.splitlines() if line.startswith("Error: ")]
        wrong = "" if status == bench.cases[name].status and not errors else _of_full(status, text)
        size_mb = 100 + 4 * bench.size[name] // 10**6
        _run("mount", "-o", f"remount,size={size_mb}m", str(place))
        wrong = wrong or bench.whole(name, place / "output", _emptied(said))
    return {"what": "full disk", "moment": size, "ended": status, "wrong": wrong}


def _of_full(status: int | None, text: str) -> str:
    errors = [line for line in text.splitlines() if line.startswith("Error: ")]
    if status != 3 or len(errors) != 1 or "Traceback" in text:
        return f"ended with {status}: {text[-1500:]}"
    return ""


def main() -> None:
    """Print a line for each that was tried, and the counts of all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--disks", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", action="append", help="only these commands")
    parser.add_argument("--part", default="0/1", help="K/N: each Nth from the Kth, beside others")
    options = parser.parse_args()
    part, parts = map(int, options.part.split("/"))
    options.folder.mkdir(parents=True, exist_ok=True)
    forked_programs.load()
    if (modules := options.folder / "modules.txt").exists():
        forked_programs.load_what_ran(modules)
    notes = options.folder / "tried.jsonl"
    notes.touch()
    known = [json.loads(line) for line in notes.read_text().splitlines()]
    done = {(each["kind"], each["number"]) for each in known if each["seed"] == options.seed}
    bench = Bench(options.folder.resolve())
    with _shortened(bench):
        names = [name for name in bench.cases if not options.case or name in options.case]
        for name in names:
            bench.know(name)
        # In turn, so that a part of them is of all commands.
        tries = [("kill", n) for n in range(options.kills)]
        for n in range(options.disks):
            tries.insert(5 * n + n, ("disk", n))
        for kind, number in tries:
            name = _TURNS[number % len(_TURNS)]
            if (kind, number) in done or name not in names or number % parts != part:
                continue
            random = np.random.default_rng([options.seed, number, kind == "disk"])
            tried = (kill if kind == "kill" else fill)(bench, name, random)
            known.append(
                {"kind": kind, "number": number, "seed": options.seed, "case": name, **tried}
            )
            with notes.open("a") as file:
                file.write(json.dumps(known[-1]) + "\n")
            print(f"{kind} {number} {name} {tried['what']} at {tried['moment']:.1f}: "
                  f"ended {tried['ended']}; {tried['wrong'] or 'right'}", flush=True)  # fmt: skip
    counts = Counter((each["kind"], not each["wrong"]) for each in known)
    for kind, words in (("kill", "kills"), ("disk", "full disks")):
        right, count = counts[kind, True], counts[kind, True] + counts[kind, False]
        print(f"{words}: {right} of {count} survived")
        record(f"{words} after which the same command ends as if undisturbed", right, f"of {count}")


@contextlib.contextmanager
def _shortened(bench: Bench) -> Iterator[None]:
    """Two things that take long and write nothing, shorter."""
    from monai_amyloid.brain.normalization import normalize
    from monai_amyloid.brain.registration.register import register
    from monai_amyloid.pet.study import read_study

    known: dict[str, Any] = {}

    def remembered(image: Any, *arguments: Any, **options: Any) -> Any:
        from monai_amyloid.checksum import sha256

        key = sha256(np.ascontiguousarray(image.data).tobytes())
        if key not in known:
            known[key] = register(image, *arguments, **options)
        return known[key]

    def two_axes(axes: Any, seed: int) -> Any:
        return axes[:, :2]

    with (
        patch("monai_amyloid.brain.normalization.register", remembered),
        patch("monai_amyloid.exploring.reduction._umap", two_axes),
    ):
        for scan in bench.scans():
            normalize(read_study(scan))
        yield


if __name__ == "__main__":
    main()
