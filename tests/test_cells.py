"""A spreadsheet runs no cell of a table, and what is read back is what was written."""

import io
import json
import subprocess
from pathlib import Path
from shutil import which

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monai_amyloid.cells import harmless, plain, read_cells, write_cells
from monai_amyloid.cohort.datalist import read_cohort
from monai_amyloid.output import write_csv, write_table

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", '"=1',
            "'=1", "\uff1d1", "\uff0b1+1", "\uff0d1+1", "\uff20A1", "\u22121+1",
            "=HYPERLINK(\"x\")", "\u201c=1", "\x00=1", "\ufeff=1"]  # fmt: skip
HARMLESS = ["sub-01", "-1.5", "+3", "1e-5", "-2e10", ".5", "홍길동", "a=b", "it's", "'quoted'",
            "n/a", "-", "C:\\data\\new", "", "5 - 3", "o'neil@site"]  # fmt: skip
NODE = which("node") or ""
ANY = st.text(st.characters(codec="utf-8"), max_size=12)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_begins_as_a_formula(text: str) -> None:
    cell = harmless(text)
    assert cell[:1] in ("'", "\\") and cell.isprintable()
    assert plain(cell) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@given(ANY)
@example("\\x1b")
@example("\\x5cx1b\x1b")
@example("''=")
@example("\\U99999999")
def test_every_text_comes_back(text: str) -> None:
    assert plain(harmless(text)) == text


@given(st.lists(st.tuples(ANY, ANY), min_size=1, max_size=5))
def test_a_table_comes_back_through_a_file(rows: list[tuple[str, str]]) -> None:
    table = pd.DataFrame(rows, columns=["=id", "name"]).assign(n=-1.5)
    stored = io.StringIO()
    write_cells(table).to_csv(stored, sep="\t", index=False)
    stored.seek(0)
    kinds = {"'=id": str, "name": str}
    again = read_cells(pd.read_csv(stored, sep="\t", dtype=kinds, keep_default_na=False))
    # An empty row of one cell is no row; the same values otherwise.
    assert again.to_dict("records") == table.to_dict("records")


def test_numbers_stay_numbers_in_each_table(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"a": [-1.5, np.nan], "b": pd.array([-3, None], "Int64"), "c": ["-7", "=x"]}
    )
    write_table(table, tmp_path / "t.tsv")
    assert (tmp_path / "t.tsv").read_text() == "a\tb\tc\n-1.5\t-3\t-7\nn/a\tn/a\t'=x\n"
    write_csv(table, tmp_path / "t.csv", "%.4g")
    assert (tmp_path / "t.csv").read_bytes() == b"\xef\xbb\xbfa,b,c\r\n-1.5,-3,-7\r\n,,'=x\r\n"


def test_a_cohort_reads_its_ids_back(tmp_path: Path) -> None:
    ids = ["=sub", "+1 a", "-a", "@x", "'=y", "sub\u202e", "-5"]
    rows = {"participant_id": ids, "path": [f"{number}.nii" for number in range(len(ids))]}
    for name in rows["path"]:
        (tmp_path / name).touch()
    write_table(pd.DataFrame(rows).assign(site="=s"), tmp_path / "participants.tsv")
    cohort = read_cohort(tmp_path / "participants.tsv")
    assert cohort["participant_id"].tolist() == ids and set(cohort["site"]) == {"=s"}


@pytest.mark.skipif(not NODE, reason="no node to run the page's own script")
def test_the_table_that_a_page_saves_runs_nothing_either() -> None:
    script = Path("monai_amyloid/report/data/explore.js").read_text(encoding="utf-8")
    quoted = script[script.index("const quoted") : script.index("const lines")]
    cells = json.dumps([*FORMULAS[:4], "  =1", "'=1", "\uff1d1", "-1.5", "sub-01"])
    run = f"{quoted}; console.log(JSON.stringify({cells}.map(quoted)))"
    said = json.loads(subprocess.check_output([NODE, "-e", run], encoding="utf-8"))
    assert all(cell.strip('"').startswith("'") for cell in said[:7]) and said[7:] == [
        "-1.5",
        "sub-01",
    ]
