"""Rows of many simulated scans over several processes, in a file that a later run continues."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monai_amyloid.checksum import sha256, sha256_of_file
from monai_amyloid.phantom.cohorts.plan import Plan
from monai_amyloid.source import source_checksum

Row = dict[str, Any]


def made_by(plan: Plan, measure: str) -> str:
    """Name what decides a row: the program's code, the cohort's plan, and the file that measures.

    Args:
        plan: Plan of the cohort.
        measure: The file, ``__file__`` of a module.
    """
    code = source_checksum("brain", "pet", "phantom", "writing")
    made = json.dumps(asdict(plan), sort_keys=True, default=str)
    return sha256(f"{code} {made} {sha256_of_file(Path(measure))}".encode())[:16]


def continued(
    work: Callable[[int], Row],
    people: int,
    code: str,
    rows: Path | None,
    workers: int,
) -> pd.DataFrame:
    """Make a row for everyone who has none yet.

    Args:
        work: Makes the row of a person by number, from 1, in any process.
        people: Number of people.
        code: What decides a row, by :func:`made_by`; rows of other code are left aside.
        rows: File with a line a row, which is read and added to; None to keep nothing.
        workers: Number of processes.

    Returns:
        A row a person, in no order.
    """
    found = [row for row in _read(rows) if row["made by"] == code and row["number"] <= people]
    finished = {row["number"] for row in found}
    left: Sequence[int] = [n for n in range(1, people + 1) if n not in finished]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for number, row in zip(left, pool.map(work, left), strict=True):
            found.append({"made by": code, "number": number} | row)
            if rows:
                with rows.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found[-1], default=_plain) + "\n")
            print(f"{len(found)} of {people}", flush=True)
    return pd.DataFrame(found)


def _read(rows: Path | None) -> list[Row]:
    if rows is None or not rows.is_file():
        return []
    return [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]


def _plain(value: np.generic) -> Any:
    return value.item()
