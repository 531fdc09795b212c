"""What the command line shows of long work, away from a terminal."""

import pytest
import typer

from monai_amyloid.cli.progress import progress, resumable
from monai_amyloid.errors import INTERRUPTED
from monai_amyloid.work.interrupts import Interrupted


def test_an_interrupt_says_how_far_it_came_and_how_to_go_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit) as end, progress("Preparing") as shown:
        shown.start(20)
        shown.advance()
        raise KeyboardInterrupt
    assert end.value.exit_code == INTERRUPTED
    kept = "what was finished is kept, the same command goes on\n"
    assert capsys.readouterr().err == f"Preparing: interrupted at 1 of 20; {kept}"
    with pytest.raises(typer.Exit) as end, resumable("Training"):
        raise Interrupted(15)
    assert end.value.exit_code == 143
    assert capsys.readouterr().err == f"Training: interrupted by SIGTERM; {kept}"


def test_a_line_is_written_each_tenth_and_what_was_kept_is_told_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress("Preparing") as shown:
        shown.start(20)
        for number in range(20):
            shown.advance(finished_before=number < 16)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines[:2]] == [
        "Preparing: 18 of 20",
        "Preparing: 20 of 20",
    ]
    assert lines[2:] == ["Preparing: 16 of 20 were finished before"]


def test_few_things_that_speak_for_themselves_show_no_progress(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress("Grading", least=10) as shown:
        shown.start(10)
        for _ in range(10):
            shown.advance()
    assert capsys.readouterr().err == ""
