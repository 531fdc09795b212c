"""What a release says of itself: one version, everywhere; changes that are told."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from monai_amyloid import __version__

ROOT = Path(__file__).resolve().parents[1]
STATED = {
    "CITATION.cff": r"(?m)^version: (\S+)$",
    "CHANGELOG.md": r"(?m)^## \[(.+?)\]",
    "packaging/conda/recipe.yaml": r"(?m)^  version: (\d\S+)$",
    "docs/installing.md": r"monai_amyloid-(\S+?)-py3-none-any\.whl",
    "docs/clusters.md": r'monai-amyloid, tag: "(.+?)"',
}


@pytest.mark.parametrize("name", STATED)
def test_the_version_is_the_same_wherever_it_stands(name: str) -> None:
    found = re.findall(STATED[name], (ROOT / name).read_text(encoding="utf-8"))
    if name == "CHANGELOG.md":
        found = found[:1]  # the newest
    assert found and set(found) == {__version__}


def test_the_conda_recipe_has_the_requirements_of_the_package() -> None:
    """conda-forge has other names for some."""
    other = {"python-gdcm": "gdcm", "pytorch-ignite": "ignite", "torch": "pytorch"}
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["report"]]
    parted = [re.fullmatch(r"([\w-]+)(.*)", each) for each in needed]
    expected = {f"{other.get(each[1], each[1])} {each[2]}" for each in parted if each}
    recipe = (ROOT / "packaging/conda/recipe.yaml").read_text(encoding="utf-8")
    listed = re.findall(r"(?m)^    - (\S+ \S+)$", recipe.split("  run:")[1].split("tests:")[0])
    assert {*listed} - {f"python {project['requires-python']}"} == expected


def test_every_change_that_waits_for_a_release_can_be_told() -> None:
    """A file of another kind, or without words, would be lost."""
    waiting = [path for path in (ROOT / "changes").iterdir() if path.name != "README.md"]
    for path in waiting:
        assert re.fullmatch(r"\+?[\w-]+\.(security|changed|added|fixed|removed)\.md", path.name)
        assert path.read_text(encoding="utf-8").strip()


@pytest.mark.slow
def test_changes_come_before_the_newest_version(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "CHANGELOG.md"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / "+first.fixed.md").write_text("A thing is mended.\n")
    build = ["-m", "towncrier", "build", "--keep", "--version", "9.9", "--date", "today"]
    subprocess.run([sys.executable, *build], cwd=tmp_path, check=True, capture_output=True)
    text = (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8")
    told = text.split(f"## [{__version__}]")[0]
    assert "## [9.9] - today" in told and "### Fixed\n\n- A thing is mended." in told
    assert text.endswith((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")[-500:])
