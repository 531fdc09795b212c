"""Five commands over small inputs, and what they leave behind, for the kills and full disks."""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.fuzz.kill_inputs import CONFIGS_3D, SMALL, make

_3D = [f"--config-file={path}" for path in CONFIGS_3D]
_VALUES = {**SMALL, "max_epochs": 2, "batch_size": 4, "device": "cpu", "amp": False}
# Of JSON, what two runs never have in common.
_TIMES = ("seconds", "began", "process", "since", "versions", "files", "finished_before")


@dataclass(frozen=True)
class Case:
    """A command, and how its outcome is compared.

    Attributes:
        name: Name of the command.
        arguments: Its arguments, of the folder that it writes into.
        status: Exit status of an undisturbed run.
        clean: Puts back what it writes outside that folder.
    """

    name: str
    arguments: Callable[[Path], list[str]]
    status: int = 0
    clean: Callable[[], None] = lambda: None


def make_cases(place: Path) -> list[Case]:
    """Make the inputs once, and the commands over them.

    Args:
        place: Folder of the inputs, which stays between runs.
    """
    make(place)
    studies, bundle = place / "studies", place / "bundle"
    cohort = place / "cohort" / "participants.tsv"

    def grade(output: Path) -> list[str]:
        named = [str(studies / name) for name in ("empty", "packed.zip")]
        return ["infer", *named, f"--bundle={bundle}", f"--output={output}", "--workers=1"]

    def prepare(output: Path) -> list[str]:
        return ["prepare", str(cohort), f"--output={output}", "--workers=1"]

    def crossval(output: Path) -> list[str]:
        values = [f"--set={name}={value}" for name, value in _VALUES.items()]
        return ["crossval", *_3D, *values, f"--dataset-dir={place / 'trained'}",
                f"--output-dir={output}", "--folds=2", "--jobs=1"]  # fmt: skip

    def export(output: Path) -> list[str]:
        run = str(place / "run" / "fold0")
        return ["export", run, *_3D, f"--output={output / 'bundle'}", "--half-precision"]

    def explore(output: Path) -> list[str]:
        explored = str(place / "explored")
        return ["explore", explored, f"--bundle={bundle}", f"--output={output}", "--device=cpu"]

    def forget_cache() -> None:
        shutil.rmtree(place / "trained" / "cache", ignore_errors=True)

    return [
        Case("infer", grade, status=1),
        Case("prepare", prepare, status=1),
        Case("crossval", crossval, clean=forget_cache),
        Case("export", export),
        Case("explore", explore),
    ]


def content_of(folder: Path) -> dict[str, str]:
    """What every file in a folder holds, by its name: a checksum, without what is only a time."""
    found = {}
    for path in sorted(folder.rglob("*")):
        # TensorBoard has a file for each time that a training went on.
        if path.is_file() and not path.name.startswith((".lock", "events.out")):
            found[path.relative_to(folder).as_posix()] = _digest(path)
    return found


def _digest(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix == ".json":
        content = json.dumps(_timeless(json.loads(content)), sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(each) for key, each in value.items() if key not in _TIMES}
    return [_timeless(each) for each in value] if isinstance(value, list) else value
