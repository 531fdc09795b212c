"""One thing of each item: what is finished is kept, and a crash stands for itself alone."""

from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Generic

from monai_amyloid.work.engine import Crash, Engine, Item, Made
from monai_amyloid.work.progress import SILENT, Progress


@dataclass(frozen=True)
class Done(Generic[Made]):
    """What became of an item.

    Attributes:
        made: What was made of it.
        finished_before: Whether an earlier run had made it, so that this one kept it.
    """

    made: Made
    finished_before: bool


def make_each(
    make: Callable[[Item], Made],
    items: Sequence[Item],
    engine: Engine,
    *,
    crashed: Callable[[Item, Crash], Made],
    finished_before: Callable[[Item], Made | None] = lambda item: None,
    finished: Callable[[Made], None] = lambda made: None,
    ended: Callable[[Sequence[Done[Made]]], None] = lambda done: None,
    called: Callable[[Item], str] | None = None,
    progress: Progress = SILENT,
) -> list[Done[Made]]:
    """Make something of each item that an earlier run has not finished.

    Args:
        make: Function that makes one thing, see :meth:`~monai_amyloid.work.engine.Engine.each`.
        items: What it is called with.
        engine: Engine that runs it.
        crashed: Gives what stands for an item whose process ended without a word.
        finished_before: Gives what an earlier run made of an item, from a record of its own
            that is written last; None for an item that is to be made. It is called here, so it
            looks at a few small files and no more.
        finished: Called with what was made of an item, in the order in which they are finished.
        ended: Called at the end with what became of the items, in their order; where an interrupt
            or an error ends this early, of those that are finished. What it writes then is as good
            as the disk lets it.
        called: Gives the name of an item, by which ``progress`` shows what is worked on; None to
            show none.
        progress: Shows how far this is.

    Returns:
        What became of each item, in the order of ``items``.

    Raises:
        Exception: What ``make`` raises, except for a crash.
        UserError: If no process can be started.
    """
    progress.start(len(items))
    done: dict[int, Done[Made]] = {}

    def note(place: int, made: Made, before: bool) -> None:
        done[place] = Done(made, before)
        finished(made)
        progress.advance(finished_before=before)

    for place, item in enumerate(items):
        if (earlier := finished_before(item)) is not None:
            note(place, earlier, True)
    waiting = [place for place in range(len(items)) if place not in done]
    first = iter(waiting)
    shown = -1

    def begin() -> None:
        """Show the first item that is not done, where it is another than before."""
        nonlocal shown
        if called is None or (shown not in done and shown >= 0):
            return
        shown = next((place for place in first if place not in done), -1)
        if shown >= 0:
            progress.begin(called(items[shown]))

    try:
        begin()
        # Closed whatever happens here, so that no process outlives this call.
        with closing(engine.each(make, [items[place] for place in waiting])) as each:
            for number, made in each:
                place = waiting[number]
                note(place, crashed(items[place], made) if isinstance(made, Crash) else made, False)
                begin()
    except BaseException:
        if done:
            with suppress(Exception):  # what ended this is what there is to say
                ended([done[place] for place in sorted(done)])
        raise
    found = [done[place] for place in range(len(items))]
    ended(found)
    return found
