"""No prepared scan is another's; in place of registration a stand-in writes what it read."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grimp
import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from monai_amyloid.cohort import prepare as room
from monai_amyloid.cohort.datalist import CohortError
from monai_amyloid.cohort.prepare import DECIDING, Prepared, prepare
from monai_amyloid.errors import UserError

TIME = 1_600_000_000


def read(path: Path, **_: Any) -> Any:
    content = (path / "IM1").read_bytes()
    return SimpleNamespace(provenance={"warnings": ()}, tracer="18FFBB", content=content[0])


def normalise(study: Any, **_: Any) -> Any:
    suvr = np.full((4, 4, 4), study.content, np.float32)
    return SimpleNamespace(suvr=suvr, regions={}, quality={}, warnings=(), source=study,
                           centiloid=float(study.content))  # fmt: skip


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "read_study", read)
    monkeypatch.setattr("monai_amyloid.brain.normalization.normalize", normalise)


def study(path: Path, who: int) -> Path:
    """A study of equal names, sizes and times, whoever it is of."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "IM1").write_bytes(bytes([who]) * 100)
    os.utime(path / "IM1", (TIME, TIME))
    return path


def table(folder: Path, *rows: tuple[str, str, Path]) -> Path:
    columns = ["participant_id", "session_id", "path"]
    file = folder / "participants.tsv"
    pd.DataFrame([map(str, row) for row in rows], columns=columns).to_csv(
        file, sep="\t", index=False
    )
    return file


def contents(prepared: Prepared, output: Path) -> list[tuple[float, float]]:
    """What the table says of each scan, and what its volume holds."""
    return [
        (row.centiloid, float(np.asarray(nib.load(output / row.path).dataobj).mean()))
        for row in prepared.table.itertuples()
    ]


def times(output: Path) -> list[int]:
    return [file.stat().st_ino for file in sorted((output / "scans").iterdir())]


def test_an_inbox_that_is_refilled_with_equal_files_is_prepared_anew_and_says_so(
    tmp_path: Path,
) -> None:
    source = table(tmp_path, ("1", "a", study(tmp_path / "in", 3)))
    assert contents(prepare(source, tmp_path / "out"), tmp_path / "out") == [(3, 3)]
    study(tmp_path / "in", 5)
    second = prepare(source, tmp_path / "out")
    assert contents(second, tmp_path / "out") == [(5, 5)] and second.replaced == ("1_a",)
    assert second.left_out == ()
    before = times(tmp_path / "out")
    moved = table(tmp_path, ("1", "a", shutil.move(tmp_path / "in", tmp_path / "elsewhere")))
    assert prepare(moved, tmp_path / "out").replaced == ()
    assert times(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("sub-1_a", "b"), ("sub-1", "a_b")),
        (("S1", "a"), ("s1", "A")),
        (("\u1102\u116c", "1"), ("\ub1cc", "1")),
    ],
)
def test_two_scans_whose_files_would_have_one_name_are_two(
    tmp_path: Path, one: tuple[str, str], other: tuple[str, str]
) -> None:
    rows = [(*one, study(tmp_path / "a", 3)), (*other, study(tmp_path / "b", 5))]
    for order in (rows, rows[::-1]):
        found = contents(prepare(table(tmp_path, *order), tmp_path / "out"), tmp_path / "out")
        assert sorted(found) == [(3, 3), (5, 5)]
    assert len(list((tmp_path / "out" / "scans").glob("*.nii.gz"))) == 2


def test_a_volume_that_a_killed_run_put_there_is_not_trusted(tmp_path: Path) -> None:
    source, output = table(tmp_path, ("1", "a", study(tmp_path / "in", 3))), tmp_path / "out"
    prepare(source, output)
    record = (output / "scans" / "1_a.row.json").read_bytes()
    study(tmp_path / "in", 5)
    prepare(source, output)
    study(tmp_path / "in", 3)
    (output / "scans" / "1_a.row.json").write_bytes(record)  # as before, beside the new volume
    assert contents(prepare(source, output), output) == [(3, 3)]


def test_the_table_goes_before_a_volume_of_it_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = table(tmp_path, ("1", "a", study(tmp_path / "in", 3))), tmp_path / "out"
    prepare(source, output)
    study(tmp_path / "in", 5)
    monkeypatch.setattr(room, "_prepare_one", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        prepare(source, output)
    assert not (output / "participants.tsv").exists()


def test_scans_that_leave_the_table_are_named(tmp_path: Path) -> None:
    rows = [("1", "a", study(tmp_path / "x", 3)), ("2", "a", study(tmp_path / "y", 5))]
    prepare(table(tmp_path, *rows), tmp_path / "out")
    assert prepare(table(tmp_path, *rows[1:]), tmp_path / "out").left_out == ("1 a",)


def test_other_code_prepares_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, output = table(tmp_path, ("1", "a", study(tmp_path / "in", 3))), tmp_path / "out"
    prepare(source, output)
    before = times(output)
    monkeypatch.setattr(room, "source_checksum", lambda *_: "another")
    assert prepare(source, output).replaced == () and times(output) != before


def test_files_that_change_while_they_are_read_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = table(tmp_path, ("1", "a", study(tmp_path / "in", 3)))
    monkeypatch.setattr(
        "monai_amyloid.brain.normalization.normalize",
        lambda one, **_: study(tmp_path / "in", 5) and one,
    )
    with pytest.raises(UserError, match="files changed while it was read"):
        prepare(source, tmp_path / "out")


def test_a_table_that_is_not_of_a_prepared_cohort_is_not_written_over(tmp_path: Path) -> None:
    source = table(tmp_path, ("1", "a", study(tmp_path / "in", 3)))
    with pytest.raises(CohortError, match="not the table of a prepared cohort"):
        prepare(source, tmp_path)
    assert source.read_text().startswith("participant_id")


def test_all_code_that_prepares_a_scan_decides_on_what_is_kept() -> None:
    graph = grimp.build_graph("monai_amyloid")
    used = graph.find_upstream_modules("monai_amyloid.cohort.prepare")
    parts = [f"monai_amyloid.{part.removesuffix('.py').replace('/', '.')}" for part in DECIDING]
    # They say which scans, where and how, and what is kept; not what becomes of one.
    others = ("cohort", "work", "output", "output_lock", "errors", "checksum", "source",
              "study_names", "version", "cells", "temporary")  # fmt: skip
    left = {name for name in used if not name.startswith(tuple(parts))}
    assert {name.split(".")[1] for name in left if "." in name} <= {*others}
