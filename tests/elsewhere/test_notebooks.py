"""The notebooks run from top to bottom, in an empty folder, with the public names alone."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

import monai_amyloid

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
# What each must come to; the words are of results, not of the notebook's own texts.
COMES_TO = {
    "first_scan": r"BAPL [123], likely: \((?s:.+)refused None",
    "cohort": r"wrong with it: nothing(?s:.+)(graded|needs_reader) \(",
    "continuum_and_change": r"-\d+ Centiloid \[-\d+, -\d+\] fallen",
}
LONGEST_CELL_S = 3600  # of a machine that is busy with other things


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs_and_uses_public_names(path: Path) -> None:
    cells = code(read(path))
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    text = "\n".join(cell.source for cell in cells)
    used = set(re.findall(r"monai_amyloid\.(\w+)", text))
    assert used and used <= set(monai_amyloid.__all__)
    assert "from monai_amyloid" not in text


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_in_an_empty_folder(path: Path, tmp_path: Path) -> None:
    notebook = read(path)
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=LONGEST_CELL_S, resources=where).execute()
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    printed = "".join(each.text for each in outputs if each.get("name") == "stdout")
    assert re.search(COMES_TO[path.stem], printed), printed
