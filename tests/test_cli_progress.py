"""What the command line shows of long work, away from a terminal."""

import re
import sys

import pytest
import typer

from monai_amyloid.cli.progress import progress, rate_of, resumable, typed
from monai_amyloid.errors import INTERRUPTED
from monai_amyloid.work.interrupts import Interrupted


def test_an_interrupt_says_how_far_it_came_and_how_to_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/bin/monai-amyloid", "prepare", "my cohort", "--workers=2"])
    with pytest.raises(typer.Exit) as end, progress("Preparing") as shown:
        shown.start(20)
        shown.advance()
        raise KeyboardInterrupt
    assert end.value.exit_code == INTERRUPTED
    kept = "what was finished is kept, the same command goes on: monai-amyloid prepare "
    kept += "'my cohort' --workers=2\n"
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
    assert all(re.fullmatch(r".+, \d+(\.\d)? a second, 0 s left", line) for line in lines[:2])
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


def test_what_is_worked_on_is_named_before_it_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("Grading", least=10) as few:
        few.start(2)
        for name in ("sub-01", "sub-02"):
            few.begin(name)
            few.advance()
    assert capsys.readouterr().err.splitlines() == [
        "Grading 1 of 2: sub-01",
        "Grading 2 of 2: sub-02",
    ]
    with progress("Grading", least=1) as many:
        many.start(20)
        for number in range(20):
            many.begin(f"sub-{number}")
            many.advance()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Grading 1 of 20: sub-0" and len(lines) == 11


def test_an_option_of_a_script_is_typed_again_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["scripts/infer_bundle.py", "infer", "a b", "--output", "r"])
    assert typed() == "python scripts/infer_bundle.py 'a b' --output r"


@pytest.mark.parametrize(
    ("each_s", "words"),
    [
        (0.01, "100 a second"),
        (0.5, "2.0 a second"),
        (1.5, "40 a minute"),
        (40, "1.5 a minute"),
        (600, "6.0 an hour"),
        (7200, "0.5 an hour"),
    ],
)
def test_a_rate_counts_in_the_time_in_which_one_is_done(each_s: float, words: str) -> None:
    assert rate_of(each_s) == words
