"""What long work shows while it runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def progress(label: str) -> Iterator[tuple[Callable[[int], None], Callable[[], None]]]:
    """A bar with the time left on a terminal, a line every tenth elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    console = Console(stderr=True)
    total = done = 0
    with Progress(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeLeft(),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(label, total=None)

        def start(count: int) -> None:
            nonlocal total
            total = count
            bar.update(task, total=count)

        def advance() -> None:
            nonlocal done
            done += 1
            bar.advance(task)
            if not console.is_terminal and (done * 10) // total > ((done - 1) * 10) // total:
                typer.echo(f"{label}: {done} of {total}", err=True)

        yield start, advance
