"""What long work shows while it runs."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def progress(
    label: str, least: int = 0
) -> Iterator[tuple[Callable[[int], None], Callable[[], None]]]:
    """A bar with the time left on a terminal, a line every tenth elsewhere.

    Args:
        label: What is being done.
        least: So few things or fewer show no progress: each says itself that it is done.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    console = Console(stderr=True)
    total = done = 0
    began = time.monotonic()
    with Progress(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeLeft(),
        console=console,
        disable=not console.is_terminal,
        # What is printed meanwhile stands above the bar, where both go to the terminal.
        redirect_stdout=sys.stdout.isatty(),
    ) as bar:
        task = bar.add_task(label, total=None, visible=not least)

        def start(count: int) -> None:
            nonlocal total
            total = count
            bar.update(task, total=count, visible=count > least)

        def advance() -> None:
            nonlocal done
            done += 1
            bar.advance(task)
            if console.is_terminal or total <= least:
                return
            if (done * 10) // total > ((done - 1) * 10) // total:
                left = (time.monotonic() - began) / done * (total - done)
                typer.echo(f"{label}: {done} of {total}, {_spelt(left)} left", err=True)

        yield start, advance


def _spelt(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
