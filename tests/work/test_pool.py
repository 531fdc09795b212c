"""Work over processes that one crash does not end."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from monai_amyloid.work.pool import each_in_a_pool


def square_unless_hostile(number: int, log: Path) -> int:
    with (log / f"{number}-{os.getpid()}").open("w"):
        if number == 3:
            os._exit(11)  # as a decoder that crashes: no exception, no word
        if number == 5:
            raise ValueError("five")
        return number**2


def test_what_ends_its_process_is_none_and_all_else_is_made(tmp_path: Path) -> None:
    items = [0, 1, 2, 3, 4, 6, 7, 8]
    make = partial(square_unless_hostile, log=tmp_path)
    made = dict(each_in_a_pool(make, items, 2))
    assert made == {0: 0, 1: 1, 2: 4, 3: None, 4: 16, 5: 36, 6: 49, 7: 64}
    # The one beside it was tried again, alone; nothing more than once or twice.
    tries = [len(list(tmp_path.glob(f"{number}-*"))) for number in items]
    assert tries[3] == 2 and max(tries) <= 2 and sum(tries) <= len(items) + 2


def test_an_exception_is_the_callers(tmp_path: Path) -> None:
    make = partial(square_unless_hostile, log=tmp_path)
    with pytest.raises(ValueError, match="five"):
        list(each_in_a_pool(make, [1, 5], 2))


def note_and_wait(folder: Path) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(60)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_processes_end_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from tests.work.test_pool import each_in_a_pool, note_and_wait\n"
        "if __name__ == '__main__':\n"
        f"    list(each_in_a_pool(note_and_wait, [Path({str(tmp_path)!r})] * 2, 2))\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    root = str(Path(__file__).resolve().parents[2])
    process = subprocess.Popen(
        [sys.executable, str(script)], env={**os.environ, "PYTHONPATH": root}
    )
    wait_until(lambda: len(list(tmp_path.glob("[0-9]*"))) == 2)
    process.kill()
    process.wait()
    workers = [int(path.name) for path in tmp_path.glob("[0-9]*")]
    wait_until(lambda: not any(map(is_running, workers)))


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
