"""The table of measured figures, ``benchmarks/figures.tsv``: a row a figure, by its command.

A script calls :func:`record` for each of its headline figures. The row says the command, the
commit, the date and the machine by itself, and takes the place of the row that the same command
wrote for the same figure on the same machine. ``MONAI_AMYLOID_FIGURES`` names another table.
"""

import csv
import importlib.metadata
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from monai_amyloid.output import replace_file

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "benchmarks" / "figures.tsv"
COLUMNS = ("figure", "value", "low", "high", "unit", "command", "commit", "date", "machine")
# What tells one figure from another.
KEYS = ("figure", "command", "machine")


def record(
    figure: str,
    value: float,
    unit: str = "",
    *,
    low: float | None = None,
    high: float | None = None,
) -> None:
    """Write one measured figure into the table.

    Args:
        figure: What was measured, in words.
        value: The figure.
        unit: Unit of the figure; empty for a share or a score.
        low: Lower end of its 95 % interval or, for a time, the least of the runs.
        high: Upper end of its 95 % interval or, for a time, the most of the runs.
    """
    table = Path(os.environ.get("MONAI_AMYLOID_FIGURES", TABLE))
    row = {
        "figure": figure,
        "value": written(value),
        "low": written(low),
        "high": written(high),
        "unit": unit,
        "command": command(),
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
    }
    rows = read(table)
    same = [n for n, old in enumerate(rows) if all(old[key] == row[key] for key in KEYS)]
    if same:
        rows[same[0]] = row
    else:
        rows.append(row)
    lines = ["\t".join(COLUMNS), *("\t".join(each[name] for name in COLUMNS) for each in rows)]
    replace_file(table, ("\n".join(lines) + "\n").encode())


def read(table: Path = TABLE) -> list[dict[str, str]]:
    """Read the rows of a table; none where there is no table yet."""
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def written(value: float | None) -> str:
    """Write a figure with four digits, and nothing for none."""
    return "" if value is None else f"{float(value):.4g}"


def command() -> str:
    """Name the command that runs, without folders that other machines do not have."""
    spec = sys.modules["__main__"].__spec__
    program = f"python -m {spec.name}" if spec else Path(sys.argv[0]).name
    options = [Path(each).name if Path(each).is_absolute() else each for each in sys.argv[1:]]
    return " ".join([program, *options])


@cache
def commit() -> str:
    """Name the commit that is measured, with a plus where files differ from it."""

    def git(*arguments: str) -> str:
        called = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(called, check=True, capture_output=True, text=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", ".", ":!benchmarks/figures.tsv")
        return git("rev-parse", "--short=7", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "n/a"


def machine() -> str:
    """Describe the machine: its cores, its memory, the version of torch, and a GPU that is used."""
    parts = [f"{platform.system()} {platform.machine()}", f"{os.cpu_count()} cores"]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        parts.append(f"{memory / 2**30:.0f} GB")
    parts.append(f"torch {importlib.metadata.version('torch')}")
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        parts.append(torch.cuda.get_device_name())
    return ", ".join(parts)
