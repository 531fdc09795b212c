"""A bundle written anew from today's configs: the same weights, and nothing of yesterday."""

import json
import shutil
from pathlib import Path

import pytest
from commands import python
from conftest import CONFIGS, CONFIGS_3D

from monai_amyloid.bundle.refresh import refresh
from monai_amyloid.errors import UserError
from monai_amyloid.installed import shipped_bundle

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def as_an_earlier_export(bundle: Path) -> None:
    """Leave in the metadata the checksums of what was learned alone, as exports did before."""
    path = bundle / "configs" / "metadata.json"
    metadata = json.loads(path.read_text(encoding="utf-8"))
    stated = metadata["sha256"].items()
    metadata["sha256"] = {name: each for name, each in stated if name.startswith("models/")}
    path.write_text(json.dumps(metadata, indent=4, ensure_ascii=False), encoding="utf-8")


@pytest.mark.parametrize(
    ("network", "configs"), [("2d", ["train.json"]), ("3d", ["train.json", "resnet50_3d.json"])]
)
def test_the_shipped_bundles_are_what_todays_configs_give(
    network: str, configs: list[str], tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(shipped_bundle(network), tmp_path / "bundle"))
    script = ROOT / "scripts" / "development" / "refresh_bundle.py"
    options = [each for name in configs for each in ("--config-file", CONFIGS / name)]
    done = python(script, copy, *options)
    assert done.returncode == 0, done.stderr
    anew, shipped = contents(copy), contents(shipped_bundle(network))
    changed = sorted(name for name in anew.keys() | shipped if anew.get(name) != shipped.get(name))
    assert changed == [], "run scripts/development/refresh_bundle.py"


def test_a_bundle_whose_functions_have_moved_becomes_what_export_writes_today(
    bundle: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(bundle, tmp_path / "bundle"))
    for name in ("train.json", "evaluate.json", "inference.json"):
        text = (copy / "configs" / name).read_text(encoding="utf-8")
        moved = text.replace("monai_amyloid.learning", "monai_amyloid.long_ago")
        assert moved != text
        (copy / "configs" / name).write_text(moved, encoding="utf-8")
    as_an_earlier_export(copy)
    (copy / "NOTICE").unlink()
    refresh(copy, CONFIGS_3D)
    anew, exported = contents(copy), contents(bundle)
    # The run of this fixture recorded one setting; the configs tell all of them.
    assert {name for name in exported if anew[name] != exported[name]} <= {"docs/README.md"}
    assert b'"spacing_mm": 8.0' in anew["docs/README.md"]


def test_configs_without_a_value_that_was_trained_with_are_refused(
    bundle: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(bundle, tmp_path / "bundle"))
    before = contents(copy)
    with pytest.raises(UserError, match="no widen_factor there, which the bundle was trained with"):
        refresh(copy, [CONFIGS / "train.json"])
    assert contents(copy) == before


def test_changed_weights_are_not_described_anew(bundle: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(bundle, tmp_path / "bundle"))
    with (copy / "models" / "model.pt").open("ab") as file:
        file.write(b"more")
    with pytest.raises(UserError, match="SHA-256"):
        refresh(copy, CONFIGS_3D)
