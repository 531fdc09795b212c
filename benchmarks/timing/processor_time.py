"""Processor time of each test file, which a busy machine changes less than what its clock says.

    pytest -n0 -p benchmarks.timing.processor_time tests/brain tests/pet/test_formats.py

Counted are this process, the programs that it waited for, and those forked by the server of
tests/commands.py. A fixture counts for the test that asked for it first.
"""

import os
from collections import Counter
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path

import pytest

_LEAST_S = 0.5  # a file or a test of less is not printed
_SPENT: Counter[str] = Counter()


def _spent_s() -> float:
    """Processor seconds of this process, of its children, and of the server and its children."""
    seconds = sum(os.times()[:4])
    # Its number is nowhere public.
    number = getattr(getattr(forkserver, "_forkserver", None), "_forkserver_pid", None)
    server = Path(f"/proc/{number}/stat")
    if server.is_file():
        fields = server.read_text().rpartition(")")[2].split()
        seconds += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return seconds


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Count what a test and the fixtures made for it take."""
    before = _spent_s()
    try:
        return (yield)
    finally:
        _SPENT[item.nodeid] += _spent_s() - before


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the files and tests that took most."""
    files: Counter[str] = Counter()
    for name, seconds in _SPENT.items():
        files[name.partition("::")[0]] += seconds
    everything = {"all": files.total(), "all, and beginning": _spent_s()}
    for table in (files, _SPENT, Counter(everything)):
        terminalreporter.section("seconds of a processor")
        for name, seconds in table.most_common():
            if seconds >= _LEAST_S:
                terminalreporter.write_line(f"{seconds:8.1f}  {name}")
