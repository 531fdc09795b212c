"""What Windows does otherwise, played on any system: open files, absent drives, signals, names."""

import signal
import sys
import time
from pathlib import Path, PureWindowsPath
from threading import Timer

import pytest

from monai_amyloid.errors import RunError, last_line
from monai_amyloid.output import check_writable, replace_file
from monai_amyloid.study_names import safe_name
from monai_amyloid.work import interrupts
from monai_amyloid.work.engine import Crash
from monai_amyloid.work.interrupts import Interrupted, take_interrupts


class WindowsPermissionError(PermissionError):
    """An error with the number that Windows gives it."""

    def __init__(self, winerror: int) -> None:
        super().__init__(13, "Permission denied")
        self.winerror = winerror


class OpenElsewhere:
    """A program that has a file open, as Windows shows it to whoever wants to replace it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, tries: int, winerror: int) -> None:
        self.left, self.winerror, self.replace = tries, winerror, Path.replace
        monkeypatch.setattr(Path, "replace", lambda path, target: self.refuse(path, target))
        monkeypatch.setattr("monai_amyloid.output._LONGEST_READ_S", 0.2)

    def refuse(self, path: Path, target: Path) -> Path:
        if self.left == 0:
            return self.replace(path, target)
        self.left -= 1
        error = PermissionError(13, "Permission denied")
        error.winerror = self.winerror  # type: ignore[attr-defined, unused-ignore]
        raise error


@pytest.mark.parametrize("winerror", [5, 32])
def test_a_file_is_replaced_when_a_virus_scanner_lets_it_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, winerror: int
) -> None:
    OpenElsewhere(monkeypatch, tries=2, winerror=winerror)
    replace_file(tmp_path / "results.csv", b"new")
    assert (tmp_path / "results.csv").read_bytes() == b"new"


def test_a_table_that_excel_has_open_is_named_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "results.csv").write_bytes(b"old")
    OpenElsewhere(monkeypatch, tries=-1, winerror=32)
    with pytest.raises(PermissionError) as caught:
        replace_file(tmp_path / "results.csv", b"new")
    line, status = last_line(caught.value) or ("", 0)
    assert status == 3 and "results.csv: another program, such as Excel, has it open" in line
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_what_else_is_not_permitted_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    OpenElsewhere(monkeypatch, tries=-1, winerror=1314)  # a privilege that is not held
    began = time.monotonic()
    with pytest.raises(PermissionError, match="Permission denied"):
        replace_file(tmp_path / "results.csv", b"new")
    assert time.monotonic() - began < 0.1


def test_a_drive_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: False)
    with pytest.raises(RunError, match="there is no /; choose another output"):
        check_writable("/results")


def test_an_interrupt_that_comes_at_a_bad_moment_is_raised_and_not_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There ``os.kill`` ends the process that it names."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr("os.kill", lambda *_: pytest.fail("the process is ended"))
    before = {number: signal.getsignal(number) for number in interrupts._SIGNALS}
    try:
        # Where the tests run in the background it is ignored, and stays so.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        take_interrupts()
        Timer(0.01, interrupts._send_here, (signal.SIGINT,)).start()
        with pytest.raises(Interrupted):
            for _ in range(500):
                time.sleep(0.01)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_crash_has_the_number_that_windows_lists() -> None:
    assert str(Crash(0xC0000005)) == "exit status 0xc0000005"
    assert str(Crash(3)) == "exit status 3"


@pytest.mark.parametrize(
    "name", ["CON", "nul.dcm", "a<b>c", 'x:"y|z?*', "ends.", "ends ", "COM1", "한국어"]
)
def test_a_result_has_a_name_that_windows_takes(name: str) -> None:
    made = safe_name(name)
    assert not set(made) & set('<>:"|?*\\/') and made == made.rstrip(". ")
    assert not PureWindowsPath(made).is_reserved()
