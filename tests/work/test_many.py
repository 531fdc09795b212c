"""Many things: kept where they were finished before, told as they come, in order at the end."""

from collections.abc import Callable, Generator, Sequence
from typing import ClassVar, TypeVar

import pytest
from conftest import CountedProgress

from monai_amyloid.work.engine import Crash
from monai_amyloid.work.local_engine import LocalEngine
from monai_amyloid.work.many import Done, make_each
from monai_amyloid.work.progress import Progress

Item = TypeVar("Item")
Made = TypeVar("Made")


class Backwards:
    """Another engine: the last first, and three crashes."""

    def each(
        self, make: Callable[[Item], Made], items: Sequence[Item]
    ) -> Generator[tuple[int, Made | Crash], None, None]:
        for place in reversed(range(len(items))):
            yield place, Crash(-9) if items[place] == 3 else make(items[place])


def double(number: int) -> str:
    return str(2 * number)


def test_results_are_in_order_and_tell_what_was_kept_made_and_crashed(
    progress: CountedProgress,
) -> None:
    told: list[str] = []
    done = make_each(
        double,
        [1, 2, 3, 4],
        Backwards(),
        crashed=lambda number, crash: f"{number}: {crash}",
        finished_before=lambda number: "kept" if number == 2 else None,
        finished=told.append,
        progress=progress,
    )
    crash = "3: signal SIGKILL"
    assert done == [Done("2", False), Done("kept", True), Done(crash, False), Done("8", False)]
    assert told == ["kept", "8", crash, "2"]
    assert progress.reports == [4, "kept", "made", "made", "made"]


def test_where_all_was_finished_before_nothing_is_started() -> None:
    def unreachable(_: int) -> str:
        raise AssertionError

    done = make_each(
        unreachable,
        [1, 2],
        LocalEngine(2),
        crashed=lambda number, crash: "",
        finished_before=str,
    )
    assert done == [Done("1", True), Done("2", True)]


def test_an_error_of_the_one_that_listens_ends_the_engine() -> None:
    ended: list[bool] = []

    class Watched:
        def each(
            self, make: Callable[[Item], Made], items: Sequence[Item]
        ) -> Generator[tuple[int, Made | Crash], None, None]:
            try:
                yield 0, make(items[0])
            finally:
                ended.append(True)

    def full_disk(_: str) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        make_each(double, [1], Watched(), crashed=lambda *_: "", finished=full_disk)
    assert ended == [True]


def interrupt_at_three(number: int) -> str:
    if number == 3:
        raise KeyboardInterrupt
    return double(number)


def test_an_interrupt_leaves_what_was_finished_to_write_and_goes_on_its_course() -> None:
    left: list[Done[str]] = []
    with pytest.raises(KeyboardInterrupt):
        make_each(
            interrupt_at_three,
            [1, 2, 3, 4],
            LocalEngine(0),
            crashed=lambda *_: "",
            finished_before=lambda number: "kept" if number == 4 else None,
            ended=left.extend,
        )
    assert left == [Done("2", False), Done("4", False), Done("kept", True)]


def test_where_the_disk_is_full_at_the_end_too_the_first_error_counts() -> None:
    def full_disk(*_: object) -> str:
        raise OSError("disk full")

    def fail(number: int) -> str:
        if number == 2:
            raise ValueError("first")
        return "made"

    with pytest.raises(ValueError, match="first"):
        make_each(fail, [1, 2], LocalEngine(0), crashed=full_disk, ended=full_disk)
    with pytest.raises(OSError, match="disk full"):
        make_each(double, [1], LocalEngine(0), crashed=full_disk, ended=full_disk)


def test_the_first_thing_that_is_not_done_is_named() -> None:
    class Named(Progress):
        names: ClassVar[list[str]] = []

        def begin(self, name: str) -> None:
            self.names.append(name)

    make_each(
        double,
        [1, 2, 4, 5],
        LocalEngine(0),
        crashed=lambda number, crash: "",
        finished_before=lambda number: "kept" if number == 2 else None,
        called=str,
        progress=Named(),
    )
    assert Named.names == ["1", "4", "5"]
