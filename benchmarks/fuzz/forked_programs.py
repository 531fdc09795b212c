"""Programs that begin in milliseconds: copies of this process, which has loaded what they need.

Starting the program takes eight seconds of a processor, most of them for torch and MONAI; hundreds
of starts would take an hour. Here the libraries are loaded once and every start is a fork, on Linux
alone. What runs after that is the program itself, in a process of its own; the trainings that
crossval starts are forks too.
"""

import atexit
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

_LIBRARIES = (
    *("torch", "monai.bundle", "monai.engines", "monai.networks.nets", "ignite.engine"),
    *("nibabel", "pandas", "pydicom", "scipy.ndimage", "SimpleITK", "sklearn.linear_model"),
    *("sklearn.mixture", "sklearn.neighbors", "sklearn.decomposition", "sklearn.cluster"),
    *("torch.utils.tensorboard", "torch.onnx", "fire", "typer", "jinja2", "umap", "bokeh.plotting"),
    *("babel.messages.pofile", "reportlab.pdfgen.canvas", "nilearn.plotting"),
    *("monai_amyloid.cli", "monai_amyloid.grading.worker", "monai_amyloid.cohort.prepare"),
    *("monai_amyloid.crossval.cross_validation", "monai_amyloid.bundle.export"),
    *("monai_amyloid.exploring.exploration", "monai_amyloid.report.explore.outputs"),
    *("monai_amyloid.evaluation.evaluate", "monai_amyloid.report.evaluation.page"),
)


def load() -> None:
    """Load what the programs need, and let crossval fork its trainings."""
    for name in _LIBRARIES:
        __import__(name)
    sys.modules["monai_amyloid.crossval.fold_process"].__dict__["subprocess"] = _Subprocess


def load_what_ran(modules: Path) -> None:
    """Load what programs had to load besides, which their copies then need not.

    Args:
        modules: File that they wrote the names of their modules into, see ``MODULES``.
    """
    for name in sorted({*modules.read_text(encoding="utf-8").split()} - {*sys.modules}):
        if not name.startswith(("tests", "__")):
            with suppress(Exception):
                __import__(name)


def become(do: Callable[[], None], said: int, environment: Mapping[str, str]) -> None:
    """Be a program in a copy of this process: what it prints goes to a descriptor, then it ends."""
    status = 1
    try:
        os.environ.clear()
        os.environ.update(environment)
        import tempfile

        tempfile.tempdir = None
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.stdout, sys.stderr = (open(n, "w", closefd=False) for n in (1, 2))  # noqa: SIM115
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        do()
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException as error:
        try:
            sys.excepthook(type(error), error, error.__traceback__)
        except SystemExit as ending:
            status = int(str(ending.code))
        except BaseException:
            traceback.print_exc()
    finally:
        if "MODULES" in environment:
            with Path(environment["MODULES"]).open("a", encoding="utf-8") as file:
                file.write("\n".join(sys.modules) + "\n")
        try:
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)


class Program:
    """``monai-amyloid ARGUMENTS`` in a process, and a group, of its own.

    Args:
        arguments: As they are typed.
        said: File that all it prints is added to.
        environment: Its variables.
    """

    def __init__(
        self, arguments: Sequence[str], said: Path, environment: Mapping[str, str]
    ) -> None:
        descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

            def program() -> None:
                from monai_amyloid.cli import main

                sys.argv = ["monai-amyloid", *arguments]
                main()

            become(program, descriptor, environment)
        os.close(descriptor)

    def wait(self, seconds: float) -> int | None:
        """Wait for its end: the exit status, negative after a signal; None if it takes longer."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        return None

    def send(self, number: int, *, to_all: bool) -> None:
        """Send it a signal, or its whole group."""
        (os.killpg if to_all else os.kill)(self.pid, number)


class _Training:
    """As :class:`subprocess.Popen` of a training, but forked."""

    def __init__(
        self, command: Sequence[str], *, stdout: IO[bytes], env: Mapping[str, str], **_: Any
    ) -> None:
        reading, self._link = os.pipe()
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            os.setpgid(0, 0)
            os.dup2(reading, 0)
            for each in (reading, self._link):
                os.close(each)

            def training() -> None:
                from monai_amyloid.crossval.attended import main

                sys.argv = list(command[command.index("-m") + 1 :])
                main()

            become(training, stdout.fileno(), env)
        os.close(reading)

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def __enter__(self) -> "_Training":
        return self

    def __exit__(self, *_: object) -> None:
        while self.poll() is None:
            time.sleep(0.01)
        os.close(self._link)


class _Subprocess:
    """What crossval uses of the module of this name."""

    Popen = _Training
    PIPE, STDOUT = subprocess.PIPE, subprocess.STDOUT
