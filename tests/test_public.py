"""The public face: the names that a notebook may use, each with an example that runs."""

import ast
import doctest
import inspect
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from explore.cohorts import write_prepared

import monai_amyloid

# A name leaves or changes with a new major version alone; docs/python.md.
PUBLIC = [
    "BrainPet", "Evaluation", "Exploration", "Finding", "Followed", "PetImage", "Plan", "Prepared",
    "Result", "StudyRefused", "UserError", "__version__", "centiloid", "cross_validate", "evaluate",
    "explore", "export", "follow", "grade", "normalize", "prepare", "read_study", "shipped_bundle",
    "simulate", "studies_of", "verify",
]  # fmt: skip
QUICK = {
    "Finding", "Followed", "PetImage", "Plan", "StudyRefused", "UserError", "centiloid",
    "shipped_bundle",
}  # fmt: skip
EXAMPLES = [
    pytest.param(name, marks=[] if name in QUICK else pytest.mark.elsewhere)
    for name in PUBLIC
    if name != "__version__"
]
OF_TRAINED_RUNS = {"Evaluation", "cross_validate", "evaluate", "export"}


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the examples are typed, one after the other."""
    return tmp_path_factory.mktemp("notebook")


def prerequisites(name: str, workplace: Path, prepared: Path) -> None:
    """What a person has before the example: prepared scans, and of some a training."""
    if name in OF_TRAINED_RUNS and not (workplace / "prepared").exists():
        shutil.copytree(prepared, workplace / "prepared")
        small = {"max_epochs": "1", "spacing_mm": "8", "slices": "2", "device": "cpu"}
        monai_amyloid.cross_validate("prepared", "runs/mine", folds=2, values=small)
    if name in ("Exploration", "explore") and not (workplace / "fifty_scans").exists():
        (workplace / "fifty_scans").mkdir()
        write_prepared(workplace / "fifty_scans", scans=50)


def test_the_package_shows_what_is_public_and_nothing_else() -> None:
    assert dir(monai_amyloid) == sorted(PUBLIC) == sorted(monai_amyloid.__all__)


def test_types_are_checked_for_the_very_names_that_are_loaded() -> None:
    tree = ast.parse(Path(monai_amyloid.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.asname: f"{node.module}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname not in (None, "__version__")
    }
    loaded = {name: f"monai_amyloid.{place}" for name, place in monai_amyloid._PUBLIC.items()}
    assert typed == loaded


def test_nothing_else_is_there() -> None:
    with pytest.raises(AttributeError, match="grades"):
        monai_amyloid.grades  # noqa: B018


def test_importing_the_package_loads_nothing_heavy() -> None:
    """The command line does so before it can say a word."""
    code = "import sys, monai_amyloid; print(*{'numpy', 'torch', 'pandas'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stdout.strip()


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_public_name_is_explained_by_an_example_that_runs(
    name: str,
    workplace: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = getattr(monai_amyloid, name)
    monkeypatch.chdir(workplace)
    if name not in QUICK:
        prerequisites(name, workplace, request.getfixturevalue("prepared"))
    [example] = doctest.DocTestFinder(recurse=False).find(shown, name, globs={})
    assert len(example.examples) > 1 and len(inspect.getdoc(shown) or "") > 200
    # Its compiler takes many seconds, and the map that it makes is no part of the examples.
    with patch("monai_amyloid.exploring.reduction._umap", lambda axes, seed: axes[:, :2]):
        reported: list[str] = []
        done = doctest.DocTestRunner().run(example, out=reported.append)
    assert not done.failed, "".join(reported)
