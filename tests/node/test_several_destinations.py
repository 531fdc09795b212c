"""A slow destination, one that refuses and one that is away hold up no other."""

from pathlib import Path

import pytest

from benchmarks.fuzz.node_destinations import run

COUNT = 3


@pytest.mark.elsewhere
def test_each_destination_gets_everything_in_its_own_time(tmp_path: Path) -> None:
    found = run(tmp_path, COUNT, others=True)
    assert found.slow_had < COUNT
    assert (found.missing, found.double) == (0, 0)
