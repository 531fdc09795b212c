"""Commands as a person types them, without the seconds that importing torch and MONAI takes.

A server is started once by each test process, imports the heavy libraries, and is forked for
each command: every command has a process of its own, in which no module of this project has been
imported before, and ends as `python -m` would. Where processes cannot be forked they are started
anew, with the same results. What depends on a truly new process uses `subprocess`.
"""

import atexit
import json
import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = ("torch", "monai.bundle", "monai.engines", "monai.networks.nets", "ignite.engine",
             "nibabel", "pandas", "pydicom", "scipy.ndimage", "SimpleITK", "sklearn.linear_model",
             "torch.utils.tensorboard", "torch._dynamo", "torch.onnx", "fire", "typer", "jinja2",
             "babel.messages.pofile", "reportlab.pdfgen.canvas")  # fmt: skip
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


def _become(
    arguments: list[str], folder: str, environment: dict[str, str], said: str, root: str
) -> None:
    """Become the program, in a process of its own that writes into two files."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(Path(said) / name, os.O_WRONLY | os.O_APPEND), number)
    # What is said can be read while the program runs.
    sys.stdout.reconfigure(line_buffering=True)
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


def start(
    *arguments: str | Path,
    said: Path,
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    root: Path = ROOT,
) -> BaseProcess:
    """Start ``python ARGUMENTS``, and do not wait for it.

    Args:
        arguments: As they are typed.
        said: Folder in which what it prints becomes the files ``stdout`` and ``stderr``.
        folder: Where it runs.
        environment: Variables of it; those of this process by default.
        root: Where the package is imported from.

    Returns:
        Its process.
    """
    typed = [str(argument) for argument in arguments]
    for name in ("stdout", "stderr"):
        (said / name).touch()
    process: BaseProcess = _server().Process(  # type: ignore[attr-defined]
        target=_become,
        args=(typed, str(folder), dict(environment or os.environ), str(said), str(root)),
    )
    process.start()
    return process


def python(*arguments: str | Path, **where: Any) -> CompletedProcess[str]:
    """Run ``python ARGUMENTS``: ``-m MODULE …``, ``-c CODE …`` or ``SCRIPT …``.

    Args:
        arguments: As they are typed.
        where: As of :func:`start`.

    Returns:
        Exit status and all that it printed.
    """
    with tempfile.TemporaryDirectory() as said:
        process = start(*arguments, said=Path(said), **where)
        process.join(LONGEST_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"{arguments} did not end in {LONGEST_SECONDS} s")
        texts = [(Path(said) / name).read_text(encoding="utf-8") for name in ("stdout", "stderr")]
    return CompletedProcess(list(map(str, arguments)), process.exitcode, *texts)


@contextmanager
def forked_workers() -> Iterator[None]:
    """Fork the workers of a :class:`LocalEngine` as the commands are: processes of their own.

    That workers which are started afresh work too, tests/work shows, and the commands that a
    person types with more than one worker.
    """
    with patch("monai_amyloid.work.worker.get_context", lambda method: _server()):
        yield


def program(*arguments: str | Path, folder: Path = ROOT) -> CompletedProcess[str]:
    """Run ``monai-amyloid ARGUMENTS``."""
    return python("-c", "from monai_amyloid.cli import main; main()", *arguments, folder=folder)


# Each is a run of its own, but what one imported is there for the next.
_ONE_AFTER_THE_OTHER = """
import contextlib, io, json, sys
from monai_amyloid.cli import main
for arguments in json.loads(sys.argv.pop()):
    sys.argv[1:] = arguments
    out, err, status = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            status = end.code
    print(json.dumps([status, out.getvalue(), err.getvalue()]))
"""


def programs(*commands: list[str]) -> list[CompletedProcess[str]]:
    """Run ``monai-amyloid ARGUMENTS`` for each list, one after the other in one process."""
    done = python("-c", _ONE_AFTER_THE_OTHER, json.dumps(commands))
    ended = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(ended) == len(commands), done.stderr
    return [CompletedProcess(each, *end) for each, end in zip(commands, ended, strict=True)]


def bundle(*arguments: str | Path, folder: Path = ROOT) -> CompletedProcess[str]:
    """Run ``python -m monai.bundle ARGUMENTS``."""
    return python("-m", "monai.bundle", *arguments, folder=folder)
