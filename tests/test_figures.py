"""The table of measured figures."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import figures


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MONAI_AMYLOID_FIGURES", str(tmp_path / "figures.tsv"))
    return tmp_path / "figures.tsv"


def test_a_figure_that_is_measured_again_takes_the_place_of_its_row(table: Path) -> None:
    figures.record("a study", 1.5, "s", low=1.25, high=2)
    figures.record("another study", 3, "s")
    figures.record("a study", 1.75, "s")
    assert [(row["figure"], row["value"], row["high"]) for row in figures.read(table)] == [
        ("a study", "1.75", ""),
        ("another study", "3", ""),
    ]


def test_figures_of_another_command_stay(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for scans in ("20", "600"):
        monkeypatch.setattr(sys, "argv", ["measure.py", "--scans", scans])
        figures.record("a scan", float(scans))
    assert [row["value"] for row in figures.read(table)] == ["20", "600"]


def test_the_command_names_no_folder_of_this_machine(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["measure.py", str(table.parent / "prepared"), "--scans", "9"])
    assert figures.command().endswith("prepared --scans 9")
    assert str(table.parent) not in figures.command()


def test_the_row_names_the_commit_that_git_shows(table: Path) -> None:
    shown = subprocess.run(
        ["git", "log", "-1", "--format=%H"],  # noqa: S607
        cwd=figures.ROOT,
        capture_output=True,
        text=True,
    )
    figures.record("a study", 1)
    (row,) = figures.read(table)
    expected = shown.stdout.strip() or "n/a"
    assert expected.startswith(row["commit"].removesuffix("+"))
    assert "cores" in row["machine"]


def test_every_row_of_the_kept_table_has_all_columns_and_a_number() -> None:
    with figures.TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert tuple(rows[0]) == figures.COLUMNS
    for row in rows[1:]:
        assert len(row) == len(figures.COLUMNS), row
        assert float(row[1]) == float(row[1]), row
