"""How the command line shows long work, and how it goes on after an interrupt."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monai_amyloid.errors import INTERRUPTED
from monai_amyloid.shown import visible
from monai_amyloid.work.interrupts import Interrupted
from monai_amyloid.work.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

# All files are read before the first study is graded, and the network is loaded for it.
OPENING = "Reading {count}, then loading the classifier"


class TerminalProgress(Progress):
    """A bar with throughput and time left on a terminal, a line every tenth elsewhere.

    Args:
        label: Words for what is being done.
        bar: Bar that is drawn on the terminal.
        least: Largest number of things that shows no progress, because each prints a line when it
            is done.
        opening: Line that is written at the start, where the first thing takes long to be ready;
            ``{count}`` in it stands for how many there are.
    """

    def __init__(self, label: str, bar: "Bar", least: int = 0, opening: str = "") -> None:
        self.label, self.bar, self.least, self.opening = label, bar, least, opening
        self.total = self.done = self.kept = 0
        self.name, self.named = "", False
        self._began = time.monotonic()
        self._task = bar.add_task(label, total=None, visible=not least, rate="")

    def start(self, total: int) -> None:
        """Show an empty bar."""
        self.total, self._began = total, time.monotonic()
        if self.opening:
            count = count_of(total, "study", "studies")
            typer.echo(self.opening.format(count=count), err=True)
        if total > self.least:
            self.bar.update(self._task, total=total, visible=True)
            # Not before: it is drawn by a thread, beside which a process is started more slowly.
            self.bar.start()

    def begin(self, name: str) -> None:
        """Name what is worked on: in the bar, or in a line of the first and of each of few."""
        self.name = visible(name)
        if self.bar.console.is_terminal and self.total > self.least:
            self.bar.update(self._task, description=f"{self.label} {self.name}")
        elif not self.named or self.total <= self.least:
            typer.echo(f"{self.label} {self.done + 1} of {self.total}: {self.name}", err=True)
        self.named = True

    def advance(self, *, finished_before: bool = False) -> None:
        """Lengthen the bar, or write a line where a further tenth is done."""
        self.done += 1
        self.kept += finished_before
        each = (time.monotonic() - self._began) / max(self.done - self.kept, 1)
        rate = "" if self.done == self.kept else rate_of(each)
        self.bar.update(self._task, advance=1, rate=rate)
        if self.bar.console.is_terminal or self.total <= self.least or finished_before:
            return
        if (self.done * 10) // self.total > ((self.done - 1) * 10) // self.total:
            left = _spelt(each * (self.total - self.done))
            typer.echo(f"{self.label}: {self.done} of {self.total}, {rate}, {left} left", err=True)


@contextmanager
def resumable(label: str, shown: TerminalProgress | None = None) -> Iterator[None]:
    """Let an interrupt end a command that can be repeated, with one line that has it whole.

    Args:
        label: Words for what is being done.
        shown: Knows how far it came.

    Raises:
        typer.Exit: At an interrupt.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        count = f" at {shown.done} of {shown.total}" if shown and shown.total else ""
        by, status = "", INTERRUPTED
        if isinstance(error, Interrupted):
            by, status = f" by {error.name}", error.exit_status
        with suppress(OSError):  # the terminal may be gone
            typer.echo(
                f"{label}: interrupted{by}{count}; what was finished is kept, the same command "
                f"goes on: {typed()}",
                err=True,
            )
        raise typer.Exit(status) from None


@contextmanager
def progress(label: str, least: int = 0) -> Iterator[TerminalProgress]:
    """Show the progress of long work that the same command can go on with.

    Args:
        label: Words for what is being done.
        least: Largest number of things that shows no progress, because each prints a line when it
            is done.

    Yields:
        What the work is told to report to.

    Raises:
        typer.Exit: At an interrupt, once a line says how to go on.
    """
    # Here, as every process of a pool loads this file.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    bar = Bar(
        *columns,
        console=console,
        disable=not console.is_terminal,
        # What is printed meanwhile stands above the bar, where both go to the terminal.
        redirect_stdout=sys.stdout.isatty(),
    )
    shown = TerminalProgress(label, bar, least)
    with resumable(label, shown):
        try:
            yield shown
        finally:
            bar.stop()
    if shown.kept:
        typer.echo(f"{label}: {shown.kept} of {shown.total} were finished before", err=True)


def typed() -> str:
    """The command as it was typed, to be typed again."""
    name, *words = sys.argv
    program = [Path(name).name]
    if name.endswith("infer_bundle.py"):  # which adds its own first word
        program, words = ["python", name], words[1:]
    join = subprocess.list2cmdline if os.name == "nt" else shlex.join
    return visible(join([*program, *words]))


def count_of(number: int, one: str, several: str = "") -> str:
    """A count in words: ``1 scan``, ``2 scans``.

    Args:
        number: Number of things.
        one: What one of them is called.
        several: What several are called; empty where an s is enough.
    """
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def rate_of(each_s: float) -> str:
    """How many are done in the shortest time in which it is one or more: ``12 a minute``.

    Args:
        each_s: Seconds that each takes.
    """
    spans = ((1, "a second"), (60, "a minute"), (3600, "an hour"))
    seconds, name = next((span for span in spans if each_s <= span[0]), spans[-1])
    return f"{seconds / max(each_s, 1e-6):.{0 if each_s * 10 < seconds else 1}f} {name}"


def _spelt(seconds: float) -> str:
    if seconds >= 2 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
