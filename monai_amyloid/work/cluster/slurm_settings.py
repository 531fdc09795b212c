"""``cluster.toml``: what each worker gets of a Slurm cluster."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from monai_amyloid.errors import UserError

_MEMORY = re.compile(r"[1-9]\d*(\.\d+)? ?[KMGT]i?B", re.IGNORECASE)
# Slurm's own forms: minutes, minutes:seconds, hours:minutes:seconds, days-hours and so on.
_TIME = re.compile(r"\d+(:\d\d){0,2}|\d+-\d+(:\d\d){0,2}")


@dataclass(frozen=True, kw_only=True)
class SlurmSettings:
    """Workers to ask Slurm for; each is a job of its own that makes one thing at a time.

    Attributes:
        workers: Number of workers.
        memory: Memory of a worker, such as ``"4 GB"``.
        time: Longest time of a worker, as Slurm writes it; one that ends is replaced.
        cores: Cores of a worker: a study takes one, a training as many as it has.
        gpus: GPUs of a worker.
        partition: Partition of the jobs; None for the cluster's default.
        account: Account that pays; None for the cluster's default.
        interface: Network card that the machines reach this one by, such as ``"ib0"``; None for
            that which leads out.
        extra: Further options of ``sbatch``, such as ``"--qos=low"``.
        setup: Lines of shell that a worker runs first, such as ``"module load python"``.
    """

    workers: int
    memory: str
    time: str
    cores: int = 1
    gpus: int = 0
    partition: str | None = None
    account: str | None = None
    interface: str | None = None
    extra: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()


def read_slurm_settings(path: Path) -> SlurmSettings:
    """Read and check a file of settings.

    Raises:
        UserError: If it cannot be read, or a value is missing, unknown or of another kind.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); see docs/clusters.md") from (
            error
        )
    except ValueError as error:
        raise UserError(f"{path}: is no TOML ({error}); see docs/clusters.md") from error
    known = {each.name: each.type for each in fields(SlurmSettings)}
    if unknown := sorted(set(content) - set(known)):
        raise UserError(f"{path}: {unknown[0]} is unknown; known are {', '.join(known)}")
    for name in ("workers", "memory", "time"):
        if name not in content:
            raise UserError(f"{path}: {name} is missing; needed one, such as {_EXAMPLES[name]}")
    for name, value in content.items():
        if (problem := _problem(name, value)) is not None:
            raise UserError(f"{path}: {name} = {value!r}: needed {problem}")
    return SlurmSettings(**{name: _kept(value) for name, value in content.items()})


_EXAMPLES: Mapping[str, str] = {
    "workers": "workers = 20",
    "memory": 'memory = "4 GB"',
    "time": 'time = "12:00:00"',
}
_LEAST: Mapping[str, int] = {"workers": 1, "cores": 1, "gpus": 0}


def _problem(name: str, value: Any) -> str | None:
    """What is needed in place of a value; None where it is right."""
    if name in _LEAST:
        right = isinstance(value, int) and not isinstance(value, bool) and value >= _LEAST[name]
        return None if right else f"a whole number, {_LEAST[name]} or more"
    if name in ("extra", "setup"):
        right = isinstance(value, list) and all(isinstance(e, str) and "\n" not in e for e in value)
        return None if right else 'a list of texts of one line, such as ["--qos=low"]'
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        return "a text of one line in quotation marks"
    if name == "memory" and not _MEMORY.fullmatch(value):
        return 'a number and its unit, such as "4 GB"'
    if name == "time" and not _TIME.fullmatch(value):
        return 'a time as Slurm writes it, such as "12:00:00" or "2-00:00:00"'
    return None


def _kept(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
