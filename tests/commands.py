"""Commands as a person types them, without the seconds that importing torch and MONAI takes.

A server is started once by each test process, imports the heavy libraries, and is forked for
each command: every command has a process of its own, in which no module of this project has been
imported before, and ends as `python -m` would. Where processes cannot be forked they are started
anew, with the same results. What depends on a truly new process uses `subprocess`.
"""

import atexit
import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from multiprocessing.context import BaseContext
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = ("torch", "monai.bundle", "monai.engines", "monai.networks.nets", "ignite.engine",
             "nibabel", "pandas", "pydicom", "scipy.ndimage", "SimpleITK", "sklearn.linear_model",
             "torch.utils.tensorboard", "fire", "matplotlib.figure")  # fmt: skip
LONGEST_SECONDS = 600


@cache
def _server() -> BaseContext:
    """The way to start processes; its server has imported the libraries."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LIBRARIES))
    # One thread: a process that had several cannot be forked safely.
    with patch.dict(os.environ, {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}):
        from multiprocessing.forkserver import ensure_running

        ensure_running()
    return context


def _start(
    arguments: list[str], folder: str, environment: dict[str, str], said: str, root: str
) -> None:
    """Become the program, in a process of its own that writes into two files."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(Path(said) / name, os.O_WRONLY | os.O_CREAT), number)
    sys.path.insert(0, root)
    try:
        if arguments[0] == "-m":
            sys.argv = arguments[1:]
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        elif arguments[0] == "-c":
            sys.argv = ["-c", *arguments[2:]]
            exec(arguments[1], {"__name__": "__main__"})  # noqa: S102 (the test's own words)
        else:
            sys.argv = arguments
            runpy.run_path(arguments[0], run_name="__main__")
    except Exception:
        sys.excepthook(*sys.exc_info())
        sys.exit(1)
    finally:
        atexit._run_exitfuncs()


def python(
    *arguments: str | Path,
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    root: Path = ROOT,
) -> CompletedProcess[str]:
    """Run ``python ARGUMENTS``: ``-m MODULE …``, ``-c CODE …`` or ``SCRIPT …``.

    Args:
        arguments: As they are typed.
        folder: Where it runs.
        environment: Variables of it; those of this process by default.
        root: Where the package is imported from.

    Returns:
        Exit status and all that it printed.
    """
    typed = [str(argument) for argument in arguments]
    with tempfile.TemporaryDirectory() as said:
        process = _server().Process(  # type: ignore[attr-defined]
            target=_start,
            args=(typed, str(folder), dict(environment or os.environ), said, str(root)),
        )
        process.start()
        process.join(LONGEST_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"{typed} did not end in {LONGEST_SECONDS} s")
        texts = [
            (Path(said) / name).read_text(encoding="utf-8") if (Path(said) / name).is_file() else ""
            for name in ("stdout", "stderr")
        ]
    return CompletedProcess(typed, process.exitcode, *texts)


def program(*arguments: str | Path, folder: Path = ROOT) -> CompletedProcess[str]:
    """Run ``monai-amyloid ARGUMENTS``."""
    return python("-c", "from monai_amyloid.cli import main; main()", *arguments, folder=folder)


def bundle(*arguments: str | Path, folder: Path = ROOT) -> CompletedProcess[str]:
    """Run ``python -m monai.bundle ARGUMENTS``."""
    return python("-m", "monai.bundle", *arguments, folder=folder)
