"""Whatever asks a program to end is an interrupt, once."""

import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from monai_amyloid.work.interrupts import Interrupted, take_interrupts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="knows Ctrl-C alone")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put back what takes signals."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_each_is_a_keyboard_interrupt_with_the_status_that_shells_have(number: int) -> None:
    # As in a terminal, whatever this run of tests was started under.
    signal.signal(number, signal.SIG_DFL)
    take_interrupts(of_parent=True)
    with pytest.raises(KeyboardInterrupt) as interrupt:
        os.kill(os.getpid(), number)
    assert isinstance(interrupt.value, Interrupted)
    assert interrupt.value.exit_status == 128 + number


def test_a_second_one_does_not_end_the_cleaning_up() -> None:
    take_interrupts(of_parent=True)
    with pytest.raises(Interrupted):
        os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    take_interrupts(again_after_s=0.0, of_parent=True)
    for _ in range(2):
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGTERM)


class Kept:
    """Something that is put away, as Python does at any moment."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.001)


def put_away() -> None:
    known = weakref.WeakKeyDictionary({Kept(): 1})
    known.clear()
    for _ in range(100):
        time.sleep(0.01)


def test_one_that_comes_where_nobody_would_hear_of_it_comes_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    take_interrupts(of_parent=True)
    with pytest.raises(Interrupted):
        put_away()
    assert "ignored" not in capsys.readouterr().err


def test_what_a_shell_turned_off_stays_off() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # nohup
    take_interrupts()
    os.kill(os.getpid(), signal.SIGHUP)


@pytest.mark.parametrize(("number", "name"), [(2, "SIGINT"), (15, "SIGTERM"), (1, "SIGHUP")])
def test_a_command_ends_with_one_line_and_its_status(number: int, name: str) -> None:
    code = (
        "import os, signal, sys\n"
        # As in a terminal, whatever this run of tests was started under (nohup ignores one).
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "from monai_amyloid import cli\n"
        "@cli.app.command()\n"
        f"def wait(): os.kill(os.getpid(), {number}); signal.pause()\n"
        "sys.argv = ['monai-amyloid', 'wait']\n"
        "cli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (128 + number, "")
    kept = "what was finished is kept, the same command goes on: monai-amyloid wait"
    assert done.stderr == f"monai-amyloid: interrupted by {name}; {kept}\n"
