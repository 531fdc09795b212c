"""Processes that crash, fail, are interrupted or lose who started them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from monai_amyloid.output import replacing
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.local_engine import LocalEngine

ROOT = Path(__file__).resolve().parents[2]


def square_unless_hostile(number: int, log: Path) -> int:
    with (log / f"{number}-{os.getpid()}").open("w"):
        if number == 3:
            os._exit(11)  # as a decoder that crashes: no exception, no word
        if number == 5:
            raise ValueError("five")
        return number**2


@pytest.mark.slow
def test_what_ends_its_process_is_a_crash_and_all_else_is_made(tmp_path: Path) -> None:
    items = [0, 1, 2, 3, 4, 6, 7, 8]
    make = partial(square_unless_hostile, log=tmp_path)
    made = dict(LocalEngine(2).each(make, items))
    assert made == {0: 0, 1: 1, 2: 4, 3: Crash(11), 4: 16, 5: 36, 6: 49, 7: 64}
    tries = [len(list(tmp_path.glob(f"{number}-*"))) for number in items]
    assert tries == [1, 1, 1, 2, 1, 1, 1, 1]


def abort(_: int) -> None:
    os.abort()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_crash_names_the_signal_that_ended_the_process() -> None:
    [(place, crash)] = LocalEngine(2).each(abort, [7])
    assert (place, crash) == (0, Crash(-signal.SIGABRT))
    assert str(crash) == "signal SIGABRT" and str(Crash(3)) == "exit status 3"


def end_at_the_first_try(folder: Path) -> str:
    """As one that did not find the memory which others held."""
    if not (folder / "tried").exists():
        (folder / "tried").touch()
        os._exit(9)
    return "made"


@pytest.mark.slow
def test_what_crashed_beside_others_is_tried_again_alone(tmp_path: Path) -> None:
    assert list(LocalEngine(2).each(end_at_the_first_try, [tmp_path])) == [(0, "made")]


@pytest.mark.slow
def test_an_exception_is_the_callers_and_shows_where_it_was_raised(tmp_path: Path) -> None:
    make = partial(square_unless_hostile, log=tmp_path)
    with pytest.raises(ValueError, match="five") as caught:
        list(LocalEngine(2).each(make, [1, 5]))
    assert "in square_unless_hostile" in caught.value.__notes__[0]


class UnsendableError(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def fail_unsendably(number: int) -> None:
    raise UnsendableError(number, 2)


def test_an_error_that_cannot_be_sent_comes_as_its_words() -> None:
    with pytest.raises(RuntimeError, match="UnsendableError: 1 and 2"):
        list(LocalEngine(2).each(fail_unsendably, [1]))


def process_id(_: int) -> int:
    return os.getpid()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("workers", "least", "here", "processes"), [(0, 1, True, 1), (1, 1, False, 1), (2, 4, False, 1)]
)
def test_few_items_or_one_worker_are_made_in_one_process_and_none_in_this(
    workers: int, least: int, here: bool, processes: int
) -> None:
    made = [made for _, made in LocalEngine(workers, least).each(process_id, [0, 1, 2])]
    assert (os.getpid() in made) == here and len({*made}) == processes


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_crash_in_the_only_process_is_a_crash_and_all_else_is_made(tmp_path: Path) -> None:
    make = partial(square_unless_hostile, log=tmp_path)
    assert dict(LocalEngine(1).each(make, [2, 3, 4])) == {0: 4, 1: Crash(11), 2: 16}


def note_and_wait(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(60)


def write_slowly(folder: Path) -> None:
    with replacing(folder / f"{os.getpid()}.nii") as partial_file:
        partial_file.write_text("half")
        note_and_wait(folder)


def start(work: Callable[[Path], None], folder: Path) -> "subprocess.Popen[bytes]":
    """A program that does it twice, in two processes, in a terminal of its own."""
    script = folder / "script.py"
    script.write_text(
        "import signal\n"
        "from pathlib import Path\n"
        # Whoever runs the tests in the background may have turned Ctrl-C off for all below.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"from tests.work.test_local_engine import LocalEngine, {work.__name__}\n"
        "if __name__ == '__main__':\n"
        f"    list(LocalEngine(2).each({work.__name__}, [Path({str(folder)!r})] * 2))\n"
    )
    return subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def workers(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir() if path.name.isdigit()]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_processes_end_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    with start(note_and_wait, tmp_path) as process:
        wait_until(lambda: len(workers(tmp_path)) == 2)
        process.kill()
    wait_until(lambda: not any(map(is_running, workers(tmp_path))))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.parametrize("whole_group", [True, False])
def test_an_interrupt_ends_all_and_leaves_nothing_half_written(
    tmp_path: Path, whole_group: bool
) -> None:
    with start(write_slowly, tmp_path) as process:
        wait_until(lambda: len(workers(tmp_path)) == 2)
        interrupt = os.killpg if whole_group else os.kill  # Ctrl-C, or kill -INT
        interrupt(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=40)
    assert not any(map(is_running, workers(tmp_path)))
    assert {path.name for path in tmp_path.iterdir()} == {
        "script.py",
        *map(str, workers(tmp_path)),
    }
    assert errors.count(b"Traceback") == 1 and errors.endswith(b"KeyboardInterrupt\n")


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 40
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        return "Z" not in Path(f"/proc/{process}/stat").read_text().split()[2:3]
    except OSError:
        return False
