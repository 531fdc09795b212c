"""One run of ``monai.bundle`` as a process of its own, its output in a file."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from monai_amyloid.crossval.attended import THEN
from monai_amyloid.work.engine import Crash

_BETWEEN_LOOKS_S = 0.1
_LONGEST_LINE = 10_000  # bytes


class ProcessFailedError(Exception):
    """A process that did not reach its end; the last line that it wrote."""


class StoppedError(Exception):
    """A process that was ended because its results are no longer asked for."""


@dataclass(frozen=True)
class BundleRun:
    """One ``python -m monai.bundle run``.

    Attributes:
        run_id: Id of the run, ``training`` or ``predicting``.
        config_files: Configs, each with its differences from those before it.
        values: Overrides, by id in the config.
    """

    run_id: str
    config_files: Sequence[Path]
    values: Mapping[str, object]

    def arguments(self) -> list[str]:
        """The command's arguments, from the module on."""
        files = [path.as_posix() for path in self.config_files]
        return [
            *("monai.bundle", "run", self.run_id, f"--config_file={files}"),
            *(f"--{name}={value}" for name, value in self.values.items()),
        ]


def bundle_command(runs: Sequence[BundleRun]) -> list[str]:
    """A command that does runs one after another in one process, for :func:`attend`."""
    # -P: no module is taken from the current folder.
    command = [sys.executable, "-P", "-m", "monai_amyloid.crossval.attended"]
    for number, run in enumerate(runs):
        command += [THEN] * (number > 0) + run.arguments()
    return command


def environment(threads: int, cuda_device: str | None) -> dict[str, str]:
    """The environment of a process that shares this machine with others.

    Args:
        threads: Number of threads of torch and the libraries below it.
        cuda_device: The one device that it sees; where None, those that this process sees.
    """
    chosen = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    if cuda_device is not None:
        chosen["CUDA_VISIBLE_DEVICES"] = cuda_device
    # What is said is in the log at once, in one encoding on every system.
    return {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", **chosen}


def attend(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    stop: Event,
    look: Callable[[], None] = lambda: None,
) -> None:
    """Run a process to its end, its output appended to a log.

    Args:
        command: Command to run; its process ends when its standard input does.
        log: Path of the log; its folder is made if missing.
        environment: Environment variables of the process.
        stop: Ends the process when set.
        look: Called ten times a second while it runs, and once when it has ended.

    Raises:
        ProcessFailedError: If its exit status is not 0.
        StoppedError: If ``stop`` was set.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        begun = output.tell()
        with subprocess.Popen(  # noqa: S603 (this interpreter, no shell)
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            # Ctrl-C is for this process, which then ends the others in order.
            process_group=0 if sys.platform != "win32" else None,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        ) as process:
            running = True
            while running:
                if stop.wait(_BETWEEN_LOOKS_S):
                    process.kill()
                running = process.poll() is None
                look()
    if stop.is_set():
        raise StoppedError
    if process.returncode < 0:
        raise ProcessFailedError(f"ended by {Crash(process.returncode)}")
    if process.returncode:
        raise ProcessFailedError(_last_line(log, begun) or str(Crash(process.returncode)))


def _last_line(log: Path, begun: int) -> str:
    """The last line, if any, that was written into a log after ``begun`` bytes."""
    with log.open("rb") as file:
        file.seek(max(begun, log.stat().st_size - _LONGEST_LINE))
        lines = file.read().decode(errors="replace").splitlines()
    return next((line.rstrip() for line in reversed(lines) if line.strip()), "")
